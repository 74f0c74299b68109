#include "widthwise/numerics/extrapolation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;

const std::vector<double> widths{32, 64, 128, 256, 512};

/// y(n, seed) at these widths.
std::vector<Point> points_of(const std::function<double(double, int)>& y, int seeds,
                             const std::vector<double>& at = widths) {
  std::vector<Point> points;
  for (int s = 0; s < seeds; ++s)
    for (const double n : at) points.push_back({n, std::to_string(s), y(n, s)});
  return points;
}

ExtrapolationRule with_powers(std::vector<double> powers) {
  ExtrapolationRule rule;
  rule.powers = std::move(powers);
  return rule;
}

// Data of the form that is fitted: the limit and the coefficients are those of the data, and nothing is allowed for.
TEST(Extrapolation, IsExactOnExactData) {
  struct Case {
    std::vector<double> powers, coefficients;
  };
  for (const Case& c : {Case{{1}, {-3}}, Case{{0.5}, {2}}, Case{{0.5, 1}, {2, -3}}}) {
    const auto y = [&](double n, int) {
      double sum = 0.7;
      for (std::size_t k = 0; k < c.powers.size(); ++k) sum += c.coefficients[k] * std::pow(n, -c.powers[k]);
      return sum;
    };
    const Extrapolation found = extrapolate(points_of(y, 3), with_powers(c.powers));
    EXPECT_NEAR(found.limit, 0.7, 1e-13);
    for (std::size_t k = 0; k < c.powers.size(); ++k) EXPECT_NEAR(found.coefficients[k], c.coefficients[k], 1e-10);
    EXPECT_LT(found.interval.high - found.interval.low, 1e-12);
    EXPECT_EQ(found.reason, "");
    EXPECT_EQ(found.x, widths);
    EXPECT_NEAR(found.at(64), y(64, 0), 1e-13);
    EXPECT_EQ(found.at(std::numeric_limits<double>::infinity()), found.limit);
  }
}

// Two widths and one power are a line through two points in 1/n: y_inf = 2 y(2n) - y(n), Richardson's extrapolation.
// Nothing bounds its error but its length.
TEST(Extrapolation, OfTwoWidthsIsRichardsons) {
  const auto y = [](double n, int s) { return (n == 32 ? 1.5 : 1.25) + 0.01 * s; };
  const Extrapolation found = extrapolate(points_of(y, 2, {32, 64}));
  EXPECT_NEAR(found.limit, 1.005, 1e-12);
  EXPECT_NEAR(found.systematic, 0.25, 1e-12);
  EXPECT_TRUE(std::isnan(found.change));
}

// The noise of seeds that differ by constants is their spread: Student's interval of 0, 1, 2 about 1.
TEST(Extrapolation, ErrorOverSeedsIsStudents) {
  const Extrapolation found = extrapolate(points_of([](double n, int s) { return s + 5 / n; }, 3));
  const std::vector<double> limits{0, 1, 2};
  EXPECT_NEAR(found.limit, 1, 1e-12);
  EXPECT_NEAR(found.statistical, 1 - student_interval(limits).low, 1e-10);
  EXPECT_NEAR(found.systematic, 0, 1e-10);
}

// A correction that the fit leaves out is the next order's exactly when it is of its power: the interval then ends at
// the truth, or beyond.
TEST(Extrapolation, WhatTheFitLeavesOutIsAllowedFor) {
  for (const double q : {1.5, 2.0})
    for (const double d : {-3.0, 0.5, 20.0}) {
      const auto y = [&](double n, int) { return 1 + 2 / n + d * std::pow(n, -q); };
      const Extrapolation found = extrapolate(points_of(y, 3));
      EXPECT_GT(std::abs(found.limit - 1), 1e-6);  // the fit alone is off
      EXPECT_GE(found.systematic, (1 - 1e-9) * std::abs(found.limit - 1)) << q << " " << d;
      EXPECT_GE(found.systematic, std::abs(found.change));
    }
}

