// phi(z) = max(z, 0), with phi'(0) = 0.
#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Relu final : public Elementwise<Relu> {
 public:
  static constexpr auto function = pointwise::Function::relu;
  std::string_view name() const override { return "relu"; }
  std::vector<double> kinks() const override { return {0}; }
  std::optional<int> homogeneity_degree() const override { return 1; }
  double slope_right_of_zero() const override { return 1; }

  // Written so that NaN stays NaN: a network that diverges must not look alive.
  double phi(double z) const { return z < 0.0 ? 0.0 : z; }
  double dphi(double z) const { return z > 0.0 ? 1.0 : 0.0; }
};

}  // namespace

std::shared_ptr<const Activation> make_relu() {
  return std::make_shared<Relu>();
}

}  // namespace widthwise
