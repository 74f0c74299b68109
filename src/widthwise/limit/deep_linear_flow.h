// Gradient flow of deep linear networks where it closes in the error of the end-to-end vector alone: infinite width and
// data, modes of variance lambda_k with targets w_k (flow_spectrum.h). With v = w - B the error, s = Lambda v,
//
//   dv/dt = -p s - q B (B . s),     p, q functions of r = |B|^2,     loss = sum_k lambda_k v_k^2
//
// * One hidden layer from random weights, f = w . W0 x / (gamma0 N), rate eta gamma0^2 N (Bordelon and Pehlevan 2025,
//   arXiv 2502.02531). Its correlations c = <k g>, A = <k k>, b = <g g> obey
//     dv/dt = -eta (b + A) s,   dA/dt = eta gamma0 (c s^T + s c^T),   db/dt = 2 eta gamma0 c . s,   c = gamma0 B.
//   [A c; c b] is G G^T of a flow dG/dt = eta gamma0 [0 s; s 0] G of Lorentz boosts, itself symmetric and positive, so
//   a boost that c alone determines: b = sqrt(1 + |c|^2), A = 1 + c c^T / (1 + b). Hence
//     p = eta (1 + b),   q = eta gamma0^2 / (1 + b).
// * n weight matrices that are balanced and of rank one (small initialization, or long after a random one):
//     p = m^(2 - 2/n),   q = (n - 1) m^(-2/n),   m^2 = r + floor,
//   with floor > 0 standing for what random weights give at the start.
//
// The stiff linear part is diagonal plus two vectors, so a step costs O(modes) however far lambda's spread and t reach.
//
// Not for: more hidden layers from random weights, where the bulk of the hidden matrices has memory; finite width or
// data; discrete steps (isotropic_descent below is exact for those of one mode).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "widthwise/limit/flow_spectrum.h"
#include "widthwise/numerics/trace.h"

namespace widthwise {

struct TwoLayerFlow {
  double gamma0 = 1;        // >= 0; 0: the kernel stays at 2
  double eta = 1;           // > 0
  double tolerance = 1e-6;  // relative error of a step
};

struct BalancedFlow {
  int matrices = 2;  // n >= 1
  double floor = 1;  // > 0
  double tolerance = 1e-6;
};

/// A trace at `times` (ascending, the first may be 0) of "loss" and of the kernel per mode, "kernel_scale" (p, of
/// directions orthogonal to B) and "kernel_along" (p + q r, along B). Steps of the trace are the integrator's.
/// @throws ConfigError (limit.*, measure.times) where a number is out of range; Interrupted.
Trace two_layer_flow(const FlowSpectrum& spectrum, const TwoLayerFlow& flow, std::span<const double> times);
Trace balanced_flow(const FlowSpectrum& spectrum, const BalancedFlow& flow, std::span<const double> times);

/// Steps of gradient descent of one hidden layer with isotropic data of variance 1 (one mode, w = 1) at infinite width
/// and data, exactly: with a = 1 - c / gamma0, e = eta gamma0 a,
///   c <- c + e (A + B) + e^2 c,   A <- A + 2 e c + e^2 B,   B <- B + 2 e c + e^2 A,   A = B = 1, c = 0 at the start.
/// @returns a at steps 0..steps; the loss is a^2. @throws ConfigError (limit.richness, limit.steps,
/// limit.learning_rate).
std::vector<double> isotropic_descent(double gamma0, double eta, std::int64_t steps);
/// a(t) of the flow of the same: dy/dt = 2 eta (1 - y) sqrt(1 + gamma0^2 y^2), y = 1 - a, solved in closed form.
double isotropic_flow(double gamma0, double eta, double time);

}  // namespace widthwise
