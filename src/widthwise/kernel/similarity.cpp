#include "widthwise/kernel/similarity.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/linalg/pointwise.h"
#include "widthwise/linalg/products.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
void check(View<const T> k, View<const T> l) {
  if (k.rows != k.cols || l.rows != k.rows || l.cols != k.rows)
    throw ShapeError("kernel similarity", "two square matrices of one size",
                     fmt::format("{} x {} and {} x {}", k.rows, k.cols, l.rows, l.cols));
}

// Row sums and total of a kernel without its diagonal.
template <class T>
struct OffDiagonal {
  std::vector<double> rows;
  double total = 0;

  explicit OffDiagonal(View<const T> k) {
    for (Index i = 0; i < k.rows; ++i) {
      double sum = 0;
      for (Index j = 0; j < k.cols; ++j)
        if (j != i) sum += static_cast<double>(k(i, j));
      rows.push_back(sum);
      total += sum;
    }
  }
};

// Without its factor 1 / (n (n-3)).
template <class T>
double covariance(View<const T> k, View<const T> l, const OffDiagonal<T>& of_k, const OffDiagonal<T>& of_l) {
  const auto n = static_cast<double>(k.rows);
  double product = pointwise::dot<T>(k, l), mixed = 0;
  for (Index i = 0; i < k.rows; ++i) {
    product -= static_cast<double>(k(i, i)) * static_cast<double>(l(i, i));
    mixed += of_k.rows[static_cast<std::size_t>(i)] * of_l.rows[static_cast<std::size_t>(i)];
  }
  return product + of_k.total / (n - 1) * (of_l.total / (n - 2)) - 2 / (n - 2) * mixed;
}

}  // namespace

template <class T>
double frobenius_norm(View<const T> k) {
  return std::sqrt(pointwise::sum_squares<T>(k));
}

template <class T>
double relative_change(View<const T> k, View<const T> l) {
  check(k, l);
  double square = 0;
  for (Index i = 0; i < k.rows; ++i)
    for (Index j = 0; j < k.cols; ++j) {
      const double difference = static_cast<double>(k(i, j)) - static_cast<double>(l(i, j));
      square += difference * difference;
    }
  return square == 0 ? 0 : std::sqrt(square) / frobenius_norm(l);
}

template <class T>
double alignment(View<const T> k, View<const T> l) {
  check(k, l);
  return pointwise::dot<T>(k, l) / (frobenius_norm(k) * frobenius_norm(l));
}

template <class T>
double centred_alignment(View<const T> k, View<const T> l) {
  check(k, l);
  if (k.rows < 4) return nan;
  const OffDiagonal<T> of_k(k), of_l(l);
  const double own_k = covariance(k, k, of_k, of_k), own_l = covariance(l, l, of_l, of_l);
  // A constant kernel has none; what rounding leaves of that is no number to divide by.
  const auto none = [](double own, View<const T> of) { return !(own > 1e-12 * pointwise::sum_squares<T>(of)); };
  if (none(own_k, k) || none(own_l, l)) return nan;
  return covariance(k, l, of_k, of_l) / (std::sqrt(own_k) * std::sqrt(own_l));
}

template <class T>
void write_target_kernel(View<const T> targets, View<T> out) {
  syrk<T>(Op::none, T(1), targets, T(0), out);
}

template double frobenius_norm(View<const float>);
template double frobenius_norm(View<const double>);
template double relative_change(View<const float>, View<const float>);
template double relative_change(View<const double>, View<const double>);
template double alignment(View<const float>, View<const float>);
template double alignment(View<const double>, View<const double>);
template double centred_alignment(View<const float>, View<const float>);
template double centred_alignment(View<const double>, View<const double>);
template void write_target_kernel(View<const float>, View<float>);
template void write_target_kernel(View<const double>, View<double>);

}  // namespace widthwise
