#include "widthwise/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

Rows permutation(Key key, std::size_t count) {
  Rows order(count);
  fill_permutation(key, count, order.data());
  return order;
}

void shuffle(Key key, Rows& rows) {
  Rows shuffled(rows.size());
  const Rows order = permutation(key, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) shuffled[i] = rows[order[i]];
  rows = std::move(shuffled);
}

// The rows of each class, in an order of its own.
std::vector<Rows> rows_by_class(std::span<const int> labels, int classes, Key key) {
  std::vector<Rows> of_class(static_cast<std::size_t>(classes));
  for (std::uint32_t row = 0; row < labels.size(); ++row)
    of_class.at(static_cast<std::size_t>(labels[row])).push_back(row);
  for (std::size_t c = 0; c < of_class.size(); ++c) shuffle(key.split("samples").split(c), of_class[c]);
  return of_class;
}

// `count` rows, the classes giving theirs by turns; at most as many as there are.
Rows by_turns(const std::vector<Rows>& of_class, std::size_t count, Key key) {
  const Rows turns = permutation(key.split("classes"), of_class.size());
  Rows rows;
  rows.reserve(count);
  for (std::size_t round = 0; rows.size() < count; ++round)
    for (const std::uint32_t c : turns)
      if (round < of_class[c].size() && rows.size() < count) rows.push_back(of_class[c][round]);
  return rows;
}

}  // namespace

Rows balanced_subset(std::span<const int> labels, int classes, Index count, Key key, std::string_view config_key) {
  if (count < 0 || static_cast<std::size_t>(count) > labels.size())
    throw ConfigError({"", std::string(config_key)}, fmt::format("0..{} samples (all there are)", labels.size()),
                      fmt::format("{}", count));
  return by_turns(rows_by_class(labels, classes, key), static_cast<std::size_t>(count), key);
}

TrainAndValidation balanced_parts(std::span<const int> labels, int classes, Index train, Index validation, Key key) {
  if (validation == 0) return {balanced_subset(labels, classes, train, key, "data.train"), {}};
  const auto left = std::max<Index>(0, static_cast<Index>(labels.size()) - train);
  if (validation < 0 || validation > left)
    throw ConfigError({"", "data.validation"}, fmt::format("0..{} samples", left), fmt::format("{}", validation),
                      fmt::format("there are {}, and data.train takes {}", labels.size(), train));
  std::vector<Rows> of_class = rows_by_class(labels, classes, key), reversed = of_class;
  for (Rows& rows : reversed) std::reverse(rows.begin(), rows.end());
  TrainAndValidation parts{{}, by_turns(reversed, static_cast<std::size_t>(validation), key)};
  for (const std::uint32_t row : parts.validation) of_class[static_cast<std::size_t>(labels[row])].pop_back();
  for (std::size_t c = 0; c < of_class.size(); ++c)
    if (of_class[c].empty() && !reversed[c].empty())
      throw ConfigError({"", "data.validation"}, "fewer samples, so that some of every class are left to train on",
                        fmt::format("{}, which takes all {} of class {}", validation, reversed[c].size(), c));
  parts.train = by_turns(of_class, static_cast<std::size_t>(train), key);
  return parts;
}

Rows proportional_order(std::span<const int> labels, int classes, Key key) {
  const std::vector<Rows> of_class = rows_by_class(labels, classes, key);
  const Rows turns = permutation(key.split("classes"), of_class.size());
  struct Place {
    double at;  // of the way
    std::uint32_t row;
  };
  std::vector<Place> places;
  places.reserve(labels.size());
  for (const std::uint32_t c : turns)
    for (std::size_t j = 0; j < of_class[c].size(); ++j)
      places.push_back({(static_cast<double>(j) + 0.5) / static_cast<double>(of_class[c].size()), of_class[c][j]});
  std::ranges::stable_sort(places, {}, &Place::at);
  Rows rows;
  rows.reserve(places.size());
  for (const Place& place : places) rows.push_back(place.row);
  return rows;
}

}  // namespace widthwise
