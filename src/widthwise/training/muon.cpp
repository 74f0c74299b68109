#include "widthwise/training/muon.h"

#include <algorithm>
#include <cmath>

#include "widthwise/linalg/newton_schulz.h"
#include "widthwise/linalg/pointwise.h"
#include "widthwise/training/layer_gradient.h"

namespace widthwise {

namespace {

constexpr int iterations = 5;

}  // namespace

bool moves_along_orthogonal_factors(const Dense& layer) {
  return layer.block == Block::hidden && layer.layer > 1;
}

template <class T>
Muon<T>::Muon(double momentum, const AdamAverages& averages, const Ensemble<T>& ensemble)
    : momentum_(static_cast<T>(momentum)),
      averages_(averages),
      mean_(ensemble.architecture(), ensemble.size()),
      square_(ensemble.architecture(), ensemble.size()) {}

template <class T>
Index Muon<T>::scratch_size(const Dense& layer, Index members) const {
  return moves_along_orthogonal_factors(layer) ? newton_schulz_room(layer.fan_out, layer.fan_in)
                                               : members * layer.fan_in * layer.fan_out;
}

template <class T>
void Muon<T>::update_hidden(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) {
  const Index member = factors.members.first;  // layers behind the first come one by one
  const TensorScaling& scaling = ensemble.scaling(member).weights[static_cast<std::size_t>(factors.layer - 1)];
  const View<T> weight = ensemble.weight(member, factors.layer);
  const View<T> sum = mean_.weight(member, factors.layer), direction = square_.weight(member, factors.layer);
  weight_gradient<T>(T(1), factors, factors.delta, T(0), direction);
  pointwise::momentum<T>(momentum_, -momentum_, direction, sum, direction);  // B = mu B + G, G += mu B

  const double rate = step.rate_factor * scaling.effective_rate;
  const double shape = std::sqrt(std::max(1.0, static_cast<double>(weight.rows) / static_cast<double>(weight.cols)));
  newton_schulz<T>(iterations, static_cast<T>(-rate * shape), direction,
                   static_cast<T>(1 - rate * scaling.effective_decay), weight, scratch);
}

template <class T>
void Muon<T>::update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) {
  const auto l = static_cast<std::size_t>(factors.layer - 1);
  if (moves_along_orthogonal_factors(ensemble.parameters().dense(factors.layer)))
    update_hidden(ensemble, factors, step, scratch);
  else
    each_weight_gradient(factors, scratch, [&](Index member, const T* gradient) {
      adam_step<T>(averages_, Decay::decoupled, ensemble.scaling(member).weights[l], step, gradient,
                   mean_.weight(member, factors.layer).data, square_.weight(member, factors.layer).data,
                   ensemble.weight(member, factors.layer));
    });
  each_bias_gradient(ensemble, factors, scratch, [&](Index member, const T* gradient) {
    adam_step<T>(averages_, Decay::decoupled, ensemble.scaling(member).biases[l], step, gradient,
                 mean_.bias(member, factors.layer).data, square_.bias(member, factors.layer).data,
                 ensemble.bias(member, factors.layer));
  });
}

template class Muon<float>;
template class Muon<double>;

}  // namespace widthwise
