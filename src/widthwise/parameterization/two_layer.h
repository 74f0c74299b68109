#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "widthwise/parameterization/exponents.h"
namespace widthwise {
struct TwoLayerExponents {
  Rational q_sigma, q_a, q_w;
};
enum class Engine { kernel, mean_field };
enum class GradientMode { linear, logistic, perceptron };
enum class Trend { vanish, finite, diverge };
struct LimitRecipe {
  Engine engine;
  GradientMode first, later;
  bool keeps_init;
};
struct TwoLayerClass {
  bool stable;
  std::string reason;
  std::string name;
  Trend f0, K0, ratio;
  bool evolves;
  LimitRecipe limit;
  Rational s_a, s_w, nu, kappa;
};
TwoLayerClass classify_two_layer(const TwoLayerExponents&, bool init_corrected = false);
Parameterization two_layer_scheme(const TwoLayerExponents&);
TwoLayerExponents two_layer_exponents(const Parameterization&);
/// Reads "q_sigma,q_a,q_w" or "q_sigma,q", both rates alike. @throws ConfigError naming `key`.
TwoLayerExponents parse_two_layer_exponents(std::string_view text, std::string_view key);
}  // namespace widthwise
