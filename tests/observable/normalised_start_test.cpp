// The first update in normalised variables against the same update as it stands, where both can be made.
#include "widthwise/training/normalised_start.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "matrices.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

using testing::matrix_of;

constexpr Index dimension = 5, width = 32, samples = 6;

Architecture shape_of(const char* activation, int hidden_layers) {
  FamilyOptions family;
  family.input_dimension = dimension;
  family.width = width;
  family.hidden_layers = hidden_layers;
  family.activation = activation;
  return mlp(family);
}

Member ip_llr(const char* activation, int hidden_layers, double rate) {
  const int degree = std::string(activation) == "quadratic" ? 2 : 1;
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.hidden_layers = hidden_layers;
  request.input_dimension = dimension;
  request.learning_rate = rate;
  return {Key(4), scale(named_scheme("ip-llr", OptimizerKind::sgd, {hidden_layers, degree}), request)};
}

template <class T>
Matrix<T> inputs_of_size(double size) {
  return (size * testing::random_matrix<double>(samples, dimension, 8)).cast<T>();
}

template <class T>
struct Trained {
  Ensemble<T> network;
  Trace trace;
  RunResult result;
};

template <class T>
Trained<T> trained(const Architecture& architecture, const Member& member, const Matrix<T>& inputs,
                   TrainingOptions options, double target = 1) {
  Ensemble<T> network(architecture, std::vector<Member>{member});
  const Matrix<T> targets = Matrix<T>::Constant(inputs.rows(), 1, static_cast<T>(target));
  const std::shared_ptr<const Loss> loss = make_loss("squared");
  std::vector<std::string> names{"train_loss",   "train_error",      "output_size",          "output_change",
                                 "own_update",   "gradient_size",    "smallest_margin",      "initial_part",
                                 "weight_norm",  "feature_change",   "input_spread",         "unit_spread",
                                 "chi",          "update_part",      "preactivation_change", "feature_rank",
                                 "margins_held", "last_update_part", "weight_change",        "preactivation_size"};
  std::vector<std::int64_t> steps{0, 1};
  if (options.steps > 1) steps.push_back(options.steps);
  Recorder<T> recorder(network, {names, loss, steps}, {view(inputs), view(targets), {}, {}});
  options.divergence_cap = 1e300;
  const auto results =
      train<T>(network, view(inputs), view(targets), *loss, options, recorder.probe_steps(), std::ref(recorder));
  return {std::move(network), recorder.trace(0), results.front()};
}

template <class T>
Trained<T> trained(const char* activation, int hidden_layers, double rate, std::int64_t steps, bool normalised,
                   double input_size = 1) {
  const Architecture architecture = shape_of(activation, hidden_layers);
  const Matrix<T> inputs = inputs_of_size<T>(input_size);
  Member member = ip_llr(activation, hidden_layers, rate);
  if (normalised) normalise_start<T>(architecture, member, view(inputs));
  TrainingOptions options;
  options.steps = steps;
  return trained<T>(architecture, member, inputs, options);
}

// Powers of two are exact, so that only products are rounded otherwise.
TEST(NormalisedStart, IsTheFirstUpdateAsItStands) {
  for (const auto& [activation, layers, rate] :
       {std::tuple{"relu", 2, 0.5}, {"relu", 4, 1.0}, {"linear", 3, 0.3}, {"quadratic", 3, 0.1}}) {
    const auto plain = trained<double>(activation, layers, rate, 3, false),
               normalised = trained<double>(activation, layers, rate, 3, true);
    for (Index l = 1; l <= plain.network.layers(); ++l) {
      const Matrix<double> a = matrix_of(plain.network.weight(0, l)), b = matrix_of(normalised.network.weight(0, l));
      EXPECT_LT((a - b).norm(), 1e-10 * a.norm()) << activation << layers << " W_" << l;
    }
    for (const auto& [name, values] : plain.trace.series)
      for (std::size_t point = 0; point < values.size(); ++point) {
        const double other = normalised.trace.values(name)[point];
        if (std::isnan(values[point])) {
          EXPECT_TRUE(std::isnan(other)) << name;
          continue;
        }
        EXPECT_NEAR(other, values[point], 1e-9 * std::abs(values[point])) << activation << layers << name << point;
      }
  }
}

