#include "widthwise/data/inflate.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr int gzip_window = 16 + MAX_WBITS;       // zlib: expect a gzip header, check its trailer
constexpr std::int64_t largest_expansion = 1032;  // of deflate (zlib's technical notes)

bool starts_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

std::int64_t file_size(const std::string& path) {
  std::error_code trouble;
  const auto status = std::filesystem::status(path, trouble);
  if (!std::filesystem::is_regular_file(status))
    throw DataError(path, 0, "a file", std::filesystem::exists(status) ? "something else" : "nothing of that name");
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path, trouble));
  if (trouble) throw DataError(path, 0, "a readable file", trouble.message());
  return size;
}

std::vector<std::uint8_t> read_bytes(const std::string& path, std::int64_t size) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError(path, 0, "a readable file", std::strerror(errno));
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (file.gcount() != size) throw DataError(path, file.gcount(), fmt::format("{} bytes", size), "a read error");
  return bytes;
}

}  // namespace

struct ByteReader::Inflater {
  z_stream stream{};
  bool finished = false;
};

ByteReader::ByteReader(std::span<const std::uint8_t> bytes, std::string path) : bytes_(bytes), path_(std::move(path)) {
  if (!starts_gzip(bytes)) return;
  auto inflater = std::make_unique<Inflater>();
  if (inflateInit2(&inflater->stream, gzip_window) != Z_OK) throw std::bad_alloc();
  inflater_ = std::move(inflater);
}

ByteReader::~ByteReader() {
  if (inflater_) inflateEnd(&inflater_->stream);
}

std::int64_t ByteReader::at_most() const {
  const auto size = static_cast<std::int64_t>(bytes_.size());
  return gzip() ? size * largest_expansion - position_ : size - position_;
}

std::size_t ByteReader::read(std::span<std::uint8_t> out) {
  std::size_t got = 0;
  if (gzip()) {
    got = inflate_into(out);
  } else {
    got = std::min(out.size(), bytes_.size() - consumed_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(consumed_), got, out.begin());
    consumed_ += got;
  }
  position_ += static_cast<std::int64_t>(got);
  return got;
}

// zlib counts in 32 bits, so both sides are handed over in pieces.
std::size_t ByteReader::inflate_into(std::span<std::uint8_t> out) {
  constexpr std::size_t piece = std::numeric_limits<uInt>::max();
  z_stream& stream = inflater_->stream;
  std::size_t got = 0;
  while (got < out.size()) {
    if (inflater_->finished) {
      if (consumed_ == bytes_.size()) break;
      next_member();
    }
    const auto in = static_cast<uInt>(std::min(piece, bytes_.size() - consumed_));
    const auto room = static_cast<uInt>(std::min(piece, out.size() - got));
    stream.next_in = const_cast<Bytef*>(bytes_.data() + consumed_);  // zlib only reads it
    stream.avail_in = in;
    stream.next_out = out.data() + got;
    stream.avail_out = room;
    const int status = inflate(&stream, Z_NO_FLUSH);
    consumed_ += in - stream.avail_in;
    got += room - stream.avail_out;
    inflater_->finished = status == Z_STREAM_END;
    if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0))
      throw DataError(path_, static_cast<std::int64_t>(consumed_), "more gzip data", "the end of the file",
                      "the file is truncated");
    if (status != Z_OK && status != Z_STREAM_END)
      throw DataError(path_, static_cast<std::int64_t>(consumed_), "sound gzip data",
                      stream.msg ? stream.msg : fmt::format("zlib error {}", status), "the file is damaged");
  }
  return got;
}

// A gzip file may be several members in a row; anything else behind one is damage.
void ByteReader::next_member() {
  if (!starts_gzip(bytes_.subspan(consumed_)))
    throw DataError(path_, static_cast<std::int64_t>(consumed_), "the end of the gzip file",
                    fmt::format("{} more bytes", bytes_.size() - consumed_));
  inflateReset2(&inflater_->stream, gzip_window);
  inflater_->finished = false;
}

std::vector<std::uint8_t> unpacked(std::span<const std::uint8_t> bytes, const std::string& path, std::int64_t limit) {
  if (!starts_gzip(bytes)) {
    if (static_cast<std::int64_t>(bytes.size()) > limit)
      throw DataError(path, limit, fmt::format("at most {} bytes", limit), fmt::format("{} bytes", bytes.size()));
    return {bytes.begin(), bytes.end()};
  }
  ByteReader reader(bytes, path);
  std::vector<std::uint8_t> out;
  constexpr std::size_t least = std::size_t{1} << 16;
  while (true) {  // in growing pieces: the size that gzip names is not believed
    const std::size_t before = out.size(), piece = std::max(least, before);
    out.resize(before + piece);
    const std::size_t got = reader.read(std::span(out).subspan(before));
    out.resize(before + got);
    if (static_cast<std::int64_t>(out.size()) > limit)
      throw DataError(path, limit, fmt::format("at most {} bytes", limit), "more, decompressed");
    if (got < piece) return out;
  }
}

std::vector<std::uint8_t> read_file_start(const std::string& path, std::size_t most) {
  const std::int64_t size = file_size(path);
  return read_bytes(path, std::min(size, static_cast<std::int64_t>(most)));
}

std::vector<std::uint8_t> read_whole_file(const std::string& path, std::int64_t limit) {
  const std::int64_t size = file_size(path);
  if (size > limit) throw DataError(path, 0, fmt::format("at most {} bytes", limit), fmt::format("{} bytes", size));
  return read_bytes(path, size);
}

}  // namespace widthwise
