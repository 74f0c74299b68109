#include "widthwise/parameterization/two_layer.h"
#include <algorithm>
#include "widthwise/base/error.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"
namespace widthwise {
TwoLayerClass classify_two_layer(const TwoLayerExponents& q, bool ic) {
  TwoLayerClass c{};
  const Rational half(1, 2), zero(0);
  c.s_a = q.q_sigma + q.q_a;
  c.s_w = q.q_sigma + q.q_w;
  const Rational S = c.s_a < c.s_w ? c.s_w : c.s_a, T = c.s_a + c.s_w;
  c.nu = q.q_sigma + half;
  c.kappa = q.q_sigma + S + 1;
  if (T > zero) {
    c.reason = "diverging";
    return c;
  }
  if (S < -half) {
    c.reason = "stagnating";
    return c;
  }
  c.stable = true;
  c.evolves = !(c.s_w < zero) || (c.s_a > zero && T == zero);
  if (ic) c.nu = zero;
  auto mode = [&](const Rational& e) {
    return e < zero ? GradientMode::linear : e == zero ? GradientMode::logistic : GradientMode::perceptron;
  };
  c.limit = {c.evolves ? Engine::mean_field : Engine::kernel, mode(c.nu), mode(c.kappa), S == -half || ic};
  return c;
}
Parameterization two_layer_scheme(const TwoLayerExponents& q) {
  BlockExponents in, out;
  in.c = -q.q_w;
  out.a = -q.q_sigma;
  out.c = -q.q_a;
  return custom_scheme(in, {}, out, OptimizerKind::sgd);
}
TwoLayerExponents two_layer_exponents(const Parameterization& p) {
  const auto out = effective_form(p.width.output, OptimizerKind::sgd),
             in = effective_form(p.width.input, OptimizerKind::sgd);
  return {-out.b, -out.c + Rational(2) * out.b, -in.c};
}

TwoLayerExponents parse_two_layer_exponents(std::string_view text, std::string_view key) {
  const auto commas = std::ranges::count(text, ',');
  if (commas < 1 || commas > 2)
    throw ConfigError({"", std::string(key)}, "exponents q_sigma,q_a,q_w such as -1/2,1,0, or q_sigma,q such as -1,1",
                      "'" + std::string(text) + "'");
  const auto next = [&] {
    const auto comma = text.find(',');
    const Rational value = parse_rational(text.substr(0, comma), key);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    return value;
  };
  TwoLayerExponents exponents;
  exponents.q_sigma = next();
  exponents.q_a = exponents.q_w = next();
  if (commas == 2) exponents.q_w = next();
  return exponents;
}
}  // namespace widthwise
