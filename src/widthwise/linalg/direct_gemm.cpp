// The loops of Goto & van de Geijn (2008): panels of B, two vectors wide and packed where that helps, stay in the first
// cache; a register tile of C collects outer products along k.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widthwise/linalg/direct_gemm.cpp"
#include <hwy/foreach_target.h>
// The targets' includes come first, each once for every target.
#include <hwy/highway.h>

#include "widthwise/linalg/direct_gemm.h"
#include "widthwise/linalg/packing-inl.h"
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
constexpr Index block_k = 272;   // length of a packed panel: 272 x 32 floats fit a first cache
constexpr Index block_m = 516;   // rows of A that stay in the second cache, at block_k terms, while panels pass
constexpr Index block_n = 2048;  // columns of one packed block of B
constexpr Index turn_m = 128, turn_k = 64;  // see turned_product

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
  // C arrives while the sums are made.
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) __builtin_prefetch(p.c + i * p.c_row + j * lanes, 1);
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
    if (p.beta == T(1)) return hn::MulAdd(alpha, s, old);  // every update of weights
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
void panel_rows(Index m, const T* a, Index a_row, Index a_col, Panel<T> p, const Ahead<T>& ahead) {
  const Index all = (m + tile_rows - 1) / tile_rows;
  for (Index tiles = all; tiles > 0; --tiles) {
    const Index rows = (m + tiles - 1) / tiles;
    ahead.fetch(all - tiles, all);
    tile_of<tile_rows, vectors, by_columns, cut>(rows, a, a_row, a_col, p);
    a += rows * a_row;
    p.c += rows * p.c_row;
    m -= rows;
  }
}

template <bool by_columns, class T>
void panel_product(Index m, const T* a, Index a_row, Index a_col, bool cut, const Panel<T>& p, const Ahead<T>& ahead) {
  const bool wide = p.cols > static_cast<Index>(hn::Lanes(hn::ScalableTag<T>()));
  if (cut)
    wide ? panel_rows<2, by_columns, true>(m, a, a_row, a_col, p, ahead)
         : panel_rows<1, by_columns, true>(m, a, a_row, a_col, p, ahead);
  else
    wide ? panel_rows<2, by_columns, false>(m, a, a_row, a_col, p, ahead)
         : panel_rows<1, by_columns, false>(m, a, a_row, a_col, p, ahead);
}

template <class T>
void packed_rows_product(Index m, const T* packed, Panel<T> p, const Ahead<T>& ahead) {
  const Index tiles = (m + tile_rows - 1) / tile_rows;
  for (Index t = 0; t < tiles; ++t, packed += tile_rows * p.k, p.c += tile_rows * p.c_row) {
    ahead.fetch(t, tiles);
    panel_product<true>(t + 1 < tiles ? Index{tile_rows} : m - t * tile_rows, packed, 1, tile_rows, false, p, {});
  }
}

/// The length of blocks that cut `total` evenly into the fewest of at most `largest`, rounded up to whole units.
inline Index even_block(Index total, Index largest, Index unit) {
  const Index count = (total + largest - 1) / largest;
  return ((total + count - 1) / count + unit - 1) / unit * unit;
}

/// Rows i0.., columns n0.. and terms l0.. of a product.
struct Block {
  Index i0, m, n0, n, l0, k;
};

/// How a product is cut: blocks of at most block_m rows, block_n columns and block_k terms.
template <class T>
struct Blocks {
  static constexpr Index bytes = static_cast<Index>(sizeof(T));
  Index width, m, n, k;     // columns of a panel; rows, columns and terms of a block
  bool b_in_place, pack_a;  // B is read where it lies; A is gathered
  T *b_space, *a_space;

  explicit Blocks(const DirectProduct<T>& p)
      : width(2 * static_cast<Index>(hn::Lanes(hn::ScalableTag<T>()))),
        m(even_block(p.m, block_m, tile_rows)),
        n(p.n < block_n ? p.n : block_n),
        k(even_block(p.k, block_k, 16)),
        // Not copied: rows that are consecutive and fit the cache, or are read too few times.
        b_in_place(p.b_col == 1 && (p.k * p.b_row * bytes <= 32 * 1024 || p.m <= 3 * tile_rows)),
        // Columns of A far apart are gathered once for all panels; rows of A are read along, as they lie.
        pack_a(p.a_col != 1 && p.k * p.a_col * bytes > 256 * 1024 && p.n > 4 * width),
        b_space(b_in_place ? nullptr : scratch<T>(0, static_cast<std::size_t>((n + width) * k))),
        a_space(pack_a ? scratch<T>(1, static_cast<std::size_t>(m * k)) : nullptr) {}
};

