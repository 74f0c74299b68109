#include "widthwise/study/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/numerics/jackknife.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/convergence.h"
#include "widthwise/study/counterparts.h"
#include "widthwise/study/derived.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/search.h"

namespace widthwise {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> axis_keys(const Sweep& sweep) {
  std::vector<std::string> keys;
  for (const Axis& axis : sweep.axes) keys.push_back(axis.key);
  return keys;
}

// Takes named values from records, and finds names that no record has.
class Columns {
 public:
  explicit Columns(const std::vector<std::string>& names) {
    for (const std::string& name : names) names_.push_back(parse_value_name(name));
    found_.resize(names.size(), false);
  }

  RecordParts parts() const {
    const auto is_final = [](const ValueName& name) { return name.point == ValueName::Point::final; };
    return std::ranges::all_of(names_, is_final) ? RecordParts::summary : RecordParts::with_trace;
  }

  std::vector<double> values(const RunRecord& run) {
    std::vector<double> out;
    for (std::size_t i = 0; i < names_.size(); ++i) out.push_back(value(run, i));
    for (const auto& entry : run.finals) known_.insert(entry.first);
    return out;
  }

  // Call after all records: a series that none of them has is a mistake in the study.
  void check(const Study& study) const {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (!found_[i] && !known_.empty())
        throw ConfigError({study.file.string(), "value"}, "a series that was recorded",
                          fmt::format("'{}'", names_[i].series),
                          unknown_name_hint(names_[i].series, {known_.begin(), known_.end()}));
  }

 private:
  double value(const RunRecord& run, std::size_t i) {
    if (run.finals.contains(names_[i].series)) found_[i] = true;
    return run_value(run, names_[i]);
  }

  std::vector<ValueName> names_;
  std::vector<bool> found_;
  std::set<std::string> known_;
};

Table select_runs(const Study& study, const Sweep& sweep, const std::vector<std::string>& values,
                  const StoreReader& reader, const Where& where) {
  Table table{sweep.name, axis_keys(sweep), values, {}, 0, 0};
  Columns columns(values);
  for (const GridPoint& point : points_of(study, sweep, reader)) {
    if (!admits(where, table.axes, point.axes)) continue;
    ++table.expected;
    const std::string& identity = point.configuration.identity();
    const auto run = reader.load(identity, columns.parts());
    if (!run) {
      table.rows.push_back({point.axes, std::vector<double>(values.size(), none), "missing", "not run yet", identity});
      continue;
    }
    ++table.recorded;
    table.rows.push_back({point.axes, columns.values(*run), run->status, run->reason, identity});
    table.rows.back().unconverged = unconverged(point.configuration, run->status, run->reason);
  }
  columns.check(study);
  return table;
}

// The derived quantities among `values`, in that order; all or none of `values` must be such.
std::vector<DerivedSpec> derived_of(const Study& study, const std::string& sweep,
                                    const std::vector<std::string>& values) {
  std::vector<DerivedSpec> out;
  for (const std::string& value : values) {
    const DerivedSpec* const found = find_derived(study, sweep, value);
    if (found != nullptr) out.push_back(*found);
  }
  const auto same_axes = [&](const DerivedSpec& one) {
    return consumed_axes(study, sweep, one.name) == consumed_axes(study, sweep, out.front().name);
  };
  if (!out.empty() && (out.size() != values.size() || !std::ranges::all_of(out, same_axes)))
    throw ConfigError({file_and_line(study.file.string(), out.front().line), "derived." + out.front().name},
                      "derived quantities over one axis, alone in a figure", "a mixture");
  return out;
}

std::map<std::string, std::string> counterpart_identities(const Study& study, const Sweep& sweep,
                                                          const DerivedSpec& derived, const StoreReader& reader) {
  const Counterparts counterparts(study, sweep, study.sweep(derived.with),
                                  {file_and_line(study.file.string(), derived.line), "derived.with"});
  std::map<std::string, std::string> out;
  for (const GridPoint& point : points_of(study, sweep, reader))
    out.emplace(point.configuration.identity(), counterparts.of(point.configuration).identity());
  return out;
}

}  // namespace

std::string Members::text() const {
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : "; ") + part; };
  if (used < all || needed > 0) add(fmt::format("{} of {} runs", used, all));
  if (needed > 0) out += fmt::format(", {} are needed", needed);
  for (const Absent& one : absent) add(fmt::format("{}: {}", one.what, one.why));
  if (unconverged > 0) add(fmt::format("{} of those used had not converged", unconverged));
  return out;
}

double Row::error(std::size_t value) const {
  return value < left_out.size() ? jackknife_error(left_out[value]) : none;
}

std::ptrdiff_t Table::axis(const std::string& key) const {
  const auto found = std::ranges::find(axes, key);
  return found == axes.end() ? -1 : found - axes.begin();
}

std::string Table::seed(const Row& row) const {
  std::string out;
  for (std::size_t i = 0; i < row.axes.size(); ++i)
    if (is_seed_axis(axes[i])) out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", axes[i], to_text(row.axes[i]));
  return out.empty() ? "one seed" : out;
}

bool is_seed_axis(const std::string& key) {
  return key.starts_with("seed.");
}

bool admits(const Where& where, const std::vector<std::string>& axes, const ValueList& point) {
  for (const auto& [key, admitted] : where) {
    const auto axis = std::ranges::find(axes, key);
    if (axis == axes.end())
      throw ConfigError({{}, "where"}, "an axis of the sweep", fmt::format("'{}'", key), unknown_name_hint(key, axes));
    const Value& value = point[static_cast<std::size_t>(axis - axes.begin())];
    if (std::ranges::none_of(admitted, [&](const Value& one) { return same(one, value); })) return false;
  }
  return true;
}

Table select(const Study& study, const std::string& sweep_name, const std::vector<std::string>& values,
             const StoreReader& reader, const Where& where) {
  const Sweep& sweep = study.sweep(sweep_name);
  const std::vector<DerivedSpec> derived = derived_of(study, sweep_name, values);
  if (derived.empty()) return select_runs(study, sweep, values, reader, where);
  OutputSource outputs{&reader, {}};
  for (const DerivedSpec& one : derived)
    if (!one.with.empty()) outputs.counterparts[one.with] = counterpart_identities(study, sweep, one, reader);
  return derive(select(study, sweep_name, ingredients(derived), reader, where), derived,
                tied_axes(sweep, derived.front().over), outputs);
}

std::vector<Curve> select_curves(const Study& study, const std::string& sweep_name, const StoreReader& reader,
                                 const Where& where) {
  const Sweep& sweep = study.sweep(sweep_name);
  const std::vector<std::string> axes = axis_keys(sweep);
  std::vector<Curve> curves;
  for (const GridPoint& point : points_of(study, sweep, reader)) {
    if (!admits(where, axes, point.axes)) continue;
    auto run = reader.load(point.configuration.identity(), RecordParts::with_trace);
    if (run) curves.push_back({point.axes, run->status, run->identity, std::move(run->trace)});
  }
  return curves;
}

}  // namespace widthwise
