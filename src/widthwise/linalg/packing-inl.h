// Copies of parts of A and B in the order direct_gemm reads them, compiled once for each instruction set. Included by
// direct_gemm.cpp inside foreach_target only.
#if defined(WIDTHWISE_LINALG_PACKING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef WIDTHWISE_LINALG_PACKING_INL_H
#undef WIDTHWISE_LINALG_PACKING_INL_H
#else
#define WIDTHWISE_LINALG_PACKING_INL_H
#endif

#include <hwy/highway.h>

#include "widthwise/linalg/direct_gemm.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// 128-bit pieces at p, p + step, p + 2 step, ... side by side in one vector.
template <class D>
HWY_INLINE hn::Vec<D> load_pieces(D d, const hn::TFromD<D>* p, Index step) {
  if constexpr (hn::MaxLanes(d) * sizeof(hn::TFromD<D>) <= 16) {
    return hn::LoadU(d, p);
  } else {
    const hn::Half<D> half;
    const Index pieces = static_cast<Index>(hn::MaxLanes(half) * sizeof(hn::TFromD<D>) / 16);
    return hn::Combine(d, load_pieces(half, p + pieces * step, step), load_pieces(half, p, step));
  }
}

/// to[l][j] = from[j][l] for j < lanes, l < 4 (float) or l < 2 (double). Interleaving works on each 128 bits, so rows
/// four (two) apart lie side by side.
HWY_INLINE void transpose_strip(const float* from, Index stride, float* to, Index to_stride) {
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<double> wide;
  const auto r0 = load_pieces(d, from, 4 * stride), r1 = load_pieces(d, from + stride, 4 * stride);
  const auto r2 = load_pieces(d, from + 2 * stride, 4 * stride), r3 = load_pieces(d, from + 3 * stride, 4 * stride);
  const auto a = hn::BitCast(wide, hn::InterleaveLower(d, r0, r1)),
             b = hn::BitCast(wide, hn::InterleaveUpper(d, r0, r1));
  const auto e = hn::BitCast(wide, hn::InterleaveLower(d, r2, r3)),
             f = hn::BitCast(wide, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(wide, a, e)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(wide, a, e)), d, to + to_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(wide, b, f)), d, to + 2 * to_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(wide, b, f)), d, to + 3 * to_stride);
}
HWY_INLINE void transpose_strip(const double* from, Index stride, double* to, Index to_stride) {
  const hn::ScalableTag<double> d;
  const auto r0 = load_pieces(d, from, 2 * stride), r1 = load_pieces(d, from + stride, 2 * stride);
  hn::StoreU(hn::InterleaveLower(d, r0, r1), d, to);
  hn::StoreU(hn::InterleaveUpper(d, r0, r1), d, to + to_stride);
}

/// to[l][j] = from[j][l], j < rows, l < k.
template <class T>
void pack_transposed(const T* from, Index stride, Index rows, Index k, T* to, Index to_stride) {
  constexpr Index length = 16 / sizeof(T);
  const Index lanes = static_cast<Index>(hn::Lanes(hn::ScalableTag<T>()));
  Index j = 0;
  for (; j + lanes <= rows; j += lanes) {
    Index l = 0;
    for (; l + length <= k; l += length)
      transpose_strip(from + j * stride + l, stride, to + l * to_stride + j, to_stride);
    for (; l < k; ++l)
      for (Index i = j; i < j + lanes; ++i) to[l * to_stride + i] = from[i * stride + l];
  }
  for (; j < rows; ++j)
    for (Index l = 0; l < k; ++l) to[l * to_stride + j] = from[j * stride + l];
}

/// Columns first..first + cols of rows l0..l0 + k of B, as k rows of `width` entries, zeros behind.
template <class T>
void pack_panel(const DirectProduct<T>& p, Index l0, Index k, Index first, Index cols, Index width, T* to) {
  const T* from = p.b + l0 * p.b_row + first * p.b_col;
  if (cols < width)
    for (Index l = 0; l < k; ++l)
      for (Index j = cols; j < width; ++j) to[l * width + j] = T(0);
  if (p.b_col != 1) return pack_transposed(from, p.b_col, cols, k, to, width);
  for (Index l = 0; l < k; ++l)
    for (Index j = 0; j < cols; ++j) to[l * width + j] = from[l * p.b_row + j];
}

/// A block of numbers that will be read soon, brought nearer part by part between tiles.
template <class T>
struct Ahead {
  const T* from = nullptr;
  Index rows = 0, cols = 0, stride = 0;
  void fetch(Index part, Index parts) const {
    constexpr Index line = 64 / sizeof(T);
    for (Index i = rows * part / parts, end = rows * (part + 1) / parts; i < end; ++i)
      for (Index j = 0; j < cols; j += line) __builtin_prefetch(from + i * stride + j, 0, 2);
  }
};

/// What pack_panel will read.
template <class T>
Ahead<T> unpacked_panel(const DirectProduct<T>& p, Index l0, Index k, Index first, Index cols) {
  const T* from = p.b + l0 * p.b_row + first * p.b_col;
  return p.b_col == 1 ? Ahead<T>{from, k, cols, p.b_row} : Ahead<T>{from, cols, k, p.b_col};
}

/// A, given by columns, in tiles of tile_rows rows, each as k columns.
template <Index tile_rows, class T>
void pack_rows(const T* a, Index a_col, Index m, Index k, T* to) {
  for (Index i0 = 0; i0 < m; i0 += tile_rows, to += tile_rows * k) {
    const Index rows = m - i0 < tile_rows ? m - i0 : tile_rows;
    const T* from = a + i0;
    if (rows == tile_rows)  // of a length known to the compiler: a few vector moves
      for (Index l = 0; l < k; ++l) __builtin_memcpy(to + l * tile_rows, from + l * a_col, sizeof(T) * tile_rows);
    else
      for (Index l = 0; l < k; ++l)
        for (Index i = 0; i < rows; ++i) to[l * tile_rows + i] = from[i + l * a_col];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#endif
