// The factor s(k) on all learning rates at update k = 0, 1, ..., steps-1:
//
//   warm-up    (k+1)/warmup_steps for k < warmup_steps, then 1; times
//   constant   1
//   cosine     f + (1-f) (1 + cos(pi t))/2 with f = final_rate and t = (k - warmup_steps)/(steps - warmup_steps), at
//              least 0: 1 until the warm-up is over, f at the end, which is after the last update
//   step       1 for k < switch_step, then switch_factor
//   per-epoch  epoch_factor^e in epoch e = floor(k / epoch_steps) = 0, 1, ...
//
// Decoupled weight decay is rate times decay and follows; momenta and epsilon do not. A function of k alone, so a run
// is the same however it is cut.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"

namespace widthwise {

struct Schedule {
  enum class Shape { constant, cosine, step, per_epoch };
  Shape shape = Shape::constant;
  std::int64_t warmup_steps = 0;  // 0..steps; 0: none
  double final_rate = 0;          // of cosine, at least 0
  std::int64_t switch_step = 0;   // of step, 1..steps-1
  double switch_factor = 0.1;     // of step, at least 0
  std::int64_t epoch_steps = 1;   // of per-epoch: updates an epoch has (Batches::steps_per_epoch), at least 1
  double epoch_factor = 0.95;     // of per-epoch, at least 0

  /// s(k), for 0 <= update < steps.
  double factor(std::int64_t update, std::int64_t steps) const;
};

/// @throws ConfigError with key training.schedule for an unknown name.
Schedule::Shape parse_schedule(std::string_view name);
/// All names, with a sentence each.
std::vector<Named> known_schedules();

/// @throws ConfigError (training.warmup_steps, .final_rate, .switch_step, .switch_factor, .epoch_factor) where a
/// number is out of range for a training of so many steps.
void check_schedule(const Schedule& schedule, std::int64_t steps);

}  // namespace widthwise
