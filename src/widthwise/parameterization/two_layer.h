// Dynamically stable limits of networks of one hidden layer without biases (Golikov 2020),
//
//   f(x) = sigma sum_r a_r phi(w_r . x),    sigma = sigma* rho^q_sigma,  rates of a and w  ~ rho^q_a, rho^q_w
//
// with rho = width over the width at which all scalings coincide, a and w of unit size ("hatted" variables), under
// gradient descent of a loss of y f. With
//
//   s_a = q_sigma + q_a   s_w = q_sigma + q_w   S = max(s_a, s_w)   T = s_a + s_w     a step moves a by rho^s_a, w by
//   rho^s_w nu = q_sigma + 1/2                          initial output ~ rho^nu kappa = 1 + q_sigma + S = nu + S + 1/2
//   tangent kernel (rates in it) and, after the first step, outputs ~ rho^kappa
//
// a scaling is stable (|Delta f / f| stays of order one) where S >= -1/2 and T <= 0. The kernel evolves where s_w >= 0,
// or s_a > 0 and T = 0. With q_a = q_w there are thirteen kinds: the signs of nu and kappa, and the two borders of the
// band.
//
// Wider than the classification of outcome.h, which asks for outputs of order one: stable there are MF, MF-NTK and NTK.
// The statement for q_a != q_w is derived and measured, not taken from the paper. For phi that grows like |z|; where
// s_w > 0, for no other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/parameterization/exponents.h"

namespace widthwise {

struct TwoLayerExponents {
  Rational q_sigma, q_a, q_w;
  bool operator==(const TwoLayerExponents&) const = default;
};

/// Whether the limit is descent with a constant kernel, or particles.
enum class Engine { kernel, mean_field };
/// Where the loss's gradient is taken: at vanishing logits, at those of order one, at diverging ones (-dL/df of the
/// logistic loss: y/2, y / (1 + exp(y f)), y [y f < 0]).
enum class GradientMode { linear, logistic, perceptron };
enum class Trend { vanish, finite, diverge };
std::string_view engine_name(Engine engine);             // "kernel", "mean-field"
std::string_view gradient_mode_name(GradientMode mode);  // "lin", "log", "perc"
std::string_view trend_name(Trend trend);                // "vanish", "finite", "diverge"

/// How the limit is computed (limit/two_layer.h).
struct LimitRecipe {
  Engine engine = Engine::kernel;
  GradientMode first = GradientMode::logistic, later = GradientMode::logistic;  // in step 0, after it
  bool keeps_init = false;  // later outputs have the initial one in them
};

struct TwoLayerClass {
  bool stable = false;
  std::string reason;  // where not: "diverging" (T > 0) or "stagnating" (S < -1/2)
  Rational s_a, s_w, nu, kappa;
  // The rest only where stable.
  std::string name;  // MF, NTK, sym-default, MF-NTK, NTK-sym-default, MF-sym-default, post-MF, pre-sym-default,
                     // post-NTK, pre-NTK, triangle, post-MF-NTK, pre-NTK-sym-default, IC-MF; of unequal rates: the kind
                     // of the same signs of nu and kappa, not the same dynamics
  Trend f0 = Trend::finite, K0 = Trend::finite, ratio = Trend::finite;  // initial output, kernel, output over kernel
  bool evolves = false;                                                 // the kernel
  LimitRecipe limit;
  std::vector<std::string> annotations;  // of unequal rates, a sentence each

  Rational S() const { return s_a < s_w ? s_w : s_a; }
  Rational T() const { return s_a + s_w; }
};

/// @param init_corrected (rho^-nu - 1) times the initial output is added, which makes that of order one; the trained
/// part is left as it is. @throws ConfigError (parameterization.init_corrected) unless the scaling is stable and kappa
/// = 0.
TwoLayerClass classify_two_layer(const TwoLayerExponents& exponents, bool init_corrected = false);

/// As exponents a, b, c of gradient descent: a_2 = -q_sigma, c_1 = -q_w, c_2 = -q_a, all others 0.
Parameterization two_layer_scheme(const TwoLayerExponents& exponents);
/// The reverse for any parameterization of one hidden layer under gradient descent; the same along a gauge orbit.
/// @throws ConfigError (parameterization.input) unless a_1 + b_1 = 0: w . x must start of order one.
TwoLayerExponents two_layer_exponents(const Parameterization& parameterization);

/// Reads "q_sigma,q_a,q_w", or "q_sigma,q" where both rates are alike. @throws ConfigError naming `key`.
TwoLayerExponents parse_two_layer_exponents(std::string_view text, std::string_view key);

}  // namespace widthwise
