#include "widthwise/report/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/numerics/extrapolation.h"
#include "widthwise/study/derived.h"
#include "widthwise/study/table.h"

namespace widthwise::report {
namespace {

constexpr std::ptrdiff_t no_axis = -1;

class Grouping {
 public:
  Grouping(const Study& study, const FigureSpec& spec, const StoreReader& reader)
      : study_(study),
        sweep_(study.sweep(spec.sweep)),
        spec_(spec),
        reader_(reader),
        heatmap_(spec.kind == "heatmap") {}

  GroupedRuns run() {
    if (over_time()) {
      collect_curves();
    } else {
      collect_rows();
    }
    out_.averaged = averaged();
    return std::move(out_);
  }

 private:
  bool over_time() const { return spec_.x == "step" || spec_.x == "time"; }
  const std::string& line_key() const { return heatmap_ ? spec_.y.at(0) : spec_.color; }

  // Derived quantities have consumed an axis: positions are those in the table that was selected.
  void find_axes(const std::vector<std::string>& keys) {
    keys_ = keys;
    x_ = heatmap_ ? required("x", spec_.x) : position(spec_.x);
    column_ = required("column", spec_.column);
    row_ = required("row", spec_.row);
    line_ = required(heatmap_ ? "y" : "color", line_key());
  }

  std::ptrdiff_t position(const std::string& key) const {
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    return found == keys_.end() ? no_axis : found - keys_.begin();
  }

  std::ptrdiff_t required(const char* what, const std::string& key) const {
    if (key.empty()) return no_axis;
    const std::ptrdiff_t axis = position(key);
    if (axis != no_axis) return axis;
    throw ConfigError({study_.file.string(), fmt::format("figure.{}.{}", spec_.name, what)},
                      "an axis of sweep " + spec_.sweep, "'" + key + "'", unknown_name_hint(key, keys_));
  }

  const Value& value(const ValueList& axes, std::ptrdiff_t axis) const {
    static const Value none{std::string()};
    return axis == no_axis ? none : axes[static_cast<std::size_t>(axis)];
  }

  GroupedRuns::Place place(const ValueList& axes, std::size_t quantity) {
    return {out_.rows.index(value(axes, row_)), out_.columns.index(value(axes, column_)),
            out_.lines.index(value(axes, line_)), quantity};
  }

  // The group a run belongs to, at `order` along its line, takes it in.
  Group& add(const ValueList& axes, double order, double x, std::size_t quantity, double y) {
    Group& group = out_.groups[place(axes, quantity)][order];
    group.x.add(x);
    group.y.add(y);
    return group;
  }

  // Where a row lies on the axes that are not drawn: what replicates are told apart by.
  std::string replicate(const ValueList& axes) const {
    const std::vector<std::string> tied = tied_axes(sweep_, spec_.x);
    std::string out;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<std::ptrdiff_t>(i);
      const bool drawn = axis == x_ || axis == row_ || axis == column_ || axis == line_;
      if (drawn || std::count(tied.begin(), tied.end(), keys_[i]) > 0) continue;
      out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", keys_[i], to_text(axes[i]));
    }
    return out;
  }

  void count(const Table& table) {
    out_.expected = table.expected;
    out_.missing = table.expected - table.recorded;
    out_.rows_in_all = table.rows.size();
    out_.rows_at_edge = static_cast<std::size_t>(std::count_if(
        table.rows.begin(), table.rows.end(), [](const Row& row) { return row.edge != Optimum::Edge::none; }));
    for (const Row& row : table.rows) note_members(table, row);
    out_.diverged = static_cast<std::size_t>(
        std::count_if(table.rows.begin(), table.rows.end(), [](const Row& row) { return row.status == "diverged"; }));
  }

  // A group whose values lack different runs tells the first.
  void note_members(const Table& table, const Row& row) {
    out_.unconverged += row.unconverged;
    if (!row.members.empty()) out_.unconverged += row.members.front().unconverged;
    const auto lacks = [](const Members& members) { return members.used < members.all; };
    const auto found = std::find_if(row.members.begin(), row.members.end(), lacks);
    if (found == row.members.end()) return;
    std::string at;
    for (std::size_t i = 0; i < row.axes.size(); ++i)
      at += fmt::format("{}{} = {}", i == 0 ? "" : ", ", table.axes[i], to_text(row.axes[i]));
    ++out_.incomplete;
    out_.lacking.push_back(fmt::format("{}{}{}", at, at.empty() ? "" : ": ", found->text()));
  }

