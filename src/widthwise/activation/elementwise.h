// The array passes of an activation written once: a class F derives from Elementwise<F> and gives
//
//   template <class T> T phi(T z) const;      template <class T> T dphi(T z) const;
//
// as plain formulas without branches where possible. Not needed outside this room.
#pragma once

#include "widthwise/activation/activation.h"

namespace widthwise {

template <class F>
class Elementwise : public Activation {
 public:
  double value(double z) const final { return self().template phi<double>(z); }
  double slope(double z) const final { return self().template dphi<double>(z); }

  void forward(View<float> z, const float* bias, View<float> h) const override { pass(z, bias, h); }
  void forward(View<double> z, const double* bias, View<double> h) const override { pass(z, bias, h); }
  void multiply_slope(View<const float> z, View<float> d) const override { slope_pass(z, d); }
  void multiply_slope(View<const double> z, View<double> d) const override { slope_pass(z, d); }

 private:
  const F& self() const { return static_cast<const F&>(*this); }

  template <class T>
  void pass(View<T> z, const T* bias, View<T> h) const {
    for (Index i = 0; i < z.rows; ++i) {
      T* const in = z.row(i);
      T* const out = h.row(i);
      for (Index j = 0; j < z.cols; ++j) {
        const T x = bias == nullptr ? in[j] : in[j] + bias[j];
        in[j] = x;
        out[j] = self().template phi<T>(x);
      }
    }
  }

  template <class T>
  void slope_pass(View<const T> z, View<T> d) const {
    for (Index i = 0; i < z.rows; ++i) {
      const T* const in = z.row(i);
      T* const out = d.row(i);
      for (Index j = 0; j < z.cols; ++j) out[j] *= self().template dphi<T>(in[j]);
    }
  }
};

}  // namespace widthwise
