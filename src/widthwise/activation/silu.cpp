// phi(z) = z s(z) with s(z) = 1/(1 + exp(-z)), also called swish; phi'(z) = s + z s (1 - s). Falls to -0.278 near
// -1.28.
#include <cmath>

#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class Silu final : public Elementwise<Silu> {
 public:
  static constexpr auto function = pointwise::Function::silu;
  std::string_view name() const override { return "silu"; }

  /// By e = exp(-|z|), where nothing overflows, as in sigmoid.cpp.
  double phi(double z) const { return z * rise(z, std::exp(-std::abs(z))); }
  double dphi(double z) const {
    const double e = std::exp(-std::abs(z));
    return rise(z, e) + z * e / ((1 + e) * (1 + e));
  }

 private:
  static double rise(double z, double e) { return (z < 0.0 ? e : 1.0) / (1 + e); }
};

}  // namespace

std::shared_ptr<const Activation> make_silu() {
  return std::make_shared<Silu>();
}

}  // namespace widthwise
