// A figure's numbers as CSV (RFC 4180), one point a line: lines give row,column,series,color,x,y,low,high; heat maps
// row,column,x,y,z. A value at infinite width has x = inf, a fitted curve the series "NAME fit". Missing values are
// empty fields; numbers read back exactly.
#pragma once

#include <string>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// @throws ShapeError for a figure that check_figure refuses.
std::string figure_csv(const Figure& figure);

}  // namespace widthwise::report
