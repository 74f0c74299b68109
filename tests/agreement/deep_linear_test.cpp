// Deep linear networks by two roads: by updates of rank one (limit/deep_linear_network.h) and as any network is
// trained; and the claims of Bordelon and Pehlevan (2025) as their theory has them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "widthwise/architecture/architecture.h"
#include "widthwise/limit/deep_linear_network.h"
#include "widthwise/limit/deep_linear_theory.h"
#include "widthwise/loss/loss.h"
#include "widthwise/study/kept_arrays.h"
#include "widthwise/study/saved_state.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

// In effective form W^0 / sqrt(D), W^l / sqrt(N), sqrt(D) / (gamma_0 N) w; their rates are eta gamma_0^2 N times the
// squares of these factors. The squared loss has the half.
class Road : public testing::TestWithParam<std::tuple<int, double, Index>> {};

TEST_P(Road, RankOneUpdatesAreTrainingOfTheNetwork) {
  const auto [layers, branch, outputs] = GetParam();
  constexpr Index dimension = 24;
  constexpr int steps = 20;
  DeepLinearModel model;
  model.hidden_layers = layers;
  if (branch > 0) model.residual_branch = branch;
  model.learning_rate = 0.03;
  model.richness = 1.3;
  model.width_ratio = 0.75;
  model.sample_ratio = 1.5;
  model.noise = 0.2;
  model.outputs = Matrix<double>::Identity(outputs, outputs);
  DeepLinearNetwork<double> network(model, dimension, Key(5));

  const Index n = network.sizes().widths.front(), p = network.sizes().samples;
  const double root_d = std::sqrt(dimension), root_n = std::sqrt(static_cast<double>(n)),
               top = root_d / (model.richness * static_cast<double>(n));
  FamilyOptions family;
  family.input_dimension = dimension;
  family.outputs = outputs;
  family.width = n;
  family.hidden_layers = layers;
  family.activation = "linear";
  family.branch_scale = branch;
  family.branch = BranchOrder::matrix_first;
  const Architecture architecture = branch > 0 ? residual_mlp(family) : deep_linear([&] {
    FamilyOptions plain = family;
    plain.activation.reset();
    return plain;
  }());

  std::vector<double> factors{1 / root_d};
  Weights<double> weights;
  const auto scaled = [&](const PaddedMatrix<double>& w, double factor) {
    Matrix<double> out(w.rows(), w.cols());
    for (Index i = 0; i < w.rows(); ++i)
      for (Index j = 0; j < w.cols(); ++j) out(i, j) = factor * w(i, j);
    return out;
  };
  weights.weight.push_back(scaled(network.weights()[0], factors[0]));
  for (std::size_t l = 1; l < network.weights().size(); ++l) {
    factors.push_back(1 / root_n);
    weights.weight.push_back(scaled(network.weights()[l], factors.back()));
  }
  factors.push_back(top);
  Matrix<double> readout(outputs, n), inputs = scaled(network.samples(), 1), targets(p, outputs);
  for (Index c = 0; c < outputs; ++c) {
    for (Index i = 0; i < n; ++i) readout(c, i) = top * network.readout(c)[static_cast<std::size_t>(i)];
    for (Index i = 0; i < p; ++i) targets(i, c) = network.labels(c)[static_cast<std::size_t>(i)];
  }
  weights.weight.push_back(readout);
  weights.bias.resize(weights.weight.size());
  Scaling scaling;
  for (const double factor : factors) {
    TensorScaling tensor;
    tensor.effective_rate =
        model.learning_rate * model.richness * model.richness * static_cast<double>(n) * factor * factor;
    scaling.weights.push_back(tensor);
    scaling.biases.emplace_back();
  }
  const std::vector<Member> members{{Key(0), scaling}};
  Ensemble<double> ensemble(architecture, members);
  set_weights(ensemble, 0, weights);

  const auto loss = make_loss("squared");
  TrainingOptions options;
  options.optimizer = OptimizerKind::sgd;
  options.steps = steps;
  std::vector<std::int64_t> every(steps + 1);
  for (int t = 0; t <= steps; ++t) every[static_cast<std::size_t>(t)] = t;
  std::vector<double> losses;
  train<double>(ensemble, view(inputs), view(targets), *loss, options, every, [&](const TrainingState<double>& state) {
    const Matrix<double> f = outputs_of(state.ensemble, 0, view(std::as_const(inputs)));
    losses.push_back(2 * loss->value(view(f), view(std::as_const(targets))));
  });
  ASSERT_EQ(losses.size(), every.size());
  // The loss sums half squares over outputs and means over samples.
  for (const double trained : losses) {
    EXPECT_NEAR(trained, network.train_loss(), 1e-11 * network.train_loss()) << network.step_count();
    network.step();
  }
  EXPECT_LT(losses.back(), 0.7 * losses.front());
}

