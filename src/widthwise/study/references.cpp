// Whether what figures, predictions and derived quantities speak of exists.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "widthwise/base/error.h"
#include "widthwise/observable/observable.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/derived.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/specs.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

std::vector<std::string> axis_keys(const Sweep& sweep) {
  std::vector<std::string> keys;
  for (const Axis& axis : sweep.axes) keys.push_back(axis.key);
  return keys;
}

// What a sweep records under measure.observables or measure.keep, or nothing known if that itself is an axis.
std::optional<std::vector<std::string>> listed(const Study& study, const Sweep& sweep, const std::string& key) {
  if (std::ranges::find(sweep.axes, key, &Axis::key) != sweep.axes.end()) return std::nullopt;
  const auto in_sweep = sweep.set.find(key), in_base = study.base.find(key);
  const Value& names = in_sweep != sweep.set.end()   ? in_sweep->second
                       : in_base != study.base.end() ? in_base->second
                                                     : key_spec(key).standard;
  try {
    check_setting(key_spec(key), names);  // before figures are told that what they show is not recorded
  } catch (const ConfigError& error) {
    throw error.in_file(file_and_line(study.file.string(), names.line));
  }
  std::vector<std::string> out;
  for (const Value& name : names.list()) out.push_back(to_text(name));
  return out;
}

// Checks the references of one figure, prediction or derived quantity.
class Checker {
 public:
  Checker(const Study& study, std::string kind, const std::string& sweep, int line)
      : study_{study}, kind_{std::move(kind)}, line_{line}, sweep_{find_sweep(sweep)} {}

  void axis(const std::string& member, const std::string& key) const {
    const auto keys = axis_keys(sweep_);
    if (key.empty() || std::ranges::find(keys, key) != keys.end()) return;
    fail(member, fmt::format("an axis of sweep '{}'", sweep_.name), key, unknown_name_hint(key, keys));
  }

  void value(const std::string& member, const std::string& name) const {
    if (find_derived(study_, sweep_.name, name) == nullptr) plain_value(member, name);
  }

  // An axis that a value still has.
  void axis_of(const std::string& member, const std::string& key, const std::string& value) const {
    axis(member, key);
    const auto consumed = consumed_axes(study_, sweep_.name, value);
    if (!key.empty() && std::ranges::find(consumed, key) != consumed.end())
      fail(member, fmt::format("an axis that '{}' has not consumed", value), key);
  }

  const Axis& axis_named(const std::string& key) const { return *std::ranges::find(sweep_.axes, key, &Axis::key); }

  void plain_value(const std::string& member, const std::string& name) const {
    ValueName parsed;
    try {
      parsed = parse_value_name(name);
    } catch (const ConfigError& error) {
      fail(member, error.expected(), name, derived_hint(name, error.hint()));
    }
    series(member, parsed.series, name);
  }

  void series(const std::string& member, const std::string& name, const std::string& written) const {
    const std::string observable = name.substr(0, name.find('.'));
    if (observable == calibrated_rate) return;  // of the runs that have one
    if (is_deep_linear_sweep()) {
      const auto& recorded = deep_linear_series();
      if (std::ranges::find(recorded, name) != recorded.end()) return;
      fail(member, "a series the sweep records", written, unknown_name_hint(name, recorded));
    }
    const auto have = listed(study_, sweep_, "measure.observables").value_or(std::vector<std::string>{});
    if (have.empty() || std::ranges::find(have, observable) != have.end()) {
      check_layer(member, observable, name, written);
      return;
    }
    std::vector<std::string> known;
    for (const ObservableInfo& info : known_observables()) known.push_back(info.name);
    const bool exists = std::ranges::find(known, observable) != known.end();
    fail(member, "a series the sweep records", written,
         exists ? fmt::format("add '{}' to measure.observables", observable) : unknown_name_hint(observable, have));
  }

