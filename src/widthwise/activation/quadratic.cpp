// phi(z) = z^2, phi'(z) = 2 z: even, of degree 2.
#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Quadratic final : public Elementwise<Quadratic> {
 public:
  static constexpr auto function = pointwise::Function::quadratic;
  std::string_view name() const override { return "quadratic"; }
  std::optional<int> homogeneity_degree() const override { return 2; }

  double phi(double z) const { return z * z; }
  double dphi(double z) const { return 2 * z; }
};

}  // namespace

std::shared_ptr<const Activation> make_quadratic() {
  return std::make_shared<Quadratic>();
}

}  // namespace widthwise
