#include "widthwise/report/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "example.h"
#include "widthwise/base/error.h"
#include "widthwise/report/axis.h"
#include "widthwise/report/palette.h"
#include "widthwise/report/pieces.h"

namespace widthwise::report {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(CheckFigure, RefusesWrongSizes) {
  EXPECT_NO_THROW(check_figure(example::transfer()));
  EXPECT_NO_THROW(check_figure(example::map()));
  Figure few = example::transfer();
  few.panels.pop_back();
  EXPECT_THROW(check_figure(few), ShapeError);
  Figure short_band = example::transfer();
  short_band.panels[0].series[0].low.pop_back();
  EXPECT_THROW(check_figure(short_band), ShapeError);
  Figure unsorted = example::map();
  std::swap(unsorted.panels[0].grid.x[0], unsorted.panels[0].grid.x[1]);
  EXPECT_THROW(check_figure(unsorted), ShapeError);
}

TEST(CellEdges, HalfwayInTheScaleOfTheAxis) {
  EXPECT_THAT(cell_edges({1, 2, 4}, false), ElementsAre(0.5, 1.5, 3, 5));
  const auto edges = cell_edges({1, 4, 16}, true);  // geometric: each edge is the centre times 2
  ASSERT_THAT(edges, SizeIs(4));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(edges[i], 0.5 * std::pow(4, i), 1e-12);
  EXPECT_THAT(cell_edges({3}, true), SizeIs(2));
}

TEST(Axes, HoldEveryPointOnBothScales) {
  for (const bool log : {false, true}) {
    Figure f = example::transfer();
    f.log_x = f.log_y = log;
    const FigureAxes axes = figure_axes(f);
    for (const Panel& panel : f.panels) {
      for (const Series& s : panel.series) {
        for (std::size_t i = 0; i < s.x.size(); ++i) {
          EXPECT_TRUE(axes.x.low < s.x[i] && s.x[i] < axes.x.high);
          EXPECT_TRUE(axes.y.low < s.low[i] && s.high[i] < axes.y.high);
        }
      }
    }
  }
}

TEST(Axes, ExistWithoutAnyDrawableValue) {
  Figure f;
  f.panels = {Panel{{Series{"a", "a", 1, 0, {1, 2}, {0, -1}, {}, {}}}, {}}};
  f.log_y = true;
  EXPECT_FALSE(has_points(f));
  EXPECT_EQ(points_hidden_by_log(f), 2U);
  const FigureAxes axes = figure_axes(f);
  EXPECT_GT(axes.y.low, 0);
  EXPECT_LT(axes.y.low, axes.y.high);
}

TEST(Axes, PutInfinityBeyondTheLastWidthAndSqueezeWhatLiesBetween) {
  for (const bool log : {true, false}) {
    Figure f = example::limits();
    f.log_x = log;
    const double infinity = place_of_infinity(f);
    EXPECT_GT(infinity, 128);
    EXPECT_LT(infinity, figure_axes(f).x.high);
    const auto drawn = drawn_x(f.panels[0].series[1], f);
    EXPECT_EQ(drawn[0], 16);  // what was measured stays where it is
    EXPECT_EQ(drawn[1], 128);
    // Twice the last width is half of the way, in the scale of the axis.
    EXPECT_NEAR(drawn[2], log ? std::sqrt(128 * infinity) : 0.5 * (128 + infinity), 1e-9);
    EXPECT_NEAR(drawn[3], infinity, 1e-9);
    const auto ticks = x_ticks(f, figure_axes(f));
    EXPECT_EQ(ticks.back().base, "\u221e");
    EXPECT_EQ(ticks.back().value, infinity);
    EXPECT_LE(ticks[ticks.size() - 2].value, 128);
    EXPECT_GE(ticks.size(), 4U);
  }
  EXPECT_TRUE(std::isnan(place_of_infinity(example::slopes())));
}

TEST(Axes, AreNotSqueezedByAnErrorBarAtInfinity) {
  Figure f = example::limits();
  f.panels[0].series[2].high = {1e6};
  EXPECT_LT(figure_axes(f).y.high, 3);  // the rest is 0.5 high
  EXPECT_EQ(points_hidden_by_log(f), 0U);
  EXPECT_TRUE(has_points(f));
}

TEST(Ticks, StandAtTheGridAndThinOut) {
  const auto widths = grid_ticks({32, 512, 64, 128, 256, 64}, true, 12);
  ASSERT_THAT(widths, SizeIs(5));
  EXPECT_EQ(widths[0].base, "32");
  EXPECT_EQ(widths[0].exponent, "");
  std::vector<double> rates;
  for (int e = -13; e <= -5; ++e) rates.push_back(std::exp2(e));
  const auto few = grid_ticks(rates, true, 5);
  ASSERT_THAT(few, SizeIs(5));
  EXPECT_EQ(few[1].base, "2");
  EXPECT_EQ(few[1].exponent, "-11");
  // Powers of two are crowded at the left of a linear axis, so the drawing program has to choose.
  EXPECT_THAT(grid_ticks({32, 64, 128, 256, 512, 1024, 2048, 4096}, false, 12), IsEmpty());
}

// Whatever the range, its ticks lie in it and there are enough to read it by, and not too many to print.
RC_GTEST_PROP(LogTicks, AreEnoughAndNotTooMany, ()) {
  const double low = std::exp(0.1 * *rc::gen::inRange(-200, 200));
  const double high = low * std::exp(0.02 * *rc::gen::inRange(5, 2000));
  const auto ticks = log_ticks({low, high});
  RC_ASSERT(ticks.size() >= 2U);
  RC_ASSERT(ticks.size() <= 11U);
  for (const Tick& tick : ticks) RC_ASSERT(low <= tick.value && tick.value <= high);
}

TEST(Colors, FollowTheSizeOfNumbersAndTellNamesApart) {
  const auto colors = series_colors(example::transfer());
  EXPECT_EQ(colors.at("32"), viridis(0));  // smallest width: the dark end
  EXPECT_EQ(colors.size(), 5U);
  const auto named = series_colors(example::slopes());
  std::set<std::string> different;
  for (const auto& [name, color] : named) different.insert(color);
  EXPECT_EQ(different.size(), 4U);
  EXPECT_EQ(viridis(0), "#440154");  // the ends of the published map
  EXPECT_EQ(viridis(1), "#fde725");
}

TEST(Pieces, BreakAtMissingValuesAndKeepBandsOnTheAxis) {
  Figure f;
  f.log_y = true;
  f.panels = {
      Panel{{Series{"a", "a", 1, 0, {1, 2, 3, 4}, {1, 2, example::nan, 4}, {0.5, -1, 1, 3}, {2, 3, 1, 5}}}, {}}};
  const FigureAxes axes = figure_axes(f);
  const auto all = pieces(f.panels[0].series[0], f, axes);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0], SizeIs(2));
  EXPECT_THAT(all[1], SizeIs(1));
  EXPECT_EQ(all[0][0].low, 0.5);
  EXPECT_EQ(all[0][1].low, axes.y.low);  // -1 has no logarithm: the band reaches the axis
  EXPECT_GT(all[0][1].low, 0);
}

}  // namespace
}  // namespace widthwise::report
