#include "widthwise/study/derived.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "widthwise/base/error.h"
#include "widthwise/numerics/extrapolation.h"

namespace widthwise {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// A group is as good as its worst run.
std::string worse(const std::string& a, const std::string& b) {
  for (const char* status : {"missing", "diverged", "stopped"})
    if (a == status || b == status) return status;
  return a;
}

template <class List>
bool contains(const List& list, const std::string& key) {
  return std::ranges::find(list, key) != list.end();
}

// One group of rows of a table made one row.
class Group {
 public:
  Group(const Table& table, ValueList axes) : table_{table} { out_.axes = std::move(axes); }

  void add(const Row& row) { rows_.push_back(&row); }

  Row row(std::span<const DerivedSpec> derived) {
    out_.status = rows_.front()->status;
    out_.reason = rows_.front()->reason;
    for (const Row* const row : rows_) out_.status = worse(out_.status, row->status);
    for (const Row* const row : rows_)
      if (row->edge != Optimum::Edge::none) out_.edge = row->edge;
    for (const DerivedSpec& one : derived) out_.values.push_back(value(one));
    return std::move(out_);
  }

 private:
  double value(const DerivedSpec& one) {
    if (one.how == "best") return best(one);
    if (one.how == "infinite-width") return limit(one);
    std::vector<double> values;
    for (const Row* const row : rows_) values.push_back(number(*row, one.of));
    return derive(one.how, values);
  }

  double best(const DerivedSpec& one) {
    const Row* lowest = nullptr;
    for (const Row* const row : rows_) {
      if (row->status == "missing") return none;
      const double by = number(*row, one.by);
      if (std::isfinite(by) && (lowest == nullptr || by < number(*lowest, one.by))) lowest = row;
    }
    if (lowest == nullptr) return none;
    out_.status = lowest->status;
    out_.reason = lowest->reason;
    if (const Optimum::Edge edge = edge_of(*lowest, one.over); edge != Optimum::Edge::none) out_.edge = edge;
    return number(*lowest, one.of);
  }

  // Names have no order, and an axis of one value offers no choice: neither has edges.
  Optimum::Edge edge_of(const Row& chosen, const std::string& over) const {
    const double at = place(chosen, over);
    bool lower = false, upper = false;
    for (const Row* const row : rows_) {
      const double other = place(*row, over);
      if (std::isnan(other)) return Optimum::Edge::none;
      lower = lower || other < at;
      upper = upper || other > at;
    }
    if (lower == upper) return Optimum::Edge::none;
    return lower ? Optimum::Edge::upper : Optimum::Edge::lower;
  }

  double limit(const DerivedSpec& one) {
    std::vector<Point> points;
    std::vector<Dropped> dropped;
    for (const Row* const row : rows_) {
      const double y = number(*row, one.of);
      if (std::isfinite(y))
        points.push_back({place(*row, one.over), table_.seed(*row), y});
      else
        dropped.push_back({fmt::format("{} = {:g}, {}", one.over, place(*row, one.over), table_.seed(*row)),
                           row->reason.empty() ? "no value there" : row->reason});
    }
    ExtrapolationRule rule;
    rule.powers = one.powers;
    const auto found = std::make_shared<Extrapolation>(extrapolate(points, rule));
    found->dropped.insert(found->dropped.begin(), dropped.begin(), dropped.end());
    out_.limits.push_back(found);
    return found->limit;
  }

  double number(const Row& row, const std::string& value) const {
    const auto column = std::ranges::find(table_.values, value) - table_.values.begin();
    return row.values[static_cast<std::size_t>(column)];
  }
  double place(const Row& row, const std::string& axis) const {
    return row.axes[static_cast<std::size_t>(table_.axis(axis))].number();
  }

  const Table& table_;
  std::vector<const Row*> rows_;
  Row out_;
};

}  // namespace

double derive(const std::string& how, std::span<const double> values) {
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](double x) { return std::isfinite(x); });
  if (how == "difference") return values.size() == 2 && finite.size() == 2 ? values[1] - values[0] : none;
  if (how == "mean") return mean(finite);
  const double deviation = standard_deviation(finite);
  return deviation * deviation;
}

Table derive(const Table& table, std::span<const DerivedSpec> derived, std::span<const std::string> tied) {
  const DerivedSpec& first = derived.front();
  if (table.axis(first.over) < 0) throw Error("derive: the table has no axis " + first.over);
  const auto stays = [&](const std::string& key) {
    return key != first.over && !contains(tied, key) && !(first.how == "infinite-width" && is_seed_axis(key));
  };
  Table out;
  out.sweep = table.sweep;
  out.expected = table.expected;
  out.recorded = table.recorded;
  std::ranges::copy_if(table.axes, std::back_inserter(out.axes), stays);
  for (const DerivedSpec& one : derived) out.values.push_back(one.name);

  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> index;
  for (const Row& row : table.rows) {
    ValueList axes;
    for (std::size_t i = 0; i < row.axes.size(); ++i)
      if (stays(table.axes[i])) axes.push_back(row.axes[i]);
    const auto [place, fresh] = index.emplace(to_json({axes, 0}), groups.size());
    if (fresh) groups.emplace_back(table, axes);
    groups[place->second].add(row);
  }
  for (Group& group : groups) out.rows.push_back(group.row(derived));
  return out;
}

std::vector<std::string> ingredients(std::span<const DerivedSpec> derived) {
  std::vector<std::string> out;
  for (const DerivedSpec& one : derived)
    for (const std::string& value : {one.of, one.by})
      if (!value.empty() && !contains(out, value)) out.push_back(value);
  return out;
}

const DerivedSpec* find_derived(const Study& study, const std::string& sweep, const std::string& name) {
  const auto found = std::ranges::find_if(
      study.derived, [&](const DerivedSpec& one) { return one.name == name && one.sweep == sweep; });
  return found == study.derived.end() ? nullptr : &*found;
}

std::vector<std::string> tied_axes(const Sweep& sweep, const std::string& key) {
  std::vector<std::string> out;
  for (const auto& tied : sweep.zip)
    if (contains(tied, key))
      std::ranges::copy_if(tied, std::back_inserter(out), [&](const auto& k) { return k != key; });
  return out;
}

std::vector<std::string> consumed_axes(const Study& study, const std::string& sweep_name, const std::string& value) {
  const Sweep& sweep = study.sweep(sweep_name);
  std::vector<std::string> consumed, out;
  bool seeds = false;
  for (const DerivedSpec* one = find_derived(study, sweep_name, value); one != nullptr;
       one = find_derived(study, sweep_name, one->of)) {
    consumed.push_back(one->over);
    const std::vector<std::string> tied = tied_axes(sweep, one->over);
    consumed.insert(consumed.end(), tied.begin(), tied.end());
    seeds = seeds || one->how == "infinite-width";
  }
  for (const Axis& axis : sweep.axes)
    if (contains(consumed, axis.key) || (seeds && is_seed_axis(axis.key))) out.push_back(axis.key);
  return out;
}

}  // namespace widthwise
