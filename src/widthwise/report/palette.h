// Colours that people with any colour vision can tell apart: viridis (dark to light with growing value) for a numeric
// axis such as width, the Okabe-Ito set for names. On white paper viridis stops before its palest yellow.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// Viridis at t in [0, 1] (clamped) as "#rrggbb".
std::string viridis(double t);

/// Viridis as (position, colour) pairs, the form in which plotly and gnuplot take a colour scale.
std::vector<std::pair<double, std::string>> viridis_scale();

/// Colour of every color_value of a figure's series: by size where all are numbers, else in order of appearance.
std::map<std::string, std::string> series_colors(const Figure& figure);

}  // namespace widthwise::report
