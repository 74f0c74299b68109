#include "widthwise/study/counterparts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace widthwise {

namespace {

bool has(const Sweep& sweep, const std::string& key) {
  return sweep.set.contains(key) || std::ranges::find(sweep.axes, key, &Axis::key) != sweep.axes.end();
}

}  // namespace

Counterparts::Counterparts(const Study& study, const Sweep& sweep, const Sweep& other, ConfigError::Place place)
    : other_{other.name}, place_{std::move(place)} {
  std::vector<std::string> lacking;
  for (const Axis& axis : other.axes) {
    if (has(sweep, axis.key))
      shared_.push_back(axis.key);
    else if (axis.values.size() > 1)
      lacking.push_back(axis.key);
  }
  for (GridPoint& point : expand(study, other)) {
    const std::string at = place_of(point.configuration);
    if (!runs_.emplace(at, std::move(point.configuration)).second)
      throw ConfigError(place_, fmt::format("one run of sweep '{}' for every run of '{}'", other_, sweep.name),
                        "several", fmt::format("'{}' has no {}", sweep.name, fmt::join(lacking, ", ")));
  }
}

const Configuration& Counterparts::of(const Configuration& run) const {
  const auto found = runs_.find(place_of(run));
  if (found != runs_.end()) return found->second;
  std::string at;
  for (const std::string& key : shared_)
    at += fmt::format("{}{} = {}", at.empty() ? "" : ", ", key, to_text(run.at(key)));
  throw ConfigError(place_, fmt::format("a run of sweep '{}' for every run", other_), "none at " + at,
                    fmt::format("give both sweeps the same values of {}", fmt::join(shared_, ", ")));
}

std::string Counterparts::place_of(const Configuration& run) const {
  std::string out;
  for (const std::string& key : shared_) out += to_json(run.at(key)) + "\n";
  return out;
}

}  // namespace widthwise
