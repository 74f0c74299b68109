// The dense layer, samples N, fan-in I, fan-out O, one sample a row:
//
//   forward    Z = X W^T               X (N x I), W (O x I), Z (N x O); its bias is added by the pass that follows
//   backward   dX = D W                D = dLoss/dZ (N x O)
//              dW = D^T X,  db = column sums of D
//   jvp        dZ = dX W^T + X V^T + 1 v     along (dX, V, v)
//
// Forward and backward are one product each; whoever updates W folds its rate into the product (alpha, beta).
#pragma once

#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/view.h"

namespace widthwise::dense_layer {

template <class T>
void forward(View<const T> x, View<const T> w, View<T> z) {
  gemm<T>(Op::none, Op::transpose, T(1), x, w, T(0), z);
}

template <class T>
void backward_input(View<const T> d, View<const T> w, View<T> dx) {
  gemm<T>(Op::none, Op::none, T(1), d, w, T(0), dx);
}

/// dW <- alpha D^T X + beta dW.
template <class T>
void backward_weight(T alpha, View<const T> d, View<const T> x, T beta, View<T> dw) {
  gemm<T>(Op::transpose, Op::none, alpha, d, x, beta, dw);
}

/// db <- alpha (column sums of D) + beta db, with db of length O.
template <class T>
void backward_bias(T alpha, View<const T> d, T beta, T* db) {
  pointwise::column_sums<T>(alpha, d, beta, db);
}

/// `dx`, `v` (with its bias direction `v_bias`, of length O) may have null data: that part of the direction is zero.
template <class T>
void jvp(View<const T> x, View<const T> w, View<const T> dx, View<const T> v, const T* v_bias, View<T> dz) {
  if (dx.data) gemm<T>(Op::none, Op::transpose, T(1), dx, w, T(0), dz);
  if (v.data) gemm<T>(Op::none, Op::transpose, T(1), x, v, dx.data ? T(1) : T(0), dz);
  if (!v_bias) return;
  for (Index i = 0; i < dz.rows; ++i)
    for (Index j = 0; j < dz.cols; ++j) dz(i, j) += v_bias[j];
}

}  // namespace widthwise::dense_layer