/// What the panel after column j0 will be made of: the packed one, B where it is not packed yet, or the first panel of
/// the next block of terms.
template <class T>
Ahead<T> next_panel(const DirectProduct<T>& p, const Blocks<T>& blocks, const Block& b, Index j0) {
  const Index next = j0 + blocks.width, terms = b.l0 + b.k;
  if (blocks.b_in_place) return {};
  if (b.i0 > 0) return {blocks.b_space + next * blocks.k, b.k, blocks.width, blocks.width};
  const auto cols = [&](Index j) { return b.n - j < blocks.width ? b.n - j : blocks.width; };
  if (next < b.n) return unpacked_panel(p, b.l0, b.k, b.n0 + next, cols(next));
  if (terms < p.k) return unpacked_panel(p, terms, p.k - terms < blocks.k ? p.k - terms : blocks.k, b.n0, cols(0));
  return {};
}

template <class T>
void block_product(const DirectProduct<T>& p, const Blocks<T>& blocks, const Block& b) {
  const Index lanes = blocks.width / 2;
  const T* const a = p.a + b.i0 * p.a_row + b.l0 * p.a_col;
  const T beta = b.l0 == 0 ? p.beta : T(1);
  if (blocks.pack_a) pack_rows<tile_rows>(a, p.a_col, b.m, b.k, blocks.a_space);
  for (Index j0 = 0; j0 < b.n; j0 += blocks.width) {
    const Index cols = b.n - j0 < blocks.width ? b.n - j0 : blocks.width, first = b.n0 + j0;
    Panel<T> panel{
        p.b + b.l0 * p.b_row + first, p.b_row, p.c + b.i0 * p.c_row + first, p.c_row, cols, b.k, p.alpha, beta};
    if (!blocks.b_in_place) {
      T* const packed = blocks.b_space + (p.m <= blocks.m ? 0 : j0 * blocks.k);  // kept for the next rows if any
      if (b.i0 == 0) pack_panel(p, b.l0, b.k, first, cols, blocks.width, packed);
      panel.b = packed;
      panel.b_row = blocks.width;
    }
    const Ahead<T> ahead = next_panel(p, blocks, b, j0);
    const bool cut = blocks.b_in_place && cols % lanes != 0;
    if (blocks.pack_a)
      packed_rows_product(b.m, blocks.a_space, panel, ahead);
    else if (p.a_col == 1)
      panel_product<false>(b.m, a, p.a_row, 1, cut, panel, ahead);
    else
      panel_product<true>(b.m, a, 1, p.a_col, cut, panel, ahead);
  }
}

template <class T>
void straight_product(const DirectProduct<T>& p) {
  const Blocks<T> blocks(p);
  const auto rest = [](Index total, Index from, Index block) { return total - from < block ? total - from : block; };
  for (Index n0 = 0; n0 < p.n; n0 += blocks.n)
    for (Index l0 = 0; l0 < p.k; l0 += blocks.k)
      for (Index i0 = 0; i0 < p.m; i0 += blocks.m)
        block_product(p, blocks,
                      {i0, rest(p.m, i0, blocks.m), n0, rest(p.n, n0, blocks.n), l0, rest(p.k, l0, blocks.k)});
}

/// C by way of its transpose, B^T A^T: then B, many times larger than A, is read once as it lies and only A is packed.
/// Some rows of the transpose at a time, which stay in the second cache.
template <class T>
void turned_product(const DirectProduct<T>& p) {
  T* const turned = scratch<T>(2, static_cast<std::size_t>(block_m * p.m));
  for (Index j0 = 0; j0 < p.n; j0 += block_m) {
    const Index n = p.n - j0 < block_m ? p.n - j0 : block_m;
    straight_product<T>({n, p.m, p.k, p.alpha, T(0), p.b + j0 * p.b_col, p.b_col, 1, p.a, 1, p.a_row, turned, p.m});
    pack_transposed(turned, p.m, n, p.m, p.c + j0, p.c_row);
  }
}

template <class T>
void product(const DirectProduct<T>& p) {
  const Index least = 2 * static_cast<Index>(hn::Lanes(hn::ScalableTag<T>()));
  const bool by_rows = p.a_col == 1 && p.b_row == 1;
  if (by_rows && p.beta == T(0) && p.m >= least && p.m <= turn_m && p.n >= 2 * p.m && p.k >= turn_k)
    turned_product(p);
  else
    straight_product(p);
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
