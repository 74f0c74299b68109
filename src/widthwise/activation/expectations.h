// Gaussian expectations of an activation, the steps of every infinite-width kernel: for (u, v) ~ N(0, C),
//
//   E phi(u) phi(v)      (the next layer's covariance)      and      E phi'(u) phi'(v)      (its factor in the tangent
//   kernel),
//
// by quadrature split at the breaks (numerics/quadrature.h), for any activation and any correlation, to about 1e-10.
// They cost a fraction of a millisecond to some milliseconds each: right for recursions over depth and for checking
// closed forms, too slow for kernels over a data set.
#pragma once

#include "widthwise/activation/activation.h"
#include "widthwise/numerics/quadrature.h"

namespace widthwise {

/// E phi(z)^2 and E phi'(z)^2 for z ~ N(0, variance). @throws Error for a negative variance.
double mean_square(const Activation& activation, double variance);
double mean_square_slope(const Activation& activation, double variance);

/// E phi(u) phi(v). @throws Error unless the covariance is positive semidefinite.
double mean_product(const Activation& activation, const Covariance2& covariance);
/// E phi'(u) phi'(v). Near correlation 1 the answer for activations with kinks falls like the square root of 1 minus
/// the correlation, so rounding of the covariance itself costs half the digits there.
double mean_slope_product(const Activation& activation, const Covariance2& covariance);

}  // namespace widthwise
