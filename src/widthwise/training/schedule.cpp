#include "widthwise/training/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

const std::vector<Named>& shapes() {
  static const std::vector<Named> rows = {
      {"constant", "the rate stays"},
      {"cosine", "half a cosine from the rate down to final_rate times it"},
      {"step", "switch_factor times the rate from switch_step on"},
      {"per-epoch", "epoch_factor times the rate of the epoch before; on full batches every step is an epoch"},
  };
  return rows;
}

void require(bool holds, const char* key, const std::string& expected, double got) {
  if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
}

}  // namespace

double Schedule::factor(std::int64_t update, std::int64_t steps) const {
  double factor = 1;
  if (update < warmup_steps) factor = static_cast<double>(update + 1) / static_cast<double>(warmup_steps);
  if (shape == Shape::cosine && update > warmup_steps) {
    const double t = static_cast<double>(update - warmup_steps) / static_cast<double>(steps - warmup_steps);
    factor *= final_rate + (1 - final_rate) * (1 + std::cos(std::numbers::pi * t)) / 2;
  }
  if (shape == Shape::step && update >= switch_step) factor *= switch_factor;
  if (shape == Shape::per_epoch) factor *= std::pow(epoch_factor, static_cast<double>(update / epoch_steps));
  return factor;
}

Schedule::Shape parse_schedule(std::string_view name) {
  std::vector<std::string> names;
  for (const Named& row : shapes()) {
    if (name == row.name) return static_cast<Schedule::Shape>(names.size());
    names.push_back(row.name);
  }
  throw ConfigError({"", "training.schedule"}, "a schedule", "'" + std::string(name) + "'",
                    unknown_name_hint(name, names));
}

std::vector<Named> known_schedules() {
  return shapes();
}

void check_schedule(const Schedule& schedule, std::int64_t steps) {
  const auto number = [](std::int64_t step) { return static_cast<double>(step); };
  require(schedule.warmup_steps >= 0 && schedule.warmup_steps <= steps, "training.warmup_steps",
          fmt::format("0 to {} updates, the training's", steps), number(schedule.warmup_steps));
  if (schedule.shape == Schedule::Shape::cosine)
    require(schedule.final_rate >= 0 && std::isfinite(schedule.final_rate), "training.final_rate", "a factor >= 0",
            schedule.final_rate);
  if (schedule.shape == Schedule::Shape::per_epoch) {
    require(schedule.epoch_factor >= 0 && std::isfinite(schedule.epoch_factor), "training.epoch_factor",
            "a factor >= 0", schedule.epoch_factor);
    require(schedule.epoch_steps >= 1, "training.schedule", "epochs of one update or more",
            number(schedule.epoch_steps));
  }
  if (schedule.shape != Schedule::Shape::step) return;
  require(schedule.switch_step >= 1 && schedule.switch_step < steps, "training.switch_step",
          fmt::format("an update after the first of {}, at most {}", steps, std::max<std::int64_t>(0, steps - 1)),
          number(schedule.switch_step));
  require(schedule.switch_factor >= 0 && std::isfinite(schedule.switch_factor), "training.switch_factor",
          "a factor >= 0", schedule.switch_factor);
}

}  // namespace widthwise
