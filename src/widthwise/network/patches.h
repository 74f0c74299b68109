// What lies under a convolution's kernel, as rows: with inputs x of one sample, row (i, j) of its patches, of the
// output's position (i, j), holds at column (a kernel_width + b) channels + c
//
//   x(i stride + a - top, j stride + b - left, c), 0 outside of the image,
//
// so that the convolution is the product of patches and weights (im2col), its gradient in the weights delta^T patches,
// and its gradient in the inputs the sum of D W over all places a pixel stands at (col2im). Samples are shared among
// the calling thread's threads.
#pragma once

#include "widthwise/architecture/architecture.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// Images in memory: entry (n, i, j, c) is data[n sample + i row + j pixel + c channel].
template <class T>
struct Images {
  T* data;
  Index sample, row, pixel, channel;
};
/// Channels last: rows are positions, columns channels.
template <class T>
Images<T> channels_last(View<T> rows, const Shape& shape) {
  return {rows.data, shape.positions() * rows.stride, shape.width * rows.stride, rows.stride, 1};
}
/// Channel after channel in each row.
template <class T>
Images<T> planes(View<T> rows, const Shape& shape) {
  return {rows.data, rows.stride, shape.width, 1, shape.features == 1 ? 1 : shape.positions()};
}

/// `in` and `out` are one sample's shapes; `patches` is (samples out.positions()) x (kernel area channels).
template <class T>
void gather_patches(const Convolution& convolution, const Shape& in, const Shape& out, Images<const T> images,
                    Index samples, View<T> patches);
/// Adds patches onto the images they were gathered from, which is written, or added to.
template <class T>
void scatter_patches(const Convolution& convolution, const Shape& in, const Shape& out, View<const T> patches,
                     Index samples, bool add, Images<T> images);

}  // namespace widthwise
