// The first update in normalised variables against the same update as it stands, where both can be made.
#include "widthwise/training/normalised_start.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "matrices.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/normalised_start.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

using testing::matrix_of;

constexpr Index dimension = 5, width = 32, samples = 6;

Scaling scaling_of(const char* activation, int hidden_layers, double rate, bool normalised) {
  const int degree = std::string(activation) == "quadratic" ? 2 : 1;
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.hidden_layers = hidden_layers;
  request.input_dimension = dimension;
  request.learning_rate = rate;
  Scaling scaling = scale(named_scheme("ip-llr", OptimizerKind::sgd, {hidden_layers, degree}), request);
  if (!normalised) return scaling;
  std::vector<double> fan_in(scaling.weights.size(), static_cast<double>(width));
  fan_in.front() = dimension;
  normalise_start(scaling, fan_in, degree);
  return scaling;
}

template <class T>
struct Trained {
  Ensemble<T> network;
  Trace trace;
};

template <class T>
Trained<T> trained(const char* activation, int hidden_layers, double rate, std::int64_t steps, bool normalised,
                   double input_size = 1) {
  FamilyOptions family;
  family.input_dimension = dimension;
  family.width = width;
  family.hidden_layers = hidden_layers;
  family.activation = activation;
  Ensemble<T> network(mlp(family),
                      std::vector<Member>{{Key(4), scaling_of(activation, hidden_layers, rate, normalised)}});
  const Matrix<T> inputs = (input_size * testing::random_matrix<double>(samples, dimension, 8)).cast<T>(),
                  targets = Matrix<T>::Ones(samples, 1);
  const std::shared_ptr<const Loss> loss = make_loss("squared");
  std::vector<std::string> names{
      "train_loss",    "train_error",        "output_size",  "output_change", "own_update",
      "gradient_size", "preactivation_size", "initial_part", "weight_norm",   "feature_change",
      "input_spread",  "unit_spread",        "chi",          "update_part",   "preactivation_change",
      "feature_rank",  "last_update_part",   "weight_change"};
  Recorder<T> recorder(
      network, {names, loss, steps == 1 ? std::vector<std::int64_t>{0, 1} : std::vector<std::int64_t>{0, 1, steps}},
      {view(inputs), view(targets), {}, {}});
  TrainingOptions options;
  options.steps = steps;
  options.divergence_cap = 1e300;
  train<T>(network, view(inputs), view(targets), *loss, options, recorder.probe_steps(), std::ref(recorder));
  return {std::move(network), recorder.trace(0)};
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

// f_0 ~ n^-g |x|^64 with g = (1 + 2 + ... + 32)/2 = 31.5: at n = 32 and |x| = 0.3 float has no such number, double has.
TEST(NormalisedStart, HoldsInFloatWhatOnlyDoubleHolds) {
  const auto of = [](auto number, bool normalised) {
    return trained<decltype(number)>("quadratic", 6, 2e6, 1, normalised, 0.3);  // a rate for inputs that small
  };
  const auto plain = of(0.0, false);
  const auto single = of(0.0F, true), lost = of(0.0F, false);
  const auto at = [](const auto& run, const char* name, std::size_t point) { return run.trace.values(name)[point]; };
  ASSERT_LT(at(plain, "output_size", 0), 1e-40);
  EXPECT_EQ(at(lost, "output_size", 0), 0) << "what this is for";
  for (const char* name :
       {"output_size", "preactivation_size.6", "gradient_size.3", "gradient_size.7", "initial_part.5"})
    EXPECT_NEAR(at(single, name, 0), at(plain, name, 0), 1e-3 * at(plain, name, 0)) << name;
  for (Index l = 1; l <= 7; ++l) {
    const Matrix<double> update = matrix_of(plain.network.weight(0, l)) - matrix_of(plain.network.initial_weight(0, l));
    const Matrix<double> other =
        (matrix_of(single.network.weight(0, l)) - matrix_of(single.network.initial_weight(0, l)))
            .template cast<double>();
    EXPECT_GT(update.norm(), 0);
    EXPECT_LT((update - other).norm(), 1e-2 * update.norm()) << l;
  }
}

TEST(NormalisedStart, ThereAndBackIsExact) {
  FamilyOptions family;
  family.input_dimension = dimension;
  family.width = width;
  family.hidden_layers = 5;
  family.activation = "quadratic";
  Ensemble<float> network(mlp(family), std::vector<Member>{{Key(4), scaling_of("quadratic", 5, 1, true)}});
  const auto before = matrix_of(network.weight(0, 3));
  change_variables(network, 0, Variables::normalised);
  EXPECT_NE(matrix_of(network.weight(0, 3)), before);
  change_variables(network, 0, Variables::own);
  EXPECT_EQ(matrix_of(network.weight(0, 3)), before);
}

}  // namespace
}  // namespace widthwise
