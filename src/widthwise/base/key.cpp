#include "widthwise/base/key.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace widthwise {

namespace {

std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t i, std::uint64_t j) {
  const r123::Philox4x32::key_type k = {{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}};
  const r123::Philox4x32::ctr_type counter = {{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32),
                                               static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(j >> 32)}};
  const auto words = r123::Philox4x32{}(counter, k);
  return {words[0], words[1], words[2], words[3]};
}

// A double in the open unit interval from 64 random bits (53 used; the half step keeps 0 and 1 out).
double unit(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = ((std::uint64_t{high} << 32) | low) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1.0p-53;
}

std::pair<double, double> uniform_pair(Key key, std::uint64_t i, std::uint64_t pair) {
  const auto w = key.words(i, pair);
  return {unit(w[0], w[1]), unit(w[2], w[3])};
}

// Box-Muller: columns 2p and 2p+1 of a row share one counter.
std::pair<double, double> normal_pair(Key key, std::uint64_t i, std::uint64_t pair) {
  const auto [u, v] = uniform_pair(key, i, pair);
  const double radius = std::sqrt(-2.0 * std::log(u));
  const double angle = 2.0 * std::numbers::pi * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

template <class T, class Pair>
void fill(std::size_t rows, std::size_t cols, double scale, T* out, std::size_t stride, Pair pair) {
  for (std::size_t i = 0; i < rows; ++i) {
    T* row = out + i * stride;
    for (std::size_t j = 0; j < cols; j += 2) {
      const auto [first, second] = pair(i, j / 2);
      row[j] = static_cast<T>(scale * first);
      if (j + 1 < cols) row[j + 1] = static_cast<T>(scale * second);
    }
  }
}

}  // namespace

Key Key::split(std::uint64_t index) const {
  // A counter no draw uses: draws have their column pair below 2^63.
  const auto w = philox(value_, index, ~std::uint64_t{0});
  return Key((std::uint64_t{w[1]} << 32) | w[0]);
}

Key Key::split(std::string_view name) const {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return split(hash);
}

std::array<std::uint32_t, 4> Key::words(std::uint64_t i, std::uint64_t j) const {
  return philox(value_, i, j);
}

double normal(Key key, std::uint64_t i, std::uint64_t j) {
  const auto [first, second] = normal_pair(key, i, j / 2);
  return j % 2 == 0 ? first : second;
}

double uniform(Key key, std::uint64_t i, std::uint64_t j) {
  const auto [first, second] = uniform_pair(key, i, j / 2);
  return j % 2 == 0 ? first : second;
}

template <class T>
void fill_normal(Key key, std::size_t rows, std::size_t cols, double scale, T* out, std::size_t stride) {
  fill(rows, cols, scale, out, stride, [key](std::size_t i, std::size_t p) { return normal_pair(key, i, p); });
}

template <class T>
void fill_uniform(Key key, std::size_t rows, std::size_t cols, double scale, T* out, std::size_t stride) {
  fill(rows, cols, scale * std::sqrt(3.0), out, stride, [key](std::size_t i, std::size_t p) {
    const auto [u, v] = uniform_pair(key, i, p);
    return std::pair{2.0 * u - 1.0, 2.0 * v - 1.0};
  });
}

void fill_permutation(Key key, std::size_t count, std::uint32_t* out) {
  std::iota(out, out + count, std::uint32_t{0});
  for (std::size_t i = count; i > 1; --i) {
    const auto pick = static_cast<std::size_t>(uniform(key, i, 0) * static_cast<double>(i));
    std::swap(out[i - 1], out[pick]);
  }
}

template void fill_normal(Key, std::size_t, std::size_t, double, float*, std::size_t);
template void fill_normal(Key, std::size_t, std::size_t, double, double*, std::size_t);
template void fill_uniform(Key, std::size_t, std::size_t, double, float*, std::size_t);
template void fill_uniform(Key, std::size_t, std::size_t, double, double*, std::size_t);

}  // namespace widthwise
