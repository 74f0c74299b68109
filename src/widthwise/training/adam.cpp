#include "widthwise/training/adam.h"

#include <cmath>

#include "widthwise/linalg/pointwise.h"
#include "widthwise/training/layer_gradient.h"

namespace widthwise {

template <class T>
void adam_step(const AdamAverages& averages, Decay decay, const TensorScaling& scaling, const UpdateStep& step,
               const T* gradient, T* mean, T* square, View<T> values) {
  const double rate = step.rate_factor * scaling.effective_rate;
  const double t = static_cast<double>(step.number + 1);
  const bool decoupled = decay == Decay::decoupled;
  const pointwise::AdamStep adam{.rate = rate,
                                 .beta1 = averages.beta1,
                                 .beta2 = averages.beta2,
                                 .epsilon = scaling.effective_epsilon,
                                 .correction1 = 1 / (1 - std::pow(averages.beta1, t)),
                                 .correction2 = 1 / (1 - std::pow(averages.beta2, t)),
                                 .decay = decoupled ? 0 : scaling.effective_decay,
                                 .keep = decoupled ? 1 - rate * scaling.effective_decay : 1};
  pointwise::adam<T>(adam, View<const T>(gradient, values.rows, values.cols), View<T>(mean, values.rows, values.cols),
                     View<T>(square, values.rows, values.cols), values);
}

template <class T>
Adam<T>::Adam(const AdamAverages& averages, Decay decay, const Ensemble<T>& ensemble)
    : averages_(averages),
      decay_(decay),
      mean_(ensemble.architecture(), ensemble.size()),
      square_(ensemble.architecture(), ensemble.size()) {}

template <class T>
void Adam<T>::update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) {
  const auto l = static_cast<std::size_t>(factors.layer - 1);
  each_weight_gradient(factors, scratch, [&](Index member, const T* gradient) {
    adam_step<T>(averages_, decay_, ensemble.scaling(member).weights[l], step, gradient,
                 mean_.weight(member, factors.layer).data, square_.weight(member, factors.layer).data,
                 ensemble.weight(member, factors.layer));
  });
  each_bias_gradient(ensemble, factors, scratch, [&](Index member, const T* gradient) {
    adam_step<T>(averages_, decay_, ensemble.scaling(member).biases[l], step, gradient,
                 mean_.bias(member, factors.layer).data, square_.bias(member, factors.layer).data,
                 ensemble.bias(member, factors.layer));
  });
}

template void adam_step(const AdamAverages&, Decay, const TensorScaling&, const UpdateStep&, const float*, float*,
                        float*, View<float>);
template void adam_step(const AdamAverages&, Decay, const TensorScaling&, const UpdateStep&, const double*, double*,
                        double*, View<double>);
template class Adam<float>;
template class Adam<double>;

}  // namespace widthwise
