#include "widthwise/numerics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/base/interrupt.h"

namespace widthwise {

std::vector<Interval> resampled_intervals(std::size_t seeds, const SeedStatistics& statistics, Key key,
                                          const ResampleRule& rule) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = statistics(std::vector<int>(seeds, 1));
  std::vector<Interval> out(values.size(), {nan, nan});
  if (seeds < 2) return out;
  std::vector<std::vector<double>> resampled(values.size());
  for (int b = 0; b < rule.resamples; ++b) {
    throw_if_interrupted();
    std::vector<int> counts(seeds, 0);
    for (std::size_t i = 0; i < seeds; ++i) {
      const double u = uniform(key, static_cast<std::uint64_t>(b), i);
      ++counts[std::min(seeds - 1, static_cast<std::size_t>(u * static_cast<double>(seeds)))];
    }
    const std::vector<double> found = statistics(counts);
    for (std::size_t k = 0; k < found.size(); ++k)
      if (std::isfinite(found[k])) resampled[k].push_back(found[k]);
  }
  const auto count = static_cast<double>(seeds);
  const double factor = student_quantile(count - 1, rule.confidence) * std::sqrt(count / (count - 1));
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!std::isfinite(values[k]) || 20 * resampled[k].size() < 19 * static_cast<std::size_t>(rule.resamples)) continue;
    const double half = factor * standard_deviation(resampled[k]);
    out[k] = {values[k] - half, values[k] + half};
  }
  return out;
}

}  // namespace widthwise
