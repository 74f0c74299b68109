// Muon (Jordan et al. 2024). For every hidden matrix W, fan_out x fan_in, with gradient G, rate eta, momentum mu and
// decoupled decay lambda:
//
//   B <- mu B + G                                                       B = 0 at the start
//   O  = NS5(G + mu B)                                                  Nesterov; NS5: linalg/newton_schulz.h
//   W <- (1 - eta lambda) W - eta sqrt(max(1, fan_out/fan_in)) O
//
// O has the singular vectors of the momentum and singular values of order one, whatever the gradient's size: a step
// moves |W x| by about eta |x|. Input and output matrices and all biases take steps of AdamW (adam.h) at their own
// rates of the scaling; one hidden layer has no hidden matrix, and there Muon is AdamW.
#pragma once

#include "widthwise/network/parameters.h"
#include "widthwise/training/adam.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

/// Whether Muon moves a matrix by an orthogonal factor; all else takes steps of AdamW.
bool moves_along_orthogonal_factors(const Dense& layer);

template <class T>
class Muon final : public UpdateRule<T> {
 public:
  Muon(double momentum, const AdamAverages& averages, const Ensemble<T>& ensemble);
  void update(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch) override;
  Index scratch_size(const Dense& layer, Index members) const override;
  int kept_per_weight() const override { return 2; }

 private:
  void update_hidden(Ensemble<T>& ensemble, const Factors<T>& factors, const UpdateStep& step, T* scratch);

  T momentum_;
  AdamAverages averages_;
  Parameters<T> mean_, square_;  // AdamW's; of hidden matrices B, and room for G + mu B
};

extern template class Muon<float>;
extern template class Muon<double>;

}  // namespace widthwise
