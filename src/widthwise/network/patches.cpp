#include "widthwise/network/patches.h"

#include <algorithm>

#include "widthwise/linalg/parallel.h"
#include "widthwise/network/pointwise_layer.h"

namespace widthwise {

namespace {

// Calls use(y, x, patch row, first column) for every place of the kernel of one sample; y and x may lie outside.
template <class Use>
void each_place(const Convolution& c, const Shape& out, const Use& use) {
  for (Index i = 0; i < out.height; ++i)
    for (Index j = 0; j < out.width; ++j)
      for (Index a = 0; a < c.kernel_height; ++a)
        for (Index b = 0; b < c.kernel_width; ++b)
          use(i * c.stride + a - c.padding.top, j * c.stride + b - c.padding.left, i * out.width + j,
              (a * c.kernel_width + b) * c.channels_in);
}

bool inside(Index y, Index x, const Shape& shape) {
  return y >= 0 && y < shape.height && x >= 0 && x < shape.width;
}

}  // namespace

template <class T>
void gather_patches(const Convolution& convolution, const Shape& in, const Shape& out, Images<const T> images,
                    Index samples, View<T> patches) {
  const Index channels = convolution.channels_in;
  pointwise_layer::over_rows(samples, patches.size(), [&](Index first, Index count) {
    for (Index n = first; n < first + count; ++n)
      each_place(convolution, out, [&](Index y, Index x, Index row, Index column) {
        T* const to = patches.row(n * out.positions() + row) + column;
        if (!inside(y, x, in)) {
          std::fill_n(to, channels, T(0));
          return;
        }
        const T* const from = images.data + n * images.sample + y * images.row + x * images.pixel;
        if (images.channel == 1)
          std::copy_n(from, channels, to);
        else
          for (Index k = 0; k < channels; ++k) to[k] = from[k * images.channel];
      });
  });
}

template <class T>
void scatter_patches(const Convolution& convolution, const Shape& in, const Shape& out, View<const T> patches,
                     Index samples, bool add, Images<T> images) {
  const Index channels = convolution.channels_in;
  pointwise_layer::over_rows(samples, patches.size(), [&](Index first, Index count) {
    for (Index n = first; n < first + count; ++n) {
      T* const image = images.data + n * images.sample;
      for (Index y = 0; y < in.height && !add; ++y)
        for (Index x = 0; x < in.width; ++x)
          for (Index k = 0; k < channels; ++k) image[y * images.row + x * images.pixel + k * images.channel] = T(0);
      each_place(convolution, out, [&](Index y, Index x, Index row, Index column) {
        if (!inside(y, x, in)) return;
        const T* const from = patches.row(n * out.positions() + row) + column;
        T* const to = image + y * images.row + x * images.pixel;
        if (images.channel == 1)
          for (Index k = 0; k < channels; ++k) to[k] += from[k];
        else
          for (Index k = 0; k < channels; ++k) to[k * images.channel] += from[k];
      });
    }
  });
}

template void gather_patches(const Convolution&, const Shape&, const Shape&, Images<const float>, Index, View<float>);
template void gather_patches(const Convolution&, const Shape&, const Shape&, Images<const double>, Index, View<double>);
template void scatter_patches(const Convolution&, const Shape&, const Shape&, View<const float>, Index, bool,
                              Images<float>);
template void scatter_patches(const Convolution&, const Shape&, const Shape&, View<const double>, Index, bool,
                              Images<double>);

}  // namespace widthwise
