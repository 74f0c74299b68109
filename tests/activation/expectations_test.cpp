#include "widthwise/activation/expectations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "cases.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

using std::numbers::pi;

TEST(Gain, KnownValues) {
  EXPECT_NEAR(make_activation("linear")->gain(), 1, 1e-12);
  EXPECT_NEAR(make_activation("relu")->gain(), std::sqrt(2.0), 1e-12);  // E max(z, 0)^2 = 1/2
  EXPECT_NEAR(make_activation("leaky_relu", 0.3)->gain(), std::sqrt(2 / (1 + 0.09)), 1e-12);
  EXPECT_NEAR(make_activation("erf")->gain(), 1 / std::sqrt(2 / pi * std::asin(2.0 / 3)), 1e-11);  // Williams 1997
}

// E max(z, 0)^2p = (2p - 1)!! / 2; E cos^2 z = (1 + e^-2)/2; elu by the moments of a lognormal cut off at 1.
TEST(Gain, KnownValuesOfPowersWavesAndElu) {
  EXPECT_NEAR(make_activation("relu_power", 2)->gain(), std::sqrt(2.0 / 3), 1e-12);
  EXPECT_NEAR(make_activation("relu_power", 5)->gain(), std::sqrt(2.0 / 945), 1e-12);
  double odd = 2.0 / 39;  // becomes 2 / 39!!, of the largest power
  for (int k = 37; k > 1; k -= 2) odd /= k;
  EXPECT_NEAR(make_activation("relu_power", 20)->gain() / std::sqrt(odd), 1, 1e-11);
  EXPECT_NEAR(make_activation("abs")->gain(), 1, 1e-12);
  EXPECT_NEAR(make_activation("quadratic")->gain(), 1 / std::sqrt(3.0), 1e-12);
  EXPECT_NEAR(make_activation("sin")->gain(), std::sqrt(2 / (1 - std::exp(-2.0))), 1e-12);
  EXPECT_NEAR(make_activation("cos")->gain(), std::sqrt(2 / (1 + std::exp(-2.0))), 1e-12);
  const auto normal_cdf = [](double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; };
  for (const double alpha : {1.0, 0.4}) {
    const double below = std::exp(2.0) * normal_cdf(-2) - 2 * std::exp(0.5) * normal_cdf(-1) + 0.5;
    EXPECT_NEAR(make_activation("elu", alpha)->gain(), 1 / std::sqrt(0.5 + alpha * alpha * below), 1e-12);
  }
}

// The factors that normalise E phi^2 to 1, the mean and q = E phi'^2 of the normalised activation, to the six digits
// they are stated with (Geiger, Spigler, Jacot and Wyart 2020 take the first from random draws; these are exact).
TEST(Gain, FactorsOfFeatureVersusLazyTraining) {
  struct Row {
    const char* name;
    double parameter, factor, mean, q;
  };
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  for (const Row& row : {Row{"relu", none, 1.414214, 0.564190, 1}, Row{"softplus", 5, 1.404383, 0.595612, 0.837939},
                         Row{"softplus", 1, 1.041867, 0.839806, 0.318459}, Row{"tanh", none, 1.592537, 0, 1.177807},
                         Row{"silu", none, 1.676532, 0.346407, 1.066634}}) {
    const auto phi = make_activation(row.name, row.parameter);
    const double factor = phi->gain();
    EXPECT_NEAR(factor, row.factor, 5e-7) << row.name;
    EXPECT_NEAR(factor * gaussian_mean([&](double z) { return phi->value(z); }, 1, phi->breaks()), row.mean, 5e-7);
    EXPECT_NEAR(factor * factor * mean_square_slope(*phi, 1), row.q, 5e-7) << row.name;
  }
}

class EveryExpectation : public ::testing::TestWithParam<ActivationCase> {
 protected:
  std::shared_ptr<const Activation> phi = GetParam().make();
};

