// Matrix products, the few entry points all heavy arithmetic goes through. Row-major, one sample a row:
//   C = alpha op(A) op(B) + beta C      (gemm)
//   C = alpha op(A) op(A)^T + beta C    (syrk; the whole symmetric matrix is written)
// With H (batch x fan_in), W (fan_out x fan_in), D (batch x fan_out) a dense layer is
//   forward Z = H W^T, gradient of the input D W, gradient of the weights D^T H.
// Most products run our own kernels (direct_gemm.h), the largest oneDNN's (float) or OpenBLAS's, where those are
// faster. On one instruction set and number of threads the same call gives the same bits.
#pragma once

#include "widthwise/linalg/view.h"

namespace widthwise {

enum class Op { none, transpose };

/// C = alpha op(A) op(B) + beta C for T = float or double: op(A) is m x k, op(B) k x n, C m x n. With beta = 0, C is
/// not read (it may hold anything, NaN too); with k = 0 the product is 0. A, B and C must not overlap. Throws
/// ShapeError where the sizes do not fit.
template <class T>
void gemm(Op a_op, Op b_op, T alpha, View<const T> a, View<const T> b, T beta, View<T> c);

/// C = alpha op(A) op(A)^T + beta C for T = float or double: op(A) is n x k, C n x n and, where beta is not 0,
/// symmetric. About half the work of gemm. Throws ShapeError.
template <class T>
void syrk(Op op, T alpha, View<const T> a, T beta, View<T> c);

}  // namespace widthwise
