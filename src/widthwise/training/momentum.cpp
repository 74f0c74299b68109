#include "widthwise/training/momentum.h"

#include "widthwise/linalg/pointwise.h"
#include "widthwise/network/weight_gradient.h"

namespace widthwise {

namespace {

// V += lambda W, W -= eta V.
template <class T>
void apply(const TensorScaling& scaling, const UpdateStep& step, View<T> velocity, View<T> values) {
  if (scaling.effective_decay != 0) pointwise::add_scaled<T>(static_cast<T>(scaling.effective_decay), values, velocity);
  pointwise::sgd<T>(static_cast<T>(step.rate_factor * scaling.effective_rate_at(step.number)), velocity, values);
}

}  // namespace

template <class T>
Momentum<T>::Momentum(double momentum, const Ensemble<T>& ensemble)
    : momentum_(static_cast<T>(momentum)), velocity_(ensemble.architecture(), ensemble.size()) {}

template <class T>
void Momentum<T>::update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T*) {
  const auto [first, count] = factors.members;
  const auto l = static_cast<std::size_t>(factors.layer - 1);
  weight_gradient<T>(
      T(1), factors, factors.delta, momentum_,
      factors.layer == 1 ? velocity_.stacked_first_weight(first, count) : velocity_.weight(first, factors.layer));
  for (Index member = first; member < first + count; ++member) {
    const Scaling& scaling = ensemble.scaling(member);
    apply<T>(scaling.weights[l], step, velocity_.weight(member, factors.layer), ensemble.weight(member, factors.layer));
    const View<T> bias = ensemble.bias(member, factors.layer);
    if (!bias.data) continue;
    const View<T> velocity = velocity_.bias(member, factors.layer);
    dense_layer::backward_bias<T>(T(1), delta_of(factors, member), momentum_, velocity.data);
    apply<T>(scaling.biases[l], step, velocity, bias);
  }
}

template class Momentum<float>;
template class Momentum<double>;

}  // namespace widthwise
