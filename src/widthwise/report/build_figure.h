// From a study's [[figure]] to a figure that can be drawn: runs are selected, grouped by the axes the figure shows, and
// averaged over the others (seeds, usually). Missing runs leave gaps; how many are missing or diverged stands in the
// note, so that a mean over survivors is not mistaken for a mean over all.
#pragma once

#include "widthwise/report/figure.h"
#include "widthwise/study/document.h"

namespace widthwise {
class StoreReader;
}

namespace widthwise::report {

/// x is an axis (points at its values), "step" or "time" (whole traces), or a value (one point a group of runs that
/// differ in their seeds alone, in the order of the grid). Bands are the standard deviation or error over the group.
/// A figure that extrapolates gets, with each line, the fit and its value at infinite width.
/// @throws ConfigError for an axis, value or series that the sweep does not have.
Figure build_figure(const Study& study, const FigureSpec& spec, const StoreReader& reader);

}  // namespace widthwise::report