// Members of one ensemble each start as they do, also with decay and an output that is multiplied.
TEST(NormalisedStart, BesideAMemberThatIsNotNormalised) {
  const Architecture architecture = shape_of("relu", 3);
  const Matrix<double> inputs = inputs_of_size<double>(1), targets = Matrix<double>::Ones(samples, 1);
  Member plain = ip_llr("relu", 3, 0.7);
  for (TensorScaling& weight : plain.scaling.weights) weight.effective_decay = 0.05 / weight.effective_rate;
  Member normalised = plain;
  normalise_start<double>(architecture, normalised, view(inputs));
  Ensemble<double> both(architecture, std::vector<Member>{plain, normalised, plain});
  const std::shared_ptr<const Loss> loss = make_loss("squared");
  Recorder<double> recorder(both, {{"output_size", "gradient_size", "update"}, loss, {0, 1, 3}},
                            {view(inputs), view(targets), {}, {}});
  TrainingOptions options;
  options.steps = 3;
  options.alpha = 1.7;
  train<double>(both, view(inputs), view(targets), *loss, options, recorder.probe_steps(), std::ref(recorder));
  for (Index l = 1; l <= both.layers(); ++l) {
    const Matrix<double> a = matrix_of(both.weight(0, l)), b = matrix_of(both.weight(1, l));
    EXPECT_LT((a - b).norm(), 1e-10 * a.norm()) << l;
    EXPECT_EQ(matrix_of(both.weight(2, l)), a) << l;
  }
  for (const auto& [name, values] : recorder.trace(0).series)
    for (std::size_t point = 0; point < values.size(); ++point)
      EXPECT_NEAR(recorder.trace(1).values(name)[point], values[point], 1e-9 * values[point]) << name << point;
}

// f_0 ~ n^-g |x|^(2^L) with g = (2^L - 1)/2: at n = 32 float has no such number, double has. From 7 layers on inputs of
// different lengths have outputs so far apart that no typical one speaks for all.
TEST(NormalisedStart, HoldsInFloatWhatOnlyDoubleHolds) {
  for (const auto& [layers, input_size] : {std::pair{6, 0.1}, {7, 0.5}, {8, 0.7}}) {
    // A rate at which each update is as large as its matrix, or larger.
    const auto tried = trained<double>("quadratic", layers, 1, 1, false, input_size);
    const Scaling scaling = ip_llr("quadratic", layers, 1).scaling;
    double rate = 0;
    for (int l = 1; l <= layers + 1; ++l) {
      const TensorScaling& weight = scaling.weights[static_cast<std::size_t>(l - 1)];
      const double gradient = tried.trace.values("gradient_size." + std::to_string(l))[0];
      rate = std::max(rate, weight.effective_std / (weight.effective_first_rate * gradient));
    }
    const auto of = [&](auto number, bool normalised) {
      return trained<decltype(number)>("quadratic", layers, rate, 1, normalised, input_size);
    };
    const auto plain = of(0.0, false);
    const auto single = of(0.0F, true), lost = of(0.0F, false);
    const auto at = [](const auto& run, const std::string& name, std::size_t point) {
      return run.trace.values(name)[point];
    };
    ASSERT_LT(at(plain, "output_size", 0), 1e-40);
    EXPECT_EQ(at(lost, "output_size", 0), 0) << "what this is for";
    // An error of h_1 counts 2^L times in f.
    const double tolerance = 4 * std::ldexp(1e-7, layers);
    std::vector<std::string> names{"output_size", "preactivation_size.6", "initial_part.5"};
    for (int l = 1; l <= layers + 1; ++l) names.push_back("gradient_size." + std::to_string(l));
    for (const std::string& name : names)
      EXPECT_NEAR(at(single, name, 0), at(plain, name, 0), tolerance * std::abs(at(plain, name, 0)))
          << layers << " " << name;
    // From 7 layers on some outputs are 2^-150 of the largest.
    EXPECT_EQ(std::isnan(at(single, "smallest_margin", 0)), layers > 6);
    EXPECT_EQ(std::isnan(at(single, "margins_held", 0)), layers > 6);
    EXPECT_EQ(std::isnan(at(single, "train_error", 0)), layers > 6);
    for (Index l = 1; l <= layers + 1; ++l) {
      const auto update_of = [l](const auto& run) {
        return Matrix<double>(matrix_of(run.network.weight(0, l)).template cast<double>() -
                              matrix_of(run.network.initial_weight(0, l)).template cast<double>());
      };
      const Matrix<double> update = update_of(plain);
      const double rounding = 1e-7 * matrix_of(plain.network.weight(0, l)).norm();
      EXPECT_GT(update.norm(), 100 * rounding) << layers << " W_" << l;
      EXPECT_LT((update - update_of(single)).norm(), tolerance * update.norm() + rounding) << layers << " W_" << l;
    }
  }
}

