#include "widthwise/activation/expectations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

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

class Sampled : public ::testing::TestWithParam<const char*> {};

TEST_P(Sampled, GainAndPairsAgreeWithMonteCarlo) {
  // 40000 draws, five standard errors each.
  const auto phi = make_activation(GetParam());
  const Covariance2 c{1, 0.6 * 1.5, 2.25};
  const double exact[] = {1 / std::pow(phi->gain(), 2), mean_product(*phi, c), mean_slope_product(*phi, c),
                          mean_square_slope(*phi, 2.25)};
  double sum[4] = {}, squares[4] = {};
  const int count = 40000;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double u = normal(Key(9), i, 0), v = 1.5 * (0.6 * u + 0.8 * normal(Key(9), i, 1));
    const double draws[] = {std::pow(phi->value(u), 2), phi->value(u) * phi->value(v), phi->slope(u) * phi->slope(v),
                            std::pow(phi->slope(v), 2)};
    for (int k = 0; k < 4; ++k) sum[k] += draws[k] / count, squares[k] += draws[k] * draws[k] / count;
  }
  for (int k = 0; k < 4; ++k) {
    const double error = std::sqrt(std::max(0.0, squares[k] - sum[k] * sum[k]) / count);
    EXPECT_NEAR(exact[k], sum[k], 5 * error + 1e-10) << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, Sampled,
                         ::testing::Values("linear", "relu", "leaky_relu", "erf", "gelu", "tanh", "softplus"));

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

TEST(MeanProduct, PricesTheoremForSmoothActivations) {
  // d/dc E phi(u) phi(v) = E phi'(u) phi'(v): two quadratures of different integrands. Central differences, error ~
  // h^2.
  for (const char* name : {"tanh", "gelu", "softplus"}) {
    const auto phi = make_activation(name);
    const double h = 1e-4;
    for (const double c : {-0.6, 0.0, 0.4, 0.9}) {
      const double difference = mean_product(*phi, {1, c + h, 1.2}) - mean_product(*phi, {1, c - h, 1.2});
      EXPECT_NEAR(mean_slope_product(*phi, {1, c, 1.2}), difference / (2 * h), 1e-6) << name << " " << c;
    }
  }
}

TEST(MeanProduct, FullCorrelationIsTheSquare) {
  for (const Named& named : known_activations()) {
    const auto phi = make_activation(named.name);
    EXPECT_NEAR(mean_product(*phi, {2, 2, 2}), mean_square(*phi, 2), 1e-10) << named.name;
    EXPECT_NEAR(mean_slope_product(*phi, {2, 2, 2}), mean_square_slope(*phi, 2), 1e-10) << named.name;
  }
}

}  // namespace
}  // namespace widthwise
