#include "widthwise/parameterization/two_layer.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {

namespace {

const Rational half(1, 2), zero(0);

Trend trend_of(const Rational& exponent) {
  return exponent < zero ? Trend::vanish : exponent == zero ? Trend::finite : Trend::diverge;
}

GradientMode mode_of(const Rational& exponent) {
  return exponent < zero ? GradientMode::linear : exponent == zero ? GradientMode::logistic : GradientMode::perceptron;
}

// Of three names by the sign of an exponent.
const char* by_sign(const Rational& exponent, const char* below, const char* at, const char* above) {
  return exponent < zero ? below : exponent == zero ? at : above;
}

std::string name_of(const TwoLayerClass& c) {
  if (c.evolves)
    return by_sign(c.kappa, "post-MF", "MF", by_sign(c.nu, "MF-sym-default", "sym-default", "pre-sym-default"));
  if (c.S() == -half) return by_sign(c.nu, "post-NTK", "NTK", "pre-NTK");
  return by_sign(c.kappa, "post-MF-NTK", "MF-NTK", by_sign(c.nu, "triangle", "NTK-sym-default", "pre-NTK-sym-default"));
}

std::vector<std::string> annotations_of(const TwoLayerClass& c) {
  std::vector<std::string> out;
  if (c.s_a == c.s_w) return out;
  const bool a_leads = c.s_w < c.s_a;
  out.push_back(fmt::format("The kernel of {} dominates initially: s_a = {}, s_w = {}.",
                            a_leads ? "the output layer" : "the input layer", to_string(c.s_a), to_string(c.s_w)));
  if (c.s_a > zero)
    out.emplace_back("The initial output weights are forgotten (s_a > 0): in the limit they start at 0.");
  if (c.s_w > zero)
    out.emplace_back(
        "The initial input weights are forgotten (s_w > 0): only the gate phi'(w_0 . x) of the first step survives.");
  if (a_leads && c.T() < zero)
    out.emplace_back("Random features: the output weights alone move the output (s_a > s_w, T < 0).");
  if (!a_leads && c.T() < zero) out.emplace_back("The input weights alone move the output (s_w > s_a, T < 0).");
  if (c.T() == zero) out.emplace_back("From the first step on both layers' kernels are of one order (T = 0).");
  return out;
}

void correct(TwoLayerClass& c) {
  if (!c.stable || c.kappa != zero)
    throw ConfigError({"", "parameterization.init_corrected"},
                      "a stable scaling with kappa = 0, whose later outputs are of order one as the corrected initial "
                      "output is",
                      c.stable ? fmt::format("kappa = {}", to_string(c.kappa)) : "a scaling that is " + c.reason,
                      "MF, NTK and the scalings between them (2 q_sigma + q = -1) have it");
  c.nu = zero;
  c.f0 = c.ratio = Trend::finite;
  c.name = c.evolves ? "IC-MF" : "NTK";
  c.limit.first = GradientMode::logistic;
  c.limit.keeps_init = true;
}

}  // namespace

std::string_view engine_name(Engine engine) {
  return engine == Engine::kernel ? "kernel" : "mean-field";
}

std::string_view gradient_mode_name(GradientMode mode) {
  return mode == GradientMode::linear ? "lin" : mode == GradientMode::logistic ? "log" : "perc";
}

std::string_view trend_name(Trend trend) {
  return trend == Trend::vanish ? "vanish" : trend == Trend::finite ? "finite" : "diverge";
}

TwoLayerClass classify_two_layer(const TwoLayerExponents& exponents, bool init_corrected) {
  TwoLayerClass c;
  c.s_a = exponents.q_sigma + exponents.q_a;
  c.s_w = exponents.q_sigma + exponents.q_w;
  c.nu = exponents.q_sigma + half;
  c.kappa = Rational(1) + exponents.q_sigma + c.S();
  c.reason = c.T() > zero ? "diverging" : c.S() < -half ? "stagnating" : "";
  c.stable = c.reason.empty();
  if (c.stable) {
    c.evolves = c.s_w >= zero || (c.s_a > zero && c.T() == zero);
    c.name = name_of(c);
    c.f0 = trend_of(c.nu);
    c.K0 = trend_of(c.kappa);
    c.ratio = trend_of(c.nu - c.kappa);
    c.limit = {c.evolves ? Engine::mean_field : Engine::kernel, mode_of(c.nu), mode_of(c.kappa), c.S() == -half};
    c.annotations = annotations_of(c);
  }
  if (init_corrected) correct(c);
  return c;
}

Parameterization two_layer_scheme(const TwoLayerExponents& exponents) {
  BlockExponents input, output;
  input.c = -exponents.q_w;
  output.a = -exponents.q_sigma;
  output.c = -exponents.q_a;
  Parameterization scheme = custom_scheme(input, {}, output, OptimizerKind::sgd);
  scheme.name = "two-layer";
  return scheme;
}

TwoLayerExponents two_layer_exponents(const Parameterization& parameterization) {
  const BlockExponents input = effective_form(parameterization.width.input, OptimizerKind::sgd),
                       output = effective_form(parameterization.width.output, OptimizerKind::sgd);
  if (input.b != zero)
    throw ConfigError({"", "parameterization.input"}, "a + b = 0: preactivations that start of order one",
                      fmt::format("a + b = {}", to_string(input.b)));
  // In effective form sigma ~ n^-b, and the rate of a = W / sigma is that of W over sigma^2.
  return {-output.b, Rational(2) * output.b - output.c, -input.c};
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
