// A figure as Plotly JSON: {"data": [...], "layout": {...}}, the form that plotly.js draws and that notebooks load
// (plotly.io.from_json). Values that are not finite become null, which plotly draws as gaps.
#pragma once

#include <string>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// @throws ShapeError for a figure that check_figure refuses.
std::string plotly_json(const Figure& figure);

}  // namespace widthwise::report
