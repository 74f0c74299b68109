// NPY, NumPy's file format for one array (version 1.0), so that `numpy.load` opens what a store holds: the magic
// "\x93NUMPY", version, length of the header, a header that is a Python dict literal padded to 64 bytes, then the
// entries in row-major order, little-endian. Types written and read: float64 "<f8", float32 "<f4", int64 "<i8", int32
// "<i4", bytes "|u1".
//
// The reader takes untrusted bytes: every length is checked before memory is asked for. For arrays larger than memory,
// or other types, use NumPy.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise::npy {

/// An array with its shape; values in row-major order, as many as the product of the shape (1 for an empty shape).
template <class T>
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<T> values;
};

/// The bytes of an NPY file. T is double, float, std::int64_t, std::int32_t or std::uint8_t. @throws ShapeError where
/// the shape asks for another number of values.
template <class T>
std::string encode(std::span<const T> values, const std::vector<std::int64_t>& shape);
/// A one-dimensional array.
template <class T>
std::string encode(const std::vector<T>& values) {
  return encode<T>(values, {static_cast<std::int64_t>(values.size())});
}

/// The array in `bytes`, of type T exactly; versions 1.0 to 3.0 and Fortran order are understood. `place` names the
/// array in errors. @throws DataError with the byte offset.
template <class T>
Array<T> decode(std::string_view bytes, const std::string& place = "NPY array");

/// The array in `bytes`, of any of these types, as doubles. @throws DataError with the byte offset, also for NaN,
/// infinity and whole numbers beyond 2^53, naming the index.
Array<double> decode_numbers(std::string_view bytes, const std::string& place = "NPY array");

/// Type ("<f8", "<f4", "<i8", or what else the header names) and shape without reading the values. @throws DataError.
struct Header {
  std::string type;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t data_offset = 0;
};
Header read_header(std::string_view bytes, const std::string& place = "NPY array");

}  // namespace widthwise::npy
