// What changes after the first updates: rates, and the share of the initial weights that hidden matrices keep.
#include <gtest/gtest.h>

#include <cmath>

#include "training/training_cases.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing::matrix_of;

const testing::Data data = testing::small_data();
const auto loss = make_loss("squared");

Ensemble<double> with_first(double rate, double first_rate, std::int64_t first_steps, double share = 1,
                            double decay = 0, int members = 1) {
  const Architecture network = testing::small_mlp();
  std::vector<Member> all =
      testing::members_with_rates(network, std::vector<double>(static_cast<std::size_t>(members), rate), decay);
  for (Member& member : all)
    for (auto* tensors : {&member.scaling.weights, &member.scaling.biases})
      for (TensorScaling& tensor : *tensors) {
        tensor.first_steps = first_steps;
        tensor.effective_first_rate = tensor.effective_rate / rate * first_rate;
      }
  for (Member& member : all) member.scaling.weights[1].initial_share = share;
  return {network, all};
}

void run(Ensemble<double>& ensemble, std::int64_t steps, OptimizerKind optimizer = OptimizerKind::sgd) {
  TrainingOptions options;
  options.optimizer = optimizer;
  options.steps = steps;
  train<double>(ensemble, view(data.inputs), view(data.targets), *loss, options);
}

// Gradient descent has no memory: so many steps at the first rate, then the rest at the other, in two trainings.
TEST(FirstUpdates, AreExactlySoMany) {
  for (const std::int64_t first_steps : {0, 1, 2, 5}) {
    Ensemble<double> switching = with_first(0.1, 0.4, first_steps, 1, 0, 2);
    Ensemble<double> pieces = with_first(0.4, 0.4, 0, 1, 0, 2), rest = with_first(0.1, 0.1, 0, 1, 0, 2);
    run(switching, 5);
    run(pieces, first_steps);
    rest.parameters() = pieces.parameters();
    run(rest, 5 - first_steps);
    for (Index m = 0; m < 2; ++m) EXPECT_LT(testing::distance(switching, m, rest, m), 1e-14) << first_steps;
  }
}

// At rate 0 the gradient stays g, and momentum's velocity grows: after two such updates and one at a rate,
// W - W_0 = -rate (1 + m + m^2) g.
TEST(FirstUpdates, OfMomentumFillItsVelocity) {
  Ensemble<double> momentum = with_first(0.1, 0, 2), sgd = with_first(0.1, 0, 0);
  run(momentum, 3, OptimizerKind::momentum);
  run(sgd, 1);
  for (Index l = 1; l <= 3; ++l) {
    const Matrix<double> moved = matrix_of(momentum.weight(0, l)) - matrix_of(momentum.initial_weight(0, l));
    const Matrix<double> once = matrix_of(sgd.weight(0, l)) - matrix_of(sgd.initial_weight(0, l));
    EXPECT_LT((moved - (1 + 0.9 + 0.81) * once).norm(), 1e-12 * moved.norm()) << l;
  }
}

// Decay takes the share of the later rates: with a first rate of 0 it is all that happens.
TEST(FirstUpdates, DecayAtTheLaterRates) {
  Ensemble<double> network = with_first(0.1, 0, 1, 1, 0.5);
  run(network, 1);
  for (Index l = 1; l <= 3; ++l)
    EXPECT_LT((matrix_of(network.weight(0, l)) - (1 - 0.1 * 0.5) * matrix_of(network.initial_weight(0, l))).norm(),
              1e-14);
}

// After the first update, and not again: W_1 less (1 - share) W_0 is where the second begins.
TEST(FirstUpdates, ShareOfTheInitialWeightsThatStays) {
  for (const double share : {0.25, 0.0}) {
    Ensemble<double> once = with_first(0.1, 0.1, 1, share), plain = with_first(0.1, 0.1, 0);
    run(once, 1);
    run(plain, 1);
    const View<double> hidden = plain.weight(0, 2);
    for (Index i = 0; i < hidden.rows; ++i)
      for (Index j = 0; j < hidden.cols; ++j) hidden(i, j) -= (1 - share) * plain.initial_weight(0, 2)(i, j);
    EXPECT_LT(testing::distance(once, 0, plain, 0), 1e-15);
    Ensemble<double> more = with_first(0.1, 0.1, 1, share);
    run(more, 4);
    run(plain, 3);
    EXPECT_LT(testing::distance(more, 0, plain, 0), 1e-14);
    EXPECT_GT(testing::distance(more, 0, once, 0), 1e-3);
  }
}

TEST(FirstUpdates, AreGradientDescents) {
  Ensemble<double> rates = with_first(0.1, 0.4, 1), share = with_first(0.1, 0.1, 1, 0);
  for (const OptimizerKind optimizer : {OptimizerKind::adam, OptimizerKind::rmsprop, OptimizerKind::flow})
    EXPECT_THROW(run(rates, 1, optimizer), ConfigError);
  EXPECT_THROW(run(share, 1, OptimizerKind::flow), ConfigError);
  run(share, 1, OptimizerKind::adam);
  Ensemble<double> decayed = with_first(0.1, 0.4, 1, 1, 0.5);
  EXPECT_THROW(run(decayed, 1, OptimizerKind::momentum), ConfigError);
}

}  // namespace
}  // namespace widthwise
