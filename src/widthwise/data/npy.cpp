#include "widthwise/data/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "widthwise/base/error.h"

namespace widthwise::npy {
namespace {

static_assert(std::endian::native == std::endian::little, "NPY entries are copied as they lie in memory");

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t alignment = 64;  // of the first entry, as NumPy writes it

template <class T>
constexpr std::string_view type_name = std::is_same_v<T, double>         ? "<f8"
                                       : std::is_same_v<T, float>        ? "<f4"
                                       : std::is_same_v<T, std::int64_t> ? "<i8"
                                       : std::is_same_v<T, std::int32_t> ? "<i4"
                                                                         : "|u1";

/// The product of the shape, or -1 where it is negative somewhere or leaves 63 bits.
std::int64_t count_of(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return -1;
  return count;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

/// Reads the dict literal of a header: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }.
class DictReader {
 public:
  DictReader(std::string_view text, std::size_t offset, const std::string& place)
      : text_(text), offset_(offset), place_(place) {}

  Header read() {
    Header header;
    bool has_type = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.type = quoted(), has_type = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean(), has_order = true;
      } else if (key == "shape") {
        header.shape = tuple(), has_shape = true;
      } else {
        fail("one of descr, fortran_order, shape", "'" + key + "'");
      }
      accept(',');
    }
    if (!has_type || !has_order || !has_shape) fail("a header with descr, fortran_order and shape", std::string(text_));
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view expected, std::string_view got) const {
    throw DataError(place_, static_cast<std::int64_t>(offset_ + at_), expected, got.substr(0, 80));
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}'", c), at_ < text_.size() ? text_.substr(at_, 1) : "the end of the header");
  }
  std::string quoted() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("a quoted name", text_.substr(std::min(at_, text_.size()), 1));
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a closing quote", "the end of the header");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    fail("True or False", text_.substr(at_, 5));
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> values;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (error != std::errc{}) fail("an integer", text_.substr(at_, 12));
      at_ = static_cast<std::size_t>(end - text_.data());
      values.push_back(value);
      accept(',');
    }
    return values;
  }

  std::string_view text_;
  std::size_t offset_, at_ = 0;
  const std::string& place_;
};

/// Entries in Fortran order (first index fastest) rearranged to row-major.
template <class T>
std::vector<T> from_fortran_order(const std::vector<T>& values, const std::vector<std::int64_t>& shape) {
  std::vector<T> out(values.size());
  std::vector<std::int64_t> index(shape.size(), 0);
  for (const T value : values) {
    std::int64_t position = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) position = position * shape[axis] + index[axis];
    out[static_cast<std::size_t>(position)] = value;
    for (std::size_t axis = 0; axis < shape.size() && ++index[axis] == shape[axis]; ++axis) index[axis] = 0;
  }
  return out;
}

}  // namespace

template <class T>
std::string encode(std::span<const T> values, const std::vector<std::int64_t>& shape) {
  if (count_of(shape) != static_cast<std::int64_t>(values.size()))
    throw ShapeError("npy::encode", "values to fill the shape " + shape_text(shape), std::to_string(values.size()));
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type_name<T>, shape_text(shape));
  const std::size_t before = magic.size() + 4;  // version and header length follow the magic
  header.append((alignment - (before + header.size() + 1) % alignment) % alignment, ' ');
  header += '\n';
  if (header.size() > std::numeric_limits<std::uint16_t>::max())
    throw ShapeError("npy::encode", "a shape that fits a version 1.0 header", std::to_string(shape.size()) + " axes");

  std::string bytes(magic);
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return bytes;
}

