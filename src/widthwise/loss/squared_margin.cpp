// Squared distance to the margin, l = 1/2 (m - u)^2 with l' = u - m: squared loss with targets m y, so it pulls back
// what is beyond the margin.
#include "widthwise/loss/sign_loss.h"

namespace widthwise {
namespace {

class SquaredMargin final : public detail::SignLoss<SquaredMargin> {
 public:
  explicit SquaredMargin(double margin) : margin_{margin} {}

  std::string_view name() const override { return "squared-margin"; }
  LossParameters parameters() const override { return {.margin = margin_}; }

  template <class T>
  double sum(const T* u, Index count) const {
    const T m = static_cast<T>(margin_);
    return detail::sum_in_lanes(count, [&](Index k) {
      const auto z = static_cast<double>(m - u[k]);
      return z * z / 2;
    });
  }
  template <class T>
  void slopes(const T* u, T* slope, Index count) const {
    const T m = static_cast<T>(margin_);
    for (Index k = 0; k < count; ++k) slope[k] = u[k] - m;
  }

 private:
  double margin_;
};

}  // namespace

std::shared_ptr<const Loss> make_squared_margin(double margin) {
  return std::make_shared<SquaredMargin>(margin);
}

}  // namespace widthwise
