// How far apart two samples of a random number are, by the Kullback-Leibler divergence of laws fitted to their first
// two moments (variances unbiased):
//
//   normal   KL(N(m, v) | N(m_r, v_r)) = 1/2 (v/v_r + (m_r - m)^2/v_r - 1 - log(v/v_r))
//   Beta     of numbers in (0, 1): a = m (m (1-m)/v - 1), b = (1-m) (m (1-m)/v - 1), and
//            KL = log B(a_r, b_r)/B(a, b) + (a - a_r) psi(a) + (b - b_r) psi(b) + (a_r - a + b_r - b) psi(a + b)
//
// as in comparisons of networks with their limits (Golikov 2020, code).
#pragma once

#include <span>

namespace widthwise {

/// NaN of fewer than two values each, and where the reference has no variance.
double normal_divergence(std::span<const double> values, std::span<const double> reference);
/// NaN of fewer than two values each, where a variance is 0, and where it is as large as no Beta law's, m (1 - m).
double beta_divergence(std::span<const double> values, std::span<const double> reference);

}  // namespace widthwise
