// A line as it is drawn: the runs of neighbouring points that the axes can show, broken where a value is missing.
#pragma once

#include <vector>

#include "widthwise/report/axis.h"
#include "widthwise/report/figure.h"

namespace widthwise::report {

/// low = high = y for a series without a band. A band edge that a log axis cannot show is moved to the axis' end.
struct Point {
  double x = 0, y = 0, low = 0, high = 0;
};
using Piece = std::vector<Point>;

/// Unbroken pieces of a series, in order; every value in them is finite, and positive on a log axis; x as drawn
/// (axis.h).
std::vector<Piece> pieces(const Series& series, const Figure& figure, const FigureAxes& axes);

}  // namespace widthwise::report
