#include "widthwise/data/cifar.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/data/inflate.h"

namespace widthwise {

CifarBatch parse_cifar(std::span<const std::uint8_t> bytes, const std::string& path) {
  const std::vector<std::uint8_t> records = unpacked(bytes, path, largest_cifar_file);
  const auto size = static_cast<std::int64_t>(records.size());
  if (size == 0) throw DataError(path, 0, fmt::format("records of {} bytes", cifar_record), "an empty file");
  if (size % cifar_record != 0)
    throw DataError(path, size - size % cifar_record, fmt::format("a record of {} bytes", cifar_record),
                    fmt::format("{} bytes", size % cifar_record), "the file is truncated or no CIFAR-10 batch");
  CifarBatch batch;
  batch.labels.reserve(static_cast<std::size_t>(size / cifar_record));
  batch.pixels.reserve(static_cast<std::size_t>(size / cifar_record * cifar_pixels));
  for (std::int64_t at = 0; at < size; at += cifar_record) {
    const std::uint8_t label = records[static_cast<std::size_t>(at)];
    if (label >= cifar_classes)
      throw DataError(path, at, fmt::format("a label in 0..{}", cifar_classes - 1), fmt::format("{}", label));
    batch.labels.push_back(label);
    const auto first = records.begin() + at + 1;
    batch.pixels.insert(batch.pixels.end(), first, first + cifar_pixels);
  }
  return batch;
}

CifarBatch read_cifar(const std::string& path) {
  return parse_cifar(read_whole_file(path, largest_cifar_file), path);
}

}  // namespace widthwise
