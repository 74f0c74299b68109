// phi(z) = z for z > 0, s z otherwise, with phi'(0) = s; any finite s (0 is relu, 1 is linear, -1 the modulus).
#include "widthwise/activation/activations.h"
#include "widthwise/activation/elementwise.h"

namespace widthwise {
namespace {

class LeakyRelu final : public Elementwise<LeakyRelu> {
 public:
  explicit LeakyRelu(double slope) : slope_{slope} {}

  std::string_view name() const override { return "leaky_relu"; }
  double parameter() const override { return slope_; }
  std::vector<double> kinks() const override { return {0}; }
  std::optional<int> homogeneity_degree() const override { return 1; }
  double slope_right_of_zero() const override { return 1; }

  template <class T>
  T phi(T z) const {
    return z > T(0) ? z : static_cast<T>(slope_) * z;
  }
  template <class T>
  T dphi(T z) const {
    return z > T(0) ? T(1) : static_cast<T>(slope_);
  }

 private:
  double slope_;
};

}  // namespace

std::shared_ptr<const Activation> make_leaky_relu(double slope) {
  return std::make_shared<LeakyRelu>(slope);
}

}  // namespace widthwise