  void collect_rows() {
    std::vector<std::string> values = heatmap_ ? std::vector<std::string>{spec_.color} : spec_.y;
    const std::size_t quantities = values.size();
    const bool x_is_value =
        std::none_of(sweep_.axes.begin(), sweep_.axes.end(), [this](const Axis& axis) { return axis.key == spec_.x; });
    if (x_is_value) values.push_back(spec_.x);
    const Table table = select(study_, spec_.sweep, values, reader_, spec_.where);
    find_axes(table.axes);
    if (!x_is_value) required("x", spec_.x);
    count(table);
    for (const Row& row : table.rows) {
      const double order = x_is_value ? group_order(row.axes) : x_number(row.axes);
      const double x = x_is_value ? row.values.back() : order;
      for (std::size_t q = 0; q < quantities; ++q) {
        Group& group = add(row.axes, order, x, q, row.values[q]);
        if (q < row.limits.size()) group.intervals.push_back(row.limits[q]->interval);
        if (const double error = row.error(q); std::isfinite(error)) group.errors.push_back(error);
        if (!spec_.extrapolate.empty())
          out_.points[place(row.axes, q)].push_back({x, replicate(row.axes), row.values[q]});
      }
    }
  }

  void collect_curves() {
    const Table table = select(study_, spec_.sweep, {}, reader_, spec_.where);
    find_axes(table.axes);
    count(table);
    for (const Curve& curve : select_curves(study_, spec_.sweep, reader_, spec_.where)) {
      for (std::size_t q = 0; q < spec_.y.size(); ++q) {
        const std::vector<double>& values = curve.trace.values(spec_.y[q]);
        for (std::size_t k = 0; k < values.size(); ++k) {
          const auto step = static_cast<double>(curve.trace.step[k]);
          add(curve.axes, step, spec_.x == "step" ? step : curve.trace.time[k], q, values[k]);
        }
      }
    }
  }

  // The place of a run among those that differ in more than seeds, in the order of the grid.
  double group_order(const ValueList& axes) {
    ValueList unseeded;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (!is_seed_axis(keys_[i])) unseeded.push_back(axes[i]);
    }
    return static_cast<double>(order_.index(Value(unseeded)));
  }

  // A number along x; names stand at 1, 2, 3, ... in the order met.
  double x_number(const ValueList& axes) {
    const Value& at = value(axes, x_);
    return at.is_number() ? at.number() : static_cast<double>(out_.names_on_x.index(at) + 1);
  }

  // Axes over which a point is a mean: neither drawn nor tied to a drawn one, and of more than one value.
  std::vector<std::string> averaged() const {
    std::vector<std::string> drawn = {spec_.x, spec_.column, spec_.row, line_key()};
    for (const auto& [key, values] : spec_.where) {
      if (values.size() < 2) drawn.push_back(key);
    }
    for (const auto& tied : sweep_.zip) {
      const auto is_drawn = [&drawn](const std::string& k) { return std::count(drawn.begin(), drawn.end(), k) > 0; };
      if (std::any_of(tied.begin(), tied.end(), is_drawn)) drawn.insert(drawn.end(), tied.begin(), tied.end());
    }
    const bool only_seeds = x_ == no_axis && !over_time();
    std::vector<std::string> averaged;
    for (const Axis& axis : sweep_.axes) {
      const bool stays = std::count(keys_.begin(), keys_.end(), axis.key) > 0;
      if (!stays || axis.values.size() < 2 || (only_seeds && !is_seed_axis(axis.key))) continue;
      if (std::count(drawn.begin(), drawn.end(), axis.key) == 0) averaged.push_back(axis.key);
    }
    return averaged;
  }

  const Study& study_;
  const Sweep& sweep_;
  const FigureSpec& spec_;
  const StoreReader& reader_;
  bool heatmap_;
  std::vector<std::string> keys_;
  std::ptrdiff_t x_ = no_axis, column_ = no_axis, row_ = no_axis, line_ = no_axis;
  Distinct order_;
  GroupedRuns out_;
};

}  // namespace

std::size_t Distinct::index(const Value& value) {
  const auto [place, added] = places_.emplace(to_json(value), values_.size());
  if (added) values_.push_back(value);
  return place->second;
}

void Average::add(double value) {
  if (std::isfinite(value)) values_.push_back(value);
}

double Average::mean() const {
  return widthwise::mean(values_);
}

double Average::standard_deviation() const {
  return values_.size() < 2 ? 0 : widthwise::standard_deviation(values_);
}

double Average::standard_error() const {
  return values_.size() < 2 ? 0 : widthwise::standard_error(values_);
}

GroupedRuns group_runs(const Study& study, const FigureSpec& spec, const StoreReader& reader) {
  return Grouping(study, spec, reader).run();
}

}  // namespace widthwise::report
