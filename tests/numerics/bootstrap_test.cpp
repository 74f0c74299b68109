#include "widthwise/numerics/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace widthwise {
namespace {

const std::vector<double> values{1.2, -0.4, 2.5, 0.3, 1.9, -1.1};

std::vector<double> statistics(std::span<const int> counts) {
  double sum = 0, all = 0, largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i] * values[i];
    all += counts[i];
    if (counts[i] > 0) largest = std::max(largest, values[i]);
  }
  return {sum / all, largest};
}

TEST(Resampled, OfTheMeanIsStudentsInterval) {
  // The deviation of the mean over resamples is sqrt((S-1)/S) times its standard error, exactly for all S^S resamples;
  // of 20,000 to a percent.
  const Interval student = student_interval(values);
  const Interval found = resampled_intervals(values.size(), statistics, Key(3), {0.95, 20'000}).front();
  EXPECT_NEAR(found.low, student.low, 0.02 * (student.high - student.low));
  EXPECT_NEAR(found.high, student.high, 0.02 * (student.high - student.low));
}

TEST(Resampled, TheSameKeyGivesTheSameInterval) {
  EXPECT_EQ(resampled_intervals(6, statistics, Key(3)), resampled_intervals(6, statistics, Key(3)));
  EXPECT_NE(resampled_intervals(6, statistics, Key(3)), resampled_intervals(6, statistics, Key(4)));
}

TEST(Resampled, IsUnknownOfOneSeedAndOfAStatisticThatOftenIsNot) {
  EXPECT_TRUE(std::isnan(resampled_intervals(1, statistics, Key(0)).front().low));
  const auto often_none = [](std::span<const int> counts) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return std::vector<double>{counts[0] == 0 ? none : 1.0};  // a third of all resamples of six
  };
  EXPECT_TRUE(std::isnan(resampled_intervals(6, often_none, Key(0)).front().low));
}

}  // namespace
}  // namespace widthwise
