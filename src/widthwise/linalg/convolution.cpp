#include "widthwise/linalg/convolution.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/linalg/onednn_convolution.h"
#include "widthwise/linalg/patches.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/scratch.h"

namespace widthwise {
namespace {

// Bytes of patches made at a time: products of so many rows pay for packing the weights each time, and what a product
// reads is still in a cache.
constexpr Index patch_bytes = Index{4} << 20;

// Slots of linalg::scratch that products do not use.
constexpr int patch_slot = 3, weight_slot = 4;

void check(const char* where, const ConvolutionSizes& s, Index samples, Index in_rows, Index in_cols, Index out_rows,
           Index out_cols, Index w_rows, Index w_cols) {
  if (in_rows == samples * s.in_positions() && in_cols == s.in_channels && out_rows == samples * s.out_positions() &&
      out_cols == s.out_channels && w_rows == s.out_channels && w_cols == s.fan_in())
    return;
  throw ShapeError(where,
                   fmt::format("inputs {} x {}, outputs {} x {}, weights {} x {}", samples * s.in_positions(),
                               s.in_channels, samples * s.out_positions(), s.out_channels, s.out_channels, s.fan_in()),
                   fmt::format("inputs {} x {}, outputs {} x {}, weights {} x {}", in_rows, in_cols, out_rows, out_cols,
                               w_rows, w_cols));
}

template <class T, class In, class Out, class W>
void check(const char* where, const ConvolutionSizes& s, const In& in, const Out& out, const W& w) {
  if (s.out_positions() < 1 || s.in_positions() < 1)
    throw ShapeError(where, "images of at least one pixel",
                     fmt::format("{} x {} to {} x {}", s.in_height, s.in_width, s.out_height, s.out_width));
  check(where, s, out.rows / s.out_positions(), in.rows, in.cols, out.rows, out.cols, w.rows, w.cols);
}

/// Calls use(first row, patch rows) over all rows of all patches, a cache full at a time.
template <class T, class Use>
void each_block(const ConvolutionSizes& s, Index rows, const Use& use) {
  const Index bytes = s.fan_in() * static_cast<Index>(sizeof(T));
  const Index largest = std::clamp<Index>(patch_bytes / bytes, 64, std::max<Index>(rows, 64));
  const Index blocks = (rows + largest - 1) / largest;
  T* const patches = linalg::scratch<T>(patch_slot, static_cast<std::size_t>(largest * s.fan_in()));
  for (Index block = 0; block < blocks; ++block) {
    const Index first = rows * block / blocks, count = rows * (block + 1) / blocks - first;
    use(first, View<T>(patches, count, s.fan_in()));
  }
}

template <class T>
void convolve_by_patches(const ConvolutionSizes& s, View<const T> x, View<const T> w, T beta, View<T> z) {
  const Images<const T> images = channels_last(x, s.in_height, s.in_width);
  each_block<T>(s, z.rows, [&](Index first, View<T> patches) {
    gather_patches<T>(s, images, first, patches);
    gemm<T>(Op::none, Op::transpose, T(1), patches, w, beta, z.block(first, 0, patches.rows, z.cols));
  });
}

/// With stride 1 the gradient in the inputs is itself a convolution, of d with the kernel turned by half a circle.
template <class T>
void convolve_back_turned(const ConvolutionSizes& s, View<const T> d, View<const T> w, T beta, View<T> dx) {
  ConvolutionSizes turned = s;
  std::swap(turned.in_height, turned.out_height);
  std::swap(turned.in_width, turned.out_width);
  std::swap(turned.in_channels, turned.out_channels);
  turned.top = s.kernel_height - 1 - s.top;
  turned.left = s.kernel_width - 1 - s.left;
  const Index places = s.kernel_height * s.kernel_width, out = s.out_channels;
  const View<T> v(linalg::scratch<T>(weight_slot, static_cast<std::size_t>(w.size())), s.in_channels, places * out);
  for (Index place = 0; place < places; ++place)
    for (Index c = 0; c < s.in_channels; ++c)  // lines of a column of w serve the next ones too
      for (Index o = 0; o < out; ++o) v(c, (places - 1 - place) * out + o) = w(o, place * s.in_channels + c);
  convolve_by_patches<T>(turned, d, v, beta, dx);
}

/// It also multiplies with zeros around d, more the less the image was padded; scattering costs about a tenth.
bool turning_pays(const ConvolutionSizes& s) {
  return s.stride == 1 && 10 * s.in_positions() <= 11 * s.out_positions();
}

template <class T>
void convolve_back_scattered(const ConvolutionSizes& s, View<const T> d, View<const T> w, bool add, View<T> dx) {
  for (Index i = 0; i < dx.rows && !add; ++i) std::fill_n(dx.row(i), dx.cols, T(0));
  const Images<T> images = channels_last(dx, s.in_height, s.in_width);
  each_block<T>(s, d.rows, [&](Index first, View<T> patches) {
    gemm<T>(Op::none, Op::none, T(1), d.block(first, 0, patches.rows, d.cols), w, T(0), patches);
    scatter_patches<T>(s, patches, first, images);
  });
}

}  // namespace

template <class T>
void convolve(const ConvolutionSizes& sizes, View<const T> x, View<const T> w, bool add, View<T> z) {
  check<T>("convolve", sizes, x, z, w);
  if (z.size() == 0) return;
  if constexpr (sizeof(T) == 4)
    if (linalg::onednn_convolve(sizes, x, w, add, z)) return;
  convolve_by_patches<T>(sizes, x, w, add ? T(1) : T(0), z);
}

template <class T>
void convolve_back(const ConvolutionSizes& sizes, View<const T> d, View<const T> w, bool add, View<T> dx) {
  check<T>("convolve_back", sizes, dx, d, w);
  if (dx.size() == 0) return;
  if constexpr (sizeof(T) == 4)
    if (linalg::onednn_convolve_back(sizes, d, w, add, dx)) return;
  if (turning_pays(sizes))
    convolve_back_turned<T>(sizes, d, w, add ? T(1) : T(0), dx);
  else
    convolve_back_scattered<T>(sizes, d, w, add, dx);
}

template <class T>
void convolution_gradient(const ConvolutionSizes& sizes, T alpha, View<const T> d, View<const T> x, T beta,
                          View<T> dw) {
  check<T>("convolution_gradient", sizes, x, d, dw);
  if constexpr (sizeof(T) == 4)
    if (d.rows > 0 && linalg::onednn_convolution_gradient(sizes, alpha, d, x, beta, dw)) return;
  const Images<const T> images = channels_last(x, sizes.in_height, sizes.in_width);
  if (d.rows == 0) gemm<T>(Op::transpose, Op::none, alpha, d, View<const T>(x.data, 0, dw.cols), beta, dw);
  each_block<T>(sizes, d.rows, [&](Index first, View<T> patches) {
    gather_patches<T>(sizes, images, first, patches);
    gemm<T>(Op::transpose, Op::none, alpha, d.block(first, 0, patches.rows, d.cols), patches, first == 0 ? beta : T(1),
            dw);
  });
}

template void convolve(const ConvolutionSizes&, View<const float>, View<const float>, bool, View<float>);
template void convolve(const ConvolutionSizes&, View<const double>, View<const double>, bool, View<double>);
template void convolve_back(const ConvolutionSizes&, View<const float>, View<const float>, bool, View<float>);
template void convolve_back(const ConvolutionSizes&, View<const double>, View<const double>, bool, View<double>);
template void convolution_gradient(const ConvolutionSizes&, float, View<const float>, View<const float>, float,
                                   View<float>);
template void convolution_gradient(const ConvolutionSizes&, double, View<const double>, View<const double>, double,
                                   View<double>);

}  // namespace widthwise
