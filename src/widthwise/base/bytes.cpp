#include "widthwise/base/bytes.h"

#include <utility>

#include "widthwise/base/error.h"

namespace widthwise {

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  for (const char byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return sum;
}

std::string ByteWriter::finish() {
  put(checksum(bytes_));
  return std::move(bytes_);
}

ByteReader::ByteReader(std::string_view bytes, std::string place) : place_{std::move(place)}, all_{bytes} {
  std::uint64_t sum = 0;
  require(bytes.size() >= sizeof sum, "a checksum");
  std::memcpy(&sum, bytes.data() + bytes.size() - sizeof sum, sizeof sum);
  left_ = bytes.substr(0, bytes.size() - sizeof sum);
  require(checksum(left_) == sum, "the checksum that was written");
}

void ByteReader::require(bool holds, std::string_view expected) const {
  if (!holds) throw DataError(place_, static_cast<std::int64_t>(all_.size() - left_.size()), expected, "other bytes");
}

std::uint64_t ByteReader::count(std::size_t each) {
  std::uint64_t size = 0;
  get(size);
  require(size <= left_.size() / each, "as many as are said to follow");
  return size;
}

}  // namespace widthwise
