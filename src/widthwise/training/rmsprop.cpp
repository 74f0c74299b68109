#include "widthwise/training/rmsprop.h"

#include "widthwise/linalg/pointwise.h"
#include "widthwise/training/layer_gradient.h"

namespace widthwise {

template <class T>
Rmsprop<T>::Rmsprop(double beta2, const Ensemble<T>& ensemble)
    : beta2_(beta2), square_(ensemble.architecture(), ensemble.size()) {}

template <class T>
void Rmsprop<T>::apply(const TensorScaling& scaling, const UpdateStep& step, const T* gradient, T* square,
                       View<T> values) const {
  const pointwise::RmspropStep rmsprop{.rate = step.rate_factor * scaling.effective_rate,
                                       .beta2 = beta2_,
                                       .epsilon = scaling.effective_epsilon,
                                       .decay = scaling.effective_decay};
  pointwise::rmsprop<T>(rmsprop, View<const T>(gradient, values.rows, values.cols),
                        View<T>(square, values.rows, values.cols), values);
}

template <class T>
void Rmsprop<T>::update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) {
  const auto l = static_cast<std::size_t>(factors.layer - 1);
  each_weight_gradient(factors, scratch, [&](Index member, const T* gradient) {
    apply(ensemble.scaling(member).weights[l], step, gradient, square_.weight(member, factors.layer).data,
          ensemble.weight(member, factors.layer));
  });
  each_bias_gradient(ensemble, factors, scratch, [&](Index member, const T* gradient) {
    apply(ensemble.scaling(member).biases[l], step, gradient, square_.bias(member, factors.layer).data,
          ensemble.bias(member, factors.layer));
  });
}

template class Rmsprop<float>;
template class Rmsprop<double>;

}  // namespace widthwise
