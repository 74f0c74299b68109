#include "widthwise/observable/sums.h"

#include <algorithm>
#include <cmath>

namespace widthwise {
namespace {

/// Sum over j of square(j), in lanes that the compiler may keep in vector registers: strict order would forbid it to.
template <class Square>
double lane_sum(Index count, Square square) {
  constexpr Index lanes = 16;
  double partial[lanes] = {};
  Index j = 0;
  for (; j + lanes <= count; j += lanes)
    for (Index lane = 0; lane < lanes; ++lane) partial[lane] += square(j + lane);
  for (; j < count; ++j) partial[0] += square(j);
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

double root_mean(double sum, Index count) {
  return std::sqrt(sum / static_cast<double>(count));
}

}  // namespace

template <class T>
double square_sum(View<const T> x) {
  double sum = 0;
  for (Index i = 0; i < x.rows; ++i) {
    const T* row = x.row(i);
    sum += lane_sum(x.cols, [row](Index j) {
      const auto value = static_cast<double>(row[j]);
      return value * value;
    });
  }
  return sum;
}

template <class T>
double square_sum_of_difference(View<const T> x, View<const T> y) {
  double sum = 0;
  for (Index i = 0; i < x.rows; ++i) {
    const T *a = x.row(i), *b = y.row(i);
    sum += lane_sum(x.cols, [a, b](Index j) {
      const auto value = static_cast<double>(a[j] - b[j]);
      return value * value;
    });
  }
  return sum;
}

template <class T>
double rms(View<const T> x) {
  return root_mean(square_sum(x), x.size());
}

template <class T>
double rms_of_difference(View<const T> x, View<const T> y) {
  return root_mean(square_sum_of_difference(x, y), x.size());
}

template <class T>
double UpdateSize<T>::operator()(View<const T> weight, View<const T> initial, Index inputs, const Multiply& multiply) {
  constexpr Index block = 256;  // rows of W: enough for a fast product, few enough for the difference to stay in cache
  double sum = 0;
  for (Index first = 0; first < weight.rows; first += block) {
    const Index rows = std::min(block, weight.rows - first);
    difference_.resize(std::max(difference_.size(), static_cast<std::size_t>(rows * weight.cols)));
    product_.resize(std::max(product_.size(), static_cast<std::size_t>(inputs * rows)));
    const View<T> difference(difference_.data(), rows, weight.cols), product(product_.data(), inputs, rows);
    for (Index i = 0; i < rows; ++i) {
      const T *now = weight.row(first + i), *then = initial.row(first + i);
      T* out = difference.row(i);
      for (Index j = 0; j < weight.cols; ++j) out[j] = now[j] - then[j];
    }
    multiply(difference, product);
    sum += square_sum<T>(product);
  }
  return root_mean(sum, inputs * weight.rows);
}

template double square_sum(View<const float>);
template double square_sum(View<const double>);
template double square_sum_of_difference(View<const float>, View<const float>);
template double square_sum_of_difference(View<const double>, View<const double>);
template double rms(View<const float>);
template double rms(View<const double>);
template double rms_of_difference(View<const float>, View<const float>);
template double rms_of_difference(View<const double>, View<const double>);
template class UpdateSize<float>;
template class UpdateSize<double>;

}  // namespace widthwise
