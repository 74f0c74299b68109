// What lies under a convolution's kernel, as rows: with inputs x of one sample, the row of output position (i, j) holds
// at column (a kernel_width + b) in_channels + c
//
//   x(i stride + a - top, j stride + b - left, c),   0 outside of the image,
//
// so that a convolution is the product of patches and weights (im2col), its gradient in the weights D^T patches, and
// its gradient in the inputs the sum of D W over all places a pixel stands at (col2im). Patches are as many times
// larger than the image as the kernel has places over stride^2: convolution.h makes a few rows of them at a time.
#pragma once

#include "widthwise/linalg/convolution_sizes.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// Images in memory: entry (n, y, x, c) is data[n sample + y row + x pixel + c channel].
template <class T>
struct Images {
  T* data = nullptr;
  Index sample = 0, row = 0, pixel = 0, channel = 1;
};
/// Channels last: rows of the view are positions, its columns channels.
template <class T>
Images<T> channels_last(View<T> rows, Index height, Index width) {
  return {rows.data, height * width * rows.stride, width * rows.stride, rows.stride, 1};
}
/// One sample a row of the view, channel after channel, each row by row.
template <class T>
Images<T> planes(View<T> samples, Index height, Index width) {
  return {samples.data, samples.stride, width, 1, height * width};
}

/// Rows first .. first + patches.rows - 1 of the patches of all samples (out_positions rows a sample); patches has
/// sizes.fan_in() columns. Shared among the calling thread's threads where there is much to copy.
template <class T>
void gather_patches(const ConvolutionSizes& sizes, Images<const T> images, Index first, View<T> patches);
/// Adds those rows onto the images they would be gathered from.
template <class T>
void scatter_patches(const ConvolutionSizes& sizes, View<const T> patches, Index first, Images<T> images);

}  // namespace widthwise
