// What losses of u = y f share: a class F derives from SignLoss<F> and gives, for a run of u, the sum of l(u) and the
// slopes l'(u),
//
//   template <class T> double sum(const T* u, Index count) const;
//   template <class T> void slopes(const T* u, T* slope, Index count) const;
//
// u come in blocks on the stack, side by side however few outputs a row has, so plain loops over them vectorise.
// Internal to this room.
#pragma once

#include <algorithm>
#include <array>

#include "widthwise/loss/losses.h"

namespace widthwise::detail {

/// Sum over entries; several partial sums, so that the compiler may vectorise.
template <class Each>
double sum_in_lanes(Index count, const Each& each) {
  constexpr Index lanes = 8;
  std::array<double, lanes> partial{};
  Index k = 0;
  for (; k + lanes <= count; k += lanes)
    for (Index lane = 0; lane < lanes; ++lane) partial[static_cast<std::size_t>(lane)] += each(k + lane);
  double sum = 0;
  for (; k < count; ++k) sum += each(k);
  for (const double lane : partial) sum += lane;
  return sum;
}

template <class F>
class SignLoss : public Loss {
 public:
  bool needs_signs() const final { return true; }

  double value(View<const float> f, View<const float> y) const final { return mean<float>(f, y, nullptr); }
  double value(View<const double> f, View<const double> y) const final { return mean<double>(f, y, nullptr); }
  double gradient(View<const float> f, View<const float> y, View<float> g) const final { return derive(f, y, g); }
  double gradient(View<const double> f, View<const double> y, View<double> g) const final { return derive(f, y, g); }

 protected:
  static constexpr Index block = 512;  // the most entries of a run

 private:
  template <class T>
  double derive(View<const T> f, View<const T> y, View<T> gradient) const {
    check_same_shape<T>("loss gradient", gradient, y);
    return mean<T>(f, y, &gradient);
  }

  template <class T>
  double mean(View<const T> f, View<const T> y, View<T>* gradient) const {
    check_same_shape("loss", f, y);
    const auto samples = static_cast<double>(f.rows);
    const bool dense = f.stride == f.cols && y.stride == y.cols && (!gradient || gradient->stride == gradient->cols);
    const Index rows = dense ? 1 : f.rows, cols = dense ? f.rows * f.cols : f.cols;
    double sum = 0;
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; j += block)
        sum += run(f.row(i) + j, y.row(i) + j, gradient ? gradient->row(i) + j : nullptr, std::min(block, cols - j),
                   static_cast<T>(1 / samples));
    return sum / samples;
  }

  template <class T>
  double run(const T* f, const T* y, T* g, Index count, T scale) const {
    std::array<T, block> u, slope;
    for (Index k = 0; k < count; ++k) u[static_cast<std::size_t>(k)] = y[k] * f[k];
    const F& self = static_cast<const F&>(*this);
    const double sum = self.sum(u.data(), count);
    if (g == nullptr) return sum;
    self.slopes(u.data(), slope.data(), count);
    for (Index k = 0; k < count; ++k) g[k] = scale * y[k] * slope[static_cast<std::size_t>(k)];
    return sum;
  }
};

}  // namespace widthwise::detail
