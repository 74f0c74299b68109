#include "widthwise/linalg/newton_schulz.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/products.h"

namespace widthwise {

namespace {

constexpr double a = 3.4445, b = -4.7750, c = 2.0315;

// In double, for gradients so small that the reciprocal of their norm is no float.
template <class T>
void divide(View<T> x, double by) {
  const double factor = 1 / by;
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) x(i, j) = static_cast<T>(static_cast<double>(x(i, j)) * factor);
}

// P = a I + b G + c G^2 of the symmetric G. General products throughout: up to a size of 1024 syrk, with half of their
// arithmetic, was not faster.
template <class T>
void polynomial(View<const T> gram, View<T> p) {
  std::copy_n(gram.data, gram.size(), p.data);
  gemm<T>(Op::none, Op::none, static_cast<T>(c), gram, gram, static_cast<T>(b), p);
  for (Index i = 0; i < p.rows; ++i) p(i, i) += static_cast<T>(a);
}

}  // namespace

Index newton_schulz_room(Index rows, Index cols) {
  const Index small = std::min(rows, cols);
  return rows * cols + 2 * small * small;
}

template <class T>
void newton_schulz(int iterations, T alpha, View<T> x, T beta, View<T> w, T* room) {
  if (x.rows != w.rows || x.cols != w.cols)
    throw ShapeError("newton_schulz", fmt::format("{} x {}", x.rows, x.cols), fmt::format("{} x {}", w.rows, w.cols));
  if (x.size() == 0) return;
  const double norm = std::sqrt(pointwise::sum_squares<T>(x));
  if (norm != 0) divide(x, norm);  // not a number stays one

  const bool wide = x.rows <= x.cols;  // G = X X^T, X <- P X; else G = X^T X, X <- X P
  const Index small = std::min(x.rows, x.cols);
  View<T> next(room, x.rows, x.cols), gram(room + x.size(), small, small), p(gram.data + gram.size(), small, small);
  for (int k = 1; k <= iterations; ++k) {
    const bool last = k == iterations;
    gemm<T>(wide ? Op::none : Op::transpose, wide ? Op::transpose : Op::none, T(1), x, x, T(0), gram);
    polynomial<T>(gram, p);
    gemm<T>(Op::none, Op::none, last ? alpha : T(1), wide ? p : x, wide ? x : p, last ? beta : T(0), last ? w : next);
    std::swap(x, next);
  }
}

template void newton_schulz(int, float, View<float>, float, View<float>, float*);
template void newton_schulz(int, double, View<double>, double, View<double>, double*);

}  // namespace widthwise
