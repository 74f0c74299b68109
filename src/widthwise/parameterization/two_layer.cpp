#include "widthwise/parameterization/two_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {

namespace {

const Rational half(1, 2);

template <class Choice>
Choice by_sign(const Rational& value, Choice below, Choice zero, Choice above) {
  return value < 0 ? below : value == 0 ? zero : above;
}

Trend trend(const Rational& exponent) {
  return by_sign(exponent, Trend::vanish, Trend::finite, Trend::diverge);
}

GradientMode mode(const Rational& exponent) {
  return by_sign(exponent, GradientMode::linear, GradientMode::logistic, GradientMode::perceptron);
}

// The borders of the band (evolves: T = 0; S = -1/2) and its inside, each cut by nu = 0 and kappa = 0.
const char* cell(const TwoLayerClass& found) {
  const Rational &nu = found.nu, &kappa = found.kappa;
  if (found.evolves)
    return by_sign(kappa, "post-MF", "MF", by_sign(nu, "MF-sym-default", "sym-default", "pre-sym-default"));
  if (found.S == -half) return by_sign(nu, "post-NTK", "NTK", "pre-NTK");
  return by_sign(kappa, "post-MF-NTK", "MF-NTK", by_sign(nu, "triangle", "NTK-sym-default", "pre-NTK-sym-default"));
}

void compare_layers(TwoLayerClass& found) {
  const Rational &s_a = found.s_a, &s_w = found.s_w;
  found.a_forgotten = s_a > 0;
  found.w_forgotten = s_w > 0;
  // At T = 0 the layer whose steps are large makes the other one's kernel as large as its own from step 1 on.
  found.a_trains = s_a >= s_w || found.T == 0;
  found.w_trains = s_w >= s_a || found.T == 0;
  if (!found.w_trains) found.annotations = {"K_a only", "random features"};
  if (!found.a_trains) found.annotations = {"K_w only"};
  if (found.a_trains && found.w_trains && s_a != s_w)
    found.annotations = {s_a > s_w ? "K_a dominates K_0" : "K_w dominates K_0"};
  if (found.a_forgotten) found.annotations.emplace_back("a_init_forgotten");
  if (found.w_forgotten) found.annotations.emplace_back("w_init_forgotten");
}

void check_correction(const TwoLayerClass& found) {
  constexpr auto expected = "exponents with kappa = 0: those of MF, NTK and the segment MF-NTK between them";
  if (!found.stable)
    throw ConfigError({"", "init_corrected"}, expected,
                      fmt::format("exponents that are not stable ({})", found.reason));
  if (found.kappa != 0)
    throw ConfigError({"", "init_corrected"}, expected,
                      fmt::format("kappa = {} ({})", to_string(found.kappa), found.name),
                      "the correction (rho^-nu - 1) f_0 makes f_0 of order one, which is not comparable to "
                      "f_k ~ rho^kappa; q_sigma = -1, q_a = q_w = 1 gives IC-MF");
}

void correct_initialization(TwoLayerClass& found) {
  check_correction(found);
  found.nu = 0;
  found.f0 = found.ratio = Trend::finite;
  found.name = found.evolves ? "IC-MF" : "NTK";
  found.limit.first = mode(found.nu);
  found.limit.keeps_init = true;
}

}  // namespace

std::string_view to_word(Engine engine) {
  return engine == Engine::kernel ? "kernel" : "mean-field";
}

std::string_view to_word(GradientMode mode) {
  constexpr std::array words = {"lin", "log", "perc"};
  return words[static_cast<std::size_t>(mode)];
}

std::string_view to_word(Trend trend) {
  constexpr std::array words = {"vanish", "finite", "diverge"};
  return words[static_cast<std::size_t>(trend)];
}

TwoLayerClass classify_two_layer(const TwoLayerExponents& exponents, bool init_corrected) {
  TwoLayerClass found;
  found.s_a = exponents.q_sigma + exponents.q_a;
  found.s_w = exponents.q_sigma + exponents.q_w;
  found.S = std::max(found.s_a, found.s_w);
  found.T = found.s_a + found.s_w;
  found.nu = exponents.q_sigma + half;
  found.kappa = Rational(1) + exponents.q_sigma + found.S;
  if (found.T > 0) {
    found.reason = "diverging";
  } else if (found.S < -half) {
    found.reason = "stagnating";
  } else {
    found.stable = true;
    found.evolves = found.s_w >= 0 || (found.s_a > 0 && found.T == 0);
    found.name = cell(found);
    found.f0 = trend(found.nu);
    found.K0 = trend(found.kappa);
    found.ratio = trend(found.nu - found.kappa);
    found.limit = {found.evolves ? Engine::mean_field : Engine::kernel, mode(found.nu), mode(found.kappa),
                   found.S == -half};
    compare_layers(found);
  }
  if (init_corrected) correct_initialization(found);
  return found;
}

TwoLayerExponents parse_two_layer(std::string_view q_sigma, std::string_view q_a, std::string_view q_w) {
  return {parse_rational(q_sigma, "q_sigma"), parse_rational(q_a, "q_a"), parse_rational(q_w, "q_w")};
}

Parameterization two_layer_scheme(const TwoLayerExponents& exponents) {
  BlockExponents input, output;
  input.c = -exponents.q_w;
  output.a = -exponents.q_sigma;
  output.c = -exponents.q_a;
  return custom_scheme(input, {}, output, OptimizerKind::sgd);
}

TwoLayerExponents two_layer_exponents(const Parameterization& parameterization) {
  const BlockExponents input = effective_form(parameterization.width.input, OptimizerKind::sgd);
  if (input.b != 0)
    throw ConfigError({"", "parameterization.input"}, "an input layer that starts of order one, a + b = 0",
                      "a + b = " + to_string(input.b));
  // To the gauge b = 0: the multiplier then is sigma.
  const BlockExponents& output = parameterization.width.output;
  const BlockExponents hatted = gauge_shift(output, output.b, OptimizerKind::sgd);
  return {-hatted.a, -hatted.c, -input.c};
}

}  // namespace widthwise
