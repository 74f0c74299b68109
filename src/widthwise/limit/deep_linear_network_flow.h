// Gradient flow of deep linear networks of finite width from random weights, on infinitely many data: what the closed
// flows of deep_linear_flow.h and the equations of infinite width are limits of. L hidden layers of N neurons,
//
//   f = (1 / (gamma0 N)) w . W^{L-1} ... W^1 W^0 x N^{-(L-1)/2},   entries N(0, 1),   rate eta gamma0^2 N
//
// (muP with gamma0 fixed; Bordelon and Pehlevan 2025, arXiv 2502.02531). The population gradient passes one vector
// through the network, s = Lambda (w* - b) with b the end-to-end vector; with A^l = W^l / sqrt N and a = w / sqrt N
//
//   b = A0^T A1^T .. a / gamma0,   dA^l/dt = eta gamma0 g^{l+1} (h^l)^T,   h^{l+1} = A^l h^l, h^0 = s;   g^l = A^l^T
//   g^{l+1}
//
// The error v = w* - b is followed beside the weights, dv/dt = -eta K Lambda v with K = P P^T the kernel, P = d(gamma0
// b)/d(weights): the same flow, whose stiff part is linear in v, with K the slow coefficient, and is solved as such
// (stiff_flow.h). Steps follow the features, not the fastest mode nor the precision of b where it has long been
// learned. A step costs N^2 modes L operations and a few passes over the weights, however long it is.
//
// Modes may be merged (flow_spectrum.h): a merged spectrum is another problem at finite width, with the same limit.
#pragma once

#include <span>

#include "widthwise/base/key.h"
#include "widthwise/limit/flow_spectrum.h"
#include "widthwise/linalg/view.h"
#include "widthwise/numerics/trace.h"

namespace widthwise {

struct DeepLinearFlowNetwork {
  int hidden_layers = 2;    // L >= 1
  Index width = 128;        // N
  double gamma0 = 1;        // > 0
  double eta = 1;           // > 0
  bool centred = true;      // the output is f - f(t = 0), so that b starts at 0; else b starts at 1 / (gamma0 sqrt N)
  double tolerance = 1e-5;  // relative error of a step
  Key key = Key(0);         // of the weights, nested in width
};

/// A trace at `times` (ascending, the first may be 0) of "loss" = sum lambda_k (w_k - b_k)^2, of "kernel_scale", the
/// kernel eta P P^T of the mode of least variance (L + 1 at the start of a wide network), and of "reach" = |b|. Steps
/// of the trace are the integrator's. @throws ConfigError (limit.*, measure.times) where a
/// number is out of range; Interrupted.
Trace deep_linear_network_flow(const FlowSpectrum& spectrum, const DeepLinearFlowNetwork& network,
                               std::span<const double> times);

}  // namespace widthwise
