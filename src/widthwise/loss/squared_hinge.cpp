// Squared hinge, l = 1/2 max(m - u, 0)^2 with l' = -max(m - u, 0): continuous slope, 0 from the margin m on.
#include "widthwise/loss/sign_loss.h"

namespace widthwise {
namespace {

class SquaredHinge final : public detail::SignLoss<SquaredHinge> {
 public:
  explicit SquaredHinge(double margin) : margin_{margin} {}

  std::string_view name() const override { return "squared-hinge"; }
  LossParameters parameters() const override { return {.margin = margin_}; }

  template <class T>
  double sum(const T* u, Index count) const {
    const T m = static_cast<T>(margin_);
    return detail::sum_in_lanes(count, [&](Index k) {
      const auto z = static_cast<double>(m - u[k]);
      return z <= 0 ? 0.0 : z * z / 2;  // not a number is not <= 0, so it stays
    });
  }
  template <class T>
  void slopes(const T* u, T* slope, Index count) const {
    const T m = static_cast<T>(margin_);
    for (Index k = 0; k < count; ++k) {
      const T z = m - u[k];
      slope[k] = z <= 0 ? T(0) : -z;
    }
  }

 private:
  double margin_;
};

}  // namespace

std::shared_ptr<const Loss> make_squared_hinge(double margin) {
  return std::make_shared<SquaredHinge>(margin);
}

}  // namespace widthwise
