// The gradient of a weight matrix from the factors of its layer, folded into whatever it is added to: the one product
// every update rule makes. Of a convolution it needs no patches.
#pragma once

#include "widthwise/linalg/convolution.h"
#include "widthwise/network/dense.h"
#include "widthwise/network/propagation.h"

namespace widthwise {

/// dW <- alpha delta^T x + beta dW, x what the layer of `factors` reads and delta its delta or the columns of one
/// member.
template <class T>
void weight_gradient(T alpha, const Factors<T>& factors, View<const T> delta, T beta, View<T> dw) {
  if (factors.convolution)
    convolution_gradient<T>(*factors.convolution, alpha, delta, factors.images, beta, dw);
  else
    dense_layer::backward_weight<T>(alpha, delta, factors.input, beta, dw);
}

}  // namespace widthwise
