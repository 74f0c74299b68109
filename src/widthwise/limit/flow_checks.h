// What the flows of deep linear networks ask of numbers. Internal to this room.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "widthwise/base/error.h"

namespace widthwise {

inline void require_number(bool holds, const char* key, const char* expected, double got) {
  if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
}

inline void check_flow_times(std::span<const double> times) {
  double last = -1;
  for (const double time : times) {
    require_number(time >= 0 && time > last && std::isfinite(time), "measure.times", "ascending times of at least 0",
                   time);
    last = time;
  }
}

}  // namespace widthwise
