#include "widthwise/numerics/step_control.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/base/error.h"

namespace widthwise {

void check_step_rule(const StepRule& rule) {
  const auto require = [](bool holds, const char* key, const char* expected, double got) {
    if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
  };
  require(rule.max_dgrad > 0, "training.max_dgrad", "a number above 0 (inf: no bound)", rule.max_dgrad);
  require(rule.max_dout > 0, "training.max_dout", "a number above 0 (inf: no bound)", rule.max_dout);
  require(rule.first > 0 && std::isfinite(rule.first), "training.first_step", "a time above 0", rule.first);
  require(rule.floor >= 0 && std::isfinite(rule.floor), "training.step_floor", "a time of at least 0", rule.floor);
}

StepControl::Answer StepControl::judge(double dgrad, double dout) {
  if (dgrad < rule_.max_dgrad && dout < rule_.max_dout) {
    ++state_.accepted;
    if (dgrad < rule_.growth_share * rule_.max_dgrad && dout < rule_.growth_share * rule_.max_dout)
      state_.dt *= rule_.growth;
    return Answer::accepted;
  }
  if (state_.dt <= rule_.floor && std::isfinite(dgrad) && std::isfinite(dout)) {
    ++state_.accepted;
    ++state_.forced;
    return Answer::forced;
  }
  ++state_.refused;
  const double smaller = state_.dt / rule_.shrink;
  // At the floor itself, so that a forced step is never smaller than asked.
  state_.dt = state_.dt > rule_.floor && smaller < rule_.floor ? rule_.floor : smaller;
  return Answer::refused;
}

bool StepControl::stuck(double time) {
  if (time + state_.dt == time) return true;
  constexpr std::int64_t patience = 1000;
  const std::int64_t trials = state_.accepted + state_.refused;
  if (trials - state_.mark_trials < patience) return false;
  const bool moved = time - state_.mark > 1e-10 * time;
  state_.mark = time;
  state_.mark_trials = trials;
  return !moved;
}

double relative_gradient_change(double before, double after, double difference) {
  if (before == 0 || after == 0) return 0;
  return difference / before * (difference / after);
}

}  // namespace widthwise