Header read_header(std::string_view bytes, const std::string& place) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  if (bytes.substr(0, magic.size()) != magic) throw DataError(place, 0, "the magic bytes of an NPY file", "others");
  if (bytes.size() < 12) throw DataError(place, static_cast<std::int64_t>(bytes.size()), "an NPY header", "the end");
  const std::size_t version = byte(6);
  if (version < 1 || version > 3) throw DataError(place, 6, "NPY version 1, 2 or 3", std::to_string(version));
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (bytes.size() - start < length)
    throw DataError(place, static_cast<std::int64_t>(start), fmt::format("a header of {} bytes", length),
                    fmt::format("{} bytes", bytes.size() - start));
  Header header = DictReader(bytes.substr(start, length), start, place).read();
  header.data_offset = start + length;
  return header;
}

template <class T>
Array<T> decode(std::string_view bytes, const std::string& place) {
  Header header = read_header(bytes, place);
  if (header.type != type_name<T>)
    throw DataError(place, 10, fmt::format("entries of type {}", type_name<T>), header.type);
  const std::int64_t count = count_of(header.shape);
  const std::string_view data = bytes.substr(header.data_offset);
  if (count < 0 || data.size() / sizeof(T) != static_cast<std::uint64_t>(count) || data.size() % sizeof(T) != 0)
    throw DataError(place, static_cast<std::int64_t>(header.data_offset),
                    "entries for shape " + shape_text(header.shape), fmt::format("{} bytes", data.size()));
  std::vector<T> values(static_cast<std::size_t>(count));
  if (count > 0) std::memcpy(values.data(), data.data(), data.size());
  if (header.fortran_order) values = from_fortran_order(values, header.shape);
  return {std::move(header.shape), std::move(values)};
}

namespace {

template <class T>
Array<double> numbers(std::string_view bytes, const std::string& place) {
  Array<T> array = decode<T>(bytes, place);
  Array<double> out{std::move(array.shape), {}};
  out.values.reserve(array.values.size());
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const T value = array.values[i];
    bool fine = true;
    if constexpr (std::is_floating_point_v<T>) fine = std::isfinite(value);
    if constexpr (sizeof(T) == 8 && std::is_integral_v<T>) fine = value >= -exact && value <= exact;
    if (!fine) {
      std::vector<std::int64_t> index(out.shape.size());
      auto rest = static_cast<std::int64_t>(i);
      for (std::size_t axis = index.size(); axis-- > 0; rest /= out.shape[axis]) index[axis] = rest % out.shape[axis];
      throw DataError(place, -1, fmt::format("finite numbers (entry {})", shape_text(index)), fmt::format("{}", value));
    }
    out.values.push_back(static_cast<double>(value));
  }
  return out;
}

}  // namespace

Array<double> decode_numbers(std::string_view bytes, const std::string& place) {
  const std::string type = read_header(bytes, place).type;
  if (type == type_name<double>) return numbers<double>(bytes, place);
  if (type == type_name<float>) return numbers<float>(bytes, place);
  if (type == type_name<std::int64_t>) return numbers<std::int64_t>(bytes, place);
  if (type == type_name<std::int32_t>) return numbers<std::int32_t>(bytes, place);
  if (type == type_name<std::uint8_t>) return numbers<std::uint8_t>(bytes, place);
  throw DataError(place, 10, "entries of type <f8, <f4, <i8, <i4 or |u1", type, "numpy's astype converts others");
}

template std::string encode(std::span<const double>, const std::vector<std::int64_t>&);
template std::string encode(std::span<const float>, const std::vector<std::int64_t>&);
template std::string encode(std::span<const std::int64_t>, const std::vector<std::int64_t>&);
template Array<double> decode(std::string_view, const std::string&);
template Array<float> decode(std::string_view, const std::string&);
template Array<std::int64_t> decode(std::string_view, const std::string&);

template std::string encode(std::span<const std::int32_t>, const std::vector<std::int64_t>&);
template std::string encode(std::span<const std::uint8_t>, const std::vector<std::int64_t>&);
template Array<std::int32_t> decode(std::string_view, const std::string&);
template Array<std::uint8_t> decode(std::string_view, const std::string&);

}  // namespace widthwise::npy
