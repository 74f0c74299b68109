// Networks of one hidden layer f = sigma sum_r a_r phi(w_r . x) with a scalar output, trained on the logistic loss by
// gradient descent, and the limits that powers of the width lead them to. With rho = n/n_ref, in variables that start
// of order one (a_r and w_r, their rates included),
//
//   sigma = sigma* rho^q_sigma      rate of a = eta_a* rho^q_a      rate of w = eta_w* rho^q_w
//
//   s_a = q_sigma + q_a    s_w = q_sigma + q_w     a step moves a by rho^s_a, w by rho^s_w
//   S = max(s_a, s_w)      T = s_a + s_w
//   nu = q_sigma + 1/2                             f_0 ~ rho^nu
//   kappa = 1 + q_sigma + S                        tangent kernel (rates included) K_0 ~ rho^kappa, and f_k, k >= 1
//
// Dynamically stable: at every fixed step |f_{k+1} - f_k| / |f_k| is of order one. That is T <= 0 (else it grows with
// the width: diverging) and S >= -1/2 (else it vanishes: stagnating). nu = 0 and kappa = 0 and the two borders cut the
// band -1/2 <= s <= 0 of equal rates into 13 cells, each with one limit. Other than the outcome engine (outcome.h) this
// judges changes against f itself, so that its cells with kappa != 0 are trivial or unstable there.
//
// phi is asymptotically linear (relu, leaky relu); for a bounded phi s_w > 0 means nothing. Golikov 2020
// (arXiv 2006.06574); the condition for unequal rates and the count of cells are derived, not quoted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/parameterization/exponents.h"
#include "widthwise/parameterization/rational.h"

namespace widthwise {

struct TwoLayerExponents {
  Rational q_sigma, q_a, q_w;
  bool operator==(const TwoLayerExponents&) const = default;
};

/// What the limit is: descent under a constant kernel, or a measure on (a, w) that moves.
enum class Engine { kernel, mean_field };
/// The slope -dl/dz of the logistic loss where logits vanish (y/2), stay (y/(1+e^yz)), diverge (y where yz < 0, else
/// 0).
enum class GradientMode { linear, logistic, perceptron };
/// How a size depends on the width.
enum class Trend { vanish, finite, diverge };

/// "kernel", "mean-field"; "lin", "log", "perc"; "vanish", "finite", "diverge".
std::string_view to_word(Engine engine);
std::string_view to_word(GradientMode mode);
std::string_view to_word(Trend trend);

struct LimitRecipe {
  Engine engine = Engine::kernel;
  GradientMode first = GradientMode::linear, later = GradientMode::linear;  // step 0, at f_0; all others, at f_k
  bool keeps_init = false;  // f_0 stays a part of f_k, as large as what is learned
};

struct TwoLayerClass {
  bool stable = false;
  std::string reason;  // "" where stable, "diverging", "stagnating"

  Rational s_a, s_w, S, T, nu, kappa;  // always; nu is 0 where the initialization is corrected

  // Where stable:
  std::string name;  // "MF", "NTK", "sym-default", ...; of unequal rates the cell with the same nu, kappa, evolves
  Trend f0 = Trend::finite, K0 = Trend::finite, ratio = Trend::finite;  // at initialization; ratio = f0 / K0
  bool evolves = false;                                                 // K_k / K_0 does not tend to 1
  LimitRecipe limit;
  bool a_forgotten = false, w_forgotten = false;  // one step is larger than the initial a, w
  bool a_trains = true, w_trains = true;          // else the limit is that of a zero rate of that layer
  std::vector<std::string> annotations;  // of unequal rates: "K_a only", "random features", "a_init_forgotten", ...
};

/// With `init_corrected` the network is f_k + (rho^-nu - 1) f_0, f_0 from a frozen copy of the initial weights, which
/// starts like nu = 0 and trains as before: MF becomes IC-MF, MF-NTK the NTK limit.
/// @throws ConfigError (init_corrected) where kappa is not 0 or the scaling is not stable: the term added is then not
/// comparable to f_k.
TwoLayerClass classify_two_layer(const TwoLayerExponents& exponents, bool init_corrected = false);

/// Reads three rationals. @throws ConfigError with key q_sigma, q_a or q_w.
TwoLayerExponents parse_two_layer(std::string_view q_sigma, std::string_view q_a, std::string_view q_w);

/// The parameterization of one hidden layer under SGD with these exponents: a_1 = b_1 = 0, c_1 = -q_w, a_2 = -q_sigma,
/// b_2 = 0, c_2 = -q_a.
Parameterization two_layer_scheme(const TwoLayerExponents& exponents);

/// The reverse, the same along gauge orbits; hidden blocks are not looked at.
/// @throws ConfigError (parameterization.input) where the input layer does not start of order one, a_1 + b_1 != 0.
TwoLayerExponents two_layer_exponents(const Parameterization& parameterization);

}  // namespace widthwise
