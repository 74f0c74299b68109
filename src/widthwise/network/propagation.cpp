#include "widthwise/network/propagation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/linalg/convolution.h"
#include "widthwise/network/dense.h"
#include "widthwise/network/pointwise_layer.h"
#include "widthwise/network/position_layers.h"
#include "widthwise/network/weight_gradient.h"

namespace widthwise {

namespace {

using Kind = Node::Kind;

}  // namespace

template <class T>
Propagation<T>::Propagation(const Ensemble<T>& ensemble, Index max_samples, Index max_members)
    : program_(compile(ensemble.architecture())),
      max_samples_(max_samples),
      max_members_(max_members == 0 ? ensemble.size() : std::min(max_members, ensemble.size())) {
  if (max_samples < 1 || max_members < 0)
    throw ShapeError("Propagation", "at least one sample and one member",
                     fmt::format("{} samples, {} members", max_samples, max_members));
  values_ = make_buffers(max_members_, Of::values);
  gradients_ = make_buffers(max_members_, Of::gradients);
}

template <class T>
auto Propagation<T>::room(const Architecture& architecture) -> Room {
  Room room;
  const Program program = compile(architecture);
  for (std::size_t i = 1; i < program.nodes.size(); ++i) {
    const Node& one = program.nodes[i];
    room.numbers += one.shape.size() * (one.fused ? 1 : 2);
    if (one.kind == Kind::matrix && !one.reads_rows() && !one.convolves())
      room.patches = std::max(room.patches, one.shape.positions() * one.sizes.fan_in());
  }
  return room;
}

template <class T>
auto Propagation<T>::make_buffers(Index members, Of what) const -> Buffers {
  Buffers buffers(program_.nodes.size());
  for (std::size_t i = 1; i < buffers.size(); ++i) {
    const Node& one = program_.nodes[i];
    if (what == Of::gradients && one.fused) continue;
    const bool one_position = one.shape.positions() == 1;
    buffers[i].stride = one_position ? spread_stride<T>(members * one.shape.features) : one.shape.features;
    buffers[i].numbers =
        AlignedArray<T>(max_samples_ * (one_position ? buffers[i].stride : members * one.shape.size()));
  }
  return buffers;
}

template <class T>
View<T> Propagation<T>::side_by_side(const Buffers& buffers, MemberRange members, int at) const {
  const Buffer& buffer = buffers[static_cast<std::size_t>(at)];
  const Shape& shape = node(at).shape;
  const Index slot = members.first - range_.first;
  const Index offset = slot * (shape.positions() == 1 ? shape.features : samples_ * shape.size());
  return {buffer.numbers.data() + offset, samples_ * shape.positions(), members.count * shape.features, buffer.stride};
}

// Rows of a node: positions of samples. Of the input only where it is no image.
template <class T>
View<const T> Propagation<T>::value(Index member, int at) const {
  return at == 0 ? inputs_ : View<const T>(of_member(values_, member, at));
}

template <class T>
Images<const T> Propagation<T>::images(View<const T> rows, int at) const {
  const Shape& shape = node(at).shape;
  return at == 0 ? planes(rows, shape.height, shape.width) : channels_last(rows, shape.height, shape.width);
}

template <class T>
View<T> Propagation<T>::gather(View<const T> rows, int at, AlignedArray<T>& to) {
  const Node& one = node(at);
  const Index numbers = max_samples_ * one.shape.positions() * one.sizes.fan_in();
  if (to.size() < numbers) to = AlignedArray<T>(numbers);
  const View<T> patches(to.data(), samples_ * one.shape.positions(), one.sizes.fan_in());
  gather_patches<T>(one.sizes, images(rows, one.source), 0, patches);
  return patches;
}

// What a weight matrix reads: its source as it is, or patches of it.
template <class T>
View<const T> Propagation<T>::rows_read(Index member, int at) {
  const Node& one = node(at);
  if (one.reads_rows()) return value(member, one.source);
  if (one.layer == 1 && one.source == 0)  // gathered by the forward pass
    return {first_patches_.data(), samples_ * one.shape.positions(), one.sizes.fan_in()};
  return gather(value(member, one.source), at, patches_);
}

template <class T>
Factors<T> Propagation<T>::factors(MemberRange members, int at, Reads reads) {
  const Node& one = node(at);
  Factors<T> out{one.layer, members, {}, side_by_side(gradients_, members, at), one.shape.positions()};
  if (reads == Reads::images && one.convolves()) {
    out.input = View<const T>(nullptr, out.delta.rows, one.sizes.fan_in());
    out.convolution = &one.sizes;
    out.images = value(members.first, one.source);
  } else {
    out.input = rows_read(members.first, at);
  }
  return out;
}

template <class T>
void Propagation<T>::multiply(Index member, Index layer, View<const T> v, View<T> out) {
  const int at = matrix(layer);
  if (!node(at).convolves()) return dense_layer::forward<T>(rows_read(member, at), v, out);
  ConvolutionSizes sizes = node(at).sizes;
  sizes.out_channels = v.rows;
  convolve<T>(sizes, value(member, node(at).source), v, false, out);
}

template <class T>
void Propagation<T>::forward(const Ensemble<T>& ensemble, View<const T> inputs, MemberRange members) {
  if (inputs.cols != node(0).shape.size() || inputs.rows > max_samples_ || members.count > max_members_ ||
      members.first < 0 || members.count < 1 || members.first + members.count > ensemble.size())
    throw ShapeError("Propagation::forward",
                     fmt::format("at most {} samples of {} features, at most {} of {} members", max_samples_,
                                 node(0).shape.size(), max_members_, ensemble.size()),
                     fmt::format("{} samples of {} features, members {} to {}", inputs.rows, inputs.cols, members.first,
                                 members.first + members.count - 1));
  samples_ = inputs.rows;
  range_ = members;
  inputs_ = inputs;
  if (shares_patches()) gather(inputs_, matrix(1), first_patches_);
  for (int at = 1; at < static_cast<int>(program_.nodes.size()); ++at) step(ensemble, members, at);
}

template <class T>
void Propagation<T>::step(const Ensemble<T>& ensemble, MemberRange members, int at) {
  const Node& one = node(at);
  const Parameters<T>& parameters = ensemble.parameters();
  const Index end = members.first + members.count;
  switch (one.kind) {
    case Kind::input:
      return;
    case Kind::matrix: {
      // The members' first weights are stacked rows and their inputs the same: one product.
      if (one.layer == 1)
        in_groups(members, at, [&](MemberRange group) {
          dense_layer::forward<T>(rows_read(group.first, at), parameters.stacked_first_weight(group.first, group.count),
                                  side_by_side(values_, group, at));
        });
      else
        for (Index member = members.first; member < end; ++member)
          multiply(member, one.layer, parameters.weight(member, one.layer), of_member(values_, member, at));
      const int next = program_.activations[static_cast<std::size_t>(one.layer - 1)];
      if (next >= 0 && node(next).fused) return;
      return in_groups(members, at, [&](MemberRange group) {
        pointwise_layer::forward<T>(nullptr, side_by_side(values_, group, at),
                                    parameters.bias(group.first, one.layer).data, {});
      });
    }
    case Kind::activation: {
      if (one.source == 0)
        for (Index member = members.first; member < end; ++member) {
          const View<T> h = of_member(values_, member, at);
          for (Index i = 0; i < h.rows; ++i) std::copy_n(inputs_.row(i), h.cols, h.row(i));
          pointwise_layer::forward<T>(one.phi.get(), h, nullptr, h);
        }
      else
        in_groups(members, at, [&](MemberRange group) {
          // Biases of consecutive members are consecutive too: one pass.
          const T* const bias = one.fused ? parameters.bias(group.first, node(one.source).layer).data : nullptr;
          pointwise_layer::forward<T>(one.phi.get(), side_by_side(values_, group, one.source), bias,
                                      side_by_side(values_, group, at));
        });
      return;
    }
    default:
      break;
  }
  for (Index member = members.first; member < end; ++member) {
    const View<T> to = of_member(values_, member, at);
    const View<const T> from = value(member, one.source);
    const Shape& in = node(one.source).shape;
    if (one.kind == Kind::average_pool) position_layer::average_pool<T>(one.pool, in, one.shape, from, to);
    if (one.kind == Kind::global_pool) position_layer::global_pool<T>(in, from, to);
    if (one.kind == Kind::flatten) position_layer::flatten<T>(in, from, to);
    if (one.kind == Kind::sum) {
      position_layer::add_scaled<T>(static_cast<T>(one.scale), from, false, to);
      position_layer::add_scaled<T>(static_cast<T>(one.other_scale), value(member, one.other), true, to);
    }
  }
}

template <class T>
View<const T> Propagation<T>::preactivation(Index member, Index layer) const {
  return of_member(values_, member, matrix(layer));
}

template <class T>
View<const T> Propagation<T>::activation(Index member, Index layer) const {
  if (layer == 0) return inputs_;
  const int next = program_.activations[static_cast<std::size_t>(layer - 1)];
  return of_member(values_, member, next >= 0 ? next : matrix(layer));
}

template <class T>
View<T> Propagation<T>::delta(Index member, Index layer) {
  return of_member(gradients_, member, matrix(layer));
}

// From the gradient of a node to those of what it was made from; the input's is not asked for.
template <class T>
void Propagation<T>::pull_back(const Ensemble<T>& ensemble, MemberRange members, int at) {
  const Node& one = node(at);
  const Index end = members.first + members.count;
  if (one.source == 0 && one.other <= 0) return;
  if (one.kind == Kind::matrix) {
    for (Index member = members.first; member < end; ++member) pull_back_matrix(ensemble, member, at);
    return;
  }
  if (one.kind == Kind::activation) {
    return in_groups(members, at, [&](MemberRange group) {
      const View<T> d = side_by_side(gradients_, group, gradient_of(at));
      pointwise_layer::backward<T>(one.phi.get(), side_by_side(values_, group, one.source), d);
      if (!one.fused)
        position_layer::add_scaled<T>(T(1), d, one.adds, side_by_side(gradients_, group, gradient_of(one.source)));
    });
  }
  const Shape& in = node(one.source).shape;
  for (Index member = members.first; member < end; ++member) {
    const View<const T> d = of_member(gradients_, member, at);
    if (one.source != 0) {
      const View<T> dx = of_member(gradients_, member, gradient_of(one.source));
      if (one.kind == Kind::average_pool)
        position_layer::average_pool_back<T>(one.pool, in, one.shape, d, one.adds, dx);
      if (one.kind == Kind::global_pool) position_layer::global_pool_back<T>(in, d, one.adds, dx);
      if (one.kind == Kind::flatten) position_layer::flatten_back<T>(in, d, one.adds, dx);
      if (one.kind == Kind::sum) position_layer::add_scaled<T>(static_cast<T>(one.scale), d, one.adds, dx);
    }
    if (one.other > 0)
      position_layer::add_scaled<T>(static_cast<T>(one.other_scale), d, one.other_adds,
                                    of_member(gradients_, member, gradient_of(one.other)));
  }
}

template <class T>
void Propagation<T>::pull_back_matrix(const Ensemble<T>& ensemble, Index member, int at) {
  const Node& one = node(at);
  const View<const T> d = of_member(gradients_, member, at), w = ensemble.weight(member, one.layer);
  const View<T> dx = of_member(gradients_, member, gradient_of(one.source));
  if (one.reads_rows()) return gemm<T>(Op::none, Op::none, T(1), d, w, one.adds ? T(1) : T(0), dx);
  convolve_back<T>(one.sizes, d, w, one.adds, dx);
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
  const auto write = [&](const Factors<T>& factors) {
    weight_gradient<T>(T(1), factors, factors.delta, T(0), gradient.weight(slot, factors.layer));
    if (const View<T> bias = gradient.bias(slot, factors.layer); bias.data)
      dense_layer::backward_bias<T>(T(1), factors.delta, T(0), bias.data);
  };
  backward(ensemble, {member, 1}, write, Reads::images);
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
      (input_direction.rows != samples_ || input_direction.cols != node(0).shape.size()))
    throw ShapeError("Propagation::jvp", fmt::format("an input direction {} x {}", samples_, node(0).shape.size()),
                     fmt::format("{} x {}", input_direction.rows, input_direction.cols));
  if (tangents_.empty()) tangents_ = make_buffers(1, Of::values);  // most propagations never need them
  for (int at = 1; at < static_cast<int>(program_.nodes.size()); ++at)
    push(ensemble, member, direction, slot, input_direction, at);
  return tangent(layers());
}

