// The loops of Goto & van de Geijn (2008): panels of B, two vectors wide and packed where that helps, stay in the first
// cache; a register tile of C collects outer products along k.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/direct_gemm.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include "widthwise/linalg/direct_gemm.h"
#include "widthwise/linalg/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace widthwise::linalg {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows of a tile: with two vectors a row, 24 of 32 or 12 of 16 registers hold C.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_ARCH_ARM
constexpr int tile_rows = 12;
#else
constexpr int tile_rows = 6;
#endif
constexpr Index block_k = 384;   // length of a packed panel: 384 x 32 floats fill a first cache
constexpr Index block_m = 240;   // rows of A used with one packed block before the next
constexpr Index block_n = 2048;  // columns of one packed block of B

template <class T>
struct Panel {
  const T* b;
  Index b_row;
  T* c;
  Index c_row;
  Index cols, k;
  T alpha, beta;
};

/// C(rows x cols) = alpha A B + beta C for one tile; a row of B is `vectors` vectors, the last of them cut short if
/// `cut`.
template <int rows, int vectors, bool cut, class T>
HWY_INLINE void tile(const T* HWY_RESTRICT a, Index a_row, Index a_col, const Panel<T>& p) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Index lanes = static_cast<Index>(hn::Lanes(d));
  V sum[rows][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) sum[i][j] = hn::Zero(d);
  const Index last = p.cols - (vectors - 1) * lanes;  // columns in the last vector
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(last));
  const T* HWY_RESTRICT b = p.b;
  for (Index l = 0; l < p.k; ++l, b += p.b_row, a += a_col) {
    V row[vectors];
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j)
      row[j] = cut && j == vectors - 1 ? hn::MaskedLoad(mask, d, b + j * lanes) : hn::LoadU(d, b + j * lanes);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const V factor = hn::Set(d, a[i * a_row]);
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) sum[i][j] = hn::MulAdd(factor, row[j], sum[i][j]);
    }
  }
  const V alpha = hn::Set(d, p.alpha), beta = hn::Set(d, p.beta);
  const auto finish = [&](V s, const V old) {
    return p.beta == T(0) ? hn::Mul(alpha, s) : hn::MulAdd(beta, old, hn::Mul(alpha, s));
  };
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
    T* const c = p.c + i * p.c_row;
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      T* const at = c + j * lanes;
      if (j < vectors - 1 || last == lanes) {
        const V old = p.beta == T(0) ? hn::Zero(d) : hn::LoadU(d, at);
        hn::StoreU(finish(sum[i][j], old), d, at);
      } else {
        const V old = p.beta == T(0) ? hn::Zero(d) : hn::MaskedLoad(mask, d, at);
        hn::BlendedStore(finish(sum[i][j], old), mask, d, at);
      }
    }
  }
}

/// A tile of A by columns, a function of its own: inlined with its neighbours, g++ 12 keeps B in memory, at half speed.
template <int rows, int vectors, bool cut, class T>
HWY_NOINLINE void tile_by_columns(const T* a, Index a_col, const Panel<T>& p) {
  tile<rows, vectors, cut>(a, Index{1}, a_col, p);
}

/// The tile of `rows` rows (at most tile_rows), found by counting down.
template <int rows, int vectors, bool by_columns, bool cut, class T>
HWY_INLINE void tile_of(Index wanted, const T* a, Index a_row, Index a_col, const Panel<T>& p) {
  if constexpr (rows > 0) {
    if (wanted != rows)
      tile_of<rows - 1, vectors, by_columns, cut>(wanted, a, a_row, a_col, p);
    else if constexpr (by_columns)
      tile_by_columns<rows, vectors, cut>(a, a_col, p);
    else
      tile<rows, vectors, cut>(a, a_row, Index{1}, p);
  }
}

/// All rows of one panel, shared evenly between tiles.
template <int vectors, bool by_columns, bool cut, class T>
void panel_rows(Index m, const T* a, Index a_row, Index a_col, Panel<T> p) {
  for (Index tiles = (m + tile_rows - 1) / tile_rows; tiles > 0; --tiles) {
    const Index rows = (m + tiles - 1) / tiles;
    tile_of<tile_rows, vectors, by_columns, cut>(rows, a, a_row, a_col, p);
    a += rows * a_row;
    p.c += rows * p.c_row;
    m -= rows;
  }
}

template <bool by_columns, class T>
void panel_product(Index m, const T* a, Index a_row, Index a_col, bool cut, const Panel<T>& p) {
  const bool wide = p.cols > static_cast<Index>(hn::Lanes(hn::ScalableTag<T>()));
  if (cut)
    wide ? panel_rows<2, by_columns, true>(m, a, a_row, a_col, p)
         : panel_rows<1, by_columns, true>(m, a, a_row, a_col, p);
  else
    wide ? panel_rows<2, by_columns, false>(m, a, a_row, a_col, p)
         : panel_rows<1, by_columns, false>(m, a, a_row, a_col, p);
}

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

