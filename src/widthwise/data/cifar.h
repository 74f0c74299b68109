// CIFAR-10's binary format (Krizhevsky): records of 3073 bytes, one of the label (0..9), then 32 x 32 bytes of red, of
// green, of blue, row by row. There is no header; a file is as many records as its size says. Plain or gzip.
//
// Files are untrusted: every departure is a DataError with its byte (of the decompressed stream).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace widthwise {

inline constexpr int cifar_classes = 10;
inline constexpr std::int64_t cifar_pixels = 3 * 32 * 32, cifar_record = 1 + cifar_pixels;
/// No CIFAR file, nor what it decompresses to, may be larger (bytes).
inline constexpr std::int64_t largest_cifar_file = 1LL << 30;

/// labels (one a record) and pixels (records x 3072: planes R, G, B).
struct CifarBatch {
  std::vector<std::uint8_t> labels, pixels;
};

/// The records in the bytes of a file; `path` is for messages alone. Throws DataError for no record, a record cut
/// short, a label above 9, damaged gzip.
CifarBatch parse_cifar(std::span<const std::uint8_t> bytes, const std::string& path);
/// The same from a file; DataError also where it cannot be read.
CifarBatch read_cifar(const std::string& path);

}  // namespace widthwise
