// Exponential, l = exp(-u) with l' = -exp(-u): no margin, never 0. Below u = -709 it overflows to infinity, and its
// float gradient below -88; that is a divergence, not an error.
#include <cmath>

#include "widthwise/loss/sign_loss.h"

namespace widthwise {
namespace {

class Exponential final : public detail::SignLoss<Exponential> {
 public:
  std::string_view name() const override { return "exponential"; }

  template <class T>
  double sum(const T* u, Index count) const {
    return detail::sum_in_lanes(count, [&](Index k) { return std::exp(-static_cast<double>(u[k])); });
  }
  template <class T>
  void slopes(const T* u, T* slope, Index count) const {
    for (Index k = 0; k < count; ++k) slope[k] = -std::exp(-u[k]);
  }
};

}  // namespace

std::shared_ptr<const Loss> make_exponential() {
  return std::make_shared<Exponential>();
}

}  // namespace widthwise
