#include "widthwise/numerics/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace widthwise {
namespace {

using ::testing::HasSubstr;

/// y = n^exponent, and per seed a slope that differs by `spread` from one seed to the next (mean 0), exactly.
std::vector<Point> power_law(double exponent, int seeds, double spread = 0) {
  std::vector<Point> points;
  for (int s = 0; s < seeds; ++s)
    for (const double n : {32.0, 64.0, 128.0, 256.0, 512.0})
      points.push_back({n, std::to_string(s), std::pow(n, exponent + spread * (s - (seeds - 1) / 2.0))});
  return points;
}

TEST(Verdict, ExactPowerLawIsMeasuredExactly) {
  // No spread and no change of slope: nothing to widen, the interval is the exponent itself.
  const Decision decision = judge_exponent(power_law(-0.5, 3), {-0.5, 0.1});
  EXPECT_EQ(decision.verdict, Verdict::agrees);
  EXPECT_NEAR(decision.measured, -0.5, 1e-13);
  EXPECT_NEAR(decision.interval.low, -0.5, 1e-10);
  EXPECT_NEAR(decision.interval.high, -0.5, 1e-10);
  EXPECT_NEAR(decision.intercept, 0, 1e-12);
  EXPECT_EQ(decision.advice, "");
  EXPECT_EQ(judge_exponent(power_law(-0.5, 3), {0, 0.1}).verdict, Verdict::disagrees);
}

TEST(Verdict, IntervalOverSeedsIsStudents) {
  // Slopes 0.4, 0.5, 0.6, none of which changes with n: mean 0.5 -+ t(2) * 0.1 / sqrt 3.
  const Decision decision = judge_exponent(power_law(0.5, 3, 0.1), {0.5, 0.3});
  EXPECT_NEAR(decision.interval.high, 0.5 + 4.302653 * 0.1 / std::sqrt(3.0), 1e-6);
  EXPECT_EQ(decision.verdict, Verdict::agrees);
  EXPECT_EQ(judge_exponent(power_law(0.5, 3, 0.1), {0.5, 0.2}).verdict, Verdict::undecided);
  EXPECT_EQ(judge_exponent(power_law(0.5, 3, 0.1), {0, 0.2}).verdict, Verdict::disagrees);
}

TEST(Verdict, UndecidedSaysHowManySeeds) {
  // t(k-1) 0.1 / sqrt k <= 0.1 first holds at k = 7: 2.447 * 0.1 / 2.646 = 0.0925 (k = 6: 0.1049).
  const Decision decision = judge_exponent(power_law(0.5, 3, 0.1), {0.5, 0.1});
  EXPECT_EQ(decision.verdict, Verdict::undecided);
  EXPECT_THAT(decision.advice, HasSubstr("About 7 seeds"));
  EXPECT_THAT(decision.advice, HasSubstr("agree"));
  EXPECT_THAT(decision.explanation, HasSubstr("partly outside [0.4, 0.6]"));
}

TEST(Verdict, CurvatureWidensTheIntervalUpToTheLimitingSlope) {
  // Noiseless y = 1 + 2 n^(-1/2): the slope over 32..512 is about -0.07, the limit 0. The change when 32 is dropped
  // shows the correction, and with it how far the limit is.
  std::vector<Point> points;
  for (const char* seed : {"0", "1", "2"})
    for (const double n : {32.0, 64.0, 128.0, 256.0, 512.0}) points.push_back({n, seed, 1 + 2 / std::sqrt(n)});
  const Decision decision = judge_exponent(points, {0, 0.2});
  EXPECT_LT(decision.measured, -0.06);
  EXPECT_GE(decision.systematic, std::abs(decision.change));
  EXPECT_NEAR(decision.interval.high, 0, 1e-9);
  EXPECT_EQ(decision.verdict, Verdict::agrees);
}

TEST(Verdict, TwoWidthsAllowForANaturalCorrection) {
  // Nothing shows a change of slope: the interval is as wide as 1 - n^(-1/2) needs over 64 and 256 (7/8 and 15/16), the
  // sign for which logarithms differ more.
  std::vector<Point> points;
  for (const char* seed : {"0", "1"})
    for (const double n : {64.0, 256.0}) points.push_back({n, seed, n});
  const Decision decision = judge_exponent(points, {1, 0.1});
  EXPECT_NEAR(decision.systematic, std::log((15.0 / 16) / (7.0 / 8)) / std::log(4.0), 1e-12);
  EXPECT_TRUE(std::isnan(decision.change));
  EXPECT_EQ(decision.verdict, Verdict::agrees);
}

TEST(Verdict, TowardZeroIsTheLawOfOneOverX) {
  // y = x^p (1 + x): the law holds at small x only, where the measured slope is p, and it is the largest x that is
  // dropped to see how much that hides.
  std::vector<Point> points, mirrored;
  for (int s = 0; s < 3; ++s)
    for (const double x : {1e-4, 1e-3, 1e-2, 1e-1}) {
      const double y = std::pow(x, -1.5 + 0.01 * s) * (1 + x);
      points.push_back({x, std::to_string(s), y});
      mirrored.push_back({1 / x, std::to_string(s), y});
    }
  VerdictRule rule;
  rule.toward_zero = true;
  const Decision small = judge_exponent(points, {-1.5, 0.1}, rule), large = judge_exponent(mirrored, {1.5, 0.1});
  EXPECT_EQ(small.verdict, Verdict::agrees);
  EXPECT_DOUBLE_EQ(small.measured, -large.measured);
  EXPECT_DOUBLE_EQ(small.interval.low, -large.interval.high);
  EXPECT_DOUBLE_EQ(small.interval.high, -large.interval.low);
  EXPECT_DOUBLE_EQ(small.seeds[1].slope, -large.seeds[1].slope);
  EXPECT_EQ(judge_exponent(points, {-1.6, 0, Claim::Kind::above}, rule).verdict, Verdict::agrees);
  EXPECT_EQ(judge_exponent(points, {-1.6, 0, Claim::Kind::below}, rule).verdict, Verdict::disagrees);
  EXPECT_THAT(small.explanation, HasSubstr("inside [-1.6, -1.4]"));
}

TEST(Verdict, Sides) {
  const auto points = power_law(-0.5, 4, 0.02);
  EXPECT_EQ(judge_exponent(points, {-0.3, 0, Claim::Kind::below}).verdict, Verdict::agrees);
  EXPECT_EQ(judge_exponent(points, {-0.7, 0, Claim::Kind::below}).verdict, Verdict::disagrees);
  EXPECT_EQ(judge_exponent(points, {-0.5, 0, Claim::Kind::below}).verdict, Verdict::undecided);
  EXPECT_EQ(judge_exponent(points, {-0.7, 0, Claim::Kind::above}).verdict, Verdict::agrees);
  EXPECT_EQ(judge_exponent(points, {-0.5, 0.2, Claim::Kind::above}).verdict, Verdict::agrees);
  EXPECT_FALSE(judge_exponent(points, {-0.5, 0, Claim::Kind::above}).advice.empty());
}

TEST(Verdict, Values) {
  const std::vector<Point> points = {{1, "a", 0.9}, {2, "a", 1.1}, {1, "b", 1.1}, {1, "c", 0.9}, {1, "d", NAN}};
  const Decision decision = judge_value(points, {1, 0.5});  // seed means 1, 1.1, 0.9
  EXPECT_EQ(decision.verdict, Verdict::agrees);
  EXPECT_NEAR(decision.measured, 1, 1e-15);
  EXPECT_NEAR(decision.interval.high, 1 + 4.302653 * 0.1 / std::sqrt(3.0), 1e-6);
  ASSERT_EQ(decision.dropped.size(), 1u);
  EXPECT_THAT(decision.dropped[0].what, HasSubstr("seed d"));
  EXPECT_EQ(judge_value(points, {2, 0.5}).verdict, Verdict::disagrees);
  EXPECT_EQ(judge_value({{1, "a", 1}}, {1, 0.5}).verdict, Verdict::undecided);
}

TEST(Verdict, LimitsAreJudgedByTheirOwnInterval) {
  // y = s + 3/n of seeds s = 0, 1, 2: the limit is 1 in Student's interval of them, 1 -+ 2.48.
  std::vector<Point> points;
  for (int s = 0; s < 3; ++s)
    for (const double n : {32.0, 64.0, 128.0}) points.push_back({n, std::to_string(s), s + 3 / n});
  const Extrapolation limit = extrapolate(points);
  const Decision decision = judge_limit(limit, {1, 3});
  EXPECT_EQ(decision.verdict, Verdict::agrees);
  EXPECT_EQ(decision.interval, limit.interval);
  EXPECT_EQ(decision.measured, limit.limit);
  EXPECT_EQ(judge_limit(limit, {5, 1}).verdict, Verdict::disagrees);
  const Decision open = judge_limit(limit, {1, 0.5});
  EXPECT_EQ(open.verdict, Verdict::undecided);
  EXPECT_THAT(open.advice, HasSubstr("more seeds"));
  const Decision none = judge_limit(extrapolate({{32, "0", 1}, {64, "0", 1}}), {1, 0.5});
  EXPECT_EQ(none.verdict, Verdict::undecided);
  EXPECT_TRUE(std::isnan(none.interval.low));
  EXPECT_THAT(none.explanation, HasSubstr("single seed"));
  EXPECT_THAT(none.advice, HasSubstr("3 widths"));
}

TEST(Verdict, TooLittleIsUndecidedWithAReasonNeverACrash) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<Point>> poor = {{},
                                                power_law(1, 1),
                                                {{32, "0", 1}, {32, "1", 2}},
                                                {{32, "0", -1}, {64, "0", 2}, {32, "1", infinity}, {64, "1", NAN}},
                                                {{NAN, "0", 1}, {64, "0", 2}}};
  for (const auto& points : poor) {
    const Decision decision = judge_exponent(points, {0, 0.1});
    EXPECT_EQ(decision.verdict, Verdict::undecided);
    EXPECT_TRUE(std::isnan(decision.interval.low));
    EXPECT_FALSE(decision.explanation.empty());
    EXPECT_FALSE(decision.advice.empty());
  }
  EXPECT_NEAR(judge_exponent(power_law(1, 1), {0, 0.1}).measured, 1, 1e-13);  // still told
}

