#include "widthwise/study/derived.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "widthwise/base/error.h"
#include "widthwise/numerics/statistics.h"

namespace widthwise {

namespace {

// A group is as good as its worst run.
std::string worse(const std::string& a, const std::string& b) {
  for (const char* status : {"missing", "diverged", "stopped"})
    if (a == status || b == status) return status;
  return a;
}

struct Group {
  Row row;
  std::vector<std::vector<double>> columns;
};

}  // namespace

double derive(const std::string& how, std::span<const double> values) {
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](double x) { return std::isfinite(x); });
  if (how == "difference")
    return values.size() == 2 && finite.size() == 2 ? values[1] - values[0] : std::numeric_limits<double>::quiet_NaN();
  if (how == "mean") return mean(finite);
  const double deviation = standard_deviation(finite);
  return deviation * deviation;
}

Table derive(const Table& table, std::span<const DerivedSpec> derived) {
  const auto consumed = table.axis(derived.front().over);
  if (consumed < 0) throw Error("derive: the table has no axis " + derived.front().over);
  Table out;
  out.sweep = table.sweep;
  out.expected = table.expected;
  out.recorded = table.recorded;
  out.axes = table.axes;
  out.axes.erase(out.axes.begin() + consumed);
  for (const DerivedSpec& one : derived) out.values.push_back(one.name);

  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> index;
  for (const Row& row : table.rows) {
    ValueList axes = row.axes;
    axes.erase(axes.begin() + consumed);
    const auto [place, fresh] = index.emplace(to_json({axes, 0}), groups.size());
    if (fresh)
      groups.push_back({{axes, {}, row.status, row.reason, {}}, std::vector<std::vector<double>>(derived.size())});
    Group& group = groups[place->second];
    group.row.status = worse(group.row.status, row.status);
    for (std::size_t i = 0; i < derived.size(); ++i) group.columns[i].push_back(row.values[i]);
  }
  for (Group& group : groups) {
    for (std::size_t i = 0; i < derived.size(); ++i)
      group.row.values.push_back(derive(derived[i].how, group.columns[i]));
    out.rows.push_back(std::move(group.row));
  }
  return out;
}

}  // namespace widthwise
