// What the panels of a figure share: the range of each axis, and ticks at the values of the grid where those are few.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// Low and high end of an axis in data units, with a margin (a factor on a log axis); low < high, low > 0 on a log
/// axis.
struct AxisRange {
  double low = 0, high = 1;
};

struct FigureAxes {
  AxisRange x, y, color;
};

/// Ranges that hold every drawable point of every panel. Bands count too, except where they reach zero on a log axis;
/// the error bar at infinite width only as far as one height of the rest, which it must not squeeze to nothing.
FigureAxes figure_axes(const Figure& figure);

/// A tick: where, and its text as base and exponent ("2" and "-7"); the exponent is empty for a plain number.
struct Tick {
  double value = 0;
  std::string base, exponent;
};

/// Ticks at the values that occur on an axis (the x of all series, or the x or y of all grids), thinned to at most
/// `most`; powers of two as such where they are small or large. Empty where the values are too many or too uneven to be
/// ticks: the drawing program then chooses.
std::vector<Tick> grid_ticks(std::vector<double> values, bool log, std::size_t most);

/// Ticks of a log axis without a grid of its own: even steps over less than a factor of 2.5, then round numbers closer
/// than decades, from a factor of 100 on whole decades.
std::vector<Tick> log_ticks(const AxisRange& range);
/// Below this ratio of its ends a log axis needs more digits than 1, 2 and 5, which drawing programs do not choose
/// well.
inline constexpr double few_digits_below = 7;

/// Where x = infinity is drawn: a step beyond the largest measured x. NaN where no series has it.
double place_of_infinity(const Figure& figure);

/// The x of a series as they are drawn. Beyond the largest measured x_max the axis is squeezed: x stands at the share
/// 1 - x_max/x of the way from x_max to infinity.
std::vector<double> drawn_x(const Series& series, const Figure& figure);

/// Ticks of the x axis: grid_ticks, and infinity where it has a place. Empty: the drawing program chooses.
std::vector<Tick> x_ticks(const Figure& figure, const FigureAxes& axes);

/// All measured x values (or, for a heat map, y values) that occur in a figure.
std::vector<double> x_values(const Figure& figure);
std::vector<double> grid_y_values(const Figure& figure);

/// Largest number of ticks that stay readable under one of `columns` panels.
std::size_t ticks_that_fit(std::size_t columns);

}  // namespace widthwise::report
