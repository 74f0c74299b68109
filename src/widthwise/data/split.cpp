#include "widthwise/data/split.h"

#include <fmt/format.h>

#include <string>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

std::vector<std::uint32_t> permutation(Key key, std::size_t count) {
  std::vector<std::uint32_t> order(count);
  fill_permutation(key, count, order.data());
  return order;
}

void shuffle(Key key, std::vector<std::uint32_t>& rows) {
  std::vector<std::uint32_t> shuffled(rows.size());
  const std::vector<std::uint32_t> order = permutation(key, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) shuffled[i] = rows[order[i]];
  rows = std::move(shuffled);
}

}  // namespace

std::vector<std::uint32_t> balanced_subset(std::span<const std::uint8_t> labels, int classes, Index count, Key key,
                                           std::string_view config_key) {
  if (count < 0 || static_cast<std::size_t>(count) > labels.size())
    throw ConfigError({"", std::string(config_key)}, fmt::format("0..{} samples (all there are)", labels.size()),
                      fmt::format("{}", count));
  std::vector<std::vector<std::uint32_t>> of_class(static_cast<std::size_t>(classes));
  for (std::uint32_t row = 0; row < labels.size(); ++row) of_class.at(labels[row]).push_back(row);
  for (std::size_t c = 0; c < of_class.size(); ++c) shuffle(key.split("samples").split(c), of_class[c]);

  const std::vector<std::uint32_t> turns = permutation(key.split("classes"), of_class.size());
  std::vector<std::uint32_t> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (std::size_t round = 0; rows.size() < static_cast<std::size_t>(count); ++round)
    for (const std::uint32_t c : turns)
      if (round < of_class[c].size() && rows.size() < static_cast<std::size_t>(count))
        rows.push_back(of_class[c][round]);
  return rows;
}

}  // namespace widthwise
