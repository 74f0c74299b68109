// phi(z) = z Phi(z), Phi the normal distribution function (the erf form of Hendrycks and Gimpel 2016, not its tanh
// approximation); phi'(z) = Phi(z) + z exp(-z^2/2)/sqrt(2 pi).
#include <cmath>
#include <numbers>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Gelu final : public Elementwise<Gelu> {
 public:
  static constexpr auto function = pointwise::Function::gelu;
  std::string_view name() const override { return "gelu"; }

  double phi(double z) const { return z * normal_cdf(z); }
  double dphi(double z) const {
    constexpr double inv_sqrt_two_pi = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    return normal_cdf(z) + z * inv_sqrt_two_pi * std::exp(-z * z / 2);
  }

 private:
  /// By erfc: 1 + erf would lose all digits for z far below 0.
  static double normal_cdf(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }
};

}  // namespace

std::shared_ptr<const Activation> make_gelu() {
  return std::make_shared<Gelu>();
}

}  // namespace widthwise
