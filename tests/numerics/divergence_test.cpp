// Divergences of fitted laws against integrals of their densities, which share no formula with them.
#include "widthwise/numerics/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/numerics/quadrature.h"
#include "widthwise/numerics/statistics.h"

namespace widthwise {
namespace {

const std::vector<double> few{0.31, 0.55, 0.42, 0.7, 0.38}, others{0.5, 0.61, 0.93, 0.72, 0.66, 0.8};

double variance(const std::vector<double>& values) {
  return std::pow(standard_deviation(values), 2);
}

TEST(Divergence, OfNormalLawsIsTheIntegralOfTheirDensities) {
  const auto log_density = [](const std::vector<double>& values, double x) {
    const double m = mean(values), v = variance(values);
    return -0.5 * std::log(2 * M_PI * v) - (x - m) * (x - m) / (2 * v);
  };
  const auto integrand = [&](double x) {
    const double p = log_density(few, x);
    return std::exp(p) * (p - log_density(others, x));
  };
  EXPECT_NEAR(normal_divergence(few, others), integrate(integrand, -3, 4).value, 1e-9);
}

TEST(Divergence, OfBetaLawsIsTheIntegralOfTheirDensities) {
  const auto log_density = [](const std::vector<double>& values, double x) {
    const double m = mean(values), size = m * (1 - m) / variance(values) - 1, a = m * size, b = (1 - m) * size;
    return (a - 1) * std::log(x) + (b - 1) * std::log1p(-x) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b);
  };
  const auto integrand = [&](double x) {
    const double p = log_density(few, x);
    return std::exp(p) * (p - log_density(others, x));
  };
  EXPECT_NEAR(beta_divergence(few, others), integrate(integrand, 1e-12, 1 - 1e-12).value, 1e-8);
}

TEST(Divergence, OfALawFromItselfIsNothing) {
  EXPECT_NEAR(normal_divergence(few, few), 0, 1e-14);
  EXPECT_NEAR(beta_divergence(few, few), 0, 1e-12);
}

TEST(Divergence, OfLogitsScaledByAFactorIsThatOfTheSpecification) {
  // A mean-field network starts with logits 512^(-1/2) of the reference's: 1/2 (1/512 - 1 + log 512) = 2.62.
  std::vector<double> logits{-1, 1, 2, -2}, small;
  for (const double f : logits) small.push_back(f / std::sqrt(512));
  EXPECT_NEAR(normal_divergence(small, logits), 0.5 * (1.0 / 512 - 1 + std::log(512)), 1e-12);
}

TEST(Divergence, HasNoValueWithoutALaw) {
  const std::vector<double> one{0.5}, constant{0.5, 0.5}, ends{0, 1};
  EXPECT_TRUE(std::isnan(normal_divergence(one, few)));
  EXPECT_TRUE(std::isnan(normal_divergence(few, constant)));
  EXPECT_EQ(normal_divergence(constant, few), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(beta_divergence(constant, few)));
  EXPECT_TRUE(std::isnan(beta_divergence(few, ends)));  // variance 1/2 > m (1 - m)
}

}  // namespace
}  // namespace widthwise
