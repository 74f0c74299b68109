// Layers that only move and average numbers: pools, flatten, sums. Rows are positions of samples, columns features.
// They are linear, so forward serves derivatives too; backward writes, or adds to, the gradient of what they read.
#pragma once

#include "widthwise/architecture/architecture.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/linalg/view.h"

namespace widthwise::position_layer {

/// Calls use(row of the output, row of the input) for every pair a pool over one sample connects.
template <class Use>
void each_pooled(const AveragePool& pool, const Shape& in, const Shape& out, const Use& use) {
  for (Index i = 0; i < out.height; ++i)
    for (Index j = 0; j < out.width; ++j)
      for (Index a = 0; a < pool.window; ++a)
        for (Index b = 0; b < pool.window; ++b)
          use(i * out.width + j, (i * pool.stride + a) * in.width + j * pool.stride + b);
}

/// to_row (+)= a from_row, over `count` features.
template <class T>
void add_row(T a, const T* from, bool add, Index count, T* to) {
  if (add)
    for (Index k = 0; k < count; ++k) to[k] += a * from[k];
  else
    for (Index k = 0; k < count; ++k) to[k] = a * from[k];
}

template <class T>
void clear(View<T> rows) {
  for (Index i = 0; i < rows.rows; ++i)
    for (Index j = 0; j < rows.cols; ++j) rows(i, j) = T(0);
}

template <class T>
void average_pool(const AveragePool& pool, const Shape& in, const Shape& out, View<const T> x, View<T> h) {
  const T share = T(1) / static_cast<T>(pool.window * pool.window);
  clear(h);
  for (Index n = 0; n < h.rows / out.positions(); ++n)
    each_pooled(pool, in, out, [&](Index to, Index from) {
      add_row<T>(share, x.row(n * in.positions() + from), true, h.cols, h.row(n * out.positions() + to));
    });
}
template <class T>
void average_pool_back(const AveragePool& pool, const Shape& in, const Shape& out, View<const T> d, bool add,
                       View<T> dx) {
  const T share = T(1) / static_cast<T>(pool.window * pool.window);
  if (!add) clear(dx);
  for (Index n = 0; n < d.rows / out.positions(); ++n)
    each_pooled(pool, in, out, [&](Index to, Index from) {
      add_row<T>(share, d.row(n * out.positions() + to), true, d.cols, dx.row(n * in.positions() + from));
    });
}

template <class T>
void global_pool(const Shape& in, View<const T> x, View<T> h) {
  const T share = T(1) / static_cast<T>(in.positions());
  clear(h);
  for (Index i = 0; i < x.rows; ++i) add_row<T>(share, x.row(i), true, h.cols, h.row(i / in.positions()));
}
template <class T>
void global_pool_back(const Shape& in, View<const T> d, bool add, View<T> dx) {
  const T share = T(1) / static_cast<T>(in.positions());
  for (Index i = 0; i < dx.rows; ++i) add_row<T>(share, d.row(i / in.positions()), add, d.cols, dx.row(i));
}

template <class T>
void flatten(const Shape& in, View<const T> x, View<T> h) {
  for (Index i = 0; i < x.rows; ++i)
    add_row<T>(T(1), x.row(i), false, x.cols, h.row(i / in.positions()) + i % in.positions() * x.cols);
}
template <class T>
void flatten_back(const Shape& in, View<const T> d, bool add, View<T> dx) {
  for (Index i = 0; i < dx.rows; ++i)
    add_row<T>(T(1), d.row(i / in.positions()) + i % in.positions() * dx.cols, add, dx.cols, dx.row(i));
}

/// to (+)= a from.
template <class T>
void add_scaled(T a, View<const T> from, bool add, View<T> to) {
  for (Index i = 0; i < to.rows; ++i) add_row<T>(a, from.row(i), add, to.cols, to.row(i));
}

}  // namespace widthwise::position_layer
