// phi(z) = max(z, 0)^p, phi'(z) = p max(z, 0)^{p-1}, p = 1, 2, ...: relu for p = 1 (with phi'(0) = 0); beyond that the
// slope is continuous and the p-th derivative jumps at 0. Grows like z^p: at large p and |z| it overflows, as it must.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class ReluPower final : public Elementwise<ReluPower> {
 public:
  static constexpr auto function = pointwise::Function::relu_power;
  explicit ReluPower(double power) : power_{power} {}

  std::string_view name() const override { return "relu_power"; }
  double parameter() const override { return power_; }
  std::vector<double> kinks() const override { return power_ == 1 ? breaks() : std::vector<double>{}; }
  std::vector<double> breaks() const override { return {0}; }
  std::optional<int> homogeneity_degree() const override { return static_cast<int>(power_); }
  double slope_right_of_zero() const override { return power_ == 1 ? 1 : 0; }

  double phi(double z) const { return z < 0.0 ? 0.0 : std::pow(z, power_); }
  double dphi(double z) const { return z <= 0.0 ? 0.0 : power_ * std::pow(z, power_ - 1); }

 private:
  double power_;
};

}  // namespace

std::shared_ptr<const Activation> make_relu_power(double power) {
  return std::make_shared<ReluPower>(power);
}

}  // namespace widthwise