/// A, given by columns, in tiles of tile_rows rows, each as k columns.
template <class T>
void pack_rows(const T* a, Index a_col, Index m, Index k, T* to) {
  for (Index i0 = 0; i0 < m; i0 += tile_rows, to += tile_rows * k) {
    const Index rows = m - i0 < tile_rows ? m - i0 : tile_rows;
    const T* from = a + i0;
    for (Index l = 0; l < k; ++l)
      for (Index i = 0; i < rows; ++i) to[l * tile_rows + i] = from[i + l * a_col];
  }
}

template <class T>
void packed_rows_product(Index m, const T* packed, Panel<T> p) {
  for (Index i0 = 0; i0 < m; i0 += tile_rows, packed += tile_rows * p.k, p.c += tile_rows * p.c_row)
    panel_product<true>(m - i0 < tile_rows ? m - i0 : Index{tile_rows}, packed, 1, tile_rows, false, p);
}

template <class T>
void product(const DirectProduct<T>& p) {
  const Index lanes = static_cast<Index>(hn::Lanes(hn::ScalableTag<T>()));
  const Index width = 2 * lanes;
  const Index bytes = static_cast<Index>(sizeof(T));
  // B is read where it lies if its rows are consecutive and it fits the cache, or is read too few times to be copied.
  const bool b_in_place = p.b_col == 1 && (p.k * p.b_row * bytes <= 32 * 1024 || p.m <= 3 * tile_rows);
  // Columns of A far apart are gathered once for all panels; rows of A are read along, as they lie.
  const bool pack_a = p.a_col != 1 && p.k * p.a_col * bytes > 256 * 1024 && p.n > 4 * width;
  const Index columns = p.n < block_n ? p.n : block_n, depth = p.k < block_k ? p.k : block_k;
  const Index panels = (columns + width - 1) / width;
  T* const b_space = b_in_place ? nullptr : scratch<T>(0, static_cast<std::size_t>(panels * width * depth));
  T* const a_space = pack_a ? scratch<T>(1, static_cast<std::size_t>((block_m + tile_rows) * depth)) : nullptr;
  for (Index n0 = 0; n0 < p.n; n0 += block_n)
    for (Index l0 = 0; l0 < p.k; l0 += block_k) {
      const Index n = p.n - n0 < block_n ? p.n - n0 : block_n, k = p.k - l0 < block_k ? p.k - l0 : block_k;
      for (Index i0 = 0; i0 < p.m; i0 += block_m) {
        const Index m = p.m - i0 < block_m ? p.m - i0 : block_m;
        const T* const a = p.a + i0 * p.a_row + l0 * p.a_col;
        if (pack_a) pack_rows(a, p.a_col, m, k, a_space);
        for (Index j0 = 0; j0 < n; j0 += width) {
          const Index cols = n - j0 < width ? n - j0 : width;
          const T beta = l0 == 0 ? p.beta : T(1);
          Panel<T> panel{
              p.b + l0 * p.b_row + n0 + j0, p.b_row, p.c + i0 * p.c_row + n0 + j0, p.c_row, cols, k, p.alpha, beta};
          if (!b_in_place) {
            T* const packed = b_space + j0 * depth;
            if (i0 == 0) pack_panel(p, l0, k, n0 + j0, cols, width, packed);
            panel.b = packed;
            panel.b_row = width;
          }
          if (pack_a)
            packed_rows_product(m, a_space, panel);
          else if (p.a_col == 1)
            panel_product<false>(m, a, p.a_row, 1, b_in_place && cols % lanes != 0, panel);
          else
            panel_product<true>(m, a, 1, p.a_col, b_in_place && cols % lanes != 0, panel);
        }
      }
    }
}

void product_f32(const DirectProduct<float>& p) {
  product(p);
}
void product_f64(const DirectProduct<double>& p) {
  product(p);
}

}  // namespace HWY_NAMESPACE
}  // namespace widthwise::linalg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace widthwise::linalg {

HWY_EXPORT(product_f32);
HWY_EXPORT(product_f64);

template <>
void direct_gemm(const DirectProduct<float>& product) {
  HWY_DYNAMIC_DISPATCH(product_f32)(product);
}
template <>
void direct_gemm(const DirectProduct<double>& product) {
  HWY_DYNAMIC_DISPATCH(product_f64)(product);
}

}  // namespace widthwise::linalg
#endif
