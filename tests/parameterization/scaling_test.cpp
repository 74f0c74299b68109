#include "widthwise/parameterization/scaling.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "slow_network.h"
#include "widthwise/base/error.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

constexpr OptimizerKind kOptimizers[] = {OptimizerKind::sgd,   OptimizerKind::momentum, OptimizerKind::adam,
                                         OptimizerKind::adamw, OptimizerKind::rmsprop,  OptimizerKind::muon};

ScaleRequest request(OptimizerKind optimizer, double width) {
  ScaleRequest ask;
  ask.optimizer = optimizer;
  ask.width = width;
  ask.hidden_layers = 3;
  ask.input_dimension = 10;
  ask.learning_rate = 0.3;
  ask.weight_decay = 0.01;
  ask.gains.hidden = std::sqrt(2.0);
  return ask;
}

// At n = n_ref every ratio is 1, so every scheme is the standard network.
TEST(Scaling, AllSchemesCoincideAtTheReference) {
  for (const OptimizerKind optimizer : kOptimizers)
    for (const Named& known : known_constant_schemes()) {
      Parameterization scheme = named_scheme(known.name, optimizer);
      scheme.reference_width = 64;
      scheme.reference_depth = 3;
      const Scaling at = scale(scheme, request(optimizer, 64));
      ASSERT_EQ(at.weights.size(), 4u);
      const double fan_in[] = {10, 64, 64, 64}, gain[] = {1, std::sqrt(2.0), std::sqrt(2.0), 1};
      for (std::size_t l = 0; l < 4; ++l) {
        EXPECT_DOUBLE_EQ(at.weights[l].effective_std, gain[l] / std::sqrt(fan_in[l])) << known.name;
        EXPECT_DOUBLE_EQ(at.weights[l].effective_rate, 0.3) << known.name;
        EXPECT_DOUBLE_EQ(at.weights[l].multiplier, 1) << known.name;
        EXPECT_DOUBLE_EQ(at.biases[l].effective_rate, 0.3) << known.name;
        EXPECT_DOUBLE_EQ(at.biases[l].effective_std, 0) << known.name;
      }
    }
}

// Effective rates at n = 4 n_ref, by hand from the table in schemes.h: 4^-(2a+c), for Adam 4^-(a+c).
TEST(Scaling, EffectiveNumbersOfMupAreTheTextbooksOnes) {
  Parameterization mup = named_scheme("mup", OptimizerKind::sgd);
  mup.reference_width = 16;
  const Scaling sgd = scale(mup, request(OptimizerKind::sgd, 64));
  EXPECT_DOUBLE_EQ(sgd.weights[0].effective_rate, 0.3 * 4);
  EXPECT_DOUBLE_EQ(sgd.weights[1].effective_rate, 0.3);
  EXPECT_DOUBLE_EQ(sgd.weights[3].effective_rate, 0.3 / 4);
  EXPECT_DOUBLE_EQ(sgd.weights[1].effective_std, std::sqrt(2.0 / 16) / 2);
  EXPECT_DOUBLE_EQ(sgd.weights[3].effective_std, 1.0 / 4 / 4);
  mup = named_scheme("mup", OptimizerKind::adam);
  mup.reference_width = 16;
  const Scaling adam = scale(mup, request(OptimizerKind::adam, 64));
  EXPECT_DOUBLE_EQ(adam.weights[0].effective_rate, 0.3);
  EXPECT_DOUBLE_EQ(adam.weights[1].effective_rate, 0.3 / 4);
  EXPECT_DOUBLE_EQ(adam.weights[3].effective_rate, 0.3 / 4);
  // Adam's epsilon shrinks with the gradient in W: 1/n below the readout, not at it.
  EXPECT_DOUBLE_EQ(adam.weights[1].effective_epsilon, 1e-8 / 4);
  EXPECT_DOUBLE_EQ(adam.weights[3].effective_epsilon, 1e-8);
}

TEST(Scaling, RefusesNumbersThatAreNotPositive) {
  ScaleRequest ask = request(OptimizerKind::sgd, 0);
  EXPECT_THROW(scale(named_scheme("mup", OptimizerKind::sgd), ask), ConfigError);
  EXPECT_THROW(named_scheme("mupp", OptimizerKind::sgd), ConfigError);
  EXPECT_THROW(parse_optimizer("adamx"), ConfigError);
}

