// phi(z) = erf(z) = 2/sqrt(pi) int_0^z exp(-t^2) dt, phi'(z) = 2/sqrt(pi) exp(-z^2).
#include <cmath>
#include <numbers>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Erf final : public Elementwise<Erf> {
 public:
  static constexpr auto function = pointwise::Function::erf;
  std::string_view name() const override { return "erf"; }
  bool bounded() const override { return true; }

  double phi(double z) const { return std::erf(z); }
  double dphi(double z) const { return 2.0 * std::numbers::inv_sqrtpi * std::exp(-z * z); }
};

}  // namespace

std::shared_ptr<const Activation> make_erf() {
  return std::make_shared<Erf>();
}

}  // namespace widthwise
