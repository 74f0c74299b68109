// One number for every trained number of E networks of one shape, in one arena: the weights themselves, their initial
// values, a gradient, a velocity, a direction all have this form.
//
// Layout: layer after layer, and in each layer member after member,
//
//   W_1 of member 0, 1, ...   b_1 of member 0, 1, ...   W_2 of member 0, 1, ...   b_2 ...
//
// so that one pass serves a layer of several members: W_1 of members that share their inputs is one matrix of stacked
// rows, [member * fan_out] x fan_in, and takes one large product; all b_l are one row.
#pragma once

#include <vector>

#include "widthwise/architecture/architecture.h"
#include "widthwise/linalg/view.h"
#include "widthwise/network/aligned_array.h"

namespace widthwise {

template <class T>
class Parameters {
 public:
  /// All zero. Throws ShapeError where the architecture is not dense layers that fit, or `members` < 1.
  Parameters(const Architecture& architecture, Index members);

  /// Members E, and weight matrices L+1 (numbered 1..L+1).
  Index members() const { return members_; }
  Index layers() const { return static_cast<Index>(dense_.size()); }
  /// fan_in, fan_out and bias of weight matrix `layer`.
  const Dense& dense(Index layer) const { return dense_[static_cast<std::size_t>(layer - 1)]; }

  /// Weight matrix `layer` of a member, fan_out x fan_in.
  View<T> weight(Index member, Index layer) { return {weight_at(member, layer), fan_out(layer), fan_in(layer)}; }
  View<const T> weight(Index member, Index layer) const {
    return {weight_at(member, layer), fan_out(layer), fan_in(layer)};
  }
  /// Bias of `layer`, 1 x fan_out; data is null (and both sizes 0) where the layer has none.
  View<T> bias(Index member, Index layer) {
    return dense(layer).bias ? View<T>{bias_at(member, layer), 1, fan_out(layer)} : View<T>{};
  }
  View<const T> bias(Index member, Index layer) const {
    return dense(layer).bias ? View<const T>{bias_at(member, layer), 1, fan_out(layer)} : View<const T>{};
  }
  /// W_1 of `count` members from `first` on as one matrix, [count * fan_out] x fan_in.
  View<T> stacked_first_weight(Index first, Index count) {
    return {weight_at(first, 1), count * fan_out(1), fan_in(1)};
  }
  View<const T> stacked_first_weight(Index first, Index count) const {
    return {weight_at(first, 1), count * fan_out(1), fan_in(1)};
  }

  /// Sets every number of every member.
  void fill(T value) { arena_.fill(value); }

 private:
  struct Place {  // of a layer in the arena, in numbers of T
    Index weight = 0, weight_step = 0, bias = 0;
  };
  Index fan_in(Index layer) const { return dense(layer).fan_in; }
  Index fan_out(Index layer) const { return dense(layer).fan_out; }
  const Place& place(Index layer) const { return places_[static_cast<std::size_t>(layer - 1)]; }
  T* weight_at(Index member, Index layer) const {
    return arena_.data() + place(layer).weight + member * place(layer).weight_step;
  }
  T* bias_at(Index member, Index layer) const { return arena_.data() + place(layer).bias + member * fan_out(layer); }

  std::vector<Dense> dense_;
  std::vector<Place> places_;
  Index members_ = 0;
  AlignedArray<T> arena_;
};

extern template class Parameters<float>;
extern template class Parameters<double>;

}  // namespace widthwise
