// Numbers in one piece of memory that starts on a 64-byte line, so that rows laid out in whole lines never share one.
// Large arrays ask the system for large pages: a product that walks down a wide matrix touches a new page every row.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "widthwise/linalg/view.h"

namespace widthwise {

/// `count` rounded up to whole cache lines of T.
template <class T>
constexpr Index whole_lines(Index count) {
  constexpr Index per_line = 64 / sizeof(T);
  return (count + per_line - 1) / per_line * per_line;
}

/// The row length in memory for rows of `count`: an odd number of cache lines, because rows a power of two apart would
/// all fall into the same few sets of the first cache.
template <class T>
constexpr Index spread_stride(Index count) {
  constexpr Index per_line = 64 / sizeof(T);
  return (whole_lines<T>(count) / per_line | 1) * per_line;
}

template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  /// `size` zeros.
  explicit AlignedArray(Index size) : size_(size), memory_(allocate(size), Release{alignment(size)}) { fill(T(0)); }
  AlignedArray(const AlignedArray& other) : AlignedArray(other.size_) { std::copy_n(other.data(), size_, data()); }
  AlignedArray& operator=(const AlignedArray& other) {
    if (this != &other) *this = AlignedArray(other);
    return *this;
  }
  AlignedArray(AlignedArray&& other) noexcept
      : size_(std::exchange(other.size_, 0)), memory_(std::move(other.memory_)) {}
  AlignedArray& operator=(AlignedArray&& other) noexcept {
    size_ = std::exchange(other.size_, 0);
    memory_ = std::move(other.memory_);
    return *this;
  }

  T* data() const { return memory_.get(); }
  Index size() const { return size_; }
  void fill(T value) { std::fill_n(data(), size_, value); }

 private:
  static constexpr std::size_t large_page = std::size_t{2} << 20;
  static constexpr std::align_val_t alignment(Index size) {
    return std::align_val_t{static_cast<std::size_t>(size) * sizeof(T) < large_page ? 64 : large_page};
  }
  struct Release {
    std::align_val_t alignment{64};
    void operator()(T* memory) const { ::operator delete(memory, alignment); }
  };
  static T* allocate(Index size) {
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    void* memory = ::operator new(bytes, alignment(size));
#if defined(__linux__)
    // Advice: where the system has no large pages to give, nothing changes.
    if (bytes >= large_page) madvise(memory, bytes / large_page * large_page, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(memory);
  }
  Index size_ = 0;
  std::unique_ptr<T[], Release> memory_;
};

}  // namespace widthwise
