// The bytes of a file that may be gzip, read in order: plain bytes are handed through, gzip is decompressed on the way
// (zlib), with its checksums verified. Nothing is allocated beyond what the caller asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace widthwise {

class ByteReader {
 public:
  /// `bytes` must outlive the reader; `path` is for messages.
  ByteReader(std::span<const std::uint8_t> bytes, std::string path);
  ~ByteReader();
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  /// Fills `out` as far as bytes come; returns how many came. DataError for damaged or truncated gzip.
  std::size_t read(std::span<std::uint8_t> out);

  /// Bytes handed out so far.
  std::int64_t position() const { return position_; }
  /// The most bytes that can still come: what is left, times deflate's largest expansion where it is gzip.
  std::int64_t at_most() const;
  bool gzip() const { return inflater_ != nullptr; }

 private:
  struct Inflater;
  std::size_t inflate_into(std::span<std::uint8_t> out);
  void next_member();

  std::span<const std::uint8_t> bytes_;
  std::string path_;
  std::unique_ptr<Inflater> inflater_;
  std::size_t consumed_ = 0;  // of bytes_
  std::int64_t position_ = 0;
};

/// All bytes, decompressed where they are gzip. DataError where they are damaged or come to more than `limit`.
std::vector<std::uint8_t> unpacked(std::span<const std::uint8_t> bytes, const std::string& path, std::int64_t limit);

/// A whole regular file of at most `limit` bytes; DataError (offset 0) where it is missing, no file, or larger, or at
/// the byte where reading failed.
std::vector<std::uint8_t> read_whole_file(const std::string& path, std::int64_t limit);
/// The first `most` bytes of a regular file, or all where there are fewer; DataError where it cannot be read.
std::vector<std::uint8_t> read_file_start(const std::string& path, std::size_t most);

}  // namespace widthwise
