#include "widthwise/network/ensemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

Key layer_key(const Member& member, std::string_view tensor, Index layer) {
  return member.key.split(tensor).split(static_cast<std::uint64_t>(layer));
}

// Each place of a kernel by itself, so that draws are nested in the number of channels.
template <class T>
void draw_tensor(const Member& member, Key key, double deviation, double mean, View<T> out, Index area = 1) {
  const auto fill = member.law == InitLaw::uniform ? fill_uniform<T> : fill_normal<T>;
  const Index channels = out.cols / area;
  for (Index place = 0; place < area; ++place)
    fill(area == 1 ? key : key.split(static_cast<std::uint64_t>(place)), static_cast<std::size_t>(out.rows),
         static_cast<std::size_t>(channels), deviation, out.data + place * channels,
         static_cast<std::size_t>(out.stride));
  if (mean == 0) return;
  for (Index i = 0; i < out.rows; ++i)
    for (Index j = 0; j < out.cols; ++j) out(i, j) += static_cast<T>(mean);
}

bool same_law(const TensorScaling& a, const TensorScaling& b) {
  return a.effective_std == b.effective_std && a.effective_mean == b.effective_mean;
}

const TensorScaling& of_layer(const std::vector<TensorScaling>& tensors, Index layer) {
  return tensors[static_cast<std::size_t>(layer - 1)];
}

template <class T>
void copy(View<const T> from, View<T> to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

void check_scalings(std::span<const Member> members, std::size_t layers) {
  for (std::size_t m = 0; m < members.size(); ++m)
    for (const auto* tensors : {&members[m].scaling.weights, &members[m].scaling.biases})
      if (tensors->size() != layers)
        throw ShapeError("Ensemble", fmt::format("a scaling of {} layers", layers),
                         fmt::format("{} layers in member {}", tensors->size(), m));
}

}  // namespace

template <class T>
Ensemble<T>::Ensemble(const Architecture& architecture, std::span<const Member> members, InitialWeights initial)
    : architecture_(architecture),
      members_(members.begin(), members.end()),
      current_(architecture, static_cast<Index>(members.size())) {
  check_scalings(members, static_cast<std::size_t>(layers()));
  for (Index member = 0; member < size(); ++member) draw(member);
  if (initial == InitialWeights::kept) initial_ = current_;
}

template <class T>
void Ensemble<T>::draw(Index member) {
  const Member& drawn = members_[static_cast<std::size_t>(member)];
  for (Index layer = 1; layer <= layers(); ++layer) {
    // A sweep over rates has members that start alike: then the draw is copied.
    const Member* before = member > 0 ? &members_[static_cast<std::size_t>(member - 1)] : nullptr;
    if (before && before->key == drawn.key && before->law == drawn.law &&
        same_law(of_layer(before->scaling.weights, layer), of_layer(drawn.scaling.weights, layer)))
      copy<T>(std::as_const(current_).weight(member - 1, layer), weight(member, layer));
    else
      draw_initial_weight(member, layer, weight(member, layer));
    const double deviation = of_layer(drawn.scaling.biases, layer).effective_std;
    if (bias(member, layer).data && deviation > 0)
      draw_tensor(drawn, layer_key(drawn, "bias", layer), deviation, 0, bias(member, layer));
  }
}

template <class T>
void Ensemble<T>::draw_initial_weight(Index member, Index layer, View<T> out) const {
  const Dense& dense = current_.dense(layer);
  if (out.rows != dense.fan_out || out.cols != dense.fan_in)
    throw ShapeError("draw_initial_weight", fmt::format("{} x {}", dense.fan_out, dense.fan_in),
                     fmt::format("{} x {}", out.rows, out.cols));
  const Member& drawn = members_[static_cast<std::size_t>(member)];
  const TensorScaling& law = of_layer(drawn.scaling.weights, layer);
  draw_tensor(drawn, layer_key(drawn, "weight", layer), law.effective_std, law.effective_mean, out, dense.area);
}

template <class T>
const Parameters<T>& Ensemble<T>::initial() const {
  if (!initial_)
    throw Error("this ensemble was built with InitialWeights::forgotten; draw_initial_weight redraws them");
  return *initial_;
}

template class Ensemble<float>;
template class Ensemble<double>;

}  // namespace widthwise
