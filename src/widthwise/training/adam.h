// Adam (Kingma & Ba 2015, algorithm 1) with decoupled decay (Loshchilov & Hutter 2019), for every tensor W with
// gradient G, rate eta and decay lambda, at update t = 1, 2, ...:
//
//   M <- beta1 M + (1 - beta1) G           M = V = 0 at the start
//   V <- beta2 V + (1 - beta2) G^2
//   W <- (1 - eta lambda) W - eta (M / (1 - beta1^t)) / (sqrt(V / (1 - beta2^t)) + epsilon)
//
// on effective W: with W = a w the trained w sees a G, so that rate and epsilon are those of the gauge-folded scaling.
// Steps forget the size of gradients: where the size is what you study, use sgd.
#pragma once

#include "widthwise/network/parameters.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

template <class T>
class Adam final : public UpdateRule<T> {
 public:
  Adam(double beta1, double beta2, const Ensemble<T>& ensemble);
  void update(Ensemble<T>& ensemble, const Factors<T>& factors, std::int64_t step, T* scratch) override;
  bool needs_scratch() const override { return true; }
  int kept_per_weight() const override { return 2; }

 private:
  void apply(const TensorScaling& scaling, std::int64_t step, const T* gradient, T* mean, T* square,
             View<T> values) const;

  double beta1_, beta2_;
  Parameters<T> mean_, square_;
};

extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace widthwise
