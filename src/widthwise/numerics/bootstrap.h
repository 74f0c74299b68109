// The bootstrap over seeds of a statistic that is no mean of numbers of its own, such as the place of a minimum of the
// mean of curves: seeds are drawn with replacement, and the interval is
//
//   value -+ t_{S-1} sqrt(S/(S-1)) deviation over resamples        (Efron and Tibshirani 1993, chapter 6 and 12.1)
//
// The factor undoes the bootstrap's bias for few seeds (of a mean this is Student's interval), and t its unknown
// deviation: percentiles of resamples of four seeds hold the truth at most 7 times in 8. Not for statistics that are
// not smooth in the seeds, such as a maximum.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/numerics/statistics.h"

namespace widthwise {

/// Statistics of the seeds, each taken as often as `counts` says.
using SeedStatistics = std::function<std::vector<double>(std::span<const int> counts)>;

struct ResampleRule {
  double confidence = 0.95;
  int resamples = 1000;
};

/// Intervals of several statistics of `seeds` seeds, of the same resamples. NaN for fewer than two seeds, and where
/// more than a twentieth of the resamples has no finite value. @throws Interrupted.
std::vector<Interval> resampled_intervals(std::size_t seeds, const SeedStatistics& statistics, Key key,
                                          const ResampleRule& rule = {});

}  // namespace widthwise
