#include "widthwise/data/idx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "widthwise/base/error.h"
#include "widthwise/data/inflate.h"

namespace widthwise {

namespace {

constexpr std::uint8_t unsigned_bytes = 0x08;  // the type code in the magic

void read_exactly(ByteReader& reader, std::span<std::uint8_t> out, const std::string& path, std::string_view what) {
  const std::size_t got = reader.read(out);
  if (got < out.size())
    throw DataError(path, reader.position(), fmt::format("{} more bytes of {}", out.size() - got, what),
                    "the end of the data", "the file is truncated");
}

void check_magic(ByteReader& reader, const std::string& path, int dimensions) {
  std::array<std::uint8_t, 4> magic{};
  read_exactly(reader, magic, path, "the magic number");
  const std::array<std::uint8_t, 4> expected = {0, 0, unsigned_bytes, static_cast<std::uint8_t>(dimensions)};
  if (magic != expected)
    throw DataError(path, 0,
                    fmt::format("the magic bytes {:02x} (IDX, unsigned bytes, {} dimension{})",
                                fmt::join(expected, " "), dimensions, dimensions == 1 ? "" : "s"),
                    fmt::format("{:02x}", fmt::join(magic, " ")));
}

Index read_dimension(ByteReader& reader, const std::string& path, int number) {
  const std::int64_t offset = reader.position();
  std::array<std::uint8_t, 4> raw{};
  read_exactly(reader, raw, path, fmt::format("the size of dimension {}", number));
  std::uint32_t size = 0;
  for (const std::uint8_t byte : raw) size = (size << 8) | byte;
  if (size == 0) throw DataError(path, offset, fmt::format("a size of at least 1 (dimension {})", number), "0");
  return Index{size};
}

// The dimensions, their product checked.
std::vector<Index> read_header(ByteReader& reader, const std::string& path, int dimensions) {
  if (dimensions < 1 || dimensions > 8) throw ShapeError("parse_idx", "1..8 dimensions", fmt::format("{}", dimensions));
  check_magic(reader, path, dimensions);
  std::vector<Index> sizes;
  std::int64_t total = 1;
  for (int d = 0; d < dimensions; ++d) {
    const std::int64_t offset = reader.position();
    sizes.push_back(read_dimension(reader, path, d + 1));
    if (sizes.back() > largest_idx_file / total)
      throw DataError(path, offset, fmt::format("sizes whose product is at most {}", largest_idx_file),
                      fmt::format("{}", fmt::join(sizes, " x ")));
    total *= sizes.back();
  }
  return sizes;
}

}  // namespace

IdxArray parse_idx(std::span<const std::uint8_t> bytes, const std::string& path, int dimensions) {
  ByteReader reader(bytes, path);
  IdxArray array{read_header(reader, path, dimensions), {}};
  std::int64_t total = 1;
  for (const Index size : array.dimensions) total *= size;
  if (total > reader.at_most())  // before anything of that size is allocated
    throw DataError(path, reader.position(), fmt::format("{} values", total),
                    fmt::format("at most {} bytes", reader.at_most()), "the file is truncated");
  array.values.resize(static_cast<std::size_t>(total));
  read_exactly(reader, array.values, path, "values");
  std::array<std::uint8_t, 1> more{};  // reading on also checks the checksum behind gzip data
  if (reader.read(more) > 0)
    throw DataError(path, reader.position() - 1, fmt::format("the end of the data after {} values", total),
                    "more bytes");
  return array;
}

IdxArray read_idx(const std::string& path, int dimensions) {
  return parse_idx(read_whole_file(path, largest_idx_file), path, dimensions);
}

std::vector<Index> read_idx_header(const std::string& path, int dimensions) {
  constexpr std::size_t enough = 4096;  // the header takes at most 36 bytes; so does what gzip puts before it
  const std::vector<std::uint8_t> start = read_file_start(path, enough);
  ByteReader reader(start, path);
  return read_header(reader, path, dimensions);
}

LabelledImages read_labelled_images(const std::string& images_path, const std::string& labels_path, int classes,
                                    int first_label) {
  LabelledImages read{read_idx(images_path, 3), read_idx(labels_path, 1)};
  const Index images = read.images.dimensions[0], labels = read.labels.dimensions[0];
  if (images != labels)
    throw DataError(labels_path, 4, fmt::format("{} labels (as many as images in {})", images, images_path),
                    fmt::format("{}", labels));
  for (std::size_t i = 0; i < read.labels.values.size(); ++i) {
    std::uint8_t& label = read.labels.values[i];
    if (label < first_label || label - first_label >= classes)
      throw DataError(labels_path, 8 + static_cast<std::int64_t>(i),
                      fmt::format("a label in {}..{}", first_label, first_label + classes - 1),
                      fmt::format("{}", label));
    label = static_cast<std::uint8_t>(label - first_label);
  }
  return read;
}

}  // namespace widthwise
