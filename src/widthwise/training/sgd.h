// Stochastic gradient descent with L2 decay, for every tensor W with gradient G, rate eta and decay lambda:
//
//   W <- W - eta (G + lambda W)
//
// The gradient never exists: the update is the gradient's own product, with alpha = -eta and beta = 1 - eta lambda.
#pragma once

#include "widthwise/training/update_rule.h"

namespace widthwise {

template <class T>
class Sgd final : public UpdateRule<T> {
 public:
  void update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) override;
};

extern template class Sgd<float>;
extern template class Sgd<double>;

}  // namespace widthwise
