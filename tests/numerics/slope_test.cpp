#include "widthwise/numerics/slope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace widthwise {
namespace {

using ::testing::HasSubstr;

TEST(FitLine, ExactOnALineAndLeastSquaresOffIt) {
  const double x[] = {1, 2, 4, 7}, y[] = {5, 7, 11, 17};
  EXPECT_NEAR(fit_line(x, y).slope, 2, 1e-14);
  EXPECT_NEAR(fit_line(x, y).intercept, 3, 1e-13);
  // Three points 0, 1, 0 at -1, 0, 1: symmetric, so slope 0 and the mean as height.
  const double u[] = {-1, 0, 1}, v[] = {0, 1, 0};
  EXPECT_NEAR(fit_line(u, v).slope, 0, 1e-15);
  EXPECT_NEAR(fit_line(u, v).intercept, 1.0 / 3, 1e-15);
  const double same[] = {3, 3, 3, 3};
  EXPECT_TRUE(std::isnan(fit_line(same, y).slope));
}

TEST(LogLogSlopes, PowerLawsPerSeed) {
  std::vector<Point> points;
  for (const double n : {512.0, 32.0, 128.0}) {
    points.push_back({n, "0", 3 * std::pow(n, -0.5)});
    points.push_back({n, "1", 2 * n});
  }
  const Slopes slopes = log_log_slopes(points);
  ASSERT_EQ(slopes.seeds.size(), 2u);
  EXPECT_NEAR(slopes.seeds[0].slope, -0.5, 1e-14);
  EXPECT_NEAR(std::exp(slopes.seeds[0].intercept), 3, 1e-12);
  EXPECT_NEAR(slopes.seeds[1].slope, 1, 1e-14);
  EXPECT_NEAR(slopes.seeds[1].change, 0, 1e-13);  // a power law has one slope everywhere
  EXPECT_EQ(slopes.x, (std::vector<double>{32, 128, 512}));
  EXPECT_TRUE(slopes.dropped.empty());
}

TEST(LogLogSlopes, ChangeIsTheSlopeOfTheRestMinusTheSlope) {
  // log y = 1, 0, 0 at log x = 0, 1, 2: slope -1/2; without the smallest x, 0.
  const double e = std::exp(1.0);
  const Slopes slopes = log_log_slopes(std::vector<Point>{{1, "0", e}, {e, "0", 1}, {e * e, "0", 1}});
  EXPECT_NEAR(slopes.seeds[0].change, 0.5, 1e-14);
}

TEST(LogLogSlopes, ListsWhatCannotBeUsed) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Slopes slopes = log_log_slopes(std::vector<Point>{
      {32, "0", 1}, {64, "0", 0}, {128, "0", 2}, {32, "1", 1}, {64, "1", infinity}, {0, "2", 1}, {64, "2", -1}});
  ASSERT_EQ(slopes.seeds.size(), 1u);
  EXPECT_NEAR(slopes.seeds[0].slope, 0.5, 1e-14);  // doubled over a factor of four
  EXPECT_TRUE(std::isnan(slopes.seeds[0].change));
  ASSERT_EQ(slopes.dropped.size(), 5u);  // 4 points, and seed 1 which keeps a single width
  EXPECT_THAT(slopes.dropped[0].what, HasSubstr("x = 64, seed 0"));
  EXPECT_THAT(slopes.dropped[0].reason, HasSubstr("not positive"));
  EXPECT_THAT(slopes.dropped[1].reason, HasSubstr("not finite"));
  EXPECT_THAT(slopes.dropped[2].reason, HasSubstr("x = 0"));
  EXPECT_THAT(slopes.dropped[4].what, HasSubstr("seed 1"));
}

}  // namespace
}  // namespace widthwise
