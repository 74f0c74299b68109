// Softmax cross-entropy. With m the largest output of a row and s = sum_j exp(f_j - m),
//
//   log softmax(f)_j = f_j - m - log s,
//
// in which no exponential overflows and 1 <= s <= outputs, so outputs of any size are fine. Rows are handled in blocks:
// the exponentials of a whole block are one straight loop that vectorises also for 10 classes.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "widthwise/loss/losses.h"

namespace widthwise {
namespace {

constexpr Index block_entries = 1024;

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  using Bits = std::uint32_t;
  static constexpr float lowest = -87, round = 0x1.8p23F, ln2_high = 0x1.62e4p-1F, ln2_low = 0x1.7f7d1cp-20F;
  static constexpr int mantissa = 23, degree = 7;
};
template <>
struct ExpConstants<double> {
  using Bits = std::uint64_t;
  static constexpr double lowest = -708, round = 0x1.8p52, ln2_high = 0x1.62e42fefap-1, ln2_low = 0x1.cf79abc9e3b39p-40;
  static constexpr int mantissa = 52, degree = 13;
};

/// exp(x) for x <= 0 to about two units in the last place, without branches or calls: 2^k times the Taylor polynomial
/// of exp on |r| <= log(2)/2, where x = k log 2 + r. Below the smallest normal number it stays there; NaN stays NaN.
template <class T>
inline T exp_nonpositive(T x) {
  using C = ExpConstants<T>;
  x = x < C::lowest ? C::lowest : x;
  const T shifted = x * T(1.4426950408889634074) + C::round;  // the integer k sits in the low bits of the mantissa
  const T k = shifted - C::round;
  const T r = (x - k * C::ln2_high) - k * C::ln2_low;
  T sum = 1;
#pragma GCC unroll 16
  for (int n = C::degree; n >= 1; --n) sum = 1 + r * sum * (T(1) / static_cast<T>(n));
  using Bits = typename C::Bits;
  // Adding k to the exponent field multiplies by 2^k; sum lies in [0.7, 1.42], x >= lowest keeps the result normal.
  return std::bit_cast<T>(std::bit_cast<Bits>(sum) + (std::bit_cast<Bits>(shifted) << C::mantissa));
}

template <class T>
T largest(const T* f, Index count) {
  T m = f[0];
  for (Index j = 1; j < count; ++j) m = f[j] > m ? f[j] : m;
  return m;
}

/// -sum_j y_j (f_j - m - log s), every term of which is at least 0.
template <class T>
double row_loss(const T* f, const T* y, Index count, T m, double log_s) {
  double sum = 0;
  for (Index j = 0; j < count; ++j) sum += static_cast<double>(y[j]) * (log_s - static_cast<double>(f[j] - m));
  return sum;
}

/// Sum of the losses of `rows` rows from `first` on; `exps` holds rows * cols entries.
template <class T>
double block(View<const T> f, View<const T> y, View<T>* gradient, Index first, Index rows, T* exps) {
  const Index k = f.cols;
  std::array<T, block_entries / 2> maxima;  // two outputs or more, so at most half as many rows as entries
  for (Index i = 0; i < rows; ++i) {
    const T* row = f.row(first + i);
    const T m = maxima[static_cast<std::size_t>(i)] = largest(row, k);
    for (Index j = 0; j < k; ++j) exps[i * k + j] = row[j] - m;
  }
  for (Index e = 0; e < rows * k; ++e) exps[e] = exp_nonpositive(exps[e]);
  const double mean = 1 / static_cast<double>(f.rows);
  double loss = 0;
  for (Index i = 0; i < rows; ++i) {
    const T* e = exps + i * k;
    double s = 0;
    for (Index j = 0; j < k; ++j) s += static_cast<double>(e[j]);
    const T* target = y.row(first + i);
    loss += row_loss(f.row(first + i), target, k, maxima[static_cast<std::size_t>(i)], std::log(s));
    if (gradient == nullptr) continue;
    T* g = gradient->row(first + i);
    const T scale = static_cast<T>(mean), share = static_cast<T>(mean / s);
    for (Index j = 0; j < k; ++j) g[j] = e[j] * share - target[j] * scale;
  }
  return loss;
}

/// The same for one row that is longer than a block: exponentials are taken twice instead of kept.
template <class T>
double long_row(View<const T> f, View<const T> y, View<T>* gradient, Index i) {
  const T* row = f.row(i);
  const T* target = y.row(i);
  const T m = largest(row, f.cols);
  double s = 0;
  for (Index j = 0; j < f.cols; ++j) s += static_cast<double>(exp_nonpositive(row[j] - m));
  const double loss = row_loss(row, target, f.cols, m, std::log(s));
  if (gradient != nullptr) {
    T* g = gradient->row(i);
    const double mean = 1 / static_cast<double>(f.rows);
    const T scale = static_cast<T>(mean), share = static_cast<T>(mean / s);
    for (Index j = 0; j < f.cols; ++j) g[j] = exp_nonpositive(row[j] - m) * share - target[j] * scale;
  }
  return loss;
}

template <class T>
double mean_loss(View<const T> f, View<const T> y, View<T>* gradient) {
  detail::check_same_shape("cross-entropy", f, y);
  if (f.cols < 2) throw ShapeError("cross-entropy", "two outputs or more", "1 output");
  double sum = 0;
  if (f.cols > block_entries) {
    for (Index i = 0; i < f.rows; ++i) sum += long_row(f, y, gradient, i);
  } else {
    std::array<T, block_entries> exps;
    const Index rows = block_entries / f.cols;
    for (Index i = 0; i < f.rows; i += rows) sum += block(f, y, gradient, i, std::min(rows, f.rows - i), exps.data());
  }
  return sum / static_cast<double>(f.rows);
}

class CrossEntropy final : public Loss {
 public:
  std::string_view name() const override { return "cross-entropy"; }

  double value(View<const float> f, View<const float> y) const override { return mean_loss<float>(f, y, nullptr); }
  double value(View<const double> f, View<const double> y) const override { return mean_loss<double>(f, y, nullptr); }
  double gradient(View<const float> f, View<const float> y, View<float> g) const override { return derive(f, y, g); }
  double gradient(View<const double> f, View<const double> y, View<double> g) const override { return derive(f, y, g); }

 private:
  template <class T>
  static double derive(View<const T> f, View<const T> y, View<T> gradient) {
    detail::check_same_shape<T>("cross-entropy gradient", gradient, y);
    return mean_loss<T>(f, y, &gradient);
  }
};

}  // namespace

std::shared_ptr<const Loss> make_cross_entropy() {
  return std::make_shared<CrossEntropy>();
}

}  // namespace widthwise
