#include "widthwise/numerics/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace widthwise {
namespace {

TEST(Statistics, MeanAndErrorByHand) {
  const std::vector<double> values = {1, 2, 3, 6};
  EXPECT_DOUBLE_EQ(mean(values), 3);
  EXPECT_DOUBLE_EQ(standard_deviation(values), std::sqrt((4.0 + 1 + 0 + 9) / 3));
  EXPECT_DOUBLE_EQ(standard_error(values), standard_deviation(values) / 2);
  EXPECT_TRUE(std::isnan(mean({})));
}

TEST(Statistics, StudentQuantilesFromTables) {
  // Exact for 1 degree (Cauchy: tan(0.475 pi)) and 2 degrees (p sqrt(2 / (1 - p^2)) for P(|T| < t) = p).
  EXPECT_NEAR(student_quantile(1), std::tan(0.475 * 3.14159265358979), 1e-9);
  EXPECT_NEAR(student_quantile(2), 0.95 * std::sqrt(2 / (1 - 0.95 * 0.95)), 1e-12);
  EXPECT_NEAR(student_quantile(1e7), 1.959964, 1e-5);  // normal
}

TEST(Statistics, StudentIntervalIsTheTextbookOne) {
  const std::vector<double> values = {1, 2, 3};
  const Interval interval = student_interval(values);
  EXPECT_NEAR(interval.low, 2 - 4.302653 / std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(interval.high, 2 + 4.302653 / std::sqrt(3.0), 1e-6);
  EXPECT_TRUE(student_interval(std::vector<double>{1}).contains(1e300));
}

TEST(Statistics, BootstrapRepeatsForAKeyAndFollowsScaleAndShift) {
  std::vector<double> values, moved;
  for (std::uint64_t i = 0; i < 12; ++i) {
    values.push_back(normal(Key(5), i, 0));
    moved.push_back(10 + 3 * values.back());
  }
  const Interval once = bootstrap_interval(values, Key(1)), again = bootstrap_interval(values, Key(1));
  EXPECT_EQ(once, again);
  // t does not change under shift and scale, so the interval moves with the data.
  const Interval other = bootstrap_interval(moved, Key(1));
  EXPECT_NEAR(other.low, 10 + 3 * once.low, 1e-9);
  EXPECT_NEAR(other.high, 10 + 3 * once.high, 1e-9);
  // Normal data: near Student's, whose quantile it estimates.
  const Interval student = student_interval(values);
  EXPECT_NEAR((once.high - once.low) / (student.high - student.low), 1, 0.35);
}

TEST(Statistics, BootstrapOfEqualValuesIsAPoint) {
  const std::vector<double> values(12, 0.5);
  const Interval interval = bootstrap_interval(values, Key(1));
  EXPECT_EQ(interval.low, 0.5);
  EXPECT_EQ(interval.high, 0.5);
}

}  // namespace
}  // namespace widthwise
