#include "widthwise/numerics/quadrature.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

using std::numbers::pi;

const std::vector<double> at_zero = {0};
double relu(double z) {
  return z > 0 ? z : 0;
}
double step(double z) {
  return z > 0 ? 1 : 0;
}

TEST(Integrate, ExactAntiderivatives) {
  EXPECT_NEAR(integrate([](double x) { return std::sin(x); }, 0, pi).value, 2, 1e-14);
  EXPECT_NEAR(integrate([](double x) { return std::sin(x); }, pi, 0).value, -2, 1e-14);
  EXPECT_EQ(integrate([](double x) { return x; }, 1, 1).value, 0);
  // A kink off the middle of every panel: exact once it is a boundary (both halves are polynomials).
  const std::vector<double> kink = {0.3};
  EXPECT_NEAR(integrate([](double x) { return std::abs(x - 0.3); }, -1, 1, kink).value, (1.3 * 1.3 + 0.7 * 0.7) / 2,
              1e-15);
  // Without the split, halving still gets there; sqrt has an infinite slope at 0.
  const Integral root = integrate([](double x) { return std::sqrt(x); }, 0, 1);
  EXPECT_NEAR(root.value, 2.0 / 3, 1e-11);
  EXPECT_LT(root.error, 1e-10);
}

TEST(GaussianMean, MomentsOfTheNormalDistribution) {
  // E z^2 = c, E z^4 = 3 c^2, E|z| = sqrt(2 c / pi), for any scale of c.
  for (const double c : {1e-6, 0.3, 1.0, 40.0, 1e6}) {
    EXPECT_NEAR(gaussian_mean([](double z) { return z * z; }, c) / c, 1, 1e-12);
    EXPECT_NEAR(gaussian_mean([](double z) { return z * z * z * z; }, c) / (3 * c * c), 1, 1e-12);
    EXPECT_NEAR(gaussian_mean([](double z) { return std::abs(z); }, c, at_zero) / std::sqrt(2 * c / pi), 1, 1e-12);
  }
  EXPECT_EQ(gaussian_mean([](double z) { return z + 2; }, 0), 2);
  EXPECT_THROW(gaussian_mean([](double z) { return z; }, -1), Error);
}

TEST(GaussianMean, NarrowFeatureInAWideGaussian) {
  // E erf(z)^2 = 2/pi asin(2c / (1 + 2c)) (Williams 1997): 1 but for a dip 1e-3 deviations wide.
  const double c = 1e6;
  EXPECT_NEAR(gaussian_mean([](double z) { return std::erf(z) * std::erf(z); }, c),
              2 / pi * std::asin(2 * c / (1 + 2 * c)), 1e-11);
}

/// E relu(u) relu(v) and E step(u) step(v) by angles (Cho and Saul 2009), the angle from both sine and cosine so that
/// it is right near correlations of +-1.
struct ArcCosine {
  double values, slopes;
};
ArcCosine arc_cosine(const Covariance2& c) {
  const double scale = std::sqrt(c.uu * c.vv), rho = c.uv / scale;
  const double sine = std::sqrt(std::max(0.0, (1 - rho) * (1 + rho)));
  const double angle = std::atan2(sine, rho);
  return {scale * (sine + (pi - angle) * rho) / (2 * pi), (pi - angle) / (2 * pi)};
}

TEST(GaussianMeanOfPairs, ArcCosineFormulasAtAnyCorrelation) {
  for (const double rho : {-1.0, -1 + 1e-12, -1 + 1e-6, -0.9, -0.3, 0.0, 0.2, 0.7, 0.99, 1 - 1e-6, 1 - 1e-12, 1.0}) {
    for (const double vv : {1.0, 0.04, 9.0}) {
      const Covariance2 c{1, rho * std::sqrt(vv), vv};
      const ArcCosine exact = arc_cosine(c);
      // rho itself carries a rounding error of 1e-16, which the slopes see through a square root.
      const double slack = 1e-16 / std::sqrt(1e-16 + (1 - rho * rho));
      EXPECT_NEAR(gaussian_mean(relu, relu, c, at_zero, at_zero), exact.values, 1e-10 * std::sqrt(vv))
          << rho << " " << vv;
      EXPECT_NEAR(gaussian_mean(step, step, c, at_zero, at_zero), exact.slopes, 1e-10 + 3 * slack) << rho << " " << vv;
    }
  }
}

TEST(GaussianMeanOfPairs, ErfFormula) {
  // E erf(u) erf(v) = 2/pi asin(2 c_uv / sqrt((1 + 2 c_uu)(1 + 2 c_vv))) (Williams 1997).
  const auto erf = [](double z) { return std::erf(z); };
  for (const double rho : {-1.0, -0.99999, -0.5, 0.0, 0.4, 0.999, 1.0}) {
    for (const double uu : {0.01, 1.0, 100.0}) {
      const Covariance2 c{uu, rho * std::sqrt(uu * 2), 2};
      const double exact = 2 / pi * std::asin(2 * c.uv / std::sqrt((1 + 2 * c.uu) * (1 + 2 * c.vv)));
      EXPECT_NEAR(gaussian_mean(erf, erf, c), exact, 1e-11) << rho << " " << uu;
    }
  }
}

TEST(GaussianMeanOfPairs, KinksAwayFromZeroAndIndependentPairs) {
  // At correlation 0 the mean is the product of means; E max(z - k, 0) = density(k) - k P(z > k).
  const double k = 0.8;
  const std::vector<double> at_k = {k};
  const auto hinge = [k](double z) { return z > k ? z - k : 0; };
  const double exact = std::exp(-k * k / 2) / std::sqrt(2 * pi) - k * std::erfc(k / std::sqrt(2.0)) / 2;
  EXPECT_NEAR(gaussian_mean(hinge, step, {1, 0, 1}, at_k, at_zero), exact / 2, 1e-12);
  // At correlation 1 the step (at 0) is 1 wherever the hinge is not 0.
  EXPECT_NEAR(gaussian_mean(hinge, step, {1, 1, 1}, at_k, at_zero), exact, 1e-12);
  EXPECT_NEAR(gaussian_mean(step, hinge, {4, 2, 1}, at_zero, at_k), exact, 1e-12);
}

TEST(GaussianMeanOfPairs, AgreesWithSampling) {
  // No formula here: 40000 draws, judged by five standard errors.
  const auto f = [](double z) { return std::tanh(z); };
  const auto g = [](double z) { return z > 0.5 ? z * z : 0; };
  const std::vector<double> kink = {0.5};
  double sum = 0, squares = 0;
  const int count = 40000;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double u = normal(Key(3), i, 0), v = 0.6 * u + 0.8 * normal(Key(3), i, 1);
    const double y = f(u) * g(v);
    sum += y, squares += y * y;
  }
  const double average = sum / count, error = std::sqrt((squares / count - average * average) / count);
  EXPECT_NEAR(gaussian_mean(f, g, {1, 0.6, 1}, {}, kink), average, 5 * error);
}

TEST(GaussianMeanOfPairs, DegenerateVariancesAndImpossibleOnes) {
  const auto shifted = [](double z) { return z + 3; };
  EXPECT_NEAR(gaussian_mean(shifted, relu, {0, 0, 1}, {}, at_zero), 3 / std::sqrt(2 * pi), 1e-13);
  EXPECT_EQ(gaussian_mean(shifted, shifted, {0, 0, 0}), 9);
  EXPECT_THROW(gaussian_mean(relu, relu, {1, 1.1, 1}), Error);
  EXPECT_THROW(gaussian_mean(relu, relu, {-1, 0, 1}), Error);
}

}  // namespace
}  // namespace widthwise
