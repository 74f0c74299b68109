#include "widthwise/numerics/optimum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace widthwise {
namespace {

using ::testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<RatePoint> curve(int from, int to, const std::function<double(double)>& loss) {
  std::vector<RatePoint> points;
  for (int k = from; k <= to; ++k) points.push_back({std::exp2(k), loss(k)});
  return points;
}

TEST(Optimum, ExactOnAParabolaForAnyWindow) {
  // Least squares through points of a parabola is that parabola, whatever the weights.
  for (const int window : {3, 4, 5, 9}) {
    const Optimum found =
        find_optimum(curve(-12, -3, [](double k) { return 0.3 + 0.1 * (k + 7.3) * (k + 7.3); }), window);
    EXPECT_NEAR(found.log2_rate, -7.3, 1e-10);
    EXPECT_NEAR(found.rate, std::exp2(-7.3), 1e-12);
    EXPECT_NEAR(found.loss, 0.3, 1e-12);
    EXPECT_NEAR(found.curvature, 0.2, 1e-11);
    EXPECT_EQ(found.grid_rate, std::exp2(-7));
    EXPECT_TRUE(found.reliable());
  }
}

TEST(Optimum, DoesNotDependOnTheOrderOrTheUnitOfRates) {
  auto points = curve(-12, -3, [](double k) { return std::cosh(k + 7.3); });
  const Optimum once = find_optimum(points);
  std::swap(points[0], points[5]);
  std::swap(points[2], points[9]);
  EXPECT_NEAR(find_optimum(points).log2_rate, once.log2_rate, 1e-14);
  for (auto& point : points) point.rate *= 1000;
  EXPECT_NEAR(find_optimum(points).rate, 1000 * once.rate, 1e-9 * 1000 * once.rate);
  // cosh is even about -7.3, but the grid is not: the parabola is off by less than a tenth of a grid step.
  EXPECT_NEAR(once.log2_rate, -7.3, 0.1);
}

TEST(Minimum, IsTheOptimumOnALineWithoutLogarithms) {
  // A setting below zero has no logarithm; the parabola is exact all the same.
  std::vector<PlacedLoss> points;
  for (int k = -4; k <= 4; ++k) points.push_back({0.25 * k, 1 + (0.25 * k + 0.3) * (0.25 * k + 0.3)});
  const Minimum found = find_minimum(points);
  EXPECT_NEAR(found.place, -0.3, 1e-12);
  EXPECT_NEAR(found.loss, 1, 1e-12);
  EXPECT_TRUE(found.refined());
  EXPECT_EQ(found.grid_place, -0.25);
  EXPECT_EQ(found.below, -0.5);
  EXPECT_EQ(found.above, 0);
  EXPECT_EQ(found.index, 3U);

  points.resize(3);  // up to -0.5
  EXPECT_EQ(find_minimum(points).edge, Optimum::Edge::upper);
  EXPECT_FALSE(find_minimum(points).refined());
  EXPECT_TRUE(std::isnan(find_minimum({}).place));
}

TEST(Optimum, FlagsTheEdgeAndNamesTheDirection) {
  const Optimum low = find_optimum(curve(-9, -5, [](double k) { return k; }));
  EXPECT_EQ(low.edge, Optimum::Edge::lower);
  EXPECT_THAT(low.flag, HasSubstr("extend the grid to lower"));
  EXPECT_EQ(low.log2_rate, -9);
  const Optimum high = find_optimum(curve(-9, -5, [](double k) { return -k; }));
  EXPECT_EQ(high.edge, Optimum::Edge::upper);
  EXPECT_THAT(high.flag, HasSubstr("higher"));
  EXPECT_FALSE(high.reliable());
}

TEST(Optimum, FlagsDivergenceBesideItOnly) {
  const auto falling = [](double k) { return k <= -6 ? -k : nan; };
  const Optimum beside = find_optimum(curve(-9, -4, falling));
  EXPECT_TRUE(beside.beside_divergence);
  EXPECT_EQ(beside.edge, Optimum::Edge::none);
  EXPECT_EQ(beside.log2_rate, -6);
  // Divergence further off ends the window but leaves the optimum alone.
  const Optimum away = find_optimum(curve(-9, -4, [](double k) { return k <= -5 ? (k + 6.2) * (k + 6.2) : nan; }));
  EXPECT_TRUE(away.reliable());
  EXPECT_NEAR(away.log2_rate, -6.2, 1e-10);
}

TEST(Optimum, NothingToFind) {
  const Optimum none = find_optimum(curve(-9, -4, [](double) { return nan; }));
  EXPECT_FALSE(none.found());
  EXPECT_THAT(none.flag, HasSubstr("every rate diverged"));
  EXPECT_FALSE(find_optimum({}).found());
  EXPECT_FALSE(find_optimum({}).flag.empty());
}

TEST(Optimum, FallsBackToTheGridWhereAParabolaMisleads) {
  // Flat: no curvature. The lowest point of equals is the first, hence an edge; raise the first two.
  const Optimum flat =
      find_optimum(std::vector<RatePoint>{{1, 1}, {2, 0}, {4, 0}, {8, -1e-9}, {16, 0}, {32, -1}, {64, 3}});
  EXPECT_EQ(flat.grid_rate, 32);
  EXPECT_GE(flat.rate, 16);  // never beyond the neighbours of the lowest point
  EXPECT_LE(flat.rate, 64);
}

TEST(Optimum, LossesNearDivergenceDoNotPullIt) {
  // A rate on its way to divergence says as little about the bottom as one that has diverged.
  const std::vector<double> losses = {0.5, 0.3, 0.25, 0.9, 1e6};
  auto points = curve(-8, -4, [&](double k) { return losses[static_cast<std::size_t>(k + 8)]; });
  const Optimum found = find_optimum(points);
  points.back().loss = nan;
  EXPECT_EQ(found.log2_rate, find_optimum(points).log2_rate);
  EXPECT_EQ(found.loss, find_optimum(points).loss);
  EXPECT_TRUE(found.reliable());
}

TEST(Optimum, BothNeighboursCountOnAnUnevenGrid) {
  // (log2 rate)^2 on a grid that is dense below the optimum: the parabola needs the far neighbour above it.
  std::vector<RatePoint> points;
  for (const double k : {-0.9, -0.6, -0.3, -0.1, 3.0}) points.push_back({std::exp2(k), k * k});
  for (const int window : {3, 4, 5}) EXPECT_NEAR(find_optimum(points, window).log2_rate, 0, 1e-10) << window;
}

TEST(Optimum, EqualLossesAtTheBottom) {
  // Symmetric about -5.5 as a whole.
  const std::vector<double> losses = {4, 1, 1, 4};
  const Optimum two = find_optimum(curve(-7, -4, [&](double k) { return losses[static_cast<std::size_t>(k + 7)]; }));
  EXPECT_NEAR(two.log2_rate, -5.5, 1e-10);
  EXPECT_TRUE(two.reliable());
}

TEST(Optimum, AveragesEqualRates) {
  // Two seeds, whose mean is the parabola (k + 7)^2.
  auto points = curve(-9, -4, [](double k) { return (k + 7) * (k + 7) + 0.5; });
  for (const auto& point : curve(-9, -4, [](double k) { return (k + 7) * (k + 7) - 0.5; })) points.push_back(point);
  EXPECT_NEAR(find_optimum(points).log2_rate, -7, 1e-10);
  EXPECT_NEAR(find_optimum(points).loss, 0, 1e-10);
  points.push_back({std::exp2(-6), nan});  // one seed diverged there
  EXPECT_TRUE(find_optimum(points).beside_divergence);
}

// Of losses above 0 the least is above 0, whatever a parabola through losses of several decades says.
TEST(Optimum, OfPositiveLossesIsPositive) {
  const std::vector<RatePoint> points{{0.25, 1.0}, {0.5, 0.3}, {1.0, 0.001}, {2.0, 0.02}, {4.0, 1.5}};
  const Optimum found = find_optimum(points);
  EXPECT_GT(found.loss, 0);
  EXPECT_NEAR(found.rate, 1.2, 0.3);
}

}  // namespace
}  // namespace widthwise
