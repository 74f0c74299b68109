#include "widthwise/limit/far_activation.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/activation/elementwise.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

class TwoSlopes final : public Elementwise<TwoSlopes> {
 public:
  TwoSlopes(double below, double above) : below_{below}, above_{above} {}
  std::string_view name() const override { return "two slopes"; }
  std::vector<double> kinks() const override { return {0}; }
  std::optional<int> homogeneity_degree() const override { return 1; }
  double phi(double z) const { return z * dphi(z); }
  double dphi(double z) const { return z > 0 ? above_ : below_; }

 private:
  double below_, above_;
};

}  // namespace

std::shared_ptr<const Activation> far_activation(const Activation& phi) {
  constexpr double far = 1e8;
  const double above = phi.slope(far), below = phi.slope(-far);
  const auto grows_so = [&](double z, double slope) { return std::abs(phi.value(z) - slope * z) <= 1e-6 * far; };
  if (!std::isfinite(above + below) || (above == 0 && below == 0) || !grows_so(far, above) || !grows_so(-far, below))
    return nullptr;
  return std::make_shared<TwoSlopes>(below, above);
}

void check_activation(const TwoLayerClass& found, const Activation& phi) {
  if (!found.w_forgotten || far_activation(phi) != nullptr) return;
  throw ConfigError(
      {{}, "architecture.activation"},
      fmt::format("an activation that grows like |z|, since the first layer's rate makes its weights grow "
                  "with the width (s_w = {} > 0)",
                  to_string(found.s_w)),
      fmt::format("'{}': unsupported there", phi.name()),
      "relu, leaky_relu, softplus, elu, gelu, silu and abs do; rates with s_w <= 0 take any");
}

}  // namespace widthwise
