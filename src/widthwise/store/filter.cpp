#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "widthwise/base/error.h"
#include "widthwise/base/number.h"
#include "widthwise/store/columns.h"
#include "widthwise/store/inspect.h"

namespace widthwise {
namespace {

using Relation = RunFilter::Relation;

bool is_order(Relation relation) {
  return relation != Relation::equal && relation != Relation::unequal;
}

template <class T>
bool holds(Relation relation, const T& a, const T& b) {
  switch (relation) {
    case Relation::equal:
      return a == b;
    case Relation::unequal:
      return a != b;
    case Relation::less:
      return a < b;
    case Relation::at_most:
      return a <= b;
    case Relation::greater:
      return a > b;
    case Relation::at_least:
      return a >= b;
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void require_known_keys(const std::vector<RunRecord>& runs, std::span<const RunFilter> filters) {
  if (runs.empty()) return;
  std::map<std::string, std::string> known;
  for (const RunRecord& run : runs) known.merge(store::columns_of(run));
  for (const RunFilter& filter : filters) {
    if (known.contains(filter.key)) continue;
    std::vector<std::string> names;
    names.reserve(known.size());
    for (const auto& entry : known) names.push_back(entry.first);
    const std::string nearest = nearest_name(filter.key, names);
    throw ConfigError({"command line", filter.key}, "a key some run has", "'" + filter.key + "'",
                      nearest.empty() ? "" : "did you mean '" + nearest + "'?");
  }
}

}  // namespace

RunFilter RunFilter::parse(std::string_view text) {
  // Two-character relations first: "<=" begins with "<".
  constexpr std::array<std::pair<std::string_view, Relation>, 6> relations = {{{"!=", Relation::unequal},
                                                                               {"<=", Relation::at_most},
                                                                               {">=", Relation::at_least},
                                                                               {"=", Relation::equal},
                                                                               {"<", Relation::less},
                                                                               {">", Relation::greater}}};
  const std::size_t at = text.find_first_of("=!<>");
  for (const auto& [sign, relation] : relations) {
    if (at == std::string_view::npos || text.substr(at, sign.size()) != sign) continue;
    RunFilter filter{std::string(trimmed(text.substr(0, at))), relation,
                     std::string(trimmed(text.substr(at + sign.size())))};
    if (is_order(relation) && !number_in(filter.value))
      throw ConfigError({"command line", "--where"}, fmt::format("a number behind {}", sign),
                        "'" + std::string(text) + "'");
    if (!filter.key.empty()) return filter;
  }
  throw ConfigError({"command line", "--where"}, "KEY=VALUE (or !=, <, <=, >, >=)", "'" + std::string(text) + "'");
}

bool RunFilter::matches(const RunRecord& run) const {
  const auto columns = store::columns_of(run);
  const auto found = columns.find(key);
  if (found == columns.end()) return false;
  if (key == "identity" && (relation == Relation::equal || relation == Relation::unequal))
    return found->second.starts_with(value) == (relation == Relation::equal);
  const auto a = number_in(found->second), b = number_in(value);
  if (a && b) return holds(relation, *a, *b);
  return !is_order(relation) && holds(relation, found->second, value);
}

std::vector<RunRecord> list_runs(const StoreReader& reader, std::span<const RunFilter> filters) {
  std::vector<RunRecord> runs;
  reader.for_each([&](const RunRecord& run) { runs.push_back(run); });
  require_known_keys(runs, filters);
  std::erase_if(runs, [&](const RunRecord& run) {
    return !std::all_of(filters.begin(), filters.end(), [&](const RunFilter& filter) { return filter.matches(run); });
  });
  return runs;
}

}  // namespace widthwise
