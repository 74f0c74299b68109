// phi(z) = log(1 + exp(beta z)) / beta, phi'(z) = 1/(1 + exp(-beta z)), beta > 0: relu smoothed over |z| < 1/beta.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Softplus final : public Elementwise<Softplus> {
 public:
  static constexpr auto function = pointwise::Function::softplus;
  explicit Softplus(double beta) : beta_{beta} {}

  std::string_view name() const override { return "softplus"; }
  double parameter() const override { return beta_; }

  /// As max(z, 0) + log(1 + exp(-beta |z|)) / beta, where nothing overflows.
  double phi(double z) const { return (z < 0.0 ? 0.0 : z) + std::log1p(std::exp(-beta_ * std::abs(z))) / beta_; }
  /// By the tail e = exp(-beta |z|): 1/(1 + e) above zero, e/(1 + e) below.
  double dphi(double z) const {
    const double e = std::exp(-beta_ * std::abs(z));
    return (z < 0.0 ? e : 1.0) / (1 + e);
  }

 private:
  double beta_;
};

}  // namespace

std::shared_ptr<const Activation> make_softplus(double beta) {
  return std::make_shared<Softplus>(beta);
}

}  // namespace widthwise
