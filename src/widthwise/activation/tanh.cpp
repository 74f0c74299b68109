// phi(z) = tanh(z), phi'(z) = 1 - tanh(z)^2.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Tanh final : public Elementwise<Tanh> {
 public:
  static constexpr auto function = pointwise::Function::tanh;
  std::string_view name() const override { return "tanh"; }
  bool bounded() const override { return true; }

  double phi(double z) const { return std::tanh(z); }
  double dphi(double z) const {
    const double t = std::tanh(z);
    return (1 - t) * (1 + t);
  }
};

}  // namespace

std::shared_ptr<const Activation> make_tanh() {
  return std::make_shared<Tanh>();
}

}  // namespace widthwise
