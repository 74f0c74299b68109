// phi(z) = z for z > 0, s z otherwise, with phi'(0) = s; any finite s (0 is relu, 1 is linear, -1 the modulus).
#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class LeakyRelu final : public Elementwise<LeakyRelu> {
 public:
  static constexpr auto function = pointwise::Function::leaky_relu;
  explicit LeakyRelu(double slope) : slope_{slope} {}

  std::string_view name() const override { return "leaky_relu"; }
  double parameter() const override { return slope_; }
  std::vector<double> kinks() const override { return {0}; }
  std::optional<int> homogeneity_degree() const override { return 1; }
  double slope_right_of_zero() const override { return 1; }

  double phi(double z) const { return z > 0.0 ? z : slope_ * z; }
  double dphi(double z) const { return z > 0.0 ? 1.0 : slope_; }

 private:
  double slope_;
};

}  // namespace

std::shared_ptr<const Activation> make_leaky_relu(double slope) {
  return std::make_shared<LeakyRelu>(slope);
}

}  // namespace widthwise
