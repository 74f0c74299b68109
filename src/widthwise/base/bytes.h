// Numbers as bytes and back, for what a program writes for itself: in this machine's order, one after the other, a
// checksum behind them. Not an exchange format.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace widthwise {

/// 64 bits that change with any byte (FNV-1a).
std::uint64_t checksum(std::string_view bytes);

template <class Number>
concept PlainNumber = std::is_trivially_copyable_v<Number>;

class ByteWriter {
 public:
  void put(const PlainNumber auto& number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  template <PlainNumber Number>
  void put(const std::vector<Number>& numbers) {
    put(static_cast<std::uint64_t>(numbers.size()));
    bytes_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number));
  }
  void put(const std::vector<bool>& flags) { put(std::vector<std::uint8_t>(flags.begin(), flags.end())); }
  void put(const std::string& text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_ += text;
  }
  template <class Item>
  void put(const std::map<std::string, Item>& items) {
    put(static_cast<std::uint64_t>(items.size()));
    for (const auto& [name, item] : items) {
      put(name);
      put(item);
    }
  }
  /// All of it, with its checksum.
  std::string finish();

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  /// Of what a ByteWriter finished; `place` is for messages. @throws DataError where the checksum is another.
  ByteReader(std::string_view bytes, std::string place);

  /// Each reads what the put of its type wrote. @throws DataError where there is less.
  void get(PlainNumber auto& number) {
    require(left_.size() >= sizeof number, "more numbers");
    std::memcpy(&number, left_.data(), sizeof number);
    left_.remove_prefix(sizeof number);
  }
  template <PlainNumber Number>
  void get(std::vector<Number>& numbers) {
    const std::uint64_t size = count(sizeof(Number));
    numbers.resize(size);
    if (size > 0) std::memcpy(numbers.data(), left_.data(), size * sizeof(Number));
    left_.remove_prefix(size * sizeof(Number));
  }
  void get(std::vector<bool>& flags) {
    std::vector<std::uint8_t> bytes;
    get(bytes);
    flags.assign(bytes.begin(), bytes.end());
  }
  void get(std::string& text) {
    const std::uint64_t size = count(1);
    text = left_.substr(0, size);
    left_.remove_prefix(size);
  }
  template <class Item>
  void get(std::map<std::string, Item>& items) {
    for (std::uint64_t left = count(1); left > 0; --left) {
      std::string name;
      get(name);
      get(items[name]);
    }
  }
  bool at_end() const { return left_.empty(); }
  /// @throws DataError unless `holds`.
  void require(bool holds, std::string_view expected) const;

 private:
  std::uint64_t count(std::size_t each);  // as many as are said to follow, and can

  std::string place_;
  std::string_view all_, left_;
};

}  // namespace widthwise
