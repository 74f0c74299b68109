// phi(z) = |z|, with phi'(0) = -1: even, of degree 1.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Abs final : public Elementwise<Abs> {
 public:
  static constexpr auto function = pointwise::Function::abs;
  std::string_view name() const override { return "abs"; }
  std::vector<double> kinks() const override { return {0}; }
  std::optional<int> homogeneity_degree() const override { return 1; }
  double slope_right_of_zero() const override { return 1; }

  double phi(double z) const { return std::abs(z); }
  double dphi(double z) const { return z > 0.0 ? 1.0 : -1.0; }
};

}  // namespace

std::shared_ptr<const Activation> make_abs() {
  return std::make_shared<Abs>();
}

}  // namespace widthwise
