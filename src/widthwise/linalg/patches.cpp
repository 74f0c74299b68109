#include "widthwise/linalg/patches.h"

#include <algorithm>

#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

// Entries below which a second thread is not worth waiting for: a copy runs at memory speed.
constexpr Index threaded_copy = Index{1} << 17;

/// Calls use(first, count) over `count` things of `entries` entries in all, in parallel where that pays.
template <class Use>
void share_out(Index count, Index entries, const Use& use) {
  const Index parts = entries < threaded_copy ? 1 : std::min<Index>(threads(), count);
  if (parts <= 1) return use(Index{0}, count);
  parallel(static_cast<int>(parts), [&](int part) {
    const Index first = count * part / parts;
    use(first, count * (part + 1) / parts - first);
  });
}

/// The part of one kernel row that lies inside of the image: places from..to of it, read from row y, pixel x.
struct Run {
  Index column, from, to, y, x;  // column: of the first place of the kernel row
};

/// Calls use(run) for the kernel rows of one output position; from = to where a row lies outside.
template <class Use>
void each_kernel_row(const ConvolutionSizes& s, Index position, const Use& use) {
  const Index i = position / s.out_width, j = position % s.out_width, x = j * s.stride - s.left;
  const Index from = std::clamp<Index>(-x, 0, s.kernel_width),
              to = std::clamp<Index>(s.in_width - x, from, s.kernel_width);
  for (Index a = 0; a < s.kernel_height; ++a) {
    const Index y = i * s.stride + a - s.top;
    const bool inside = y >= 0 && y < s.in_height;
    use(Run{a * s.kernel_width * s.in_channels, inside ? from : 0, inside ? to : 0, y, x + from});
  }
}

template <class T>
void gather_row(const ConvolutionSizes& s, Images<const T> images, Index row, T* to) {
  const Index channels = s.in_channels, length = s.kernel_width * channels;
  const T* const image = images.data + row / s.out_positions() * images.sample;
  each_kernel_row(s, row % s.out_positions(), [&](const Run& run) {
    T* const out = to + run.column;
    const Index first = run.from * channels, last = run.to * channels;
    std::fill_n(out, first, T(0));
    std::fill_n(out + last, length - last, T(0));
    if (first == last) return;
    const T* from = image + run.y * images.row + run.x * images.pixel;
    if (images.channel == 1 && images.pixel == channels) {
      std::copy_n(from, last - first, out + first);
      return;
    }
    for (Index place = run.from; place < run.to; ++place, from += images.pixel)
      for (Index c = 0; c < channels; ++c) out[place * channels + c] = from[c * images.channel];
  });
}

template <class T>
void scatter_row(const ConvolutionSizes& s, const T* from, Index row, Images<T> images) {
  const Index channels = s.in_channels;
  T* const image = images.data + row / s.out_positions() * images.sample;
  each_kernel_row(s, row % s.out_positions(), [&](const Run& run) {
    if (run.from == run.to) return;
    T* to = image + run.y * images.row + run.x * images.pixel;
    for (Index place = run.from; place < run.to; ++place, to += images.pixel) {
      const T* const in = from + run.column + place * channels;
      if (images.channel == 1)
        for (Index c = 0; c < channels; ++c) to[c] += in[c];
      else
        for (Index c = 0; c < channels; ++c) to[c * images.channel] += in[c];
    }
  });
}

}  // namespace

template <class T>
void gather_patches(const ConvolutionSizes& sizes, Images<const T> images, Index first, View<T> patches) {
  share_out(patches.rows, patches.size(), [&](Index from, Index count) {
    for (Index r = from; r < from + count; ++r) gather_row(sizes, images, first + r, patches.row(r));
  });
}

template <class T>
void scatter_patches(const ConvolutionSizes& sizes, View<const T> patches, Index first, Images<T> images) {
  // Patches of one sample overlap: a sample has one thread.
  const Index positions = sizes.out_positions(), last = first + patches.rows;
  const Index sample = first / positions, samples = (last - 1) / positions + 1 - sample;
  share_out(samples, patches.size(), [&](Index from, Index count) {
    const Index begin = std::max(first, (sample + from) * positions),
                end = std::min(last, (sample + from + count) * positions);
    for (Index r = begin; r < end; ++r) scatter_row<T>(sizes, patches.row(r - first), r, images);
  });
}

template void gather_patches(const ConvolutionSizes&, Images<const float>, Index, View<float>);
template void gather_patches(const ConvolutionSizes&, Images<const double>, Index, View<double>);
template void scatter_patches(const ConvolutionSizes&, View<const float>, Index, Images<float>);
template void scatter_patches(const ConvolutionSizes&, View<const double>, Index, Images<double>);

}  // namespace widthwise
