// A figure of lines as a self-contained drawing: panels, axes with ticks, bands, curves, marks and a legend in one SVG
// text that needs no other program. Text from studies is escaped.
#pragma once

#include <string>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// @throws ShapeError for a figure that check_figure refuses; Error for a heat map.
std::string figure_svg(const Figure& figure);

}  // namespace widthwise::report
