// Adam (Kingma & Ba 2015, algorithm 1) with weight decay in one of two places, for every tensor W with gradient G, rate
// eta and decay lambda, at update t = 1, 2, ...:
//
//   adam    H = G + lambda W        keep = 1                   L2 decay, divided by the gradient's size like the rest
//   adamw   H = G                   keep = 1 - eta lambda      decoupled (Loshchilov & Hutter 2019, algorithm 2)
//
//   M <- beta1 M + (1 - beta1) H           M = V = 0 at the start
//   V <- beta2 V + (1 - beta2) H^2
//   W <- keep W - eta (M / (1 - beta1^t)) / (sqrt(V / (1 - beta2^t)) + epsilon)
//
// on effective W: with W = a w the trained w sees a G, so that rate and epsilon are those of the gauge-folded scaling.
// Steps forget the size of gradients: where the size is what you study, use sgd.
#pragma once

#include "widthwise/network/parameters.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

/// What all tensors share.
struct AdamAverages {
  double beta1 = 0.9, beta2 = 0.999;
};

/// One step of one tensor; gradient, mean and square are laid out like values.
template <class T>
void adam_step(const AdamAverages& averages, Decay decay, const TensorScaling& scaling, const UpdateStep& step,
               const T* gradient, T* mean, T* square, View<T> values);

template <class T>
class Adam final : public UpdateRule<T> {
 public:
  Adam(const AdamAverages& averages, Decay decay, const Ensemble<T>& ensemble);
  void update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) override;
  Index scratch_size(const Dense& layer, Index members) const override {
    return members * layer.fan_in * layer.fan_out;
  }
  int kept_per_weight() const override { return 2; }

 private:
  AdamAverages averages_;
  Decay decay_;
  Parameters<T> mean_, square_;
};

extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace widthwise
