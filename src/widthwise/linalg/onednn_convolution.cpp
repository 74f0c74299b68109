#include "widthwise/linalg/onednn_convolution.h"

#ifndef WIDTHWISE_ONEDNN

namespace widthwise::linalg {

bool onednn_convolve(const ConvolutionSizes&, View<const float>, View<const float>, bool, View<float>) {
  return false;
}
bool onednn_convolve_back(const ConvolutionSizes&, View<const float>, View<const float>, bool, View<float>) {
  return false;
}
bool onednn_convolution_gradient(const ConvolutionSizes&, float, View<const float>, View<const float>, float,
                                 View<float>) {
  return false;
}

}  // namespace widthwise::linalg

#else

#include <algorithm>
#include <array>
#include <dnnl.hpp>
#include <map>
#include <string_view>

#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/scratch.h"
#include "widthwise/linalg/threads.h"

namespace widthwise::linalg {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

enum class Pass { forward, back, gradient };

// Slots of scratch: weights as oneDNN wants them, what is added to dx, the threads' gradients of the weights.
constexpr int weight_slot = 3, addend_slot = 4, share_slot = 5;

/// One convolution made ready: making it takes longer than a small one runs.
struct Ready {
  bool usable = false;
  dnnl::primitive convolution, reorder;  // reorder: of the weights, before a pass or behind it
  memory::desc images, outputs, plain_weights, weights;
};

using Key = std::array<Index, 14>;

Key key_of(Pass pass, const ConvolutionSizes& s, Index samples) {
  return {static_cast<Index>(pass), samples,  s.in_height, s.in_width, s.in_channels, s.kernel_height,
          s.kernel_width,           s.stride, s.top,       s.left,     s.out_height,  s.out_width,
          s.out_channels,           threads()};
}

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& stream() {
  thread_local dnnl::stream mine(engine());
  return mine;
}

memory::desc images_of(Index samples, Index channels, Index height, Index width) {
  return {{samples, channels, height, width}, memory::data_type::f32, Tag::nhwc};
}

template <class Description>
void settle(Ready& ready, const Description& description) {
  const std::string_view name = description.impl_info_str();
  ready.usable = !name.starts_with("ref");
}

Ready make(Pass pass, const ConvolutionSizes& s, Index samples) {
  constexpr auto direct = dnnl::algorithm::convolution_direct;
  Ready ready;
  ready.images = images_of(samples, s.in_channels, s.in_height, s.in_width);
  ready.outputs = images_of(samples, s.out_channels, s.out_height, s.out_width);
  const memory::dims places = {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width};
  ready.plain_weights = {places, memory::data_type::f32, Tag::ohwi};
  const memory::desc any(places, memory::data_type::f32, Tag::any);
  const auto behind = [&](Index out, Index kernel, Index in, Index before) {
    return std::max<Index>(0, (out - 1) * s.stride + kernel - in - before);
  };
  const memory::dims strides = {s.stride, s.stride}, first = {s.top, s.left};
  const memory::dims last = {behind(s.out_height, s.kernel_height, s.in_height, s.top),
                             behind(s.out_width, s.kernel_width, s.in_width, s.left)};
  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, direct, ready.images, any, ready.outputs, strides, first, last}, engine());
  if (pass == Pass::forward) {
    settle(ready, forward);
    ready.weights = forward.weights_desc();
    ready.convolution = dnnl::convolution_forward(forward);
  } else if (pass == Pass::back) {
    const dnnl::convolution_backward_data::primitive_desc back(
        {direct, ready.images, any, ready.outputs, strides, first, last}, engine(), forward);
    settle(ready, back);
    ready.weights = back.weights_desc();
    ready.convolution = dnnl::convolution_backward_data(back);
  } else {
    const dnnl::convolution_backward_weights::primitive_desc gradient(
        {direct, ready.images, any, ready.outputs, strides, first, last}, engine(), forward);
    settle(ready, gradient);
    ready.weights = gradient.diff_weights_desc();
    ready.convolution = dnnl::convolution_backward_weights(gradient);
  }
  const bool out = pass == Pass::gradient;
  ready.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), out ? ready.weights : ready.plain_weights,
                                                              engine(), out ? ready.plain_weights : ready.weights));
  return ready;
}

/// This thread's, since one that runs has working memory of its own; few shapes come again and again.
const Ready& ready_for(Pass pass, const ConvolutionSizes& s, Index samples) {
  thread_local std::map<Key, Ready> known;
  const Key key = key_of(pass, s, samples);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= 256) known.clear();
  Ready ready;
  try {
    ready = make(pass, s, samples);
  } catch (const dnnl::error&) {  // no implementation: not usable
  }
  return known.emplace(key, std::move(ready)).first->second;
}

memory at(const memory::desc& what, const float* data) {
  return {what, engine(), const_cast<float*>(data)};
}

memory weights_room(const Ready& ready) {
  return at(ready.weights, scratch<float>(weight_slot, ready.weights.get_size() / sizeof(float)));
}

memory reordered(const Ready& ready, View<const float> w) {
  memory plain = at(ready.plain_weights, w.data), wanted = weights_room(ready);
  if (ready.weights == ready.plain_weights) return plain;
  ready.reorder.execute(stream(), {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, wanted}});
  return wanted;
}

