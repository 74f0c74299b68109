// phi(z) = 1/(1 + exp(-z)), phi'(z) = phi(z) (1 - phi(z)); phi(0) = 1/2.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Sigmoid final : public Elementwise<Sigmoid> {
 public:
  static constexpr auto function = pointwise::Function::sigmoid;
  std::string_view name() const override { return "sigmoid"; }
  bool bounded() const override { return true; }

  /// By e = exp(-|z|), where nothing overflows: 1/(1 + e) above zero, e/(1 + e) below.
  double phi(double z) const {
    const double e = std::exp(-std::abs(z));
    return (z < 0.0 ? e : 1.0) / (1 + e);
  }
  double dphi(double z) const {
    const double e = std::exp(-std::abs(z));
    return e / ((1 + e) * (1 + e));
  }
};

}  // namespace

std::shared_ptr<const Activation> make_sigmoid() {
  return std::make_shared<Sigmoid>();
}

}  // namespace widthwise
