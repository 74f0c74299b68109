// Softmax cross-entropy. With m the largest output of a row and s = sum_j exp(f_j - m),
//
//   log softmax(f)_j = f_j - m - log s,
//
// in which no exponential overflows and 1 <= s <= outputs, so outputs of any size are fine.
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

/// 1 + r/n (1 + r/(n+1) (1 + ...)) up to the degree; a recursion, since an inner loop would keep callers from
/// vectorising.
template <class T, int n = 1>
inline T taylor(T r) {
  if constexpr (n > ExpConstants<T>::degree) {
    return 1;
  } else {
    return 1 + r * (T(1) / T(n)) * taylor<T, n + 1>(r);
  }
}

/// exp(x) for x <= 0 to about two units in the last place, without branches or calls: 2^k times the Taylor polynomial
/// of exp on |r| <= log(2)/2, where x = k log 2 + r. Results below the smallest normal number are 0; NaN stays NaN.
template <class T>
inline T exp_nonpositive(T x) {
  using C = ExpConstants<T>;
  const T shifted = x * T(1.4426950408889634074) + C::round;  // the integer k sits in the low bits of the mantissa
  const T k = shifted - C::round;
  const T r = (x - k * C::ln2_high) - k * C::ln2_low;
  const T sum = taylor(r);
  using Bits = typename C::Bits;
  // Adding k to the exponent field multiplies by 2^k: sum lies in [0.7, 1.42], the result is normal for x >= lowest.
  const Bits power = std::bit_cast<Bits>(sum) + (std::bit_cast<Bits>(shifted) << C::mantissa);
  // A mask, because a condition would become a branch around the polynomial.
  const Bits keep = Bits(0) - static_cast<Bits>(!(x < C::lowest));
  return std::bit_cast<T>(power & keep);
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

/// Some rows at a time, transposed: entry (j, i) is output j of sample i, so that every loop below runs over samples
/// side by side and vectorises however few outputs there are.
template <class T>
class TransposedBlock {
 public:
  /// Sum of the losses of `rows` rows from `first` on, rows * f.cols <= block_entries; writes their gradient if there
  /// is one.
  double loss(View<const T> f, View<const T> y, View<T>* gradient, Index first, Index rows) {
    const Index k = f.cols;
    for (Index i = 0; i < rows; ++i) {
      const T* from = f.row(first + i);
      const T* target = y.row(first + i);
      for (Index j = 0; j < k; ++j) x_[at(j * rows + i)] = from[j], y_[at(j * rows + i)] = target[j];
    }
    exponentials(k, rows);
    double sum = 0;
    for (Index i = 0; i < rows; ++i) sum += mass_[at(i)] * std::log(s_[at(i)]) - dot_[at(i)];
    if (gradient != nullptr) write_gradient(*gradient, first, rows);
    return sum;
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// x := exp(x - m) with m the largest of each sample; s = sum_j x_j, dot = sum_j y_j (f_j - m), mass = sum_j y_j.
  void exponentials(Index k, Index rows) {
    for (Index i = 0; i < rows; ++i) {
      m_[at(i)] = x_[at(i)];
      s_[at(i)] = dot_[at(i)] = mass_[at(i)] = 0;
    }
    for (Index j = 1; j < k; ++j) {
      const T* x = &x_[at(j * rows)];
      for (Index i = 0; i < rows; ++i) m_[at(i)] = x[i] > m_[at(i)] ? x[i] : m_[at(i)];
    }
    for (Index j = 0; j < k; ++j) {
      T* x = &x_[at(j * rows)];
      const T* y = &y_[at(j * rows)];
      for (Index i = 0; i < rows; ++i) {
        x[i] -= m_[at(i)];
        dot_[at(i)] += static_cast<double>(y[i]) * static_cast<double>(x[i]);
        mass_[at(i)] += static_cast<double>(y[i]);
      }
    }
    T* x = x_.data();
    for (Index e = 0; e < k * rows; ++e) x[e] = exp_nonpositive(x[e]);
    for (Index j = 0; j < k; ++j)
      for (Index i = 0; i < rows; ++i) s_[at(i)] += static_cast<double>(x[j * rows + i]);
  }

  void write_gradient(View<T> gradient, Index first, Index rows) const {
    const double mean = 1 / static_cast<double>(gradient.rows);
    const T scale = static_cast<T>(mean);
    for (Index i = 0; i < rows; ++i) {
      T* g = gradient.row(first + i);
      const T share = static_cast<T>(mean / s_[at(i)]);
      for (Index j = 0; j < gradient.cols; ++j) g[j] = x_[at(j * rows + i)] * share - y_[at(j * rows + i)] * scale;
    }
  }

  std::array<T, block_entries> x_, y_;
  std::array<T, block_entries / 2> m_;  // two outputs or more, so at most half as many samples as entries
  std::array<double, block_entries / 2> s_, dot_, mass_;
};

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
    TransposedBlock<T> block;
    const Index rows = block_entries / f.cols;
    for (Index i = 0; i < f.rows; i += rows) sum += block.loss(f, y, gradient, i, std::min(rows, f.rows - i));
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
