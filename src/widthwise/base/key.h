// Counter-based random numbers (Philox4x32-10, Salmon et al. 2011, through Random123). A Key is a value; it is split,
// never advanced, so a draw depends on the key and its index alone: the same on any number of threads.
//
// Draws of matrices are **nested in width**: entry (i, j) depends on (key, i, j) only, so the leading rows and columns
// of a wider matrix are those of the narrower one and finite-width convergence can be followed path by path.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace widthwise {

class Key {
 public:
  explicit constexpr Key(std::uint64_t seed = 0) : value_{seed} {}

  /// An independent key, a function of this key and `index` alone.
  Key split(std::uint64_t index) const;
  /// The same by name: Key(seed).split("init").
  Key split(std::string_view name) const;

  std::uint64_t value() const { return value_; }
  bool operator==(const Key&) const = default;

  /// Four independent uniform 32-bit words for the counter (i, j).
  std::array<std::uint32_t, 4> words(std::uint64_t i, std::uint64_t j) const;

 private:
  std::uint64_t value_;
};

/// Standard normal N(0,1) at index (i, j): the value fill_normal writes there.
double normal(Key key, std::uint64_t i, std::uint64_t j);
/// Uniform in the open interval (0, 1) at index (i, j).
double uniform(Key key, std::uint64_t i, std::uint64_t j);

/// Fills a row-major rows x cols block, row stride `stride`, with scale * N(0,1); entry (i, j) depends on (key, i, j)
/// alone. T is float or double; a float is the double draw, rounded.
template <class T>
void fill_normal(Key key, std::size_t rows, std::size_t cols, double scale, T* out, std::size_t stride);
/// The same with entries uniform of mean 0 and standard deviation `scale` (so in scale * [-sqrt 3, sqrt 3]).
template <class T>
void fill_uniform(Key key, std::size_t rows, std::size_t cols, double scale, T* out, std::size_t stride);

/// A permutation of 0..count-1 written to `out` (Fisher-Yates with draws from `key`).
void fill_permutation(Key key, std::size_t count, std::uint32_t* out);

}  // namespace widthwise
