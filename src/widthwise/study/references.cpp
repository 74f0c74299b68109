// Whether what figures, predictions and derived quantities speak of exists.
#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/observable/observable.h"
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

// What a sweep records, or nothing known if that itself is an axis.
std::vector<std::string> recorded(const Study& study, const Sweep& sweep) {
  const std::string key = "measure.observables";
  if (std::ranges::find(sweep.axes, key, &Axis::key) != sweep.axes.end()) return {};
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
    if (!is_derived(name)) plain_value(member, name);
  }

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
    const auto have = recorded(study_, sweep_);
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

  bool is_derived(const std::string& name) const {
    return std::ranges::any_of(study_.derived, [&](const DerivedSpec& derived) {
      return derived.name == name && derived.sweep == sweep_.name;
    });
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

void check_figure(const Study& study, const FigureSpec& figure) {
  const Checker check(study, "figure", figure.sweep, figure.line);
  check.axis("column", figure.column);
  check.axis("row", figure.row);
  check.where(figure.where);
  if (figure.kind == "heatmap") {
    check.axis("x", figure.x);
    check.axis("y", figure.y.front());
    check.value("color", figure.color);
    return;
  }
  check.axis("color", figure.color);
  const bool over_time = figure.x == "step" || figure.x == "time";
  // An axis has a known section; anything else names a value.
  if (!over_time && !check.is_axis(figure.x))
    is_known_key(figure.x) ? check.axis("x", figure.x) : check.value("x", figure.x);
  for (const std::string& y : figure.y) over_time ? check.series("y", y, y) : check.value("y", y);
}

void check_prediction(const Study& study, const PredictionSpec& spec) {
  const Checker check(study, "prediction", spec.sweep, spec.line);
  check.axis("against", spec.against);
  check.where(spec.where);
  if (spec.of.is_optimum()) {
    check.axis("of.optimum", spec.of.optimum);
    check.value("of.minimizes", spec.of.minimizes);
  } else {
    check.value("of", spec.of.value);
  }
}

}  // namespace

void check_references(const Study& study) {
  for (const DerivedSpec& derived : study.derived) {
    const Checker check(study, "derived", derived.sweep, derived.line);
    check.axis("over", derived.over);
    check.plain_value("of", derived.of);
    const auto& axes = study.sweep(derived.sweep).axes;
    const std::size_t length = std::ranges::find(axes, derived.over, &Axis::key)->values.size();
    if (derived.how == "difference" && length != 2)
      check.fail("over", "an axis of two values, for a difference", fmt::format("{} with {}", derived.over, length));
  }
  for (const FigureSpec& figure : study.figures) check_figure(study, figure);
  for (const PredictionSpec& prediction : study.predictions) check_prediction(study, prediction);
}

}  // namespace widthwise
