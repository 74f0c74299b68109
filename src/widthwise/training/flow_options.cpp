#include "widthwise/training/flow_options.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/base/number.h"

namespace widthwise {

std::string milestone_name(const Milestone& milestone) {
  return fmt::format("{} {}", milestone.kind == Milestone::Kind::loss ? "loss" : "margin", milestone.value);
}

Milestone parse_milestone(std::string_view text) {
  const auto space = text.find(' ');
  const std::string_view kind = text.substr(0, space);
  const double value =
      space == std::string_view::npos ? std::nan("") : number_in(text.substr(space + 1)).value_or(std::nan(""));
  const bool loss = kind == "loss";
  if ((!loss && kind != "margin") || !std::isfinite(value) || (loss && !(value > 0 && value < 1)))
    throw ConfigError({"", "training.save"},
                      "\"loss 0.5\" (that share of the initial loss, between 0 and 1) or \"margin 0\"",
                      fmt::format("'{}'", text));
  return {loss ? Milestone::Kind::loss : Milestone::Kind::margin, value};
}

void check_flow(const FlowOptions& options) {
  const auto require = [](bool holds, const char* key, const char* expected, double got) {
    if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
  };
  check_step_rule(options.rule);
  require(options.max_time > 0, "training.max_time", "a time above 0", options.max_time);
  require(std::isfinite(options.tau), "training.tau", "a number", options.tau);
  require(options.temperature >= 0 && std::isfinite(options.temperature), "training.temperature", "a number >= 0",
          options.temperature);
  require(options.least_batch >= 1, "training.least_batch", "at least one sample",
          static_cast<double>(options.least_batch));
  require(options.most_batch == 0 || options.most_batch >= options.least_batch, "training.most_batch",
          "0 (all samples), or at least training.least_batch", static_cast<double>(options.most_batch));
  require(options.temperature == 0 || options.tau == 0, "training.tau", "0 beside a temperature", options.tau);
}

}  // namespace widthwise