// The derivative of one node. Of the input it is the direction given, or zero.
template <class T>
void Propagation<T>::push(const Ensemble<T>& ensemble, Index member, const Parameters<T>* direction, Index slot,
                          View<const T> input_direction, int at) {
  const Node& one = node(at);
  const auto moved = [&](int from) { return from == 0 ? input_direction : View<const T>(first_slot(tangents_, from)); };
  const View<T> to = first_slot(tangents_, at);
  View<const T> from = moved(one.source);
  const Shape& in = node(one.source).shape;
  if (one.kind == Kind::matrix) {
    const View<const T> w = ensemble.weight(member, one.layer),
                        v = direction ? direction->weight(slot, one.layer) : View<const T>{};
    const T* const v_bias = direction ? direction->bias(slot, one.layer).data : nullptr;
    if (!one.convolves()) {
      if (from.data && !one.reads_rows()) from = gather(from, at, moved_patches_);
      return dense_layer::jvp<T>(rows_read(member, at), w, from, v, v_bias, to);
    }
    convolve<T>(one.sizes, from, w, false, to);
    if (v.data) convolve<T>(one.sizes, value(member, one.source), v, true, to);
    return pointwise_layer::forward<T>(nullptr, to, v_bias, {});
  }
  if (!from.data) {
    position_layer::clear(to);
  } else if (one.kind == Kind::activation) {
    pointwise_layer::jvp<T>(one.phi.get(), value(member, one.source), from, to);
  } else if (one.kind == Kind::average_pool) {
    position_layer::average_pool<T>(one.pool, in, one.shape, from, to);
  } else if (one.kind == Kind::global_pool) {
    position_layer::global_pool<T>(in, from, to);
  } else if (one.kind == Kind::flatten) {
    position_layer::flatten<T>(in, from, to);
  } else {
    position_layer::add_scaled<T>(static_cast<T>(one.scale), from, false, to);
  }
  if (one.kind == Kind::sum)
    if (const View<const T> other = moved(one.other); other.data)
      position_layer::add_scaled<T>(static_cast<T>(one.other_scale), other, true, to);
}

template <class T>
View<const T> Propagation<T>::tangent(Index layer) const {
  return first_slot(tangents_, matrix(layer));
}

template class Propagation<float>;
template class Propagation<double>;

}  // namespace widthwise