TEST(Verdict, PointsThatDivergedAreListedAndLeftOut) {
  auto points = power_law(1, 3);
  points[4].y = std::numeric_limits<double>::infinity();
  const Decision decision = judge_exponent(points, {1, 0.1});
  EXPECT_EQ(decision.verdict, Verdict::agrees);
  ASSERT_EQ(decision.dropped.size(), 1u);
  EXPECT_THAT(decision.dropped[0].what, HasSubstr("x = 512, seed 0"));
}

TEST(Verdict, OfOneCurveTheIntervalIsThatOfDroppingPlaces) {
  const Decision exact = judge_exponent_of_curve(power_law(-0.5, 1), {-0.5, 0.1});
  EXPECT_EQ(exact.verdict, Verdict::agrees);
  EXPECT_NEAR(exact.measured, -0.5, 1e-13);
  EXPECT_NEAR(exact.statistical, 0, 1e-10);  // every rest has the same slope
  // A kink: the last point off the line by a factor 1.5 moves the slope of the rest.
  auto points = power_law(0, 1);
  points.back().y *= 1.5;
  const Decision bent = judge_exponent_of_curve(points, {0, 0.1});
  EXPECT_GT(bent.statistical, 0.1);
  EXPECT_TRUE(bent.interval.contains(0));
  points.resize(2);
  EXPECT_EQ(judge_exponent_of_curve(points, {0, 0.1}).verdict, Verdict::undecided);
}

TEST(Verdict, WidenedIsJudgedAnew) {
  const Decision sharp = judge_exponent(power_law(0.5, 3), {0.5, 0.1});
  EXPECT_EQ(widened(sharp, 0.05).verdict, Verdict::agrees);
  const Decision wide = widened(sharp, 0.2);
  EXPECT_EQ(wide.verdict, Verdict::undecided);
  EXPECT_NEAR(wide.interval.high, 0.7, 1e-10);
  EXPECT_FALSE(wide.advice.empty());
  EXPECT_TRUE(std::isnan(widened(judge_exponent(power_law(1, 1), {0, 0.1}), 1).interval.low));
}

}  // namespace
}  // namespace widthwise
