// The layout half of a figure's Plotly JSON: axes of the grid of panels, their titles, ticks and ranges, the legend.
// Internal to the report room: it needs the full JSON type.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// plotly's name of a panel's axis: "x" for the first, then "x2", "x3", ... (and "y" alike).
std::string plotly_axis(char axis, std::size_t panel);

nlohmann::ordered_json plotly_layout(const Figure& figure);

}  // namespace widthwise::report