/// Where a result is written, or working memory from which it is added.
class Target {
 public:
  Target(View<float> to, bool add)
      : to_{to},
        made_{add ? scratch<float>(addend_slot, static_cast<std::size_t>(to.size())) : to.data, to.rows, to.cols} {}
  float* data() const { return made_.data; }
  void finish() const {
    stream().wait();
    if (made_.data != to_.data) pointwise::add_scaled<float>(1, made_, to_);
  }

 private:
  View<float> to_, made_;
};

template <class... Views>
bool dense(const Views&... views) {
  return ((views.stride == views.cols) && ...);
}

struct Shares {
  Index samples, count;
  Index first(Index share) const { return samples * share / count; }
};

Shares shares_of(const ConvolutionSizes& s, Index samples) {
  const double multiplications = static_cast<double>(samples * s.out_positions() * s.out_channels * s.fan_in());
  constexpr double threaded = 8.4e6;  // as of products
  return {samples, multiplications < threaded ? 1 : std::min<Index>(threads(), samples)};
}

/// Calls use(share, first, count, its convolution) for all shares at once; false, and nothing done, where it cannot.
template <class Use>
bool run(Pass pass, const ConvolutionSizes& s, const Shares& shares, const Use& use) {
  const auto part = [&](int share) {
    const Index first = shares.first(share), count = shares.first(share + 1) - first;
    const Ready& ready = ready_for(pass, s, count);
    if (!ready.usable) return false;
    use(share, first, count, ready);
    stream().wait();
    return true;
  };
  const ThreadScope one(1);
  if (shares.count == 1) return part(0);
  // One thread answers for all: shares differ by one sample at most.
  if (!ready_for(pass, s, shares.first(1)).usable) return false;
  parallel(static_cast<int>(shares.count), [&](int share) { part(share); });
  return true;
}

}  // namespace

bool onednn_convolve(const ConvolutionSizes& s, View<const float> x, View<const float> w, bool add, View<float> z) {
  if (!dense(x, w, z)) return false;
  return run(Pass::forward, s, shares_of(s, z.rows / s.out_positions()),
             [&](int, Index first, Index count, const Ready& ready) {
               const Target target(z.block(first * s.out_positions(), 0, count * s.out_positions(), z.cols), add);
               ready.convolution.execute(stream(), {{DNNL_ARG_SRC, at(ready.images, x.row(first * s.in_positions()))},
                                                    {DNNL_ARG_WEIGHTS, reordered(ready, w)},
                                                    {DNNL_ARG_DST, at(ready.outputs, target.data())}});
               target.finish();
             });
}

bool onednn_convolve_back(const ConvolutionSizes& s, View<const float> d, View<const float> w, bool add,
                          View<float> dx) {
  if (!dense(d, w, dx)) return false;
  return run(
      Pass::back, s, shares_of(s, d.rows / s.out_positions()), [&](int, Index first, Index count, const Ready& ready) {
        const Target target(dx.block(first * s.in_positions(), 0, count * s.in_positions(), dx.cols), add);
        ready.convolution.execute(stream(), {{DNNL_ARG_DIFF_DST, at(ready.outputs, d.row(first * s.out_positions()))},
                                             {DNNL_ARG_WEIGHTS, reordered(ready, w)},
                                             {DNNL_ARG_DIFF_SRC, at(ready.images, target.data())}});
        target.finish();
      });
}

bool onednn_convolution_gradient(const ConvolutionSizes& s, float alpha, View<const float> d, View<const float> x,
                                 float beta, View<float> dw) {
  if (!dense(d, x)) return false;
  const Shares shares = shares_of(s, d.rows / s.out_positions());
  const Index size = dw.size();
  float* const sums = scratch<float>(share_slot, static_cast<std::size_t>(shares.count * size));
  const bool done = run(Pass::gradient, s, shares, [&](int share, Index first, Index, const Ready& ready) {
    const memory plain = at(ready.plain_weights, sums + share * size);
    const bool direct = ready.weights == ready.plain_weights;
    const memory mine = direct ? plain : weights_room(ready);
    ready.convolution.execute(stream(), {{DNNL_ARG_SRC, at(ready.images, x.row(first * s.in_positions()))},
                                         {DNNL_ARG_DIFF_DST, at(ready.outputs, d.row(first * s.out_positions()))},
                                         {DNNL_ARG_DIFF_WEIGHTS, mine}});
    if (!direct) ready.reorder.execute(stream(), {{DNNL_ARG_FROM, mine}, {DNNL_ARG_TO, plain}});
  });
  if (!done) return false;
  for (Index i = 0; i < dw.rows; ++i)
    for (Index j = 0; j < dw.cols; ++j) {
      float sum = sums[i * dw.cols + j];
      for (Index share = 1; share < shares.count; ++share) sum += sums[share * size + i * dw.cols + j];
      dw(i, j) = alpha * sum + (beta == 0 ? 0 : beta * dw(i, j));
    }
  return true;
}

}  // namespace widthwise::linalg

#endif