using Long = long double;
using LongMatrix = std::vector<std::vector<Long>>;

LongMatrix long_of(View<const double> from) {
  LongMatrix to(static_cast<std::size_t>(from.rows));
  for (Index i = 0; i < from.rows; ++i) to[static_cast<std::size_t>(i)].assign(from.row(i), from.row(i) + from.cols);
  return to;
}

/// W_l after one step of gradient descent on (f - 1)^2 / 2, its mean over samples, of a relu network: loops.
std::vector<LongMatrix> naive_first_step(const std::vector<LongMatrix>& weights, const LongMatrix& inputs,
                                         const std::vector<Long>& rates) {
  std::vector<LongMatrix> moved = weights;
  for (const std::vector<Long>& input : inputs) {
    std::vector<std::vector<Long>> x{input};
    for (const LongMatrix& weight : weights) {
      std::vector<Long> h;
      for (const auto& row : weight) {
        Long sum = 0;
        for (std::size_t j = 0; j < row.size(); ++j) sum += row[j] * x.back()[j];
        h.push_back(&weight == &weights.back() ? sum : std::max<Long>(sum, 0));
      }
      x.push_back(h);
    }
    std::vector<Long> delta{(x.back()[0] - 1) / static_cast<Long>(inputs.size())};
    for (std::size_t l = weights.size(); l-- > 0;) {
      std::vector<Long> below(x[l].size(), 0);
      for (std::size_t i = 0; i < delta.size(); ++i)
        for (std::size_t j = 0; j < below.size(); ++j) {
          moved[l][i][j] -= rates[l] * delta[i] * x[l][j];
          if (x[l][j] > 0) below[j] += delta[i] * weights[l][i][j];
        }
      delta = below;
    }
  }
  return moved;
}

// Entries of 1e-130 in three matrices: f_0 ~ 1e-390, below every double; rates of 1e260 move them by about one.
TEST(NormalisedStart, HoldsInDoubleWhatOnlyLongDoubleHolds) {
  static_assert(std::numeric_limits<Long>::min_exponent10 < -4000, "a long double of 80 bits");
  const Architecture architecture = shape_of("relu", 2);
  Member member = ip_llr("relu", 2, 0.1);
  std::vector<Long> rates;
  for (TensorScaling& weight : member.scaling.weights) {
    weight.effective_std = 1e-130;
    weight.effective_first_rate = 1e260;
    rates.push_back(weight.effective_first_rate);
  }
  const Matrix<double> inputs = inputs_of_size<double>(1);
  const Ensemble<double> drawn(architecture, std::vector<Member>{member});
  std::vector<LongMatrix> weights;
  for (Index l = 1; l <= 3; ++l) weights.push_back(long_of(drawn.weight(0, l)));
  const std::vector<LongMatrix> expected = naive_first_step(weights, long_of(view(inputs)), rates);

  normalise_start<double>(architecture, member, view(inputs));
  TrainingOptions options;
  options.steps = 1;
  const auto run = trained<double>(architecture, member, inputs, options);
  EXPECT_EQ(std::ldexp(1.0, -member.scaling.start_output), 0) << "what this is for";
  for (Index l = 1; l <= 3; ++l) {
    double largest = 0;
    const View<const double> weight = run.network.weight(0, l);
    const LongMatrix& naive = expected[static_cast<std::size_t>(l - 1)];
    const auto of = [&](Index i, Index j) {
      return static_cast<double>(naive[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]);
    };
    for (Index i = 0; i < weight.rows; ++i)
      for (Index j = 0; j < weight.cols; ++j) largest = std::max(largest, std::abs(of(i, j)));
    EXPECT_GT(largest, 1e-3);
    for (Index i = 0; i < weight.rows; ++i)
      for (Index j = 0; j < weight.cols; ++j) EXPECT_NEAR(weight(i, j), of(i, j), 1e-12 * largest) << l;
  }
}

