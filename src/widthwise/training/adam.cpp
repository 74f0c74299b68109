#include "widthwise/training/adam.h"

#include <cmath>

#include "widthwise/linalg/pointwise.h"
#include "widthwise/network/dense.h"

namespace widthwise {

template <class T>
Adam<T>::Adam(double beta1, double beta2, const Ensemble<T>& ensemble)
    : beta1_(beta1),
      beta2_(beta2),
      mean_(ensemble.architecture(), ensemble.size()),
      square_(ensemble.architecture(), ensemble.size()) {}

template <class T>
void Adam<T>::apply(const TensorScaling& scaling, std::int64_t step, const T* gradient, T* mean, T* square,
                    View<T> values) const {
  if (scaling.effective_decay != 0) {
    const T factor = static_cast<T>(1 - scaling.effective_rate * scaling.effective_decay);
    for (Index i = 0; i < values.size(); ++i) values.data[i] *= factor;
  }
  const double t = static_cast<double>(step + 1);
  const pointwise::AdamStep adam{.rate = scaling.effective_rate,
                                 .beta1 = beta1_,
                                 .beta2 = beta2_,
                                 .epsilon = scaling.effective_epsilon,
                                 .correction1 = 1 / (1 - std::pow(beta1_, t)),
                                 .correction2 = 1 / (1 - std::pow(beta2_, t))};
  pointwise::adam<T>(adam, View<const T>(gradient, values.rows, values.cols), View<T>(mean, values.rows, values.cols),
                     View<T>(square, values.rows, values.cols), values);
}

template <class T>
void Adam<T>::update(Ensemble<T>& ensemble, const Factors<T>& factors, std::int64_t step, T* scratch) {
  const auto [first, count] = factors.members;
  const auto l = static_cast<std::size_t>(factors.layer - 1);
  const Index fan_out = factors.delta.cols / count, size = fan_out * factors.input.cols;
  dense_layer::backward_weight<T>(T(1), factors.delta, factors.input, T(0),
                                  View<T>(scratch, factors.delta.cols, factors.input.cols));
  for (Index member = first; member < first + count; ++member)
    apply(ensemble.scaling(member).weights[l], step, scratch + (member - first) * size,
          mean_.weight(member, factors.layer).data, square_.weight(member, factors.layer).data,
          ensemble.weight(member, factors.layer));
  for (Index member = first; member < first + count; ++member) {
    const View<T> bias = ensemble.bias(member, factors.layer);
    if (!bias.data) break;
    dense_layer::backward_bias<T>(T(1), delta_of(factors, member), T(0), scratch);
    apply(ensemble.scaling(member).biases[l], step, scratch, mean_.bias(member, factors.layer).data,
          square_.bias(member, factors.layer).data, bias);
  }
}

template class Adam<float>;
template class Adam<double>;

}  // namespace widthwise
