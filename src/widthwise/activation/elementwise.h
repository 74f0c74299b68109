// What the activations share: a class F derives from Elementwise<F>, gives phi and dphi for one number as plain
// formulas,
//
//   double phi(double z) const;      double dphi(double z) const;
//
// and says which of linalg's vectorised passes computes the same for arrays (`function`). An activation that linalg
// does not know leaves `function` out and gets plain loops over the two formulas. Also the base for activations of your
// own (register_activation).
#pragma once

#include <cmath>

#include "widthwise/activation/activation.h"
#include "widthwise/linalg/pointwise.h"

namespace widthwise {

template <class F>
class Elementwise : public Activation {
 public:
  double value(double z) const final { return self().phi(z); }
  double slope(double z) const final { return self().dphi(z); }

  void forward(View<float> z, const float* bias, View<float> h) const override { pass(z, bias, h); }
  void forward(View<double> z, const double* bias, View<double> h) const override { pass(z, bias, h); }
  void multiply_slope(View<const float> z, View<float> d) const override { slope_pass(z, d); }
  void multiply_slope(View<const double> z, View<double> d) const override { slope_pass(z, d); }

 private:
  static constexpr bool vectorised = requires { F::function; };

  const F& self() const { return static_cast<const F&>(*this); }
  double pass_parameter() const { return std::isnan(this->parameter()) ? 0 : this->parameter(); }

  template <class T>
  void pass(View<T> z, const T* bias, View<T> h) const {
    if constexpr (vectorised) {
      pointwise::forward<T>(F::function, pass_parameter(), z, bias, h);
    } else {
      for (Index i = 0; i < z.rows; ++i) {
        for (Index j = 0; j < z.cols; ++j) {
          if (bias != nullptr) z(i, j) += bias[j];
          h(i, j) = static_cast<T>(self().phi(static_cast<double>(z(i, j))));
        }
      }
    }
  }

  template <class T>
  void slope_pass(View<const T> z, View<T> d) const {
    if constexpr (vectorised) {
      pointwise::multiply_slope<T>(F::function, pass_parameter(), z, d);
    } else {
      for (Index i = 0; i < z.rows; ++i)
        for (Index j = 0; j < z.cols; ++j) d(i, j) *= static_cast<T>(self().dphi(static_cast<double>(z(i, j))));
    }
  }
};

}  // namespace widthwise
