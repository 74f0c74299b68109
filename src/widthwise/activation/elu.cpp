// phi(z) = z for z > 0, alpha (exp(z) - 1) otherwise, alpha > 0 (Clevert, Unterthiner and Hochreiter 2016), with
// phi'(0) = alpha: for alpha = 1 the slope is continuous and the second derivative jumps at 0.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Elu final : public Elementwise<Elu> {
 public:
  static constexpr auto function = pointwise::Function::elu;
  explicit Elu(double alpha) : alpha_{alpha} {}

  std::string_view name() const override { return "elu"; }
  double parameter() const override { return alpha_; }
  std::vector<double> kinks() const override { return alpha_ == 1 ? std::vector<double>{} : breaks(); }
  std::vector<double> breaks() const override { return {0}; }
  double slope_right_of_zero() const override { return 1; }

  double phi(double z) const { return z > 0.0 ? z : alpha_ * std::expm1(z); }
  double dphi(double z) const { return z > 0.0 ? 1.0 : alpha_ * std::exp(z); }

 private:
  double alpha_;
};

}  // namespace

std::shared_ptr<const Activation> make_elu(double alpha) {
  return std::make_shared<Elu>(alpha);
}

}  // namespace widthwise
