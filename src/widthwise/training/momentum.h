// Gradient descent with momentum (Polyak's heavy ball) and L2 decay, for every tensor W with gradient G, rate eta,
// momentum mu and decay lambda:
//
//   V <- mu V + G + lambda W,    W <- W - eta V,    V = 0 at the start
//
// V is written by the gradient's own product (alpha = 1, beta = mu). At constant G steps grow to eta G / (1 - mu).
#pragma once

#include "widthwise/network/parameters.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

template <class T>
class Momentum final : public UpdateRule<T> {
 public:
  Momentum(double momentum, const Ensemble<T>& ensemble);
  void update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) override;
  int kept_per_weight() const override { return 1; }

 private:
  T momentum_;
  Parameters<T> velocity_;
};

extern template class Momentum<float>;
extern template class Momentum<double>;

}  // namespace widthwise
