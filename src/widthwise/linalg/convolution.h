// Convolutions (cross-correlations: the kernel is not flipped) and their two gradients. Images are channels last, a row
// a position and samples one after the other, weights W fan_out x fan_in with column (a kernel_width + b) in_channels +
// c of kernel row a, column b, channel c:
//
//   forward    z(n, i, j, o) = sum_{a,b,c} x(n, i stride + a - top, j stride + b - left, c) W(o, (a, b, c))
//   backward   dx = J^T d,   dW = D^T patches(x)        D = dLoss/dz
//
// Float runs oneDNN's convolutions where rows are dense (stride = channels) and it has a vectorised one; everything
// else is a product with patches (patches.h), some rows of them at a time, so that they stay in a cache. Layers with a
// 1 x 1 kernel and stride 1 are products of their rows and need none of this. On one instruction set and number of
// threads the same call gives the same bits.
#pragma once

#include "widthwise/linalg/convolution_sizes.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// z = W * x, or z += W * x: x (samples in_positions x in_channels), z (samples out_positions x out_channels). This and
/// the two below are for T = float or double, x, w, d, z must not overlap, and sizes that do not fit throw ShapeError.
template <class T>
void convolve(const ConvolutionSizes& sizes, View<const T> x, View<const T> w, bool add, View<T> z);

/// dx = J^T d, or dx += J^T d.
template <class T>
void convolve_back(const ConvolutionSizes& sizes, View<const T> d, View<const T> w, bool add, View<T> dx);

/// dW = alpha D^T patches(x) + beta dW; with beta = 0, dW is not read.
template <class T>
void convolution_gradient(const ConvolutionSizes& sizes, T alpha, View<const T> d, View<const T> x, T beta, View<T> dw);

}  // namespace widthwise
