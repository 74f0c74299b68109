// phi(z) = sin(z), phi'(z) = cos(z).
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Sin final : public Elementwise<Sin> {
 public:
  static constexpr auto function = pointwise::Function::sin;
  std::string_view name() const override { return "sin"; }
  bool bounded() const override { return true; }

  double phi(double z) const { return std::sin(z); }
  double dphi(double z) const { return std::cos(z); }
};

}  // namespace

std::shared_ptr<const Activation> make_sin() {
  return std::make_shared<Sin>();
}

}  // namespace widthwise
