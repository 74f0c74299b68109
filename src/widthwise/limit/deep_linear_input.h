// The data and the first layer of a deep linear network in its limit, row by row in time. Internal to this room.
//
// v = w - b is what is left of the teacher, s the signal (sqrt(D)/P) X^T Delta that passes through the network; of mode
// k of the spectrum, of variance lambda and squared target w^2,
//
//   v = w - r0 - H s,  s = sqrt(lambda) r + lambda P v,    r0 ~ GP(0, C_g / (gamma_0^2 nu)),  r ~ GP(0, C_D / alpha)
//
// with H = R_g / gamma_0 + eta C_g o Theta of the first layer's gradient fields, P = R_Delta (repeated data; else 1).
// With B = H P and A = (1 + lambda B)^-1, v = A (w - r0 - sqrt(lambda) H r), hence
//
//   C_v = A Z A^T,  Z = w^2 + C_g / (gamma_0^2 nu) + (lambda / alpha) H C_D H^T
//   C_s = <lambda> C_D / alpha - (J C_D + C_D J^T) / alpha + P (sum p lambda^2 C_v) P^T,  J = P (sum p lambda^2 A) H
//   P = (1 + (1 / alpha) (sum p lambda A) H)^-1,  C_D = P (sum p lambda C_v + sigma^2) P^T,  of one pass its diagonal
//   R_s = -(1 / (gamma_0 nu)) P sum p lambda A
//
// which is the solution in transfer functions (per mode C_v, U, V, R_v) with the sums over modes taken first: a mode
// has two matrices and three products a step. A centred network has C_g(t,t') - C_g(t,0) - C_g(0,t') + C_g(0,0) in Z,
// and R_s less its share of step 0.
#pragma once

#include <vector>

#include "widthwise/limit/deep_linear_rows.h"

namespace widthwise::deep_linear_theory {

class InputBlock {
 public:
  explicit InputBlock(const DeepLinearModel& model);

  /// Row `now` of everything from those of C_g^1 and of R_g^1.
  void step(const Now& now, const Rows& gradient_correlation, const Rows& gradient_response);

  /// C_s, of which row `now` is there.
  const GrowingTriangle& signal_correlation() const { return signal_; }
  /// Row `now` of R_s.
  const Rows& signal_response() const { return response_; }
  /// Of the last step, summed over outputs.
  double test_loss() const { return test_loss_; }
  double train_loss() const { return train_loss_; }

 private:
  struct Mode {
    double variance, weight;
    GrowingTriangle a, correlation;  // A, C_v
    ConstantSource target;           // A w w^T A^T
  };

  Rows centred(const Now& now, const Rows& correlation);
  void step_mode(const Now& now, const Rows& b, const Rows& gradient, const Rows& noise, Mode& mode);
  void step_residuals(const Now& now, const Rows& correlation);
  void step_signal(const Now& now);

  bool repeated() const { return model_.data == DeepLinearData::repeated && finite_data_; }
  // Of a single mode sums over modes are multiples of its own matrices, which are then read in their place.
  bool single_mode() const { return modes_.size() == 1; }
  double share() const { return single_mode() ? mean_variance_ : 1; }
  const GrowingTriangle& summed_a() const { return single_mode() ? modes_.front().a : first_; }
  const GrowingTriangle& summed_correlation() const { return single_mode() ? modes_.front().correlation : test_; }
  Rows propagated(const Now& now, const GrowingTriangle& a) const;  // P A

  DeepLinearModel model_;
  bool finite_data_;     // 1 / alpha > 0
  double inverse_data_;  // 1 / alpha
  std::vector<Mode> modes_;
  double mean_variance_ = 0;
  GrowingTriangle gradient_;                             // C_g^1, of a centred network
  GrowingTriangle h_, residual_response_;                // H, P
  GrowingTriangle first_, second_, second_correlation_;  // sum p lambda A, sum p lambda^2 A, sum p lambda^2 C_v
  GrowingTriangle test_, residuals_;                     // sum p lambda C_v, C_D
  GrowingTriangle cross_, signal_;                       // J, C_s
  ConstantSource label_noise_;
  Rows response_;
  double test_loss_ = 0, train_loss_ = 0;
};

}  // namespace widthwise::deep_linear_theory