// Monte Carlo with growing samples: a mean of N draws misses by a standard deviation over sqrt(N), so over 64
// repetitions the logarithm of the root mean square error falls with slope -1/2 (+- 0.03 from the repetitions). A
// quadrature wrong by as much as the last error, a hundredth of a deviation, would bend the line; the mean of all draws
// is compared in its standard errors, too.
TEST_P(EveryExpectation, MonteCarloConvergesToTheQuadratureAsTheRootOfSamples) {
  if (GetParam().parameter == 5 && GetParam().name == "relu_power")
    GTEST_SKIP() << "E phi^4 = 19!! / 2: no mean of half a million draws is normal";
  const double rho = 0.6, deviation = 1.5;
  const Covariance2 c{1, rho * deviation, deviation * deviation};
  const double exact[] = {1 / std::pow(phi->gain(), 2), mean_square_slope(*phi, c.vv), mean_product(*phi, c),
                          mean_slope_product(*phi, c)};
  constexpr std::uint64_t repetitions = 64, most = 8192;
  double squares[4][4] = {}, total[4] = {}, total_square[4] = {};  // of the errors, by quantity and number of draws
  for (std::uint64_t repetition = 0; repetition < repetitions; ++repetition) {
    double sum[4] = {};
    std::size_t at = 0;
    for (std::uint64_t i = 1; i <= most; ++i) {
      const double u = normal(Key(repetition), i, 0), v = deviation * (rho * u + 0.8 * normal(Key(repetition), i, 1));
      const double slope_v = phi->slope(v), draws[] = {std::pow(phi->value(u), 2), slope_v * slope_v,
                                                       phi->value(u) * phi->value(v), phi->slope(u) * slope_v};
      for (int k = 0; k < 4; ++k) sum[k] += draws[k], total[k] += draws[k], total_square[k] += draws[k] * draws[k];
      if (i != 128 && i != 512 && i != 2048 && i != most) continue;
      for (int k = 0; k < 4; ++k) squares[k][at] += std::pow(sum[k] / static_cast<double>(i) - exact[k], 2);
      ++at;
    }
  }
  for (int k = 0; k < 4; ++k) {
    const double count = repetitions * most, mean = total[k] / count;
    const double variance = std::max(0.0, total_square[k] / count - mean * mean);
    EXPECT_NEAR(mean, exact[k], 4 * std::sqrt(variance / count) + 1e-12 * std::abs(exact[k])) << k;
    if (variance < 1e-12) continue;  // a constant slope: no error to fall
    EXPECT_NEAR(0.5 * std::log(squares[k][3] / squares[k][0]) / std::log(64.0), -0.5, 0.12) << k;
    EXPECT_NEAR(std::sqrt(squares[k][3] / repetitions * most / variance), 1, 0.4) << k;
  }
}

TEST_P(EveryExpectation, SteinsIdentityHolds) {
  // E z phi(z) = variance E phi'(z), also with kinks: integration by parts. Two quadratures of different integrands.
  for (const double variance : {0.04, 1.0, 9.0}) {
    const double slope = gaussian_mean([&](double z) { return phi->slope(z); }, variance, phi->breaks());
    const double product = gaussian_mean([&](double z) { return z * phi->value(z); }, variance, phi->breaks());
    EXPECT_NEAR(product, variance * slope, 1e-11 * (1 + std::abs(product))) << variance;
  }
}

TEST_P(EveryExpectation, PricesTheoremHolds) {
  // d/dc E phi(u) phi(v) = E phi'(u) phi'(v): two quadratures of different integrands. Central differences, error h^2
  // times the third derivative by c plus 1e-11 of the value over h; with kinks that derivative grows beside correlation
  // 1, smooth ones are followed farther.
  const double h = 1e-4;
  for (const double c : {-0.6, 0.0, 0.4, 0.9}) {
    if (!phi->breaks().empty() && c > 0.5) continue;
    const double above = mean_product(*phi, {1, c + h, 1.2}), below = mean_product(*phi, {1, c - h, 1.2});
    EXPECT_NEAR(mean_slope_product(*phi, {1, c, 1.2}), (above - below) / (2 * h), 1e-6 * (1 + std::abs(above))) << c;
  }
}

TEST_P(EveryExpectation, FullCorrelationIsTheSquare) {
  const double square = mean_square(*phi, 2), slope = mean_square_slope(*phi, 2);
  EXPECT_NEAR(mean_product(*phi, {2, 2, 2}), square, 1e-10 * (1 + square));
  EXPECT_NEAR(mean_slope_product(*phi, {2, 2, 2}), slope, 1e-10 * (1 + slope));
}

INSTANTIATE_TEST_SUITE_P(Activations, EveryExpectation, ::testing::ValuesIn(activation_cases()));

