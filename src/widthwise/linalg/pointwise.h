// Passes over activations, gradients and parameters that do all their arithmetic in one reading and writing of memory
// (which, not arithmetic, limits them): bias with nonlinearity, slope, update rules, reductions. The widest vector
// instructions of the CPU are chosen at run time. T is float or double throughout; views may have row strides; sizes
// that do not fit throw ShapeError. Not a number in gives not a number out, so a divergence is never masked.
#pragma once

#include "widthwise/linalg/view.h"

namespace widthwise::pointwise {

/// phi(z):             | parameter
///   linear      z     |
///   relu        max(z, 0), slope 0 at 0
///   leaky_relu  z for z > 0, else s z; slope s at 0 | s
///   erf         erf(z)
///   gelu        z Phi(z), Phi the normal distribution function (the exact form, Hendrycks & Gimpel 2016)
///   tanh        tanh(z)
///   softplus    log(1 + exp(beta z)) / beta | beta > 0
///   relu_power  max(z, 0)^p; slope 0 at 0 for p = 1 | p, a whole number >= 1
///   abs         |z|; slope -1 at 0
///   sigmoid     1 / (1 + exp(-z))
///   silu        z / (1 + exp(-z))
///   elu         z for z > 0, else alpha (exp(z) - 1); slope alpha at 0 | alpha
///   sin, cos    of any finite z (slower beyond 39,000); not a number at infinity, where they have no limit
///   quadratic   z^2
enum class Function {
  linear,
  relu,
  leaky_relu,
  erf,
  gelu,
  tanh,
  softplus,
  relu_power,
  abs,
  sigmoid,
  silu,
  elu,
  sin,
  cos,
  quadratic
};

/// z += bias (a row of z.cols entries, or null), h = phi(z). h may be z itself, or must not overlap it.
template <class T>
void forward(Function function, double parameter, View<T> z, const T* bias, View<T> h);
/// d *= phi'(z).
template <class T>
void multiply_slope(Function function, double parameter, View<const T> z, View<T> d);

/// y += a x.
template <class T>
void add_scaled(T a, View<const T> x, View<T> y);
/// sums_j = a sum_i x_ij + beta sums_j, the gradient of a bias; with beta = 0, sums is not read. Summed row by row in
/// T.
template <class T>
void column_sums(T a, View<const T> x, T beta, T* sums);

/// w -= rate g.
template <class T>
void sgd(T rate, View<const T> g, View<T> w);
/// v = mu v + g, w -= rate v. g may be w itself.
template <class T>
void momentum(T mu, T rate, View<const T> g, View<T> v, View<T> w);

/// One step of Adam (Kingma & Ba 2015, algorithm 1), with weight decay in the gradient, decoupled, or none.
struct AdamStep {
  double rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  double correction1 = 1, correction2 = 1;  ///< 1 / (1 - beta1^t) and 1 / (1 - beta2^t) at step t = 1, 2, ...
  double decay = 0;                         ///< in the gradient
  double keep = 1;                          ///< the share of w that decoupled decay leaves, 1 - rate decay
};
/// With h = g + decay w:  m = beta1 m + (1 - beta1) h, v = beta2 v + (1 - beta2) h^2,
/// w = keep w - rate (correction1 m) / (sqrt(correction2 v) + epsilon).
template <class T>
void adam(const AdamStep& step, View<const T> g, View<T> m, View<T> v, View<T> w);

/// One step of RMSProp (Tieleman & Hinton 2012), its average not corrected for the start at 0, decay in the gradient.
struct RmspropStep {
  double rate = 1e-3;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double decay = 0;
};
/// With h = g + decay w:  v = beta2 v + (1 - beta2) h^2, w -= rate h / (sqrt(v) + epsilon).
template <class T>
void rmsprop(const RmspropStep& step, View<const T> g, View<T> v, View<T> w);

/// sum x_ij^2; this and the two below are summed in double.
template <class T>
double sum_squares(View<const T> x);
/// sum (x_ij - y_ij)^2.
template <class T>
double sum_squared_differences(View<const T> x, View<const T> y);
/// sum x_ij y_ij.
template <class T>
double dot(View<const T> x, View<const T> y);

}  // namespace widthwise::pointwise