TEST(NormalisedStart, ThereAndBackIsExact) {
  const Architecture architecture = shape_of("quadratic", 5);
  const Matrix<float> inputs = inputs_of_size<float>(1);
  Member member = ip_llr("quadratic", 5, 1);
  normalise_start<float>(architecture, member, view(inputs));
  Ensemble<float> network(architecture, std::vector<Member>{member});
  const auto before = matrix_of(network.weight(0, 3));
  change_variables(network, 0, Variables::normalised);
  EXPECT_NE(matrix_of(network.weight(0, 3)), before);
  Propagation<float> passes(network, samples);
  passes.forward(network, view(inputs));
  for (Index l = 1; l <= 6; ++l) {
    const float largest = matrix_of(passes.preactivation(0, l)).cwiseAbs().maxCoeff();
    EXPECT_GE(largest, 1);
    EXPECT_LT(largest, 2);
  }
  change_variables(network, 0, Variables::own);
  EXPECT_EQ(matrix_of(network.weight(0, 3)), before);
}

// f~_0 is in [1, 2), f_0 is not: of one sample with target 1 or -1, one is on the right side.
TEST(NormalisedStart, StopsByTheMarginOfTheOutput) {
  const Architecture architecture = shape_of("quadratic", 6);
  const Matrix<float> inputs = inputs_of_size<float>(0.3).topRows(1);
  Member member = ip_llr("quadratic", 6, 2e6);
  normalise_start<float>(architecture, member, view(inputs));
  TrainingOptions options;
  options.steps = 1;
  const auto stops_at = [&](double margin, double target) {
    options.stopping.margin = margin;
    const RunResult result = trained<float>(architecture, member, inputs, options, target).result;
    return result.status == RunStatus::stopped ? result.step : -1;
  };
  EXPECT_NE(stops_at(0.5, 1), 0);
  EXPECT_NE(stops_at(0.5, -1), 0);
  EXPECT_NE(stops_at(0, 1) == 0, stops_at(0, -1) == 0) << "0 is a margin it has on one side";
}

TEST(NormalisedStart, SaysWhereTheFirstUpdateIsTooSmall) {
  const Architecture architecture = shape_of("quadratic", 6);
  const Matrix<float> inputs = inputs_of_size<float>(0.3);
  const auto vanished = trained<float>("quadratic", 6, 1e-12, 2, true, 0.3);
  EXPECT_EQ(vanished.result.status, RunStatus::diverged);
  EXPECT_EQ(vanished.result.step, 1);
  EXPECT_NE(vanished.result.reason.find("below what the numbers of the training hold"), std::string::npos)
      << vanished.result.reason;
  Member member = ip_llr("quadratic", 6, 1e-60);
  EXPECT_THROW(normalise_start<float>(architecture, member, view(inputs)), FirstRateError);
  Member bounded = ip_llr("tanh", 3, 1);
  EXPECT_THROW(normalise_start<float>(shape_of("tanh", 3), bounded, view(inputs)), ConfigError);
}

}  // namespace
}  // namespace widthwise
