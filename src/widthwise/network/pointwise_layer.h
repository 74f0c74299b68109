// The pointwise layer with the bias of the dense layer before it, samples N, units O:
//
//   forward    Z <- Z + 1 b,   H = phi(Z)
//   backward   D <- D * phi'(Z)                 D = dLoss/dH on entry, dLoss/dZ on return
//   jvp        dH = phi'(Z) * dZ                the same diagonal map: the backward rule on a copy
//
// phi may be null (no activation): then forward only adds the bias and H is Z. Passes over much data are shared among
// the calling thread's threads, by rows.
#pragma once

#include <algorithm>

#include "widthwise/activation/activation.h"
#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/linalg/view.h"

namespace widthwise::pointwise_layer {

/// Calls pass(first_row, rows) over all rows, in parallel where `entries` are enough to pay for it (a pass runs at
/// memory speed: 2^17 entries are tens of microseconds).
template <class Pass>
void over_rows(Index rows, Index entries, const Pass& pass) {
  const Index parts = entries < (Index{1} << 17) ? 1 : std::min<Index>(threads(), rows);
  if (parts == 1) return pass(Index{0}, rows);
  parallel(static_cast<int>(parts), [&](int part) {
    const Index first = rows * part / parts;
    pass(first, rows * (part + 1) / parts - first);
  });
}

template <class T>
void forward(const Activation* phi, View<T> z, const T* bias, View<T> h) {
  if (!phi) {
    if (bias)
      for (Index i = 0; i < z.rows; ++i)
        for (Index j = 0; j < z.cols; ++j) z(i, j) += bias[j];
    return;
  }
  over_rows(z.rows, z.size(), [&](Index first, Index rows) {
    phi->forward(z.block(first, 0, rows, z.cols), bias, h.block(first, 0, rows, h.cols));
  });
}

template <class T>
void backward(const Activation* phi, View<const T> z, View<T> d) {
  if (!phi) return;
  over_rows(z.rows, z.size(), [&](Index first, Index rows) {
    phi->multiply_slope(z.block(first, 0, rows, z.cols), d.block(first, 0, rows, d.cols));
  });
}

template <class T>
void jvp(const Activation* phi, View<const T> z, View<const T> dz, View<T> dh) {
  for (Index i = 0; i < dz.rows; ++i) std::copy_n(dz.row(i), dz.cols, dh.row(i));
  backward(phi, z, dh);
}

}  // namespace widthwise::pointwise_layer
