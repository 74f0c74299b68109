#include "widthwise/study/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/counterparts.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/saved_state.h"

namespace widthwise {

namespace {

constexpr std::uint64_t most_runs = 1'000'000;  // of one sweep: some 10 GB of configurations

// For every axis the number of the counter that moves it: tied axes share one. Counters in the order of their first
// axis.
struct Counters {
  std::vector<std::size_t> of_axis;
  std::vector<std::uint64_t> lengths;

  explicit Counters(const Sweep& sweep) {
    std::vector<std::ptrdiff_t> of_group(sweep.zip.size(), -1);
    for (const Axis& axis : sweep.axes) {
      const auto tied = std::ranges::find_if(sweep.zip, [&](const std::vector<std::string>& group) {
        return std::ranges::find(group, axis.key) != group.end();
      });
      const bool free = tied == sweep.zip.end();
      std::ptrdiff_t* const group = free ? nullptr : &of_group[static_cast<std::size_t>(tied - sweep.zip.begin())];
      if (!free && *group >= 0) {
        of_axis.push_back(static_cast<std::size_t>(*group));
        continue;
      }
      if (!free) *group = static_cast<std::ptrdiff_t>(lengths.size());
      of_axis.push_back(lengths.size());
      lengths.push_back(axis.values.size());
    }
  }
};

// The place of an error: the line where the setting was written.
ConfigError placed(const ConfigError& error, const Study& study, const Settings& settings) {
  const auto setting = settings.find(error.place().key);
  return error.in_file(file_and_line(study.file.string(), setting == settings.end() ? 0 : setting->second.line));
}

// An error in the sense of a derived quantity is that of a sign or a class.
void check_labels(const Study& study, const Sweep& sweep, const Configuration& run) {
  if (run.text("data.labels") != "values") return;
  for (const DerivedSpec& one : study.derived)
    if (one.sweep == sweep.name && one.how == "ensemble_error")
      throw ConfigError({file_and_line(study.file.string(), one.line), "derived.how"},
                        "data whose labels are signs or classes, for ensemble_error", "data.labels = values");
}

// The same weights must fit.
void require_same_architecture(const Configuration& run, const Configuration& parent, const ConfigError::Place& place) {
  for (const char* key : {"architecture.width", "architecture.hidden_layers", "architecture.bias_input",
                          "architecture.bias_hidden", "architecture.bias_output"})
    if (!same(run.at(key), parent.at(key)))
      throw ConfigError(place, fmt::format("{} = {}, as the run it starts from", key, to_text(parent.at(key))),
                        to_text(run.at(key)));
  const DataShape shape = expected_shape(run), start = expected_shape(parent);
  if (shape.inputs != start.inputs || shape.outputs != start.outputs)
    throw ConfigError(
        place,
        fmt::format("data of {} inputs and {} outputs, as of the run it starts from", start.inputs, start.outputs),
        fmt::format("{} and {}", shape.inputs, shape.outputs));
  const auto matrices = [](const Configuration& one, const DataShape& data) {
    return make_architecture(one, data.inputs, data.outputs).weight_matrices();
  };
  if (matrices(run, shape) != matrices(parent, start))
    throw ConfigError(
        place, fmt::format("weight matrices as of the run it starts from, {}", parent.text("architecture.family")),
        fmt::format("those of {}", run.text("architecture.family")));
}

// Finds for every run of a sweep the run it starts from.
class Starts {
 public:
  Starts(const Study& study, const Sweep& sweep) : study_{study}, from_{sweep.start_from} {
    if (!from_) return;
    place_ = {file_and_line(study.file.string(), from_->line), "sweep.start_from"};
    parents_.emplace(study, sweep, study.sweep(from_->sweep), place_);
  }

  void set(Settings& settings, Configuration& run) const {
    if (!from_) return;
    const Configuration& parent = parents_->of(run);
    if (!saves(parent, from_->at))
      throw ConfigError(place_, fmt::format("runs of sweep '{}' that save their state '{}'", from_->sweep, from_->at),
                        fmt::format("training.save = {}", to_json(parent.at("training.save"))),
                        fmt::format("set \"training.save\" = [\"{}\"] in that sweep", from_->at));
    require_same_architecture(run, parent, place_);
    settings["start.run"] = {parent.identity(), from_->line};
    settings["start.at"] = {from_->at, from_->line};
    settings["start.recentre"] = {from_->recentre, from_->line};
    run = Configuration(settings);
    for (const char* key : {"start.run", "start.at", "start.recentre"}) settings.erase(key);
  }

 private:
  const Study& study_;
  const std::optional<StartFrom>& from_;
  ConfigError::Place place_;
  std::optional<Counterparts> parents_;
};

class Duplicates {
 public:
  void add(const GridPoint& point, const Study& study, const Sweep& sweep) {
    const auto [first, fresh] = seen_.emplace(point.configuration.identity(), describe(point, sweep));
    if (fresh) return;
    throw ConfigError({file_and_line(study.file.string(), sweep.line), "sweep." + sweep.name},
                      "a different run at every point",
                      fmt::format("one run at {} and at {}", first->second, describe(point, sweep)),
                      "an axis that makes no difference here can be left out");
  }

 private:
  static std::string describe(const GridPoint& point, const Sweep& sweep) {
    std::string out;
    for (std::size_t i = 0; i < sweep.axes.size(); ++i)
      out += fmt::format("{}{} = {}", i == 0 ? "(" : ", ", sweep.axes[i].key, to_text(point.axes[i]));
    return out + ")";
  }
  std::unordered_map<std::string, std::string> seen_;
};

}  // namespace

std::uint64_t grid_size(const Sweep& sweep) {
  std::uint64_t size = 1;
  for (const std::uint64_t length : Counters(sweep).lengths)
    if (__builtin_mul_overflow(size, length, &size)) return UINT64_MAX;
  return size;
}

std::vector<GridPoint> expand(const Study& study, const Sweep& sweep) {
  const Counters counters(sweep);
  Settings settings = study.base;
  for (const auto& [key, value] : sweep.set) settings[key] = value;
  const std::uint64_t size = grid_size(sweep);
  if (size > most_runs)
    throw ConfigError({file_and_line(study.file.string(), sweep.line), "sweep." + sweep.name},
                      fmt::format("at most {} runs", most_runs), fmt::format("{}", size));
  std::vector<GridPoint> points;
  points.reserve(size);
  std::vector<std::uint64_t> at(counters.lengths.size(), 0);
  Duplicates duplicates;
  const Starts starts(study, sweep);
  for (std::uint64_t n = 0; n < size; ++n) {
    throw_if_interrupted();
    for (std::size_t i = 0; i < sweep.axes.size(); ++i)
      settings[sweep.axes[i].key] = sweep.axes[i].values[at[counters.of_axis[i]]];
    try {
      points.push_back({{}, Configuration(settings)});
    } catch (const ConfigError& error) {
      throw placed(error, study, settings);
    }
    starts.set(settings, points.back().configuration);
    for (const Axis& axis : sweep.axes) points.back().axes.push_back(points.back().configuration.at(axis.key));
    duplicates.add(points.back(), study, sweep);
    check_labels(study, sweep, points.back().configuration);
    for (std::size_t c = at.size(); c-- > 0;) {
      if (++at[c] < counters.lengths[c]) break;
      at[c] = 0;
    }
  }
  return points;
}

}  // namespace widthwise
