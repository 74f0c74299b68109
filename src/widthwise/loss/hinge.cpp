// Hinge, l = max(m - u, 0) with l' = -1 for u < m and 0 from the margin m on, the kink itself included.
#include "widthwise/loss/sign_loss.h"

namespace widthwise {
namespace {

class Hinge final : public detail::SignLoss<Hinge> {
 public:
  explicit Hinge(double margin) : margin_{margin} {}

  std::string_view name() const override { return "hinge"; }
  LossParameters parameters() const override { return {.margin = margin_}; }

  template <class T>
  double sum(const T* u, Index count) const {
    const T m = static_cast<T>(margin_);
    return detail::sum_in_lanes(count, [&](Index k) {
      const T z = m - u[k];
      return static_cast<double>(z <= 0 ? T(0) : z);  // not a number is not <= 0, so it stays
    });
  }
  template <class T>
  void slopes(const T* u, T* slope, Index count) const {
    const T m = static_cast<T>(margin_);
    for (Index k = 0; k < count; ++k) {
      const T z = m - u[k], falling = z > 0 ? T(-1) : z;
      slope[k] = z <= 0 ? T(0) : falling;
    }
  }

 private:
  double margin_;
};

}  // namespace

std::shared_ptr<const Loss> make_hinge(double margin) {
  return std::make_shared<Hinge>(margin);
}

}  // namespace widthwise
