// phi(z) = z: with it a multilayer network is a deep linear one.
#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Linear final : public Elementwise<Linear> {
 public:
  static constexpr auto function = pointwise::Function::linear;
  std::string_view name() const override { return "linear"; }
  std::optional<int> homogeneity_degree() const override { return 1; }

  double phi(double z) const { return z; }
  double dphi(double) const { return 1; }
};

}  // namespace

std::shared_ptr<const Activation> make_linear() {
  return std::make_shared<Linear>();
}

}  // namespace widthwise