  // Outputs that the runs keep.
  void outputs(const std::string& member, const std::string& name) const {
    const std::vector<std::string> known{"test_outputs", "train_outputs"};
    if (std::ranges::find(known, name) == known.end())
      fail(member, "test_outputs or train_outputs, which the runs keep", name, unknown_name_hint(name, known));
    const auto kept = listed(study_, sweep_, "measure.keep");
    if (kept && std::ranges::find(*kept, name) == kept->end())
      fail(member, "outputs the sweep keeps", name, fmt::format("add measure.keep = [\"{}\"]", name));
  }

  void where(const Where& where) const {
    for (const auto& [key, admitted] : where) {
      axis("where", key);
      const auto& values = std::ranges::find(sweep_.axes, key, &Axis::key)->values;
      // Expressions have no value yet: whatever is admitted may be right.
      if (key_spec(key).numeric() && std::ranges::any_of(values, &Value::is_text)) continue;
      for (const Value& wanted : admitted)
        if (std::ranges::none_of(values, [&](const Value& value) { return same(value, wanted); }))
          fail("where", fmt::format("a value on the axis {}: {}", key, to_json({values, 0})), to_text(wanted));
    }
  }

  bool is_axis(const std::string& key) const {
    return std::ranges::find(sweep_.axes, key, &Axis::key) != sweep_.axes.end();
  }

  void sweep(const std::string& member, const std::string& name) const {
    try {
      study_.sweep(name);
    } catch (const ConfigError& error) {
      fail(member, error.expected(), name, error.hint());
    }
  }

  [[noreturn]] void fail(const std::string& member, const std::string& expected, const std::string& got,
                         const std::string& hint = {}) const {
    throw ConfigError({file_and_line(study_.file.string(), line_), kind_ + "." + member}, expected,
                      fmt::format("'{}'", got), hint);
  }

 private:
  const Sweep& find_sweep(const std::string& name) const {
    try {
      return study_.sweep(name);
    } catch (const ConfigError& error) {
      fail("sweep", error.expected(), name, error.hint());
    }
  }

  bool is_deep_linear_sweep() const {
    const auto in_sweep = sweep_.set.find("limit.kind"), in_base = study_.base.find("limit.kind");
    const Value* const kind = in_sweep != sweep_.set.end()   ? &in_sweep->second
                              : in_base != study_.base.end() ? &in_base->second
                                                             : nullptr;
    return kind != nullptr && is_deep_linear_kind(to_text(*kind));
  }

  std::string derived_hint(const std::string& name, const std::string& otherwise) const {
    std::vector<std::string> known;
    for (const DerivedSpec& derived : study_.derived)
      if (derived.sweep == sweep_.name) known.push_back(derived.name);
    const std::string nearest = nearest_name(name, known);
    return nearest.empty() ? otherwise : fmt::format("did you mean '{}'?", nearest);
  }

  void check_layer(const std::string& member, const std::string& observable, const std::string& name,
                   const std::string& written) const {
    const auto& all = known_observables();
    const auto info = std::ranges::find(all, observable, &ObservableInfo::name);
    if (info == all.end()) return;  // measure.observables itself is checked with the settings
    const bool has_layer = name.size() > observable.size();
    if (has_layer == info->per_layer()) return;
    fail(member,
         has_layer ? fmt::format("'{}' without a layer", observable)
                   : fmt::format("a layer behind '{0}', such as {0}.1", observable),
         written);
  }

  const Study& study_;
  std::string kind_;
  int line_;
  const Sweep& sweep_;
};

// The fit needs a width more than it has powers, and widths are positive numbers.
void check_widths(const Checker& check, const std::string& member, const Axis& axis, std::size_t powers) {
  // An expression has no value yet.
  const auto bad = [](const Value& value) { return !value.is_text() && !(value.number() > 0); };
  if (!key_spec(axis.key).numeric() || std::ranges::any_of(axis.values, bad))
    check.fail(member, "an axis of positive numbers, such as architecture.width", axis.key);
  if (axis.values.size() < powers + 1)
    check.fail(member,
               fmt::format("an axis of at least {} values for a fit of {} {} of 1/n", powers + 1, powers,
                           powers == 1 ? "power" : "powers"),
               fmt::format("{} with {}", axis.key, axis.values.size()));
}

