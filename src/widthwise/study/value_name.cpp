#include <fmt/format.h>

#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/base/number.h"
#include "widthwise/store/record.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

using Point = ValueName::Point;

constexpr const char* forms =
    "final.X, initial.X, best.X, last(k).X, at(t).X, at_step(k).X, slope(t1,t2).X or a derived quantity";
const std::vector<std::string> form_names{"final", "initial", "best", "last", "at", "at_step", "slope"};

[[noreturn]] void refuse(const std::string& name, const std::string& hint) {
  throw ConfigError({{}, "value"}, forms, fmt::format("'{}'", name), hint);
}

double argument_of(const std::string& name, std::string_view text, bool whole, double lowest) {
  const auto read = number_in(text);
  const double x = read.value_or(0);
  if (!read || !std::isfinite(x) || x < lowest || (whole && x != std::floor(x)))
    refuse(name, fmt::format("in the brackets stands a {}number of at least {}", whole ? "whole " : "", lowest));
  return x;
}

}  // namespace

ValueName parse_value_name(const std::string& name) {
  const std::size_t open = name.find('(');
  const std::size_t close = open == std::string::npos ? std::string::npos : name.find(')', open);
  const bool bracket = open != std::string::npos && open < name.find('.') && close != std::string::npos;
  const std::size_t dot = bracket ? close + 1 : name.find('.');
  const std::string form = name.substr(0, bracket ? open : dot);
  if (dot >= name.size() || name[dot] != '.' || dot + 1 == name.size()) {
    const std::string nearest = nearest_name(form, form_names);
    refuse(name, nearest.empty() ? "" : fmt::format("X is a series such as train_loss or own_update.2: {}.X", nearest));
  }
  ValueName parsed;
  parsed.series = name.substr(dot + 1);
  const std::string_view inside = bracket ? std::string_view(name).substr(open + 1, close - open - 1) : "";
  if (form == "final" || form == "initial" || form == "best") {
    if (bracket) refuse(name, fmt::format("'{}' takes no brackets", form));
    parsed.point = form == "final" ? Point::final : form == "initial" ? Point::initial : Point::best;
  } else if (form == "last" || form == "at" || form == "at_step") {
    if (!bracket) refuse(name, fmt::format("'{0}' takes a number: {0}(5).{1}", form, parsed.series));
    parsed.point = form == "last" ? Point::last : form == "at" ? Point::at_time : Point::at_step;
    parsed.argument = argument_of(name, inside, form != "at", form == "last" ? 1 : 0);
  } else if (form == "slope") {
    const std::size_t comma = inside.find(',');
    if (comma == std::string_view::npos)
      refuse(name, fmt::format("'slope' takes two times: slope(10,100).{}", parsed.series));
    parsed.point = Point::slope;
    parsed.argument = argument_of(name, inside.substr(0, comma), false, 0);
    parsed.until = argument_of(name, inside.substr(comma + 1), false, 0);
    if (!(parsed.argument > 0 && parsed.until > parsed.argument)) refuse(name, "its times are above 0, and grow");
  } else {
    const std::string nearest = nearest_name(form, form_names);
    refuse(name, nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
  }
  return parsed;
}

double evaluate(const ValueName& name, const Trace& trace) {
  if (!trace.has(name.series)) {
    std::vector<std::string> known;
    for (const auto& entry : trace.series) known.push_back(entry.first);
    throw ConfigError({{}, "value"}, "a series of the trace", fmt::format("'{}'", name.series),
                      unknown_name_hint(name.series, known));
  }
  switch (name.point) {
    case Point::final:
      return trace.final_value(name.series);
    case Point::initial:
      return trace.at_step(name.series, 0);
    case Point::best:
      return trace.best(name.series);
    case Point::last:
      return trace.last(name.series, static_cast<std::size_t>(name.argument));
    case Point::at_time:
      return trace.at_time(name.series, name.argument);
    case Point::at_step:
      return trace.at_step(name.series, name.argument);
    case Point::slope:
      return trace.slope(name.series, name.argument, name.until);
  }
  return std::nan("");
}

double run_value(const RunRecord& run, const ValueName& name) {
  const bool of_the_end = name.point == Point::final || name.point == Point::best || name.point == Point::last;
  const auto final_value = run.finals.find(name.series);
  if (final_value == run.finals.end() || (of_the_end && run.status == "diverged")) return std::nan("");
  return name.point == Point::final ? final_value->second : evaluate(name, run.trace);
}

}  // namespace widthwise
