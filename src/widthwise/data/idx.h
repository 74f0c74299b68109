// The IDX format (LeCun): big-endian, magic 00 00 08 d for d dimensions of unsigned bytes, d sizes of four bytes, then
// the values, last dimension fastest. Plain or gzip, told apart by their first bytes. Only unsigned bytes are read: the
// image sets that come as IDX hold nothing else.
//
// Files are untrusted: no size read from one is believed before the bytes behind it were counted, and every departure
// from the format is a DataError with the byte it shows at (of the decompressed stream, where the file is gzip and its
// compression itself is sound).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "widthwise/linalg/view.h"

namespace widthwise {

/// values holds the product of the dimensions, row-major.
struct IdxArray {
  std::vector<Index> dimensions;
  std::vector<std::uint8_t> values;
};

/// No IDX file, nor what it decompresses to, may be larger (bytes).
inline constexpr std::int64_t largest_idx_file = 1LL << 30;

/// An IDX array of `dimensions` (1..8) dimensions from the bytes of a plain or gzip file; `path` is for messages alone.
/// Throws DataError for a wrong magic, a header or body cut short, bytes after the body, damaged or truncated gzip, a
/// dimension of 0, and sizes whose product is beyond largest_idx_file.
IdxArray parse_idx(std::span<const std::uint8_t> bytes, const std::string& path, int dimensions);
/// The same from a file; DataError also where it cannot be read.
IdxArray read_idx(const std::string& path, int dimensions);
/// The dimensions alone, of a file whose values are not looked at. Throws DataError as parse_idx.
std::vector<Index> read_idx_header(const std::string& path, int dimensions);

/// images (count x height x width) and as many labels, each below the number of classes.
struct LabelledImages {
  IdxArray images, labels;
};

/// Reads both files; DataError also where their counts differ or a label is none of first_label .. first_label +
/// classes - 1. Labels are given back counted from 0.
LabelledImages read_labelled_images(const std::string& images_path, const std::string& labels_path, int classes,
                                    int first_label = 0);

}  // namespace widthwise