void check_figure(const Study& study, const FigureSpec& figure) {
  const Checker check(study, "figure", figure.sweep, figure.line);
  check.axis("column", figure.column);
  check.axis("row", figure.row);
  check.where(figure.where);
  if (figure.kind == "heatmap") {
    check.value("color", figure.color);
    for (const auto& [member, key] :
         {std::pair{"x", figure.x}, {"y", figure.y.front()}, {"column", figure.column}, {"row", figure.row}})
      check.axis_of(member, key, figure.color);
    return;
  }
  check.axis("color", figure.color);
  const bool over_time = figure.x == "step" || figure.x == "time";
  // An axis has a known section; anything else names a value.
  if (!over_time && !check.is_axis(figure.x))
    is_known_key(figure.x) ? check.axis("x", figure.x) : check.value("x", figure.x);
  for (const std::string& y : figure.y) over_time ? check.series("y", y, y) : check.value("y", y);
  for (const std::string& y : figure.y)
    for (const auto& [member, key] :
         {std::pair{"x", figure.x}, {"color", figure.color}, {"column", figure.column}, {"row", figure.row}})
      if (!over_time && check.is_axis(key)) check.axis_of(member, key, y);
  if (!figure.theory.empty()) {
    check.sweep("theory", figure.theory);
    const Checker other(study, "figure", figure.theory, figure.line);
    for (const auto& [member, key] : {std::pair{"color", figure.color}, {"column", figure.column}, {"row", figure.row}})
      other.axis(member, key);
    if (check.is_axis(figure.x)) other.axis("x", figure.x);
  }
  if (figure.extrapolate.empty()) return;
  if (!check.is_axis(figure.x)) check.fail("extrapolate", "x an axis of widths", figure.x);
  check_widths(check, "extrapolate", check.axis_named(figure.x), figure.extrapolate.size());
}

void check_prediction(const Study& study, const PredictionSpec& spec) {
  const Checker check(study, "prediction", spec.sweep, spec.line);
  check.axis("against", spec.against);
  check.where(spec.where);
  if (spec.of.is_optimum()) {
    check.value("of.minimizes", spec.of.minimizes);
    check.axis_of("of.optimum", spec.of.optimum, spec.of.minimizes);
    check.axis_of("against", spec.against, spec.of.minimizes);
    return;
  }
  check.value("of", spec.of.value);
  check.axis_of("against", spec.against, spec.of.value);
  const DerivedSpec* const derived = find_derived(study, spec.sweep, spec.of.value);
  if (derived != nullptr && spec.converged_only)
    check.fail("converged_only", "a value of runs", spec.of.value, "say it where that quantity is made");
  if (derived == nullptr || derived->how != "infinite-width") return;
  if (spec.claim != PredictionSpec::Claim::value)
    check.fail("exponent", "value, since the quantity is a limit", "an exponent", "write value = NUMBER");
  if (!spec.against.empty()) check.fail("against", "nothing, since a limit is a single value", spec.against);
}

// Of outputs: those of one network on the same points, or of two runs that differ in one thing.
void check_derived_of_outputs(const Study& study, const DerivedSpec& derived, const Checker& check) {
  check.outputs("of", derived.of);
  if (derived.compares_ensembles() && derived.over != "seed.init")
    check.fail("over", "seed.init, over which outputs have a distribution", derived.over);
  if (!derived.with.empty()) {
    check.sweep("with", derived.with);
    if (study.sweep(derived.with).search) check.fail("with", "a sweep that does not search", derived.with);
    Checker(study, "derived", derived.with, derived.line).outputs("of", derived.of);
    return;
  }
  const std::size_t values = check.axis_named(derived.over).values.size();
  if (derived.how == "relative_distance" && values != 2)
    check.fail("over", "an axis of two values, for a distance", fmt::format("{} with {}", derived.over, values));
  if (derived.how != "relative_distance" && derived.over != "seed.init" && derived.over != "seed.batch")
    check.fail("over", "seed.init or seed.batch, whose runs share their test points", derived.over);
  if (derived.how != "relative_distance" && derived.require > values)
    check.fail("require", fmt::format("at most the {} values of {}", values, derived.over),
               std::to_string(derived.require));
}

