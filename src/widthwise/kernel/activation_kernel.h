// Gaussian expectations of an activation for all pairs of two sets of points: with (u_i, v_j) jointly Gaussian of mean
// 0, variances a_i = E u_i^2, b_j = E v_j^2 and covariance c_ij,
//
//   value_ij = E phi(u_i) phi(v_j)          slope_ij = E phi'(u_i) phi'(v_j)
//
// what each layer of an infinitely wide network does to covariances (value) and to tangent kernels (slope). In closed
// form where phi is linear on both sides of 0 (relu, leaky_relu, abs, linear; Cho and Saul 2009),
//
//   phi(z) = m z + d |z|, m = (phi(1) - phi(-1)) / 2, d = (phi(1) + phi(-1)) / 2, t = c / sqrt(a b):
//   value = m^2 c + d^2 (2/pi) sqrt(a b) (sqrt(1 - t^2) + t arcsin t)          slope = m^2 + d^2 (2/pi) arcsin t,
//
// and for others by Mehler's series, sum_k h_k(a) h_k(b) t^k with h_k(a) the Hermite coefficients of phi(sqrt(a) z):
// some hundred operations a pair, once the coefficients of each point are known. Pairs for which the terms left out
// could matter (t near 1, activations with kinks) are integrated instead (activation/expectations.h).
#pragma once

#include <span>

#include "widthwise/activation/activation.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {

struct ActivationKernel {
  Matrix<double> value, slope;  // rows x columns
};

/// To about 1e-9 of sqrt(E phi(u)^2 E phi(v)^2); slopes near t = 1 as exact as t itself lets them be.
/// @param covariance rows x columns. Throws ShapeError where the sizes do not fit, Error for a negative variance or one
/// that is no number.
ActivationKernel activation_kernel(const Activation& activation, std::span<const double> row_variances,
                                   std::span<const double> column_variances, View<const double> covariance);

}  // namespace widthwise
