#include "widthwise/training/stopping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/loss/margin.h"

namespace widthwise {

namespace {

void require(bool holds, const char* key, const char* expected, double got) {
  if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
}

}  // namespace

void check_stopping(const Stopping& stopping) {
  require(!std::isinf(stopping.margin), "training.stop_margin", "a finite margin", stopping.margin);
  require(stopping.share > 0 && stopping.share <= 1, "training.stop_share", "a share above 0 and at most 1",
          stopping.share);
  require(stopping.patience >= 0, "training.patience", "a number of steps >= 0",
          static_cast<double>(stopping.patience));
  require(stopping.min_improvement >= 0 && stopping.min_improvement < 1, "training.min_improvement",
          "a share in [0, 1)", stopping.min_improvement);
}

template <class T>
bool margins_hold(const Stopping& stopping, View<const T> outputs, View<const T> targets) {
  const double needed = stopping.margin;
  if (stopping.share == 1) return smallest_margin(outputs, targets) >= needed;
  std::vector<double> all(static_cast<std::size_t>(outputs.rows));
  margins(outputs, targets, all);
  const auto count = std::ranges::count_if(all, [needed](double margin) { return margin >= needed; });
  const double samples = static_cast<double>(outputs.rows);
  return static_cast<double>(count) >= stopping.share * samples - 1e-9 * samples;  // 0.1 of 30 samples is 3
}

std::string margin_reason(const Stopping& stopping) {
  return stopping.share == 1
             ? fmt::format("all margins had reached {:.3g}", stopping.margin)
             : fmt::format("{:.3g} % of the margins had reached {:.3g}", 100 * stopping.share, stopping.margin);
}

template bool margins_hold(const Stopping&, View<const float>, View<const float>);
template bool margins_hold(const Stopping&, View<const double>, View<const double>);

}  // namespace widthwise
