#include "widthwise/parameterization/two_layer.h"
#include <algorithm>
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"
namespace widthwise {
TwoLayerClass classify_two_layer(const TwoLayerExponents& q, bool ic) {
  TwoLayerClass c{};
  const Rational half(1,2), zero(0);
  c.s_a = q.q_sigma + q.q_a; c.s_w = q.q_sigma + q.q_w;
  const Rational S = c.s_a < c.s_w ? c.s_w : c.s_a, T = c.s_a + c.s_w;
  c.nu = q.q_sigma + half; c.kappa = q.q_sigma + S + 1;
  if (T > zero) { c.reason = "diverging"; return c; }
  if (S < -half) { c.reason = "stagnating"; return c; }
  c.stable = true;
  c.evolves = !(c.s_w < zero) || (c.s_a > zero && T == zero);
  if (ic) c.nu = zero;
  auto mode = [&](const Rational& e) { return e < zero ? GradientMode::linear : e == zero ? GradientMode::logistic : GradientMode::perceptron; };
  c.limit = {c.evolves ? Engine::mean_field : Engine::kernel, mode(c.nu), mode(c.kappa), S == -half || ic};
  return c;
}
Parameterization two_layer_scheme(const TwoLayerExponents& q) {
  BlockExponents in, out; in.c = -q.q_w; out.a = -q.q_sigma; out.c = -q.q_a;
  return custom_scheme(in, {}, out, OptimizerKind::sgd);
}
TwoLayerExponents two_layer_exponents(const Parameterization& p) {
  const auto out = effective_form(p.width.output, OptimizerKind::sgd), in = effective_form(p.width.input, OptimizerKind::sgd);
  return {-out.b, -out.c + Rational(2) * out.b, -in.c};
}
}
