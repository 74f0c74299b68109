// Finite deep linear networks against the gradient of their loss, taken sample by sample and weight by weight, and
// their means over seeds against theory.
#include <gtest/gtest.h>

#include <cmath>

#include "deep_linear_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/limit/deep_linear_network.h"
#include "widthwise/limit/deep_linear_theory.h"
#include "widthwise/linalg/parallel.h"

namespace widthwise {
namespace {

using Dense = Eigen::MatrixXd;

Dense dense(const PaddedMatrix<double>& m) {
  Dense out(m.rows(), m.cols());
  for (Index i = 0; i < m.rows(); ++i)
    for (Index j = 0; j < m.cols(); ++j) out(i, j) = m(i, j);
  return out;
}

// One network with all its matrices, trained by the rate eta gamma_0^2 N times the gradient of half the mean squared
// residual, each weight's gradient by the product rule over all samples.
struct ByHand {
  DeepLinearModel model;
  Dense x, w0;
  std::vector<Dense> w;
  Eigen::VectorXd readout, labels, initial;

  explicit ByHand(DeepLinearNetwork<double>& network, const DeepLinearModel& of)
      : model{of}, x{dense(network.samples())}, w0{dense(network.weights()[0])} {
    for (std::size_t l = 1; l < network.weights().size(); ++l) w.push_back(dense(network.weights()[l]));
    readout = Eigen::VectorXd::Map(network.readout().data(), w0.rows());
    labels = Eigen::VectorXd::Map(network.labels().data(), x.rows());
    initial = Eigen::VectorXd::Zero(x.rows());
    if (model.centred) initial = outputs();
  }
  double n() const { return static_cast<double>(w0.rows()); }
  double d() const { return static_cast<double>(w0.cols()); }
  double scale() const { return std::sqrt(d()) / (model.richness * n()); }
  double branch() const { return model.residual_branch.value_or(1.0) / std::sqrt(n()); }

  std::vector<Dense> states() const {  // samples x N
    std::vector<Dense> h{x * w0.transpose() / std::sqrt(d())};
    for (const Dense& matrix : w) {
      Dense next = branch() * h.back() * matrix.transpose();
      if (model.residual_branch) next += h.back();
      h.push_back(next);
    }
    return h;
  }
  Eigen::VectorXd outputs() const { return scale() * states().back() * readout; }
  Eigen::VectorXd residuals() const { return labels - (outputs() - initial); }

