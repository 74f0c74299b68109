// An activation of your own: swish(z) = z / (1 + exp(-z)). One class, one registration; afterwards every network, study
// and classifier knows the name.
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "widthwise/activation/activation.h"
#include "widthwise/activation/elementwise.h"
#include "widthwise/activation/expectations.h"

namespace {

class Swish final : public widthwise::Elementwise<Swish> {
 public:
  std::string_view name() const override { return "swish"; }

  // The array passes of float and double come from these two.
  template <class T>
  T phi(T z) const {
    return z / (1 + std::exp(-z));
  }
  template <class T>
  T dphi(T z) const {
    const T s = 1 / (1 + std::exp(-z));
    return s + z * s * (1 - s);
  }
};

}  // namespace

int main() {
  widthwise::register_activation({"swish", "z / (1 + exp(-z))"},
                                 [](double) { return std::make_shared<const Swish>(); });
  const auto swish = widthwise::make_activation("swish");
  fmt::print("swish(1) = {:.6f}, slope {:.6f}, gain {:.6f}\n", swish->value(1), swish->slope(1), swish->gain());
  // The gain is defined by E[(gain phi(z))^2] = 1.
  const double second_moment = widthwise::mean_square(*swish, 1);
  const double one = swish->gain() * swish->gain() * second_moment;
  fmt::print("gain^2 E[phi(z)^2] = {:.12f}\n", one);
  return std::abs(one - 1) < 1e-9 ? 0 : 1;
}
