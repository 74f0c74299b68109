#include "widthwise/observable/times.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

void require_not_negative(std::int64_t value, const char* key) {
  if (value < 0) throw ConfigError({"", key}, "a number of at least 0", std::to_string(value));
}

}  // namespace

std::vector<std::int64_t> measurement_steps(const MeasurementTimes& times, std::int64_t last) {
  require_not_negative(last, "training.steps");
  require_not_negative(times.every, "measure.times.every");
  require_not_negative(times.log, "measure.times.log");
  std::vector<std::int64_t> steps = {0, last};
  if (times.every > 0)
    for (std::int64_t step = times.every; step < last; step += times.every) steps.push_back(step);
  // Beyond one point a step, more log-spaced points would only round to steps already there.
  const std::int64_t points = std::min(times.log, 64 * (last + 1));
  const double span = std::log(static_cast<double>(std::max<std::int64_t>(last, 1)));
  for (std::int64_t i = 0; i + 1 < points; ++i)
    if (last > 0)
      steps.push_back(std::llround(std::exp(span * static_cast<double>(i) / static_cast<double>(points - 1))));
  for (const std::int64_t step : times.at) {
    require_not_negative(step, "measure.times.at");
    if (step <= last) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

}  // namespace widthwise
