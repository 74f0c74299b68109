#include "widthwise/training/sgd.h"

#include <algorithm>

#include "widthwise/network/weight_gradient.h"

namespace widthwise {

namespace {

const TensorScaling& of_layer(const std::vector<TensorScaling>& tensors, Index layer) {
  return tensors[static_cast<std::size_t>(layer - 1)];
}

double rate(const TensorScaling& scaling, const UpdateStep& step) {
  return step.rate_factor * scaling.effective_rate_at(step.number);
}
// What decay leaves of a weight.
double kept(const TensorScaling& scaling, const UpdateStep& step) {
  return 1 - step.rate_factor * scaling.effective_rate * scaling.effective_decay;
}

template <class T>
void update_weight(const TensorScaling& scaling, const UpdateStep& step, const Factors<T>& factors, View<const T> delta,
                   View<T> weight) {
  weight_gradient<T>(static_cast<T>(-rate(scaling, step)), factors, delta, static_cast<T>(kept(scaling, step)), weight);
}

// Members with rates of their own share one product once the rate sits in delta.
template <class T>
void update_stacked(Ensemble<T>& ensemble, const UpdateStep& step, const Factors<T>& factors) {
  for (Index member = factors.members.first; member < factors.members.first + factors.members.count; ++member) {
    const T rate_of_member = static_cast<T>(rate(ensemble.scaling(member).weights[0], step));
    const View<T> delta = delta_of(factors, member);
    for (Index i = 0; i < delta.rows; ++i)
      for (Index j = 0; j < delta.cols; ++j) delta(i, j) *= rate_of_member;
  }
  weight_gradient<T>(T(-1), factors, factors.delta, T(1),
                     ensemble.parameters().stacked_first_weight(factors.members.first, factors.members.count));
}

template <class T>
bool any_decay(const Ensemble<T>& ensemble, MemberRange members, Index layer) {
  for (Index member = members.first; member < members.first + members.count; ++member)
    if (of_layer(ensemble.scaling(member).weights, layer).effective_decay != 0) return true;
  return false;
}

}  // namespace

template <class T>
void Sgd<T>::update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T*) {
  const MemberRange members = factors.members;
  for (Index member = members.first; member < members.first + members.count; ++member) {
    const TensorScaling& scaling = of_layer(ensemble.scaling(member).biases, factors.layer);
    if (const View<T> bias = ensemble.bias(member, factors.layer); bias.data)
      dense_layer::backward_bias<T>(static_cast<T>(-rate(scaling, step)), delta_of(factors, member),
                                    static_cast<T>(kept(scaling, step)), bias.data);
  }
  if (members.count > 1 && !any_decay(ensemble, members, factors.layer)) return update_stacked(ensemble, step, factors);
  for (Index member = members.first; member < members.first + members.count; ++member)
    update_weight<T>(of_layer(ensemble.scaling(member).weights, factors.layer), step, factors,
                     delta_of(factors, member), ensemble.weight(member, factors.layer));
}

template class Sgd<float>;
template class Sgd<double>;

}  // namespace widthwise
