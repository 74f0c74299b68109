// The theory of deep linear networks against numbers found by other programs, against its equations iterated as whole
// matrices (deep_linear_whole.h), and against cases that can be solved.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "deep_linear_cases.h"
#include "deep_linear_whole.h"
#include "widthwise/base/error.h"
#include "widthwise/limit/deep_linear_depth.h"
#include "widthwise/limit/deep_linear_input.h"
#include "widthwise/limit/deep_linear_stack.h"
#include "widthwise/limit/deep_linear_theory.h"

namespace widthwise {
namespace {

DeepLinearTheory followed(const DeepLinearModel& model, int times) {
  DeepLinearTheory theory(model);
  while (theory.times() < times) theory.step();
  return theory;
}

class Reference : public testing::TestWithParam<std::string> {};

TEST_P(Reference, EveryRowIsMet) {
  const nlohmann::json reference = deep_linear_reference().at("cases").at(GetParam());
  const DeepLinearTheory theory = followed(model_of(reference.at("params")), 60);
  const std::vector<std::pair<const char*, const std::vector<double>*>> rows{{"test", &theory.test_loss()},
                                                                             {"train", &theory.train_loss()},
                                                                             {"Cg1", &theory.gradient_size()},
                                                                             {"Cs", &theory.signal_size()}};
  for (const auto& [name, series] : rows) {
    const std::vector<double> expected = reference.at("theory").at(name);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double found = series->at(reference.at("times").at(i).get<std::size_t>());
      EXPECT_NEAR(found / expected[i], 1, 1e-9) << name << " at time " << reference.at("times").at(i);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Reference, testing::ValuesIn(reference_names()),
                         [](const auto& one) { return one.param; });

class Extended : public testing::TestWithParam<std::string> {};

TEST_P(Extended, EveryRowIsMet) {
  const nlohmann::json reference = extended_reference().at("cases").at(GetParam());
  const DeepLinearTheory theory = followed(extended_model_of(reference.at("params")), 60);
  const std::vector<std::size_t> times = extended_reference().at("times");
  const std::vector<std::pair<const char*, const std::vector<double>*>> rows{{"test", &theory.test_loss()},
                                                                             {"train", &theory.train_loss()},
                                                                             {"Cg1", &theory.gradient_size()},
                                                                             {"Cs", &theory.signal_size()}};
  for (const auto& [name, series] : rows) {
    const std::vector<double> expected = reference.at("dmft").at(name);
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(series->at(times[i]) / expected[i], 1, 1e-9) << name << " at time " << times[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Extended, testing::ValuesIn(extended_names()),
                         [](const auto& one) { return one.param; });

// Outputs whose teachers are correlated are, in the basis of those correlations, networks of one output each.
TEST(DeepLinearTheory, OutputsDecoupleInTheBasisOfTheirTeachers) {
  DeepLinearModel model;
  model.hidden_layers = 2;
  model.width_ratio = 0.7;
  model.sample_ratio = 1.5;
  model.noise = 0.3;
  DeepLinearModel one = model;
  model.outputs = Matrix<double>::Constant(2, 2, 0.6);
  model.outputs.diagonal().setOnes();
  const DeepLinearTheory both = followed(model, 30);
  one.spectrum.target_squared = {1.6};
  const DeepLinearTheory first = followed(one, 30);
  one.spectrum.target_squared = {0.4};
  const DeepLinearTheory second = followed(one, 30);
  for (std::size_t t = 0; t < 30; ++t) {
    EXPECT_NEAR(both.test_loss()[t], first.test_loss()[t] + second.test_loss()[t], 1e-12) << t;
    EXPECT_NEAR(both.train_loss()[t], first.train_loss()[t] + second.train_loss()[t], 1e-12) << t;
  }
}

struct Variation {
  const char* name;
  void (*change)(DeepLinearModel&);
};

class Iterated : public testing::TestWithParam<Variation> {};

TEST_P(Iterated, RowByRowIsTheFixedPointOfWholeMatrices) {
  DeepLinearModel model;
  model.learning_rate = 0.08;
  model.richness = 1.3;
  model.width_ratio = 0.7;
  model.sample_ratio = 1.6;
  model.noise = 0.3;
  GetParam().change(model);
  constexpr int times = 9;
  const WholeMatrices whole = iterate_whole_matrices(model, times);
  const DeepLinearTheory theory = followed(model, times);
  for (std::size_t t = 0; t < times; ++t) {
    EXPECT_NEAR(theory.test_loss()[t], whole.test[t], 1e-12 * whole.test[t]) << t;
    EXPECT_NEAR(theory.train_loss()[t], whole.train[t], 1e-12 * whole.train[t]) << t;
  }
}

const DeepLinearSpectrum three_modes{{2.5, 1.0, 0.4}, {2.0, 1.0, 0.5}, {0.25, 0.25, 0.5}};

INSTANTIATE_TEST_SUITE_P(
    Models, Iterated,
    testing::Values(Variation{"two_layers", [](DeepLinearModel&) {}},
                    Variation{"three_hidden", [](DeepLinearModel& m) { m.hidden_layers = 3; }},
                    Variation{"one_pass",
                              [](DeepLinearModel& m) {
                                m.hidden_layers = 2;
                                m.data = DeepLinearData::one_pass;
                              }},
                    Variation{"population",
                              [](DeepLinearModel& m) {
                                m.hidden_layers = 2;
                                m.data = DeepLinearData::population;
                              }},
                    Variation{"infinite_width", [](DeepLinearModel& m) { m.width_ratio = DeepLinearModel::infinite; }},
                    Variation{"infinite_data",
                              [](DeepLinearModel& m) {
                                m.sample_ratio = DeepLinearModel::infinite;
                                m.spectrum = three_modes;
                              }},
                    Variation{"modes", [](DeepLinearModel& m) { m.spectrum = three_modes; }},
                    Variation{"modes_one_pass",
                              [](DeepLinearModel& m) {
                                m.spectrum = three_modes;
                                m.data = DeepLinearData::one_pass;
                                m.hidden_layers = 2;
                              }},
                    Variation{"one_mode_of_variance_two",
                              [](DeepLinearModel& m) {
                                m.spectrum = {{2.0}, {0.7}, {1.0}};
                                m.learning_rate = 0.04;
                              }},
                    Variation{"momentum_and_a_schedule",
                              [](DeepLinearModel& m) {
                                m.momentum = 0.7;
                                m.learning_rate = 0.03;
                                m.rate_factor = [](std::int64_t step) {
                                  return 1 / (1 + 0.2 * static_cast<double>(step));
                                };
                                m.hidden_layers = 2;
                              }},
                    Variation{"centred", [](DeepLinearModel& m) { m.centred = true; }},
                    Variation{"centred_modes_one_pass",
                              [](DeepLinearModel& m) {
                                m.centred = true;
                                m.hidden_layers = 2;
                                m.data = DeepLinearData::one_pass;
                                m.spectrum = three_modes;
                              }},
                    Variation{"residual",
                              [](DeepLinearModel& m) {
                                m.hidden_layers = 3;
                                m.residual_branch = 0.6;
                              }},
                    Variation{"residual_one_block_momentum_centred",
                              [](DeepLinearModel& m) {
                                m.residual_branch = 1.0;
                                m.momentum = 0.5;
                                m.learning_rate = 0.03;
                                m.centred = true;
                              }},
                    Variation{"residual_modes_one_pass",
                              [](DeepLinearModel& m) {
                                m.hidden_layers = 2;
                                m.residual_branch = 0.5;
                                m.spectrum = three_modes;
                                m.data = DeepLinearData::one_pass;
                              }}),
    [](const auto& one) { return one.param.name; });

// At initialization f is independent of everything: its variance is sum_k p lambda / (gamma_0^2 nu), times
// (1 + beta^2)^L where L residual blocks add to the state.
TEST(DeepLinearTheory, BeginsAtTheVarianceOfTheInitialOutput) {
  DeepLinearModel model;
  model.hidden_layers = 3;
  model.richness = 0.8;
  model.width_ratio = 1.7;
  model.noise = 0.4;
  model.spectrum = three_modes;
  const double mean_variance = 0.25 * 2.5 + 0.25 + 0.5 * 0.4, signal = 0.25 * 5 + 0.25 + 0.5 * 0.2;
  const double own = mean_variance / (0.64 * 1.7);
  EXPECT_NEAR(followed(model, 1).test_loss()[0], signal + 0.16 + own, 1e-14);
  EXPECT_NEAR(followed(model, 1).train_loss()[0], signal + 0.16 + own, 1e-14);
  model.residual_branch = 0.5;
  EXPECT_NEAR(followed(model, 1).test_loss()[0], signal + 0.16 + own * std::pow(1.25, 3), 1e-13);
  model.centred = true;
  EXPECT_NEAR(followed(model, 1).test_loss()[0], signal + 0.16, 1e-14);
}

TEST(DeepLinearTheory, ALongerHorizonExtendsAShorterOneToTheLastBit) {
  DeepLinearModel model;
  model.hidden_layers = 2;
  model.width_ratio = 0.5;
  model.sample_ratio = 1.5;
  const DeepLinearTheory short_one = followed(model, 21);
  DeepLinearTheory long_one = followed(model, 21);
  while (long_one.times() < 50) long_one.step();
  const DeepLinearTheory whole = followed(model, 50);
  for (std::size_t t = 0; t < 21; ++t) EXPECT_EQ(short_one.test_loss()[t], whole.test_loss()[t]);
  EXPECT_EQ(long_one.test_loss(), whole.test_loss());
}

// Infinite width and data, two layers: A = <k^2>, B = <g^2>, c = <k g> close among themselves, exactly.
TEST(DeepLinearTheory, TwoLayersOfInfiniteWidthAndDataFollowThreeNumbers) {
  DeepLinearModel model;
  model.learning_rate = 0.07;
  model.richness = 2;
  model.noise = 0.2;
  const DeepLinearTheory theory = followed(model, 80);
  double a = 1, b = 1, c = 0;
  for (std::size_t t = 0; t < 80; ++t) {
    const double left = 1 - c / model.richness;
    EXPECT_NEAR(theory.test_loss()[t], left * left + 0.04, 1e-13) << t;
    const double e = model.learning_rate * model.richness * left;
    const double next_c = c + e * (a + b) + e * e * c, next_a = a + 2 * e * c + e * e * b;
    b = b + 2 * e * c + e * e * a;
    a = next_a;
    c = next_c;
  }
}

// gamma_0 -> 0 at nu = 1 / gamma_0^2: linear regression by gradient descent on the samples, whose covariance has the
// Marchenko-Pastur eigenvalues; with x = 1 + 1/alpha + 2 cos(theta) / sqrt(alpha) they are rho dx = (2 / pi) sin^2
// dtheta / x, a trapezoidal sum that is exact to rounding.
double marchenko_pastur(double alpha, const std::function<double(double)>& f) {
  constexpr int points = 4000;
  double sum = 0;
  for (int i = 0; i < points; ++i) {
    const double theta = std::numbers::pi * (i + 0.5) / points;
    const double x = 1 + 1 / alpha + 2 * std::cos(theta) / std::sqrt(alpha);
    sum += 2 * std::pow(std::sin(theta), 2) / x * f(x) / points;
  }
  // Of fewer samples than inputs a share of eigenvalues is 0.
  return sum + std::max(0.0, 1 - alpha) * f(0);
}

class Lazy : public testing::TestWithParam<std::tuple<int, double, double>> {};

TEST_P(Lazy, IsRegressionOnMarchenkoPasturEigenvalues) {
  const auto [layers, branch, alpha] = GetParam();
  DeepLinearModel model;
  model.hidden_layers = layers;
  if (branch > 0) model.residual_branch = branch;
  model.richness = 1e-4;
  model.width_ratio = 1e8;
  model.sample_ratio = alpha;
  model.noise = 0.3;
  const double kernel = lazy_kernel(model);
  model.learning_rate = 0.15 / kernel;
  const DeepLinearTheory theory = followed(model, 40);
  const double initial = branch > 0 ? std::pow(1 + branch * branch, layers) : 1;
  for (std::size_t t = 0; t < 40; ++t) {
    const auto left = [&](double x) { return std::pow(1 - 0.15 * x, static_cast<double>(t)); };
    const double bias = marchenko_pastur(alpha, [&](double x) { return left(x) * left(x); });
    const double variance =
        marchenko_pastur(alpha, [&](double x) { return x == 0 ? 0.0 : std::pow(1 - left(x), 2) / x; });
    EXPECT_NEAR(theory.test_loss()[t], (1 + initial) * bias + 0.09 * (1 + variance / alpha), 1e-6) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Lazy,
                         testing::Values(std::tuple{1, 0.0, 0.5}, std::tuple{3, 0.0, 2.0}, std::tuple{1, 0.5, 2.0},
                                         std::tuple{3, 0.5, 0.5}, std::tuple{8, 0.3, 2.0}));

// Without shortcuts (a = 0, beta = 1) n states that follow each other are n hidden layers: two recursions, one network.
TEST(DeepLinearTheory, AChainWithoutShortcutsIsThePlainStack) {
  DeepLinearModel model;
  model.hidden_layers = 3;
  model.width_ratio = 0.75;
  model.sample_ratio = 2;
  model.momentum = 0.3;
  const DeepLinearTheory plain = followed(model, 30);
  const auto chain = deep_linear_theory::make_residual_stack(model, 3, 1, 0, 1);
  deep_linear_theory::InputBlock input(model);
  for (std::size_t t = 0; t < 30; ++t) {
    const deep_linear_theory::Now now(model, static_cast<std::int64_t>(t), 1);
    chain->backward(now, input.signal_correlation());
    input.step(now, chain->gradient_correlation(now), chain->gradient_response(now));
    chain->forward(now, input.signal_correlation(), input.signal_response());
    EXPECT_NEAR(input.test_loss(), plain.test_loss()[t], 1e-12) << t;
    EXPECT_NEAR(input.train_loss(), plain.train_loss()[t], 1e-12) << t;
  }
}

// Corrections go like 1/L: other depths, extrapolated by themselves, have the same limit.
TEST(InfiniteDepthTheory, IsWhatManyBlocksTendTo) {
  DeepLinearModel model;
  model.residual_branch = 1;
  model.learning_rate = 0.02;
  model.width_ratio = 1;
  model.sample_ratio = 2;
  model.noise = 0.3;
  InfiniteDepthTheory limit(model);
  while (limit.times() < 40) limit.step();
  // Another pair of depths, extrapolated once: L = 96 and 192.
  DeepLinearModel deep = model;
  std::vector<std::vector<double>> losses;
  for (const int blocks : {96, 192}) {
    deep.hidden_layers = blocks;
    deep.residual_branch = 1 / std::sqrt(blocks);
    losses.push_back(followed(deep, 40).test_loss());
  }
  for (const std::size_t t : {std::size_t{0}, std::size_t{5}, std::size_t{20}, std::size_t{39}}) {
    EXPECT_NEAR(limit.test_loss()[t], 2 * losses[1][t] - losses[0][t], 1e-4 * limit.test_loss()[t]) << t;
    EXPECT_LT(limit.error()[t], 1e-3) << t;
  }
  EXPECT_NEAR(limit.test_loss()[0], 1 + 0.09 + std::exp(1.0), 1e-3);  // (1 + 1/L)^L -> e
  EXPECT_NEAR(limit.test_loss()[5], 1.1560, 6e-5);                    // found by another program, as printed
  deep.hidden_layers = 127;
  deep.residual_branch = 1 / std::sqrt(127);
  EXPECT_NEAR(followed(deep, 40).test_loss()[39], 0.38729, 6e-6);
}

// Teachers that are orthogonal and noise that is not shared: twelve networks of one output.
TEST(DeepLinearTheory, ManyOutputsAreManyTimesOne) {
  DeepLinearModel model;
  model.hidden_layers = 2;
  model.width_ratio = 0.7;
  model.sample_ratio = 1.5;
  model.noise = 0.3;
  const DeepLinearTheory one = followed(model, 12);
  model.outputs = Matrix<double>::Identity(12, 12);
  const DeepLinearTheory many = followed(model, 12);
  for (std::size_t t = 0; t < 12; ++t) EXPECT_NEAR(many.train_loss()[t], 12 * one.train_loss()[t], 1e-11) << t;
}

void refused(const char* key, const std::function<void(DeepLinearModel&)>& change) {
  DeepLinearModel model;
  change(model);
  try {
    DeepLinearTheory theory(model);
    ADD_FAILURE() << key << " was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, key);
  }
}

TEST(DeepLinearTheory, WhatNoNetworkCanHaveIsRefusedByName) {
  refused("limit.width_ratio", [](auto& m) { m.width_ratio = -1; });
  refused("limit.sample_ratio", [](auto& m) { m.sample_ratio = 0; });
  refused("limit.richness", [](auto& m) { m.richness = 0; });
  refused("limit.learning_rate", [](auto& m) { m.learning_rate = std::nan(""); });
  refused("limit.momentum", [](auto& m) { m.momentum = 1; });
  refused("limit.noise", [](auto& m) { m.noise = -0.1; });
  refused("limit.hidden_layers", [](auto& m) { m.hidden_layers = 0; });
  refused("limit.spectrum.weight", [](auto& m) { m.spectrum = {{1, 2}, {1, 1}, {0.5, 0.4}}; });
  refused("limit.spectrum.weight", [](auto& m) { m.spectrum = {{1, 2}, {1, 1}, {1.0}}; });
  refused("limit.spectrum.target_squared", [](auto& m) { m.spectrum = {{1, 2}, {1}, {0.5, 0.5}}; });
  refused("limit.spectrum.variance", [](auto& m) { m.spectrum = {{-1}, {1}, {1}}; });
  refused("limit.width_ratios", [](auto& m) { m.width_ratios = {1, 2}; });
  refused("limit.width_ratios", [](auto& m) { m.width_ratios = {-1}; });
  refused("limit.outputs",
          [](auto& m) { m.outputs = Matrix<double>::Constant(2, 2, 2) - Matrix<double>::Identity(2, 2); });
  refused("limit.outputs", [](auto& m) { m.outputs = Matrix<double>::Ones(1, 2); });
}

}  // namespace
}  // namespace widthwise
