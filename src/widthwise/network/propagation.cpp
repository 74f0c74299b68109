#include "widthwise/network/propagation.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/network/dense.h"
#include "widthwise/network/pointwise_layer.h"

namespace widthwise {

namespace {

// The activation behind each dense layer, null for none.
std::vector<std::shared_ptr<const Activation>> activations_of(const Architecture& architecture) {
  std::vector<std::shared_ptr<const Activation>> behind;
  bool follows_dense = false;
  for (const LayerSpec& layer : architecture.layers) {
    if (const auto* pointwise = std::get_if<Pointwise>(&layer)) {
      if (!follows_dense)
        throw ConfigError({"", "architecture.layers"}, "every activation right behind a dense layer",
                          fmt::format("'{}' elsewhere", pointwise->activation));
      behind.back() = make_activation(pointwise->activation, pointwise->parameter);
    } else {
      behind.push_back(nullptr);
    }
    follows_dense = std::holds_alternative<Dense>(layer);
  }
  if (behind.empty() || behind.back())
    throw ConfigError({"", "architecture.layers"}, "a dense layer as the last", "an activation, or no layer");
  return behind;
}

}  // namespace

template <class T>
Propagation<T>::Propagation(const Ensemble<T>& ensemble, Index max_samples, Index max_members)
    : dense_(ensemble.architecture().dense()),
      nonlinear_(activations_of(ensemble.architecture())),
      max_samples_(max_samples),
      max_members_(max_members == 0 ? ensemble.size() : std::min(max_members, ensemble.size())) {
  if (max_samples < 1 || max_members < 0)
    throw ShapeError("Propagation", "at least one sample and one member",
                     fmt::format("{} samples, {} members", max_samples, max_members));
  preactivations_ = make_buffers(max_members_);
  activations_ = make_buffers(max_members_);
  gradients_ = make_buffers(max_members_);
}

template <class T>
auto Propagation<T>::make_buffers(Index members) const -> Buffers {
  Buffers buffers;
  for (const Dense& layer : dense_) {
    const Index stride = spread_stride<T>(members * layer.fan_out);
    buffers.push_back({stride, AlignedArray<T>(max_samples_ * stride)});
  }
  return buffers;
}

template <class T>
View<T> Propagation<T>::side_by_side(const Buffers& buffers, MemberRange members, Index layer) const {
  const Buffer& buffer = buffers[static_cast<std::size_t>(layer - 1)];
  const Index fan_out = dense(layer).fan_out;
  return {buffer.numbers.data() + (members.first - range_.first) * fan_out, samples_, members.count * fan_out,
          buffer.stride};
}

template <class T>
void Propagation<T>::forward(const Ensemble<T>& ensemble, View<const T> inputs, MemberRange members) {
  if (inputs.cols != dense(1).fan_in || inputs.rows > max_samples_ || members.count > max_members_ ||
      members.first < 0 || members.count < 1 || members.first + members.count > ensemble.size())
    throw ShapeError("Propagation::forward",
                     fmt::format("at most {} samples of {} features, at most {} of {} members", max_samples_,
                                 dense(1).fan_in, max_members_, ensemble.size()),
                     fmt::format("{} samples of {} features, members {} to {}", inputs.rows, inputs.cols, members.first,
                                 members.first + members.count - 1));
  samples_ = inputs.rows;
  range_ = members;
  inputs_ = inputs;
  const Parameters<T>& parameters = ensemble.parameters();
  for (Index layer = 1; layer <= layers(); ++layer) {
    // The members' first weights are stacked rows and their inputs the same: one product.
    if (layer == 1)
      dense_layer::forward<T>(inputs, parameters.stacked_first_weight(members.first, members.count),
                              side_by_side(preactivations_, members, 1));
    else
      for (Index member = members.first; member < members.first + members.count; ++member)
        dense_layer::forward<T>(activation(member, layer - 1), parameters.weight(member, layer),
                                of_member(preactivations_, member, layer));
    // Biases of consecutive members are consecutive too: one pass.
    pointwise_layer::forward<T>(nonlinear(layer), side_by_side(preactivations_, members, layer),
                                parameters.bias(members.first, layer).data, side_by_side(activations_, members, layer));
  }
}

template <class T>
View<const T> Propagation<T>::preactivation(Index member, Index layer) const {
  return of_member(preactivations_, member, layer);
}

template <class T>
View<const T> Propagation<T>::activation(Index member, Index layer) const {
  if (layer == 0) return inputs_;
  return of_member(nonlinear(layer) ? activations_ : preactivations_, member, layer);
}

template <class T>
View<T> Propagation<T>::delta(Index member, Index layer) {
  return of_member(gradients_, member, layer);
}

template <class T>
void Propagation<T>::pull_back(const Ensemble<T>& ensemble, MemberRange members, Index layer) {
  for (Index member = members.first; member < members.first + members.count; ++member)
    dense_layer::backward_input<T>(delta(member, layer), ensemble.weight(member, layer), delta(member, layer - 1));
  pointwise_layer::backward<T>(nonlinear(layer - 1), side_by_side(preactivations_, members, layer - 1),
                               side_by_side(gradients_, members, layer - 1));
}

template <class T>
void Propagation<T>::gradient(const Ensemble<T>& ensemble, Index member, View<const T> output_gradient,
                              Parameters<T>& gradient, Index slot) {
  const View<T> last = delta(member, layers());
  if (output_gradient.rows != last.rows || output_gradient.cols != last.cols)
    throw ShapeError("Propagation::gradient", fmt::format("{} x {}", last.rows, last.cols),
                     fmt::format("{} x {}", output_gradient.rows, output_gradient.cols));
  if (output_gradient.data != last.data)
    for (Index i = 0; i < last.rows; ++i) std::copy_n(output_gradient.row(i), last.cols, last.row(i));
  backward(ensemble, {member, 1}, [&](const Factors<T>& factors) {
    dense_layer::backward_weight<T>(T(1), factors.delta, factors.input, T(0), gradient.weight(slot, factors.layer));
    if (const View<T> bias = gradient.bias(slot, factors.layer); bias.data)
      dense_layer::backward_bias<T>(T(1), factors.delta, T(0), bias.data);
  });
}

template <class T>
View<const T> Propagation<T>::jvp(const Ensemble<T>& ensemble, Index member, const Parameters<T>& direction, Index slot,
                                  View<const T> input_direction) {
  return jvp(ensemble, member, &direction, slot, input_direction);
}

template <class T>
View<const T> Propagation<T>::jvp(const Ensemble<T>& ensemble, Index member, View<const T> input_direction) {
  return jvp(ensemble, member, nullptr, 0, input_direction);
}

template <class T>
View<const T> Propagation<T>::jvp(const Ensemble<T>& ensemble, Index member, const Parameters<T>* direction, Index slot,
                                  View<const T> input_direction) {
  if ((input_direction.data || !direction) &&
      (input_direction.rows != samples_ || input_direction.cols != dense(1).fan_in))
    throw ShapeError("Propagation::jvp", fmt::format("an input direction {} x {}", samples_, dense(1).fan_in),
                     fmt::format("{} x {}", input_direction.rows, input_direction.cols));
  if (tangents_.empty()) {  // most propagations never need them
    tangents_ = make_buffers(1);
    activation_tangents_ = make_buffers(1);
  }
  View<const T> incoming = input_direction;
  for (Index layer = 1; layer <= layers(); ++layer) {
    const View<T> dz = first_slot(tangents_, layer);
    dense_layer::jvp<T>(activation(member, layer - 1), ensemble.weight(member, layer), incoming,
                        direction ? direction->weight(slot, layer) : View<const T>{},
                        direction ? direction->bias(slot, layer).data : nullptr, dz);
    if (layer == layers()) break;
    const View<T> dh = first_slot(activation_tangents_, layer);
    pointwise_layer::jvp<T>(nonlinear(layer), preactivation(member, layer), dz, dh);
    incoming = dh;
  }
  return tangent(layers());
}

template <class T>
View<const T> Propagation<T>::tangent(Index layer) const {
  return first_slot(tangents_, layer);
}

template class Propagation<float>;
template class Propagation<double>;

}  // namespace widthwise
