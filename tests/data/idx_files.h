// Small IDX files for tests: their bytes, and folders that vanish with the test.
#pragma once

#include <zlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace widthwise::testing_data {

using Bytes = std::vector<std::uint8_t>;

inline void append_big_endian(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

/// The file of an array with these dimensions and values, whether they fit together or not.
inline Bytes idx_bytes(const std::vector<std::uint32_t>& dimensions, const Bytes& values) {
  Bytes bytes = {0, 0, 8, static_cast<std::uint8_t>(dimensions.size())};
  for (const std::uint32_t size : dimensions) append_big_endian(bytes, size);
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

inline Bytes gzipped(const Bytes& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  Bytes in = bytes;
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A fresh folder, removed with everything in it at the end.
class Folder {
 public:
  Folder() {
    static std::atomic<int> count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("widthwise-data-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }
  /// Writes a file (and the folders above it); returns its path.
  std::string write(const std::string& name, const Bytes& bytes) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file.string();
  }
  /// The four files of an image set in a subfolder: `train` and `test` images of 2 x 3 pixels, label of image i is i %
  /// 10 and its pixels are label, label + 1, ... .
  void write_image_set(const std::string& subfolder, std::uint32_t train, std::uint32_t test, bool gzip) const {
    for (const auto& [part, count] : {std::pair<std::string, std::uint32_t>{"train", train}, {"t10k", test}}) {
      Bytes pixels, labels;
      for (std::uint32_t i = 0; i < count; ++i) {
        labels.push_back(static_cast<std::uint8_t>(i % 10));
        for (std::uint32_t p = 0; p < 6; ++p) pixels.push_back(static_cast<std::uint8_t>(i % 10 + p));
      }
      const auto packed = [gzip](const Bytes& bytes) { return gzip ? gzipped(bytes) : bytes; };
      const std::string ending = gzip ? ".gz" : "";
      write(subfolder + "/" + part + "-images-idx3-ubyte" + ending, packed(idx_bytes({count, 2, 3}, pixels)));
      write(subfolder + "/" + part + "-labels-idx1-ubyte" + ending, packed(idx_bytes({count}, labels)));
    }
  }

 private:
  std::filesystem::path path_;
};

}  // namespace widthwise::testing_data
