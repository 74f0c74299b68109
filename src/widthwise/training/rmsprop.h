// RMSProp (Tieleman & Hinton 2012) with L2 decay, for every tensor W with gradient G, rate eta and decay lambda:
//
//   H = G + lambda W
//   V <- beta2 V + (1 - beta2) H^2           V = 0 at the start
//   W <- W - eta H / (sqrt(V) + epsilon)
//
// on effective W, as Adam. V is not corrected for its start at 0, so that the first steps are up to
// 1 / sqrt(1 - beta2) times the rate (ten times, with the usual 0.99): the same factor at every width.
#pragma once

#include "widthwise/network/parameters.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

template <class T>
class Rmsprop final : public UpdateRule<T> {
 public:
  Rmsprop(double beta2, const Ensemble<T>& ensemble);
  void update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) override;
  Index scratch_size(const Dense& layer, Index members) const override {
    return members * layer.fan_in * layer.fan_out;
  }
  int kept_per_weight() const override { return 1; }

 private:
  void apply(const TensorScaling& scaling, const UpdateStep& step, const T* gradient, T* square, View<T> values) const;

  double beta2_;
  Parameters<T> square_;
};

extern template class Rmsprop<float>;
extern template class Rmsprop<double>;

}  // namespace widthwise
