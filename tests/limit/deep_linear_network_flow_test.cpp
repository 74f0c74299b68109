// Flows of finite deep linear networks against plain gradient descent on the loss by finite differences and small
// steps, against conservation laws, and against the closed flow of one hidden layer as the width grows.
#include "widthwise/limit/deep_linear_network_flow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "widthwise/base/error.h"
#include "widthwise/limit/deep_linear_flow.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/numerics/local_slope.h"

namespace widthwise {
namespace {

const FlowSpectrum few{{1, 0.3, 0.05}, {0.5, 2, 1}};

/// The network as it is defined, in W and w, by Runge-Kutta steps of rate eta gamma0^2 N times the gradient.
struct Plain {
  std::vector<Matrix<double>> w;  // W^0 .. W^{L-1}, then w as a row
  Vector<double> lambda, target, initial;
  double gamma0;
  Index n;

  Plain(const FlowSpectrum& spectrum, const DeepLinearFlowNetwork& network)
      : lambda(static_cast<Index>(spectrum.variance.size())),
        target(lambda.size()),
        gamma0{network.gamma0},
        n{network.width} {
    for (Index k = 0; k < lambda.size(); ++k) {
      lambda(k) = spectrum.variance[static_cast<std::size_t>(k)];
      target(k) = std::sqrt(spectrum.target_squared[static_cast<std::size_t>(k)]);
    }
    for (int l = 0; l <= network.hidden_layers; ++l) {
      const Index cols = l == 0 ? lambda.size() : l == network.hidden_layers ? 1 : n;
      Matrix<double> each(n, cols);
      fill_normal(network.key.split(static_cast<std::uint64_t>(l)), static_cast<std::size_t>(n),
                  static_cast<std::size_t>(cols), 1.0, each.data(), static_cast<std::size_t>(cols));
      w.push_back(l == network.hidden_layers ? Matrix<double>(each.transpose()) : each);
    }
    initial = network.centred ? end_to_end(w) : Vector<double>(Vector<double>::Zero(lambda.size()));
  }
  Vector<double> end_to_end(const std::vector<Matrix<double>>& at) const {
    Matrix<double> row = at.back();
    for (std::size_t l = at.size() - 1; l-- > 0;)
      row = row * at[l] / (l == 0 ? 1.0 : std::sqrt(static_cast<double>(n)));
    return row.transpose() / (gamma0 * static_cast<double>(n));
  }
  /// eta P P^T of the last mode: of each factor, all on its left squared times all on its right applied to the mode.
  double kernel(double eta) const {
    double sum = 0;
    for (std::size_t l = 0; l < w.size(); ++l) {
      Matrix<double> left = Matrix<double>::Identity(1, 1);
      for (std::size_t k = w.size() - 1; k > l; --k) left = left * w[k];
      Matrix<double> right = Vector<double>::Unit(lambda.size(), lambda.size() - 1);
      for (std::size_t k = 0; k < l; ++k) right = w[k] * right;
      sum += left.squaredNorm() * right.squaredNorm();
    }
    return eta * sum / std::pow(static_cast<double>(n), static_cast<double>(w.size()) - 1);
  }
  double loss() const { return lambda.dot((target - end_to_end(w) + initial).cwiseAbs2()); }
  /// -rate times the gradient of loss / 2, each factor's from the products of all on its left and right.
  std::vector<Matrix<double>> slope(const std::vector<Matrix<double>>& at, double eta) const {
    const Vector<double> s = lambda.cwiseProduct(target - end_to_end(at) + initial);
    const double all = eta * gamma0 * std::pow(static_cast<double>(n), -(static_cast<double>(at.size()) - 2) / 2);
    std::vector<Matrix<double>> out;
    for (std::size_t l = 0; l < at.size(); ++l) {
      Matrix<double> left = Matrix<double>::Identity(1, 1);
      for (std::size_t k = at.size() - 1; k > l; --k) left = left * at[k];
      Matrix<double> right = s;
      for (std::size_t k = 0; k < l; ++k) right = at[k] * right;
      out.push_back(all * left.transpose() * right.transpose());
    }
    return out;
  }
  void run(double eta, double time, int steps) {
    const auto moved = [](std::vector<Matrix<double>> from, const std::vector<Matrix<double>>& by, double h) {
      for (std::size_t l = 0; l < from.size(); ++l) from[l] += h * by[l];
      return from;
    };
    const double h = time / steps;
    for (int k = 0; k < steps; ++k) {
      const auto k1 = slope(w, eta), k2 = slope(moved(w, k1, h / 2), eta), k3 = slope(moved(w, k2, h / 2), eta),
                 k4 = slope(moved(w, k3, h), eta);
      w = moved(moved(moved(moved(w, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6);
    }
  }
};

TEST(DeepLinearFlowNetwork, IsGradientFlowOfTheNetworkWrittenOut) {
  for (const int layers : {1, 2, 3})
    for (const bool centred : {true, false}) {
      const DeepLinearFlowNetwork network{layers, 6, 1.5, 0.4, centred, 1e-8, Key(3)};
      Plain plain(few, network);
      const double times[] = {0, 4}, initial = plain.loss();
      plain.run(0.4, 4, 8000);
      const Trace trace = deep_linear_network_flow(few, network, times);
      EXPECT_NEAR(trace.values("loss")[0] / initial, 1, 1e-12) << layers << centred;
      EXPECT_NEAR(trace.values("loss")[1] / plain.loss(), 1, 1e-5) << layers << centred;
      EXPECT_LT(plain.loss(), 0.5 * initial);
      // Of the weights; the others are of the error followed beside them.
      EXPECT_NEAR(trace.final_value("kernel_scale") / plain.kernel(0.4), 1, 1e-5) << layers << centred;
      EXPECT_NEAR(trace.final_value("reach"), (plain.end_to_end(plain.w) - plain.initial).norm(), 1e-5);
    }
}

TEST(DeepLinearFlowNetwork, TheGradientOfTheReferenceIsThatOfTheLoss) {
  // Differences of loss / 2 at one entry of each factor, times the rate.
  const DeepLinearFlowNetwork network{2, 5, 1.5, 0.4, false, 1e-8, Key(4)};
  Plain plain(few, network);
  const auto slope = plain.slope(plain.w, 0.4);
  for (std::size_t l = 0; l < 3; ++l) {
    const double h = 1e-5, before = plain.w[l](0, 1);
    plain.w[l](0, 1) = before + h;
    const double up = plain.loss() / 2;
    plain.w[l](0, 1) = before - h;
    const double down = plain.loss() / 2;
    plain.w[l](0, 1) = before;
    EXPECT_NEAR(slope[l](0, 1), -0.4 * 1.5 * 1.5 * 5 * (up - down) / (2 * h), 1e-7) << l;
  }
}

TEST(DeepLinearFlowNetwork, ErrorsFallWithTheTolerance) {
  const FlowSpectrum spectrum = power_law_spectrum({2, 0.4, 1 << 20}, {4, 1});
  const double times[] = {1e4};
  const auto loss = [&](double tolerance) {
    return deep_linear_network_flow(spectrum, {2, 24, 3, 1, true, tolerance, Key(1)}, times).final_value("loss");
  };
  const double exact = loss(1e-8), at_4 = std::abs(loss(1e-4) / exact - 1), at_6 = std::abs(loss(1e-6) / exact - 1);
  EXPECT_LT(at_4, 0.02);
  EXPECT_LT(at_6, at_4 / 10);
}

TEST(DeepLinearFlowNetwork, OfOneHiddenLayerGoesToTheClosedFlowAsTheWidthGrows) {
  // The mean over seeds of log loss differs by O(1/N): fourfold width, a fourth of it, within the seeds' noise.
  const FlowSpectrum spectrum = power_law_spectrum({2, 0.6, 1 << 20}, {4, 1});
  const double times[] = {1, 30};
  const Trace limit = two_layer_flow(spectrum, {2}, times);
  double off[2];
  for (const int wide : {0, 1}) {
    off[wide] = 0;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      const Trace trace =
          deep_linear_network_flow(spectrum, {1, wide == 0 ? 100 : 1600, 2, 1, true, 1e-5, Key(seed)}, times);
      for (std::size_t k = 0; k < 2; ++k)
        off[wide] += std::pow(std::log(trace.values("loss")[k] / limit.values("loss")[k]), 2) / 32;
    }
  }
  // Root mean squares: of each seed O(N^-1/2).
  EXPECT_NEAR(std::sqrt(off[0] / off[1]), 4, 1.5);
  EXPECT_LT(std::sqrt(off[1]), 0.03);
}

TEST(DeepLinearFlowNetwork, StartsWithTheKernelOfItsDepth) {
  // Of L + 1 terms each a product of L means of N squares: mean 1, variance near 2 L / N; terms may move together.
  const int width = 200, seeds = 20;
  for (const int layers : {1, 2, 3}) {
    double mean = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const Trace trace =
          deep_linear_network_flow(few, {layers, width, 1, 0.5, true, 1e-5, Key(seed)}, std::vector<double>{0});
      mean += trace.final_value("kernel_scale") / (0.5 * (layers + 1) * seeds);
      EXPECT_EQ(trace.final_value("reach"), 0);
    }
    EXPECT_NEAR(mean, 1, 4 * std::sqrt(2.0 * layers / (width * seeds))) << layers;
  }
}

TEST(DeepLinearFlowNetwork, ExponentsDependOnDepth) {
  // Long after the start matrices are balanced: with n = L + 1, kernel ~ |b|^(2 - 2/n) and for hard tasks
  // loss ~ t^(-n beta / (1 + (n - 1) beta)); the neighbours' exponents are 0.06 or more away. One narrow network has a
  // kernel that differs from mode to mode, which leaves a ripple on the loss.
  const FlowSpectrum spectrum = power_law_spectrum({2, 0.4, std::uint64_t{1} << 36}, {4, 1});
  std::vector<double> times;
  for (int k = 0; k <= 40; ++k) times.push_back(std::pow(10, 4 + k / 20.0));
  for (const int layers : {1, 2, 3}) {
    const double n = layers + 1, ends[] = {1e4, 1e6};
    const Trace trace = deep_linear_network_flow(spectrum, {layers, 48, 3, 1, true, 1e-4, Key(2)}, times);
    const std::vector<double>& reach = trace.values("reach");
    const double from_to[] = {reach.front(), reach.back()};
    EXPECT_NEAR(local_slopes(reach, trace.values("kernel_scale"), from_to)[0].slope, 2 - 2 / n, 0.02) << layers;
    EXPECT_NEAR(local_slopes(times, trace.values("loss"), ends)[0].slope, -n * 0.4 / (1 + (n - 1) * 0.4), 0.02)
        << layers;
  }
}

TEST(DeepLinearFlowNetwork, BadInputIsNamed) {
  const std::vector<double> times{1};
  const auto key = [&](const DeepLinearFlowNetwork& network) -> std::string {
    try {
      deep_linear_network_flow(few, network, times);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return "nothing";
  };
  EXPECT_EQ(key({0}), "limit.hidden_layers");
  EXPECT_EQ(key({1, 0}), "limit.width");
  EXPECT_EQ(key({1, 4, 0}), "limit.richness");
  EXPECT_EQ(key({1, 4, 1, -1}), "limit.learning_rate");
  EXPECT_EQ(key({1, 4, 1, 1, true, 2}), "limit.tolerance");
  EXPECT_THROW(deep_linear_network_flow(few, {}, std::vector{2.0, 1.0}), ConfigError);
}

}  // namespace
}  // namespace widthwise