  void step(std::int64_t t) {
    const double rate = model.rate(t) * model.richness * model.richness * n() / static_cast<double>(x.rows());
    const std::vector<Dense> h = states();
    const Eigen::VectorXd delta = residuals();
    const Eigen::VectorXd readout_step = rate * scale() * h.back().transpose() * delta;
    Dense g = scale() * delta * readout.transpose();  // minus dL/dh of the top state, samples x N
    std::vector<Dense> steps(w.size());
    for (std::size_t l = w.size(); l-- > 0;) {
      steps[l] = rate * branch() * g.transpose() * h[l];
      Dense below = branch() * g * w[l];
      if (model.residual_branch) below += g;
      g = below;
    }
    w0 += rate * g.transpose() * x / std::sqrt(d());
    for (std::size_t l = 0; l < w.size(); ++l) w[l] += steps[l];
    readout += readout_step;
  }
};

class Descent : public testing::TestWithParam<std::tuple<int, double, bool>> {};

TEST_P(Descent, ByRankOneIsThatOfEveryWeight) {
  const auto [layers, branch, centred] = GetParam();
  DeepLinearModel model;
  model.hidden_layers = layers;
  if (branch > 0) model.residual_branch = branch;
  model.centred = centred;
  model.richness = 1.4;
  model.width_ratio = 0.7;
  model.sample_ratio = 1.3;
  model.noise = 0.2;
  model.learning_rate = 0.05;
  model.spectrum = {{2.0, 0.5}, {1.0, 2.0}, {0.4, 0.6}};
  model.rate_factor = [](std::int64_t t) { return 1 / (1 + 0.1 * static_cast<double>(t)); };
  DeepLinearNetwork<double> network(model, 30, Key(4));
  ByHand by_hand(network, model);
  for (std::int64_t t = 0; t < 25; ++t) {
    EXPECT_NEAR(network.train_loss(), by_hand.residuals().squaredNorm() / static_cast<double>(by_hand.x.rows()), 1e-10);
    network.step();
    by_hand.step(t);
  }
  EXPECT_LE(
      (dense(network.weights().back()) - (by_hand.w.empty() ? by_hand.w0 : by_hand.w.back())).cwiseAbs().maxCoeff(),
      1e-10);
}

INSTANTIATE_TEST_SUITE_P(Networks, Descent,
                         testing::Values(std::tuple{1, 0.0, false}, std::tuple{3, 0.0, false}, std::tuple{2, 0.0, true},
                                         std::tuple{3, 0.6, false}, std::tuple{1, 1.0, true}));

// Of one pass the signal is drawn in place of samples: its mean is Lambda v and its covariance that of
// (sqrt(D)/B) X^T Delta, (1/B) [Lambda (|Lambda^(1/2) v|^2 + D sigma^2) + Lambda v v^T Lambda], by Wick's theorem.
TEST(DeepLinearNetwork, ADrawnSignalHasTheMomentsOfSamples) {
  DeepLinearModel model;
  model.width_ratio = 1;
  model.sample_ratio = 0.5;
  model.noise = 0.5;
  model.data = DeepLinearData::one_pass;
  model.spectrum = {{2.0, 0.5}, {1.0, 2.0}, {0.5, 0.5}};
  model.centred = true;  // b = 0 at step 0: v is the teacher
  constexpr Index d = 8;
  constexpr int draws = 40000;
  Eigen::VectorXd v(d), lambda(d);
  for (Index i = 0; i < d; ++i) {
    lambda(i) = i < 4 ? 2.0 : 0.5;
    v(i) = i < 4 ? 1.0 : std::sqrt(2.0);
  }
  double sum = 0, sum_of_squares = 0;
  for (int k = 0; k < draws; ++k) {
    DeepLinearNetwork<double> network(model, d, Key(static_cast<std::uint64_t>(k)));
    const double size = network.signal_size();  // |s|^2 / D
    sum += size;
    sum_of_squares += size * size;
  }
  const Eigen::VectorXd mean = lambda.cwiseProduct(v);
  const double variance = (lambda.sum() * (lambda.dot(v.cwiseAbs2()) + d * 0.25) + mean.squaredNorm()) / 4;
  const double expected = (mean.squaredNorm() + variance) / d, found = sum / draws;
  const double error = std::sqrt((sum_of_squares / draws - found * found) / draws);
  EXPECT_NEAR(found, expected, 4 * error);
  EXPECT_LT(error, 0.01 * expected);
}

// Theory is exact as D -> infinity, so at D = 256 means over seeds are within their standard errors of it.
class Ensemble : public testing::TestWithParam<std::string> {};

TEST_P(Ensemble, MeansOverSeedsAgreeWithTheory) {
  const auto& cases = deep_linear_reference().at("cases");
  const DeepLinearModel model = cases.contains(GetParam())
                                    ? model_of(cases.at(GetParam()).at("params"))
                                    : extended_model_of(extended_reference().at("cases").at(GetParam()).at("params"));
  constexpr int seeds = 100, times = 60;
  DeepLinearTheory theory(model);
  while (theory.times() < times) theory.step();
  std::vector<std::vector<std::array<double, 2>>> losses(seeds);
  parallel(2, [&](int half) {
    for (int seed = half; seed < seeds; seed += 2) {
      DeepLinearNetwork<float> network(model, 256, Key(static_cast<std::uint64_t>(seed)));
      for (int t = 0; t < times; ++t) {
        losses[static_cast<std::size_t>(seed)].push_back({network.test_loss(), network.train_loss()});
        network.step();
      }
    }
  });
  for (const std::size_t t : {0u, 1u, 2u, 5u, 10u, 20u, 40u, 59u})
    for (const std::size_t which : {0u, 1u}) {
      double sum = 0, squares = 0;
      for (const auto& run : losses) {
        sum += run[t][which];
        squares += run[t][which] * run[t][which];
      }
      const double mean = sum / seeds, error = std::sqrt((squares / seeds - mean * mean) / (seeds - 1));
      const double expected = which == 0 ? theory.test_loss()[t] : theory.train_loss()[t];
      EXPECT_NEAR(mean, expected, 4 * error) << (which == 0 ? "test" : "train") << " loss at time " << t;
      EXPECT_LT(error, 0.03 * expected);
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, Ensemble, testing::ValuesIn(reference_names()),
                         [](const auto& one) { return one.param; });

INSTANTIATE_TEST_SUITE_P(UnequalWidthsAndOutputs, Ensemble,
                         testing::Values("w3_unequal3_gd", "w2_unequal2_sgd", "o2_three_outputs_correlated_gd",
                                         "o3_two_outputs_correlated_sgd", "b1_both_three_outputs_gd",
                                         "b2_both_two_outputs_sgd"),
                         [](const auto& one) { return one.param; });

TEST(DeepLinearNetwork, SizesThatCannotBeAreRefused) {
  DeepLinearModel model;
  EXPECT_THROW(DeepLinearNetwork<float>(model, 64, Key(0)), ConfigError);  // infinite width
  model.width_ratio = 0.001;
  EXPECT_THROW(DeepLinearNetwork<float>(model, 64, Key(0)), ConfigError);
  model.width_ratio = 1;
  EXPECT_THROW(DeepLinearNetwork<float>(model, 0, Key(0)), ConfigError);
}

}  // namespace
}  // namespace widthwise
