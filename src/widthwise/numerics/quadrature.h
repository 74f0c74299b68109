// Integrals of smooth or piecewise smooth functions by adaptive Gauss-Kronrod quadrature (15 nodes a panel), and the
// Gaussian expectations of wide-network theory,
//
//   E f(z), z ~ N(0, c)      and      E f(u) g(v), (u, v) ~ N(0, [[c11, c12], [c12, c22]]),
//
// split where the integrands have kinks or jumps, so that they converge there as fast as anywhere: relative accuracy is
// about 1e-12 in one dimension and 1e-10 in two. A pair of dimensions takes some 1e5 evaluations: for whole kernels
// use closed forms, and this to check them.
#pragma once

#include <functional>
#include <span>

namespace widthwise {

using ScalarFunction = std::function<double(double)>;

/// A number and an estimate of its error (honest where the integrand is smooth between the given points).
struct Integral {
  double value = 0, error = 0;
};

/// Integral of f over [a, b], split at those of `points` that lie inside (kinks, jumps, both sides of a narrow peak).
/// Panels are halved, worst first, until the error is below relative_tolerance times the integral of |f|, or rounding
/// or 2000 panels end it: `error` tells.
Integral integrate(const ScalarFunction& f, double a, double b, std::span<const double> points = {},
                   double relative_tolerance = 1e-12);

/// E f(z) for z ~ N(0, variance); variance 0 gives f(0). f may grow like a power of |z| and vary on a scale of 1 around
/// z = 0, as activations do, or more slowly; `kinks` are where f or its slope jumps. @throws Error for a negative
/// variance.
double gaussian_mean(const ScalarFunction& f, double variance, std::span<const double> kinks = {});

/// Covariance of a pair of zero-mean Gaussians u and v.
struct Covariance2 {
  double uu, uv, vv;
};

/// E f(u) g(v); kinks as above, of f in u and of g in v. Any correlation from -1 to 1, the ends included (where it is a
/// one-dimensional integral), and variances 0. @throws Error unless the covariance is positive semidefinite (up to
/// rounding).
double gaussian_mean(const ScalarFunction& f, const ScalarFunction& g, const Covariance2& covariance,
                     std::span<const double> f_kinks = {}, std::span<const double> g_kinks = {});

}  // namespace widthwise
