// An activation of your own: softsign(z) = z / (1 + |z|). One class, one registration; afterwards every network, study
// and classifier knows the name.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/activation/elementwise.h"
#include "widthwise/activation/expectations.h"

namespace {

class Softsign final : public widthwise::Elementwise<Softsign> {
 public:
  std::string_view name() const override { return "softsign"; }
  bool bounded() const override { return true; }
  // The slope is continuous (no kink), but its own slope jumps at 0 from 2 to -2: quadrature splits there.
  std::vector<double> breaks() const override { return {0}; }

  // The array passes of float and double come from these two.
  double phi(double z) const { return z / (1 + std::abs(z)); }
  double dphi(double z) const { return 1 / ((1 + std::abs(z)) * (1 + std::abs(z))); }
};

}  // namespace

int main() {
  widthwise::register_activation({"softsign", "z / (1 + |z|)"},
                                 [](double) { return std::make_shared<const Softsign>(); });
  const auto softsign = widthwise::make_activation("softsign");
  fmt::print("softsign(1) = {:.6f}, slope {:.6f}, gain {:.6f}\n", softsign->value(1), softsign->slope(1),
             softsign->gain());
  // The gain is defined by E[(gain phi(z))^2] = 1.
  const double second_moment = widthwise::mean_square(*softsign, 1);
  const double one = softsign->gain() * softsign->gain() * second_moment;
  fmt::print("gain^2 E[phi(z)^2] = {:.12f}\n", one);
  return std::abs(one - 1) < 1e-9 ? 0 : 1;
}
