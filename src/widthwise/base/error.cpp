#include "widthwise/base/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace widthwise {

namespace {

std::string config_message(const ConfigError::Place& place, std::string_view expected, std::string_view got,
                           std::string_view hint) {
  std::string where = place.file;
  if (!place.key.empty()) where += (where.empty() ? "" : ": ") + place.key;
  return fmt::format("{}{}expected {}, got {}{}{}", where, where.empty() ? "" : ": ", expected, got,
                     hint.empty() ? "" : "; ", hint);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

ConfigError::ConfigError(Place place, std::string expected, std::string got, std::string hint)
    : Error(config_message(place, expected, got, hint)),
      place_(std::move(place)),
      expected_(std::move(expected)),
      got_(std::move(got)),
      hint_(std::move(hint)) {}

ConfigError ConfigError::in_file(const std::string& file) const {
  return ConfigError({file, place_.key}, expected_, got_, hint_);
}

ShapeError::ShapeError(std::string_view where, std::string_view expected, std::string_view got)
    : Error(fmt::format("{}: expected {}, got {}", where, expected, got)) {}

DataError::DataError(std::string path, std::int64_t offset, std::string_view expected, std::string_view got,
                     std::string_view hint)
    : Error(fmt::format("{}: {}expected {}, got {}{}{}", path, offset < 0 ? "" : fmt::format("at byte {}: ", offset),
                        expected, got, hint.empty() ? "" : "; ", hint)),
      path_(std::move(path)),
      offset_(offset) {}

StoreError::StoreError(std::string path, std::string_view expected, std::string_view got, std::string_view hint)
    : Error(fmt::format("{}: expected {}, got {}{}{}", path, expected, got, hint.empty() ? "" : "; ", hint)),
      path_(std::move(path)) {}

Interrupted::Interrupted() : Error("interrupted; what was finished is recorded") {}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string unknown_name_hint(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  if (!nearest.empty()) return fmt::format("did you mean '{}'?", nearest);
  return fmt::format("known: {}", fmt::join(known, ", "));
}

}  // namespace widthwise
