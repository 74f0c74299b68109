#include "widthwise/observable/rank_measures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace widthwise {
namespace {

TEST(RankMeasures, OfEqualValuesAreTheirNumber) {
  const RankMeasures of = rank_measures(Vector<double>::Constant(5, 3), 1e-10);
  EXPECT_EQ(of.rank, 5);
  EXPECT_DOUBLE_EQ(of.participation, 5);  // (5 * 9)^2 / (5 * 81)
  EXPECT_DOUBLE_EQ(of.stable_rank, 5);    // 5 * 9 / 9
}

TEST(RankMeasures, OfOneDirectionAreOneAndOfNoneZero) {
  const RankMeasures one = rank_measures(Vector<double>::Unit(4, 0) * 7, 1e-10);
  EXPECT_EQ(one.rank, 1);
  EXPECT_DOUBLE_EQ(one.participation, 1);
  EXPECT_DOUBLE_EQ(one.stable_rank, 1);
  const RankMeasures none = rank_measures(Vector<double>::Zero(4), 1e-10);
  EXPECT_EQ(none.rank, 0);
  EXPECT_EQ(none.participation, 0);
  EXPECT_EQ(none.stable_rank, 0);
}

// Values 2, 1, 1, 1e-9: squares 4, 1, 1, ~0.
TEST(RankMeasures, OfAFewDirectionsOfDifferentSizes) {
  const Vector<double> values{{2, 1, 1, 1e-9}};
  EXPECT_EQ(rank_measures(values, 1e-10).rank, 4);
  EXPECT_EQ(rank_measures(values, 1e-7).rank, 3);
  EXPECT_EQ(rank_measures(values, 0.5).rank, 1);  // above, not at
  EXPECT_NEAR(rank_measures(values, 0).participation, 36.0 / 18, 1e-15);
  EXPECT_NEAR(rank_measures(values, 0).stable_rank, 6.0 / 4, 1e-15);
}

// Hidden layers of `integrable` are n^-L/2 and their updates smaller still: fourth powers leave the range of double,
// the measures have no unit.
TEST(RankMeasures, DoNotDependOnTheUnit) {
  const Vector<double> values{{2, 1, 1, 1e-9}};
  const RankMeasures of = rank_measures(values, 1e-7);
  for (const double unit : {1e-200, 1e200}) {
    const RankMeasures scaled = rank_measures(values * unit, 1e-7);
    EXPECT_EQ(scaled.rank, of.rank);
    EXPECT_NEAR(scaled.participation, of.participation, 1e-14);
    EXPECT_NEAR(scaled.stable_rank, of.stable_rank, 1e-14);
  }
}

TEST(RankMeasures, ToleranceFollowsThePrecisionAndTheLongerSide) {
  EXPECT_EQ(default_rank_tolerance<double>(3, 8), 8 * std::ldexp(1.0, -52));
  EXPECT_EQ(default_rank_tolerance<float>(8, 3), 8 * std::ldexp(1.0, -23));
}

}  // namespace
}  // namespace widthwise
