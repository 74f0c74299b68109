// When to measure: steps evenly spaced, log-spaced, or listed; any mixture of them. Step 0 (initialization) and the
// last step are always among them. A point at step k shows the state before update k.
#pragma once

#include <cstdint>
#include <vector>

namespace widthwise {

struct MeasurementTimes {
  std::int64_t every = 0;             // k: at 0, k, 2k, ...; 0: none
  std::int64_t log = 0;               // k points evenly spaced in log(step) from 1 to the last; 0: none
  std::vector<std::int64_t> at = {};  // these steps; ones beyond the last are left out
};

/// The steps to measure at in a run of `last` updates: ascending, without repetition, beginning with 0 and ending with
/// `last`. Log-spaced points that round to one step count once. @throws ConfigError (measure.times.every, .log, .at)
/// for a negative number, (training.steps) for a negative `last`.
std::vector<std::int64_t> measurement_steps(const MeasurementTimes& times, std::int64_t last);

}  // namespace widthwise