// `before`: how many derived quantities are written before this one, which may be made of these only.
void check_derived(const Study& study, const DerivedSpec& derived, std::size_t before) {
  if (derived.how == "search") {
    Checker(study, "sweep.search", derived.sweep, derived.line).plain_value("until", derived.of);
    return;
  }
  const Checker check(study, "derived", derived.sweep, derived.line);
  check.axis("over", derived.over);
  if (derived.of_arrays()) return check_derived_of_outputs(study, derived, check);
  if (derived.how == "ratio") {
    check.plain_value("of", derived.of);
    check.sweep("with", derived.with);
    return;
  }
  for (const auto& [member, name] : {std::pair{"of", derived.of}, std::pair{"by", derived.by}}) {
    if (name.empty()) continue;
    const DerivedSpec* const other = find_derived(study, derived.sweep, name);
    if (other != nullptr && derived.converged_only)
      check.fail("converged_only", "a value of runs", fmt::format("{}, a derived quantity", name),
                 "say it where that quantity is made");
    if (other == nullptr)
      check.plain_value(member, name);
    else if (static_cast<std::size_t>(other - study.derived.data()) >= before)
      check.fail(member, "a value, or a derived quantity written before this one", name);
    check.axis_of("over", derived.over, name);
  }
  if (!derived.by.empty() &&
      consumed_axes(study, derived.sweep, derived.of) != consumed_axes(study, derived.sweep, derived.by))
    check.fail("by", fmt::format("a value over the axes of '{}'", derived.of), derived.by);
  const Axis& axis = check.axis_named(derived.over);
  if (derived.require > axis.values.size())
    check.fail("require", fmt::format("at most the {} values of {}", axis.values.size(), derived.over),
               std::to_string(derived.require));
  if (derived.how == "difference" && axis.values.size() != 2)
    check.fail("over", "an axis of two values, for a difference",
               fmt::format("{} with {}", derived.over, axis.values.size()));
  if (derived.how != "infinite-width") return;
  if (is_seed_axis(derived.over)) check.fail("over", "an axis of widths", derived.over);
  check_widths(check, "over", axis, derived.powers.size());
}

}  // namespace

// Runs start from runs of a sweep written before: so no chain of them closes.
void check_start(const Study& study, std::size_t index) {
  const Sweep& sweep = study.sweeps[index];
  if (!sweep.start_from) return;
  const ConfigError::Place place{file_and_line(study.file.string(), sweep.start_from->line), "sweep.start_from.sweep"};
  std::vector<std::string> before;
  for (std::size_t i = 0; i < index; ++i) before.push_back(study.sweeps[i].name);
  const std::string& from = sweep.start_from->sweep;
  if (std::ranges::find(before, from) == before.end())
    throw ConfigError(place, "a sweep written before this one", fmt::format("'{}'", from),
                      unknown_name_hint(from, before));
  if (study.sweep(from).search) throw ConfigError(place, "a sweep that does not search", fmt::format("'{}'", from));
}

void check_references(const Study& study) {
  for (std::size_t i = 0; i < study.sweeps.size(); ++i) check_start(study, i);
  for (std::size_t i = 0; i < study.derived.size(); ++i) check_derived(study, study.derived[i], i);
  for (const FigureSpec& figure : study.figures) check_figure(study, figure);
  for (const PredictionSpec& prediction : study.predictions) check_prediction(study, prediction);
}

}  // namespace widthwise
