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
double magnitude_sum(View<const T> x) {
  double sum = 0;
  for (Index i = 0; i < x.rows; ++i) {
    const T* row = x.row(i);
    sum += lane_sum(x.cols, [row](Index j) { return std::abs(static_cast<double>(row[j])); });
  }
  return sum;
}

template <class T>
double mean_magnitude(View<const T> x) {
  return magnitude_sum(x) / static_cast<double>(x.size());
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
auto UpdateSize<T>::operator()(View<const T> weight, View<const T> initial, Index inputs, const Multiply& multiply)
    -> Sizes {
  constexpr Index block = 256;  // rows of W: enough for a fast product, few enough for the difference to stay in cache
  double squares = 0, magnitudes = 0;
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
    squares += square_sum<T>(product);
    magnitudes += magnitude_sum<T>(product);
  }
  const Index count = inputs * weight.rows;
  return {root_mean(squares, count), magnitudes / static_cast<double>(count)};
}

template double square_sum(View<const float>);
template double square_sum(View<const double>);
template double square_sum_of_difference(View<const float>, View<const float>);
template double square_sum_of_difference(View<const double>, View<const double>);
template double mean_magnitude(View<const float>);
template double mean_magnitude(View<const double>);
template double rms(View<const float>);
template double rms(View<const double>);
template double rms_of_difference(View<const float>, View<const float>);
template double rms_of_difference(View<const double>, View<const double>);
template class UpdateSize<float>;
template class UpdateSize<double>;

}  // namespace widthwise
