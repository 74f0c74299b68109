#include "widthwise/network/patches.h"

#include <algorithm>

#include "widthwise/linalg/parallel.h"
#include "widthwise/network/pointwise_layer.h"

namespace widthwise {

namespace {

// A row of a kernel over a row of an image: `count` pixels from x on, behind `before` ones that lie outside.
struct Run {
  Index x, before, count;
};
Run run_inside(const Convolution& c, const Shape& in, Index j) {
  const Index first = j * c.stride - c.padding.left, end = first + c.kernel_width;
  const Index x = std::max<Index>(first, 0), last = std::min(end, in.width);
  return {x, x - first, std::max<Index>(last - x, 0)};
}

// Calls use(y, patch row, first column) for every row of the kernel at every place of one sample; y may lie outside.
template <class Use>
void each_kernel_row(const Convolution& c, const Shape& in, const Shape& out, const Use& use) {
  for (Index i = 0; i < out.height; ++i)
    for (Index j = 0; j < out.width; ++j) {
      const Run run = run_inside(c, in, j);
      for (Index a = 0; a < c.kernel_height; ++a)
        use(i * c.stride + a - c.padding.top, run, i * out.width + j, a * c.kernel_width * c.channels_in);
    }
}

template <class T>
void gather_row(const Convolution& c, const Images<const T>& images, const T* from, const Run& run, T* to) {
  const Index channels = c.channels_in;
  std::fill_n(to, run.before * channels, T(0));
  to += run.before * channels;
  if (images.channel == 1 && images.pixel == channels)
    std::copy_n(from, run.count * channels, to);
  else
    for (Index b = 0; b < run.count; ++b)
      for (Index k = 0; k < channels; ++k) to[b * channels + k] = from[b * images.pixel + k * images.channel];
  std::fill_n(to + run.count * channels, (c.kernel_width - run.before - run.count) * channels, T(0));
}

template <class T>
void scatter_row(const Convolution& c, const Images<T>& images, const T* from, const Run& run, T* to) {
  const Index channels = c.channels_in;
  from += run.before * channels;
  if (images.channel == 1 && images.pixel == channels) {
    for (Index k = 0; k < run.count * channels; ++k) to[k] += from[k];
    return;
  }
  for (Index b = 0; b < run.count; ++b)
    for (Index k = 0; k < channels; ++k) to[b * images.pixel + k * images.channel] += from[b * channels + k];
}

}  // namespace

template <class T>
void gather_patches(const Convolution& convolution, const Shape& in, const Shape& out, Images<const T> images,
                    Index samples, View<T> patches) {
  pointwise_layer::over_rows(samples, patches.size(), [&](Index first, Index count) {
    for (Index n = first; n < first + count; ++n)
      each_kernel_row(convolution, in, out, [&](Index y, const Run& run, Index row, Index column) {
        T* const to = patches.row(n * out.positions() + row) + column;
        if (y < 0 || y >= in.height)
          std::fill_n(to, convolution.kernel_width * convolution.channels_in, T(0));
        else
          gather_row(convolution, images, images.data + n * images.sample + y * images.row + run.x * images.pixel, run,
                     to);
      });
  });
}

template <class T>
void scatter_patches(const Convolution& convolution, const Shape& in, const Shape& out, View<const T> patches,
                     Index samples, bool add, Images<T> images) {
  pointwise_layer::over_rows(samples, patches.size(), [&](Index first, Index count) {
    for (Index n = first; n < first + count; ++n) {
      T* const image = images.data + n * images.sample;
      for (Index y = 0; y < in.height && !add; ++y)
        for (Index x = 0; x < in.width; ++x)
          for (Index k = 0; k < in.features; ++k) image[y * images.row + x * images.pixel + k * images.channel] = T(0);
      each_kernel_row(convolution, in, out, [&](Index y, const Run& run, Index row, Index column) {
        if (y >= 0 && y < in.height)
          scatter_row(convolution, images, patches.row(n * out.positions() + row) + column, run,
                      image + y * images.row + run.x * images.pixel);
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
