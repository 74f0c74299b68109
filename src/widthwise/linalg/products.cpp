#include "widthwise/linalg/products.h"

#include <fmt/format.h>
#ifdef WIDTHWISE_ONEDNN
#include <dnnl.h>
#endif

#include <algorithm>
#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/linalg/direct_gemm.h"
#include "widthwise/linalg/openblas.h"
#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

using linalg::OpenBlas;
using linalg::openblas;

// Multiplications below which a second thread is not worth waiting for (some 70 microseconds on one).
constexpr double threaded_product = 8.4e6;

struct Shape {
  Index m, n, k;
  double multiplications() const { return double(m) * double(n) * double(k); }
};

template <class T>
Shape shape_of(const char* where, Op a_op, Op b_op, View<const T> a, View<const T> b, View<T> c) {
  const Index m = a_op == Op::none ? a.rows : a.cols, k = a_op == Op::none ? a.cols : a.rows;
  const Index kb = b_op == Op::none ? b.rows : b.cols, n = b_op == Op::none ? b.cols : b.rows;
  if (k != kb || c.rows != m || c.cols != n)
    throw ShapeError(where, fmt::format("op(A) m x k, op(B) k x n, C m x n"),
                     fmt::format("op(A) {} x {}, op(B) {} x {}, C {} x {}", m, k, kb, n, c.rows, c.cols));
  if (std::max({m, n, k, a.stride, b.stride, c.stride}) > std::numeric_limits<int>::max())
    throw ShapeError(where, "dimensions below 2^31", fmt::format("{} x {} x {}", m, n, k));
  return {m, n, k};
}

template <class T>
void scale(T beta, View<T> c) {
  for (Index i = 0; i < c.rows; ++i)
    for (Index j = 0; j < c.cols; ++j) c(i, j) = beta == T(0) ? T(0) : beta * c(i, j);
}

int threads_for(double multiplications) {
  return multiplications < threaded_product ? 1 : threads();
}

// A row or column vector may come with any stride; the libraries want at least the row length.
template <class T>
int leading(View<T> v) {
  return static_cast<int>(std::max<Index>({v.stride, v.cols, 1}));
}

constexpr int blas(Op op) {
  return op == Op::none ? OpenBlas::no_transpose : OpenBlas::transpose;
}

template <class T>
void blas_gemm(Op a_op, Op b_op, T alpha, View<const T> a, View<const T> b, T beta, View<T> c, Shape s) {
  const int m = static_cast<int>(s.m), n = static_cast<int>(s.n), k = static_cast<int>(s.k);
  if constexpr (std::is_same_v<T, float>)
    openblas().sgemm(OpenBlas::row_major, blas(a_op), blas(b_op), m, n, k, alpha, a.data, leading(a), b.data,
                     leading(b), beta, c.data, leading(c));
  else
    openblas().dgemm(OpenBlas::row_major, blas(a_op), blas(b_op), m, n, k, alpha, a.data, leading(a), b.data,
                     leading(b), beta, c.data, leading(c));
}

/// Does OpenBLAS run older kernels than this CPU could, because the environment says so? They cost up to half.
bool blas_is_held_back() {
  static const bool held_back =
      !linalg::preferred_openblas_core().empty() && openblas().core != linalg::preferred_openblas_core();
  return held_back;
}

/// Is our own product at least as fast as the library's? Measured on one thread of a Zen 5 against oneDNN 2.6 (float)
/// and OpenBLAS 0.3.21 with its SkylakeX kernels: benchmarks/linalg_benchmark. The libraries pay a fixed cost for their
/// choice of kernels, and copy all of B before the first product; where neither matters they are tuned further.
template <class T>
bool own_is_faster(Op a_op, Op b_op, Shape s) {
#ifdef WIDTHWISE_ONEDNN
  constexpr bool onednn = sizeof(T) == 4;
#else
  constexpr bool onednn = false;
#endif
  constexpr double large = 4e9, large_transposed = onednn ? 1.6e7 : large;  // multiplications
  if (s.m < 4) return false;                                                // packing B does not pay
  if (std::min({s.m, s.n, s.k}) <= 64 || (!onednn && blas_is_held_back())) return true;
  const bool transposed = a_op == Op::transpose && b_op == Op::none;
  return s.multiplications() < (transposed ? large_transposed : large);
}

/// Are the rows of C shared out, rather than its columns? Forward and update give a thread the same rows of the
/// weights, which then stay in its cache; otherwise the longer side is shared.
bool share_rows(Op a_op, Op b_op, Shape s, int count) {
  constexpr Index least = 32;  // a share narrower than this wastes vectors
  if (b_op == Op::transpose && s.n >= least * count) return false;
  if (a_op == Op::transpose && s.m >= least * count) return true;
  return s.m >= s.n;
}