// One seed: the residuals of a straight line, worked out by hand. In u = 32/n the points (1, 0), (1/2, 1), (1/4, 0)
// have the line with slope -2/7, intercept 1/2; residuals -3/14, 9/14, -3/7: their squares sum to 9/14, one degree of
// freedom; the intercept has variance s^2 (1/3 + (7/12)^2 / (7/24)) = 3/2 s^2.
TEST(Extrapolation, OfOneSeedHasTheErrorOfItsResiduals) {
  const std::vector<Point> points{{32, "0", 0}, {64, "0", 1}, {128, "0", 0}};
  const Extrapolation found = extrapolate(points);
  EXPECT_NEAR(found.limit, 0.5, 1e-12);
  EXPECT_NEAR(found.statistical, student_quantile(1) * std::sqrt(9.0 / 14 * 1.5), 1e-9);
  const Extrapolation two = extrapolate({points[0], points[1]});
  EXPECT_NEAR(two.limit, 2, 1e-12);
  EXPECT_TRUE(std::isnan(two.interval.low) && std::isnan(two.interval.high));
  EXPECT_THAT(two.reason, HasSubstr("single seed at 2 widths"));
}

// Spread n^(-1/2) gives weight n, spread without a trend none; the fit of weighted data is still exact.
TEST(Extrapolation, PointsCountByTheSpreadOfTheSeeds) {
  const auto falling = [](double n, int s) { return 1 + (s - 1) / std::sqrt(n); };
  EXPECT_EQ(extrapolate(points_of(falling, 3)).weight, 1);
  EXPECT_EQ(extrapolate(points_of([](double n, int s) { return 1 + (s - 1) / n; }, 3)).weight, 2);
  EXPECT_EQ(extrapolate(points_of([](double n, int s) { return s + 1 / n; }, 3)).weight, 0);
  EXPECT_EQ(extrapolate(points_of([](double n, int s) { return s * n; }, 3)).weight, 0);
  EXPECT_EQ(extrapolate(points_of(falling, 2)).weight, 0);  // two seeds tell no spread
}

TEST(Extrapolation, DropsWhatCannotBeUsedAndTells) {
  std::vector<Point> points = points_of([](double n, int s) { return s + 1 / n; }, 3);
  points[2].y = std::nan("");  // seed 0, width 128: four widths remain
  for (std::size_t i = 6; i < 10; ++i)
    points[i].y = std::numeric_limits<double>::infinity();  // of seed 1 one width remains
  points.push_back({0, "2", 1});
  const Extrapolation found = extrapolate(points);
  EXPECT_NEAR(found.limit, 1, 1e-12);  // of seeds 0 and 2
  EXPECT_EQ(found.seeds.size(), 2U);
  ASSERT_EQ(found.dropped.size(), 7U);
  EXPECT_EQ(found.dropped[0].what, "x = 128, seed 0");
  EXPECT_THAT(found.dropped[5].reason, HasSubstr("no width"));
  EXPECT_EQ(found.dropped[6].what, "seed 1");
}

TEST(Extrapolation, WithoutEnoughWidthsIsNotANumberWithAReason) {
  for (const auto& at : {std::vector<double>{}, std::vector<double>{64}}) {
    const Extrapolation found = extrapolate(points_of([](double, int) { return 1; }, 3, at));
    EXPECT_TRUE(std::isnan(found.limit) && std::isnan(found.interval.low) && std::isnan(found.systematic));
    EXPECT_THAT(found.reason, HasSubstr("2 different widths"));
  }
  EXPECT_THAT(extrapolate(points_of([](double, int) { return 1; }, 3, {32, 64}), with_powers({0.5, 1})).reason,
              HasSubstr("3 different widths"));
}

TEST(Extrapolation, RefusesPowersThatAreNone) {
  for (const std::vector<double>& powers : {std::vector<double>{}, {0}, {-1}, {1, 1}, {1, 0.5}, {std::nan("")}})
    EXPECT_THROW(extrapolate({}, with_powers(powers)), Error);
}

TEST(Extrapolation, FormulaNamesThePowers) {
  EXPECT_EQ(fit_formula({1}), "y_inf + c/n");
  EXPECT_EQ(fit_formula({0.5, 1}), "y_inf + c n^-0.5 + d/n");
}

}  // namespace
}  // namespace widthwise