/// Leaky relu is (1 + s)/2 z + (1 - s)/2 |z|; with E|u||v| = 2/pi (sine + rho (pi/2 - angle)) in units of the
/// deviations (Cho and Saul 2009), the even and odd parts do not mix.
TEST(MeanProduct, LeakyReluByAngles) {
  for (const double s : {0.0, 0.01, 0.3, -1.0}) {
    const auto phi = make_activation("leaky_relu", s);
    for (const double rho : {-1.0, -0.8, 0.0, 0.5, 0.999, 1 - 1e-9, 1.0}) {
      const double sine = std::sqrt((1 - rho) * (1 + rho)), angle = std::atan2(sine, rho);
      const double odd = std::pow((1 + s) / 2, 2), even = std::pow((1 - s) / 2, 2);
      const Covariance2 c{0.25, rho * 0.5 * 3, 9};
      EXPECT_NEAR(mean_product(*phi, c), 1.5 * (odd * rho + even * 2 / pi * (sine + rho * (pi / 2 - angle))), 1e-10);
      // Slopes: E sign(u) sign(v) = 1 - 2 angle / pi; near correlation 1 rounding of rho enters through a square root.
      EXPECT_NEAR(mean_slope_product(*phi, c), odd + even * (1 - 2 * angle / pi), rho == 1 - 1e-9 ? 1e-9 : 1e-10);
    }
  }
}

TEST(MeanProduct, ErfByArcsine) {
  // Williams 1997; the slopes are the derivative of the formula by the covariance (Price's theorem).
  const auto phi = make_activation("erf");
  for (const double rho : {-1.0, -0.7, 0.0, 0.5, 0.9999, 1.0}) {
    const Covariance2 c{1.5, rho * std::sqrt(1.5 * 4), 4};
    const double root = (1 + 2 * c.uu) * (1 + 2 * c.vv);
    EXPECT_NEAR(mean_product(*phi, c), 2 / pi * std::asin(2 * c.uv / std::sqrt(root)), 1e-10);
    EXPECT_NEAR(mean_slope_product(*phi, c), 4 / pi / std::sqrt(root - 4 * c.uv * c.uv), 1e-10);
  }
}

// E sin u sin v = exp(-(uu + vv)/2) sinh(uv), cosh for cos, from E exp(i(u +- v)); the slopes exchange the two.
TEST(MeanProduct, WavesByHyperbolicFunctions) {
  const auto sine = make_activation("sin"), cosine = make_activation("cos");
  for (const double rho : {-1.0, -0.7, 0.0, 0.5, 1.0}) {
    const Covariance2 c{1.5, rho * std::sqrt(1.5 * 0.8), 0.8};
    const double damping = std::exp(-(c.uu + c.vv) / 2);
    const double odd = damping * std::sinh(c.uv), even = damping * std::cosh(c.uv);
    EXPECT_NEAR(mean_product(*sine, c), odd, 1e-10);
    EXPECT_NEAR(mean_slope_product(*sine, c), even, 1e-10);
    EXPECT_NEAR(mean_product(*cosine, c), even, 1e-10);
    EXPECT_NEAR(mean_slope_product(*cosine, c), odd, 1e-10);
  }
}

// E u^2 v^2 = uu vv + 2 uv^2 (Wick); E|u||v| as leaky relu's even part; max(., 0)^2 by the arc-cosine kernel of order
// 2, J = 3 sin cos + (pi - angle)(1 + 2 cos^2) (Cho and Saul 2009).
TEST(MeanProduct, EvenAndSquaredByAngles) {
  for (const double rho : {-1.0, -0.8, 0.0, 0.5, 0.999, 1.0}) {
    const double a = 0.5, b = 3, sine = std::sqrt((1 - rho) * (1 + rho)), angle = std::atan2(sine, rho);
    const Covariance2 c{a * a, rho * a * b, b * b};
    EXPECT_NEAR(mean_product(*make_activation("quadratic"), c), c.uu * c.vv + 2 * c.uv * c.uv, 1e-9);
    EXPECT_NEAR(mean_slope_product(*make_activation("quadratic"), c), 4 * c.uv, 1e-9);
    EXPECT_NEAR(mean_product(*make_activation("abs"), c), a * b * 2 / pi * (sine + rho * (pi / 2 - angle)), 1e-10);
    EXPECT_NEAR(mean_slope_product(*make_activation("abs"), c), 1 - 2 * angle / pi, 1e-10);
    const double second = 3 * sine * rho + (pi - angle) * (1 + 2 * rho * rho), first = sine + (pi - angle) * rho;
    EXPECT_NEAR(mean_product(*make_activation("relu_power"), c), a * a * b * b * second / (2 * pi), 1e-9);
    EXPECT_NEAR(mean_slope_product(*make_activation("relu_power"), c), 4 * a * b * first / (2 * pi), 1e-9);
  }
}

}  // namespace
}  // namespace widthwise