template <class T>
void own_gemm(Op a_op, Op b_op, T alpha, View<const T> a, View<const T> b, T beta, View<T> c, Shape s) {
  const bool a_plain = a_op == Op::none, b_plain = b_op == Op::none;
  linalg::direct_gemm<T>({s.m, s.n, s.k, alpha, beta, a.data, a_plain ? a.stride : 1, a_plain ? 1 : a.stride, b.data,
                          b_plain ? b.stride : 1, b_plain ? 1 : b.stride, c.data, c.stride});
}

#ifdef WIDTHWISE_ONEDNN
bool dnnl_gemm(Op a_op, Op b_op, float alpha, View<const float> a, View<const float> b, float beta, View<float> c,
               Shape s) {
  return dnnl_sgemm(a_op == Op::none ? 'N' : 'T', b_op == Op::none ? 'N' : 'T', s.m, s.n, s.k, alpha, a.data,
                    leading(a), b.data, leading(b), beta, c.data, leading(c)) == dnnl_success;
}
#endif

/// The product on one thread.
template <class T>
void gemm_alone(bool own, Op a_op, Op b_op, T alpha, View<const T> a, View<const T> b, T beta, View<T> c, Shape s) {
  if (own) return own_gemm(a_op, b_op, alpha, a, b, beta, c, s);
#ifdef WIDTHWISE_ONEDNN
  if constexpr (std::is_same_v<T, float>)
    if (dnnl_gemm(a_op, b_op, alpha, a, b, beta, c, s)) return;
#endif
  blas_gemm(a_op, b_op, alpha, a, b, beta, c, s);
}

}  // namespace

template <class T>
void gemm(Op a_op, Op b_op, T alpha, View<const T> a, View<const T> b, T beta, View<T> c) {
  const Shape s = shape_of("gemm", a_op, b_op, a, b, c);
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0 || alpha == T(0)) return scale(beta, c);
  const int count = threads_for(s.multiplications());
  const bool own = own_is_faster<T>(a_op, b_op, s);
  if (count == 1) {
    const ThreadScope one(1);  // for the libraries
    return gemm_alone(own, a_op, b_op, alpha, a, b, beta, c, s);
  }
  const bool rows = share_rows(a_op, b_op, s, count);
  parallel(count, [&](int share) {
    const Index side = rows ? s.m : s.n, first = side * share / count, size = side * (share + 1) / count - first;
    if (size == 0) return;
    if (rows)
      gemm_alone(own, a_op, b_op, alpha, a_op == Op::none ? a.block(first, 0, size, s.k) : a.block(0, first, s.k, size),
                 b, beta, c.block(first, 0, size, s.n), {size, s.n, s.k});
    else
      gemm_alone(own, a_op, b_op, alpha, a,
                 b_op == Op::none ? b.block(0, first, s.k, size) : b.block(first, 0, size, s.k), beta,
                 c.block(0, first, s.m, size), {s.m, size, s.k});
  });
}

template <class T>
void syrk(Op op, T alpha, View<const T> a, T beta, View<T> c) {
  const Op other = op == Op::none ? Op::transpose : Op::none;
  const Shape s = shape_of("syrk", op, other, a, a, c);
  if (s.n == 0) return;
  if (s.k == 0 || alpha == T(0)) return scale(beta, c);
  const ThreadScope scope(threads_for(s.multiplications()));
  const int n = static_cast<int>(s.n), k = static_cast<int>(s.k);
  if constexpr (std::is_same_v<T, float>)
    openblas().ssyrk(OpenBlas::row_major, OpenBlas::upper, blas(op), n, k, alpha, a.data, leading(a), beta, c.data,
                     leading(c));
  else
    openblas().dsyrk(OpenBlas::row_major, OpenBlas::upper, blas(op), n, k, alpha, a.data, leading(a), beta, c.data,
                     leading(c));
  constexpr Index tile = 32;  // the other triangle, by tiles, so that both sides stay in cache
  for (Index i0 = 0; i0 < s.n; i0 += tile)
    for (Index j0 = 0; j0 <= i0; j0 += tile)
      for (Index i = i0; i < std::min(i0 + tile, s.n); ++i)
        for (Index j = j0; j < std::min(j0 + tile, i); ++j) c(i, j) = c(j, i);
}

template void gemm(Op, Op, float, View<const float>, View<const float>, float, View<float>);
template void gemm(Op, Op, double, View<const double>, View<const double>, double, View<double>);
template void syrk(Op, float, View<const float>, float, View<float>);
template void syrk(Op, double, View<const double>, double, View<double>);

}  // namespace widthwise
