// The hidden layers of a deep linear network in its limit, row by row in time. Internal to this room.
//
// Neuron fields h^l (forward) and g^l (backward, times what makes them of order one), their correlations C over neurons
// and responses R; eta stands for the rate felt from t' at t (Now::felt), "o" for products entry by entry.
#pragma once

#include <memory>
#include <vector>

#include "widthwise/limit/deep_linear_rows.h"

namespace widthwise::deep_linear_theory {

class HiddenStack {
 public:
  virtual ~HiddenStack() = default;
  /// Rows `now` of gradient fields, top to bottom, from fields before; then those of C_g^1 and R_g^1.
  virtual void backward(const Now& now, const GrowingTriangle& signal_correlation) = 0;
  virtual Rows gradient_correlation(const Now& now) const = 0;
  virtual Rows gradient_response(const Now& now) const = 0;
  /// Rows `now` of forward fields, bottom to top, from those of C_s and R_s.
  virtual void forward(const Now& now, const GrowingTriangle& signal_correlation, const Rows& signal_response) = 0;
};

/// h^{l+1} = W^l h^l / sqrt(N): with M = R_h^{l-1} + gamma_0 eta C_h^{l-1} o Theta (l = 1: of s) and
/// Q = R_g^{l+1} + gamma_0 eta C_g^{l+1} o Theta (l = L: C_g = 1, R_g = 0),
///
///   h = u + M g,  g = r + Q h,  u ~ GP(0, C_h^{l-1}),  r ~ GP(0, C_g^{l+1})
/// Layers of unequal widths: r ~ GP(0, rho_l C_g^{l+1}), Q times rho_l = N_{l+1} / N_l (1 at the top).
///
///   h = A_h u + R_h r,  g = R_g u + A_g r,  A_h = 1 + M R_g,  R_h = M A_g,  R_g = Q A_h,  A_g = 1 + Q R_h
std::unique_ptr<HiddenStack> make_plain_stack(const DeepLinearModel& model, Index outputs);

/// h^{l+1} = a h^l + beta W^l h^l / sqrt(N), l = 1..n-1, a = 1; g^l alike, with links
/// M^l = beta^2 (K_F^l + gamma_0 eta C_h^l o Theta), Q^l = beta^2 (K_G^{l+1} + gamma_0 eta C_g^{l+1} o Theta). All that
/// lies below a state is h = F g + phi, phi ~ GP(0, Phi), all above it g = G h + chi, chi ~ GP(0, Gamma):
///
///   F^1 = R_s + gamma_0 eta C_s o Theta, Phi^1 = C_s;  G^n = gamma_0 eta Theta, Gamma^n = 1
///   up    F^{l+1} = a^2 Y + M,  Y = S F,  S = (1 - F Q)^-1;
///         Phi^{l+1} = a^2 (S Phi S^T + beta^2 Y C_g^{l+1} Y^T) + beta^2 C_h
///   down  G^l = a^2 X + Q,  X = G^{l+1} E,  E = (1 - M G^{l+1})^-1;
///         Gamma^l = a^2 (E_2 Gamma^{l+1} E_2^T + beta^2 X C_h X^T) + beta^2 C_g^{l+1},  E_2 = 1 + X M
///   site  D_1 = (1 - F G)^-1, D_2 = (1 - G F)^-1, K_F = D_1 F, K_G = G D_1;
///         C_h = D_1 Phi D_1^T + K_F Gamma K_F^T, C_g = D_2 Gamma D_2^T + K_G Phi K_G^T
///
/// Row by row: E = 1 + M X, S = 1 + Y Q, Y = F Z, Z = 1 + Q Y, D_1 = 1 + F K_G, D_2 = 1 + K_G F, K_F = F D_2.
/// @param states n; @param skip a: 0 with branch 1 is the plain stack of n layers.
std::unique_ptr<HiddenStack> make_residual_stack(const DeepLinearModel& model, int states, double branch, double skip,
                                                 Index outputs);

}  // namespace widthwise::deep_linear_theory