INSTANTIATE_TEST_SUITE_P(Networks, Road,
                         testing::Values(std::tuple{1, 0.0, Index{1}}, std::tuple{3, 0.0, Index{1}},
                                         std::tuple{2, 0.0, Index{3}}, std::tuple{3, 0.6, Index{1}}));

std::vector<double> losses_of(const DeepLinearModel& model, int times) {
  DeepLinearTheory theory(model);
  while (theory.times() < times) theory.step();
  return theory.test_loss();
}

// Claim 1: under muP wider networks are better at every step, on a population and on samples.
TEST(DeepLinearClaims, WiderIsBetterUnderMup) {
  for (const int layers : {1, 3})
    for (const auto& [data, alpha, sigma] : {std::tuple{DeepLinearData::population, 1.0, 0.0},
                                             {DeepLinearData::repeated, 2.0, 0.3},
                                             {DeepLinearData::repeated, 0.5, 0.5}}) {
      DeepLinearModel model;
      model.hidden_layers = layers;
      model.learning_rate = 0.03;
      model.data = data;
      model.sample_ratio = alpha;
      model.noise = sigma;
      std::vector<double> narrower;
      for (const double ratio : {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
        model.width_ratio = ratio;
        const std::vector<double> losses = losses_of(model, 60);
        for (std::size_t t = 0; t < narrower.size(); ++t)
          EXPECT_LT(losses[t], narrower[t]) << "layers " << layers << " ratio " << ratio << " time " << t;
        narrower = losses;
      }
    }
}

// In the tangent-kernel scaling that fails at first: the narrower network, being richer, learns faster.
TEST(DeepLinearClaims, WiderIsNotAlwaysBetterInTheKernelScaling) {
  DeepLinearModel model;
  model.hidden_layers = 3;
  model.learning_rate = 0.03;
  model.sample_ratio = 2;
  model.noise = 0.3;
  bool worse = false;
  std::vector<double> narrower;
  for (const double ratio : {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
    model.width_ratio = ratio;
    model.richness = 1 / std::sqrt(ratio);
    const std::vector<double> losses = losses_of(model, 60);
    for (std::size_t t = 0; t < narrower.size(); ++t) worse = worse || losses[t] > narrower[t];
    narrower = losses;
  }
  EXPECT_TRUE(worse);
}

struct Rates {
  double best = 0, largest = 0;  // the least loss, and the largest rate with a finite loss below 3
};

// At the tenth time (after nine updates, as the tables are made), over a grid of this ratio.
Rates rates_of(DeepLinearModel model, double ratio, double lowest, double highest) {
  Rates found;
  double least = 3;
  for (double rate = lowest; rate < highest; rate *= ratio) {
    model.learning_rate = rate;
    const double loss = losses_of(model, 10).back();
    if (!(loss < 3)) continue;
    found.largest = rate;
    if (loss < least) {
      least = loss;
      found.best = rate;
    }
  }
  return found;
}

// Claim 2, the table of the specification: two hidden layers, alpha = 4, ten times, no noise. Its grid's ratio is 1.05:
// numbers agree to a step of the two grids.
TEST(DeepLinearClaims, TheBestRateStaysUnderMupAndMovesInTheKernelScaling) {
  struct Row {
    double ratio, mup, mup_most, kernel, kernel_most;
  };
  for (const Row& row : {Row{0.25, 0.077, 0.156, 0.054, 0.099}, Row{1, 0.110, 0.221, 0.110, 0.221},
                         Row{4, 0.115, 0.244, 0.181, 0.424}, Row{64, 0.110, 0.232, 0.257, 0.699}}) {
    DeepLinearModel model;
    model.hidden_layers = 2;
    model.sample_ratio = 4;
    model.width_ratio = row.ratio;
    const auto near = [](double found, double expected) {
      EXPECT_LT(std::abs(std::log(found / expected)), 1.5 * std::log(1.05)) << found << " for " << expected;
    };
    model.richness = 3;
    const Rates mup = rates_of(model, 1.05, 0.02, 1.2);
    near(mup.best, row.mup);
    near(mup.largest, row.mup_most);
    model.richness = 3 / std::sqrt(row.ratio);
    const Rates kernel = rates_of(model, 1.05, 0.02, 1.2);
    near(kernel.best, row.kernel);
    near(kernel.largest, row.kernel_most);
  }
}

// Claim 3: over depth rates stay with beta = 1/sqrt(L) alone. Grid ratio 1.15.
TEST(DeepLinearClaims, RatesTransferOverDepthWithTheRootAlone) {
  const std::map<int, std::array<double, 3>> table{
      {1, {0.145, 0.191, 0.332}}, {4, {0.096, 0.042, 0.096}}, {16, {0.083, 0, 0.016}}};
  for (const auto& [layers, expected] : table) {
    DeepLinearModel model;
    model.hidden_layers = layers;
    model.width_ratio = 4;
    model.sample_ratio = 4;
    const auto best = [&] { return rates_of(model, 1.15, 5e-4, 0.7).best; };
    const auto near = [](double found, double wanted) {
      EXPECT_LT(std::abs(std::log(found / wanted)), 1.5 * std::log(1.15)) << found << " for " << wanted;
    };
    model.residual_branch = 1 / std::sqrt(layers);
    near(best(), expected[0]);
    model.residual_branch = 0.7;
    if (expected[1] > 0)
      near(best(), expected[1]);
    else
      EXPECT_EQ(best(), 0);  // every rate from 5e-4 up diverges
    model.residual_branch.reset();
    near(best(), expected[2]);
  }
}

// Claim 4: of few repeated samples the test loss has a minimum and rises; of one pass it falls all the time.
TEST(DeepLinearClaims, RepeatedSamplesOverfitAndOnePassDoesNot) {
  DeepLinearModel model;
  model.hidden_layers = 2;
  model.learning_rate = 0.05;
  model.width_ratio = 1;
  model.noise = 0.5;
  struct Row {
    double alpha, least, last, one_pass;
    std::size_t at;
  };
  for (const Row& row : {Row{0.5, 1.436, 1.613, 0.293, 8}, Row{1, 0.905, 1.098, 0.272, 37}}) {
    model.sample_ratio = row.alpha;
    model.data = DeepLinearData::repeated;
    const std::vector<double> repeated = losses_of(model, 150);
    const auto least = std::ranges::min_element(repeated);
    EXPECT_EQ(least - repeated.begin(), static_cast<std::ptrdiff_t>(row.at));
    EXPECT_NEAR(*least, row.least, 6e-4);
    EXPECT_NEAR(repeated.back(), row.last, 6e-4);
    model.data = DeepLinearData::one_pass;
    const std::vector<double> fresh = losses_of(model, 150);
    EXPECT_NEAR(fresh.back(), row.one_pass, 6e-4);
    for (std::size_t t = 1; t < fresh.size(); ++t) EXPECT_LT(fresh[t], fresh[t - 1]) << t;
  }
}

}  // namespace
}  // namespace widthwise
