#include "widthwise/loss/margin.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/loss/losses.h"

namespace widthwise {
namespace {

/// NaN, once in, stays: std::min and std::max would lose it.
double smaller(double a, double b) {
  return std::isnan(a) || a < b ? a : b;
}

template <class T>
double of_signs(const T* f, const T* y, Index outputs) {
  double least = std::numeric_limits<double>::infinity();
  for (Index j = 0; j < outputs; ++j) least = smaller(static_cast<double>(y[j]) * static_cast<double>(f[j]), least);
  return least;
}

template <class T>
double of_class(const T* f, const T* y, Index outputs) {
  const auto c = std::max_element(y, y + outputs) - y;
  double least = std::numeric_limits<double>::infinity();
  for (Index j = 0; j < outputs; ++j)
    if (j != c) least = smaller(static_cast<double>(f[c]) - static_cast<double>(f[j]), least);
  return least;
}

template <class T>
double margin(const T* f, const T* y, Index outputs) {
  const bool one_hot = std::find(y, y + outputs, T(0)) != y + outputs;
  return one_hot ? of_class(f, y, outputs) : of_signs(f, y, outputs);
}

template <class T>
void write(View<const T> outputs, View<const T> targets, std::span<double> out) {
  detail::check_same_shape("margins", outputs, targets);
  if (static_cast<Index>(out.size()) != outputs.rows)
    throw ShapeError("margins", fmt::format("room for {} margins", outputs.rows), fmt::format("{}", out.size()));
  for (Index i = 0; i < outputs.rows; ++i)
    out[static_cast<std::size_t>(i)] = margin(outputs.row(i), targets.row(i), outputs.cols);
}

template <class T>
double smallest(View<const T> outputs, View<const T> targets) {
  detail::check_same_shape("smallest_margin", outputs, targets);
  double least = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < outputs.rows; ++i) {
    const double next = margin(outputs.row(i), targets.row(i), outputs.cols);
    if (std::isnan(next)) return next;
    least = std::min(least, next);
  }
  return least;
}

}  // namespace

void margins(View<const float> outputs, View<const float> targets, std::span<double> out) {
  write(outputs, targets, out);
}
void margins(View<const double> outputs, View<const double> targets, std::span<double> out) {
  write(outputs, targets, out);
}
double smallest_margin(View<const float> outputs, View<const float> targets) {
  return smallest(outputs, targets);
}
double smallest_margin(View<const double> outputs, View<const double> targets) {
  return smallest(outputs, targets);
}

}  // namespace widthwise
