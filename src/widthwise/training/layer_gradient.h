// The gradients of one layer, written out: for update rules that need every entry before they can step. One product
// serves the weights of all members of the factors.
#pragma once

#include "widthwise/network/weight_gradient.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

/// Calls use(member, gradient) with the gradient of each member's weights, fan_out x fan_in, in `scratch`.
template <class T, class Use>
void each_weight_gradient(const Factors<T>& factors, T* scratch, const Use& use) {
  const auto [first, count] = factors.members;
  const Index size = factors.delta.cols / count * factors.input.cols;
  weight_gradient<T>(T(1), factors, factors.delta, T(0), View<T>(scratch, factors.delta.cols, factors.input.cols));
  for (Index member = first; member < first + count; ++member) use(member, scratch + (member - first) * size);
}

/// The same for biases, of length fan_out; nothing where the layer has none.
template <class T, class Use>
void each_bias_gradient(const Ensemble<T>& ensemble, const Factors<T>& factors, T* scratch, const Use& use) {
  const auto [first, count] = factors.members;
  for (Index member = first; member < first + count; ++member) {
    if (!ensemble.bias(member, factors.layer).data) break;
    dense_layer::backward_bias<T>(T(1), delta_of(factors, member), T(0), scratch);
    use(member, scratch);
  }
}

}  // namespace widthwise
