// phi(z) = cos(z), phi'(z) = -sin(z): even, phi(0) = 1 and flat there, so vanishing preactivations leave vanishing
// slopes.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Cos final : public Elementwise<Cos> {
 public:
  static constexpr auto function = pointwise::Function::cos;
  std::string_view name() const override { return "cos"; }
  bool bounded() const override { return true; }

  double phi(double z) const { return std::cos(z); }
  double dphi(double z) const { return -std::sin(z); }
};

}  // namespace

std::shared_ptr<const Activation> make_cos() {
  return std::make_shared<Cos>();
}

}  // namespace widthwise
