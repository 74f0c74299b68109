#include "widthwise/parameterization/two_layer_text.h"

#include <fmt/format.h>

namespace widthwise {

namespace {

std::string text(const Rational& value) {
  return to_string(value);
}

std::string rho_to_the(const Rational& exponent) {
  return exponent == 0 ? "1" : fmt::format("rho^({})", text(exponent));
}

// "= 0", "= -1/2 < 0".
std::string against(const Rational& value, const Rational& border) {
  if (value == border) return "= " + text(border);
  return fmt::format("= {} {} {}", text(value), value < border ? "<" : ">", text(border));
}

const char* holds(bool property) {
  return property ? "holds" : "fails";
}

const char* fate(Trend trend, const char* finite) {
  return trend == Trend::finite ? finite : trend == Trend::vanish ? "vanishes" : "diverges";
}

std::string stability(const TwoLayerClass& found) {
  if (found.reason == "diverging")
    return fmt::format("Diverging: s_a + s_w {}, so f grows by a power of the width with every step.",
                       against(found.T, 0));
  if (found.reason == "stagnating")
    return fmt::format("Stagnating: max(s_a, s_w) {}, so f_k - f_0 vanishes against f_0 at every fixed step k.",
                       against(found.S, Rational(-1, 2)));
  return fmt::format("Stable: s_a + s_w = {} <= 0 and max(s_a, s_w) = {} >= -1/2.", text(found.T), text(found.S));
}

std::string logits(const TwoLayerExponents& exponents, const TwoLayerClass& found, bool corrected) {
  if (corrected)
    return "P1 holds: logits at initialization are finite, f_0 ~ 1, by the correction (rho^-nu - 1) f_0 with nu = "
           "q_sigma + 1/2 = " +
           text(exponents.q_sigma + Rational(1, 2)) + ".";
  return fmt::format("P1 {}: f_0 ~ {} {}, for nu = q_sigma + 1/2 {}.", holds(found.f0 == Trend::finite),
                     rho_to_the(found.nu), fate(found.f0, "stays finite"), against(found.nu, 0));
}

std::string kernel(const TwoLayerClass& found) {
  return fmt::format("P2 {}: the tangent kernel K_0 ~ {} {}, for kappa = 1 + q_sigma + max(s_a, s_w) {}.",
                     holds(found.K0 == Trend::finite), rho_to_the(found.kappa), fate(found.K0, "stays finite"),
                     against(found.kappa, 0));
}

std::string ratio(const TwoLayerClass& found, bool corrected) {
  return fmt::format("P3 {}: f_0/K_0 ~ {} {}, for {}.", holds(found.ratio == Trend::finite),
                     rho_to_the(found.nu - found.kappa), fate(found.ratio, "stays finite"),
                     corrected ? std::string("both are finite") : "max(s_a, s_w) " + against(found.S, Rational(-1, 2)));
}

std::string evolution(const TwoLayerClass& found) {
  const std::string s_w = "s_w " + against(found.s_w, 0), s_a = "s_a " + against(found.s_a, 0),
                    sum = "s_a + s_w " + against(found.T, 0);
  if (found.evolves) return "P4 holds: the kernel evolves, for " + (found.s_w >= 0 ? s_w : s_a + " and " + sum) + ".";
  return fmt::format("P4 fails: the kernel is stationary, K_k/K_0 -> 1, for {} and {}.", s_w,
                     found.s_a > 0 ? sum : s_a);
}

const char* slope(GradientMode mode) {
  switch (mode) {
    case GradientMode::linear:
      return "y/2 (logits vanish)";
    case GradientMode::logistic:
      return "y/(1 + e^(y f)) (logits stay finite)";
    case GradientMode::perceptron:
      break;
  }
  return "y where y f < 0, else 0 (logits diverge)";
}

std::string limit(const TwoLayerClass& found) {
  const char* engine = found.limit.engine == Engine::kernel
                           ? "descent under a kernel that stays what it is at initialization"
                           : "a measure on (a, w), whose particles move by as much as they are large";
  return fmt::format("The limit is {}. f_k ~ {} from step 1 on; {}. The loss slope -dl/df is {} at step 0, {} after.",
                     engine, rho_to_the(found.kappa),
                     found.limit.keeps_init ? "f_0 stays a part of it" : "f_0 vanishes beside it",
                     slope(found.limit.first), slope(found.limit.later));
}

void add_layers(const TwoLayerClass& found, std::string& lines) {
  const auto numbers = fmt::format("s_a = {}, s_w = {}", text(found.s_a), text(found.s_w));
  if (!found.w_trains)
    lines += fmt::format("  - Only a trains ({}): features are random ones, as at a zero rate of w.\n", numbers);
  if (!found.a_trains) lines += fmt::format("  - Only w trains ({}): as at a zero rate of a.\n", numbers);
  if (found.a_trains && found.w_trains && found.s_a != found.s_w)
    lines += fmt::format("  - {} at initialization; from step 1 on both kernels are as large, for s_a + s_w = 0.\n",
                         found.s_a > found.s_w ? "K_a dominates" : "K_w dominates");
  if (found.a_forgotten) lines += fmt::format("  - The initial a is forgotten: s_a = {} > 0.\n", text(found.s_a));
  if (found.w_forgotten)
    lines += fmt::format("  - The initial w is forgotten but for the signs of w.x at step 0: s_w = {} > 0.\n",
                         text(found.s_w));
}

}  // namespace

std::string two_layer_text(const TwoLayerExponents& exponents, const TwoLayerClass& found, bool init_corrected) {
  std::string lines = fmt::format("class: {}\n\n", found.stable ? found.name : "none, " + found.reason);
  lines += fmt::format("With s_a = q_sigma + q_a = {}, s_w = q_sigma + q_w = {}:\n", text(found.s_a), text(found.s_w));
  lines += "  - " + stability(found) + "\n";
  if (found.stable) {
    for (const std::string& sentence :
         {logits(exponents, found, init_corrected), kernel(found), ratio(found, init_corrected), evolution(found)})
      lines += "  - " + sentence + "\n";
    add_layers(found, lines);
    lines += "\n" + limit(found) + "\n";
  }
  lines.pop_back();
  return lines;
}

}  // namespace widthwise
