// What softhinge and logistic share: l = log(1 + exp(beta (m - u))) / beta with l' = -1 / (1 + exp(beta (u - m))),
// which is softplus of m - u, so linalg's vectorised pass computes it, stable at any size. Internal to this room.
#pragma once

#include <algorithm>
#include <array>

#include "widthwise/linalg/pointwise.h"
#include "widthwise/loss/sign_loss.h"

namespace widthwise::detail {

template <class F>
class SoftLoss : public SignLoss<F> {
 public:
  template <class T>
  double sum(const T* u, Index count) const {
    std::array<T, block> h;
    const View<T> row(h.data(), 1, count);
    below_margin(u, h.data(), count);
    pointwise::forward<T>(pointwise::Function::softplus, beta_, row, nullptr, row);
    return sum_in_lanes(count, [&](Index k) { return static_cast<double>(h[static_cast<std::size_t>(k)]); });
  }
  template <class T>
  void slopes(const T* u, T* slope, Index count) const {
    std::array<T, block> z;
    below_margin(u, z.data(), count);
    std::fill_n(slope, count, T(-1));
    pointwise::multiply_slope<T>(pointwise::Function::softplus, beta_, View<const T>(z.data(), 1, count),
                                 View<T>(slope, 1, count));
  }

 protected:
  SoftLoss(double beta, double margin) : beta_{beta}, margin_{margin} {}
  double beta_, margin_;

 private:
  using SignLoss<F>::block;

  template <class T>
  void below_margin(const T* u, T* z, Index count) const {
    const T m = static_cast<T>(margin_);
    for (Index k = 0; k < count; ++k) z[k] = m - u[k];
  }
};

}  // namespace widthwise::detail
