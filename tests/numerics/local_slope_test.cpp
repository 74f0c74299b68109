#include "widthwise/numerics/local_slope.h"

#include <gtest/gtest.h>

#include <cmath>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

TEST(LocalSlopes, OfAPowerLawAreItsExponentAndOfADriftingOneLieBetweenTheHalves) {
  std::vector<double> x, power, drifting;
  for (int k = 0; k <= 40; ++k) {
    x.push_back(std::pow(10, k / 10.0));
    power.push_back(3 * std::pow(x.back(), -0.7));
    // log10 y = -u - u^2 / 10: slope -1 - u / 5 at u = log10 x.
    const double u = k / 10.0;
    drifting.push_back(std::pow(10, -u - u * u / 10));
  }
  const double edges[] = {1, 10, 100, 1e4};
  const std::vector<LocalSlope> exact = local_slopes(x, power, edges), moving = local_slopes(x, drifting, edges);
  ASSERT_EQ(exact.size(), 3U);
  EXPECT_EQ(exact[2].from, 100);
  EXPECT_EQ(exact[2].to, 1e4);
  for (const LocalSlope& each : exact) {
    EXPECT_NEAR(each.slope, -0.7, 1e-12);
    EXPECT_NEAR(each.halves.low, -0.7, 1e-12);
    EXPECT_NEAR(each.halves.high, -0.7, 1e-12);
  }
  // Of a parabola over symmetric points the fitted slope is that of the middle.
  EXPECT_NEAR(moving[0].slope, -1.1, 1e-12);
  EXPECT_NEAR(moving[1].slope, -1.3, 1e-12);
  EXPECT_NEAR(moving[2].slope, -1.6, 1e-12);
  EXPECT_NEAR(moving[2].halves.low, -1.7, 1e-12);
  EXPECT_NEAR(moving[2].halves.high, -1.5, 1e-12);
}

TEST(LocalSlopes, LeaveOutWhatIsNoPointOfALogarithm) {
  const double x[] = {1, 2, 4, 8, 16}, y[] = {1, -1, 0.25, NAN, 0.0625}, edges[] = {1, 16, 1e3};
  const std::vector<LocalSlope> slopes = local_slopes(x, y, edges);
  EXPECT_NEAR(slopes[0].slope, -1, 1e-12);
  EXPECT_TRUE(std::isnan(slopes[1].slope));  // one point
  const double falling[] = {2, 1}, from_zero[] = {0, 1};
  EXPECT_THROW(local_slopes(x, y, falling), Error);
  EXPECT_THROW(local_slopes(x, y, from_zero), Error);
  EXPECT_THROW(local_slopes(x, std::span(y).first(3), edges), Error);
}

}  // namespace
}  // namespace widthwise
