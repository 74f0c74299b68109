// The exponent of a curve as it changes along it: least-squares slopes of log y against log x in windows chosen
// beforehand (decades, usually). How far a window is from a power law shows in the slopes of its two halves: they
// bracket a slope that drifts, and are no statistical error.
#pragma once

#include <span>
#include <vector>

#include "widthwise/numerics/statistics.h"

namespace widthwise {

struct LocalSlope {
  double from = 0, to = 0;  // window in x, ends included
  double slope = 0;         // NaN with fewer than 2 points
  Interval halves;          // slopes of the lower and the upper half (in log x) in order of size; NaN with fewer than 2
};

/// One slope for each window edges[i]..edges[i + 1]; points that are not positive or not finite are left out.
/// @throws Error for edges that are not positive and ascending, or x and y of different lengths.
std::vector<LocalSlope> local_slopes(std::span<const double> x, std::span<const double> y,
                                     std::span<const double> edges);

}  // namespace widthwise