// Every step of Adam is of the size of its effective rate, so Muon's hidden step, n^-1 of that, needs one power less;
// the biases beside move as the preactivation does under both. Decay: the share it takes, rate * decay, is
// kept where it acts on W as it is; decay * W scales as epsilon where it is divided by a gradient of epsilon's size.
// standard is one rate and one decay everywhere.
TEST(Schemes, DecayAndMuonFollowFromAdam) {
  for (const Named& known : known_constant_schemes()) {
    const Exponents adamw = named_scheme(known.name, OptimizerKind::adamw).width;
    const Exponents muon = named_scheme(known.name, OptimizerKind::muon).width;
    EXPECT_EQ(muon.input, adamw.input) << known.name;
    EXPECT_EQ(muon.output, adamw.output) << known.name;
    EXPECT_EQ(muon.hidden_bias.c, adamw.hidden_bias.c) << known.name;
    EXPECT_EQ(muon.hidden.c, adamw.hidden.c - (known.name == "standard" ? 0 : 1)) << known.name;
    for (const OptimizerKind optimizer : kOptimizers) {
      const Exponents width = named_scheme(known.name, optimizer).width;
      for (const BlockExponents* block :
           {&width.input, &width.hidden, &width.output, &width.input_bias, &width.hidden_bias, &width.output_bias}) {
        const BlockExponents w = effective_form(*block, optimizer);
        const bool divided = optimizer == OptimizerKind::adam || optimizer == OptimizerKind::rmsprop;
        const Rational expected = known.name == "standard" ? Rational(0) : divided ? w.e - w.b : -w.c;
        EXPECT_EQ(w.d, expected) << known.name << " " << optimizer_name(optimizer);
      }
    }
  }
}

// mup and mean-field are the same network in two gauges.
TEST(Gauge, MupAndMeanFieldAreOneOrbit) {
  for (const OptimizerKind optimizer : kOptimizers) {
    const Exponents mup = named_scheme("mup", optimizer).width, field = named_scheme("mean-field", optimizer).width;
    EXPECT_TRUE(same_orbit(mup.input, field.input, optimizer));
    EXPECT_TRUE(same_orbit(mup.hidden, field.hidden, optimizer));
    EXPECT_TRUE(same_orbit(mup.output, field.output, optimizer));
  }
}

// A gauge change alters no output at any step: W_0, rates, epsilon and decay of the effective weight are unchanged.
// A large epsilon and decay make a wrong rule for them visible.
TEST(Gauge, TrajectoriesAgreeInAllGauges) {
  EXPECT_TRUE(rc::check([] {
    const OptimizerKind optimizer = *rc::gen::elementOf(std::vector(std::begin(kOptimizers), std::end(kOptimizers)));
    const auto draw = [] { return Rational(*rc::gen::inRange(-4, 5), 4); };
    const auto draw_block = [&] { return BlockExponents{draw(), draw(), draw() + 1, draw(), draw()}; };
    const Parameterization plain = custom_scheme(draw_block(), draw_block(), draw_block(), optimizer);
    Parameterization moved = plain;
    for (BlockExponents* block : {&moved.width.input, &moved.width.hidden, &moved.width.output})
      *block = gauge_shift(*block, draw(), optimizer);

    ScaleRequest ask = request(optimizer, 5);
    ask.hidden_layers = 2;
    ask.input_dimension = 2;
    ask.learning_rate = 0.02;
    ask.epsilon = 0.1;
    ask.weight_decay = 0.2;
    slow::Network left(2, 5, 2, scale(plain, ask), slow::tanh_phi(), 7);
    slow::Network right(2, 5, 2, scale(moved, ask), slow::tanh_phi(), 7);
    const std::vector<slow::Vec> inputs = {{1, 0.5}, {-0.3, 1}};
    for (int step = 0; step < 4; ++step) {
      const double a = left.output(inputs[0]), b = right.output(inputs[0]);
      RC_ASSERT(std::abs(a - b) <= 1e-9 * (1 + std::abs(a)));
      left.step(inputs, {1, -1}, optimizer);
      right.step(inputs, {1, -1}, optimizer);
    }
  }));
}

}  // namespace
}  // namespace widthwise
