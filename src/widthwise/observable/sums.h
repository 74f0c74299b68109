// Sums of squares over blocks of numbers, accumulated in double, and the sizes made of them.
#pragma once

#include <functional>
#include <vector>

#include "widthwise/linalg/view.h"

namespace widthwise {

/// sum x_ij^2, and sum (x_ij - y_ij)^2 where the difference is taken in T (exact for close numbers). T = float or
/// double.
template <class T>
double square_sum(View<const T> x);
template <class T>
double square_sum_of_difference(View<const T> x, View<const T> y);

/// sqrt(mean x_ij^2): the size of a typical entry, without a power of the block's width or height in it.
template <class T>
double rms(View<const T> x);
template <class T>
double rms_of_difference(View<const T> x, View<const T> y);

/// mean |x_ij|.
template <class T>
double mean_magnitude(View<const T> x);

/// Sizes of (W - W_0) x over samples and units. The difference is formed first, a block of rows at a time: subtracting
/// the two products would leave the rounding error of W x where an update is small. The buffers are kept between calls.
template <class T>
class UpdateSize {
 public:
  /// multiply(V, product) writes x V^T, `rows` x V.rows, for some rows V of a difference.
  using Multiply = std::function<void(View<const T>, View<T>)>;
  /// `weight` and `initial` are fan_out x fan_in; x has `rows` rows: samples, or positions of them.
  struct Sizes {
    double rms, mean_magnitude;
  };
  Sizes operator()(View<const T> weight, View<const T> initial, Index rows, const Multiply& multiply);

 private:
  std::vector<T> difference_, product_;
};

}  // namespace widthwise
