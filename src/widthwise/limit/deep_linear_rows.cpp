#include "widthwise/limit/deep_linear_rows.h"

#include <algorithm>
#include <utility>

#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/threads.h"

namespace widthwise::deep_linear_theory {

Now::Now(const DeepLinearModel& model, std::int64_t time_now, Index outputs_of) : time{time_now}, outputs{outputs_of} {
  felt.reset(end());
  const double mu = model.momentum;
  double power = 1;  // mu^(t - t')
  for (std::int64_t before = time - 1; before >= 0; --before) {
    power *= mu;
    const double value = model.rate(before) * (1 - power) / (1 - mu);
    for (Index c = 0; c < outputs; ++c) felt[static_cast<Index>(before) * outputs + c] = value;
  }
}

Rows times(const Now& now, const Rows& x, const GrowingTriangle& a) {
  Rows y = now.rows();
  for (Index c = 0; c < x.outputs(); ++c) add_times(x[c], a, y[c]);
  return y;
}

void add_congruence(const Now& now, double factor, const Rows& x, const GrowingTriangle& s, const GrowingTriangle& a,
                    Rows& y) {
  Rows product = now.rows();
  for (Index c = 0; c < x.outputs(); ++c) {
    add_symmetric_times(x[c], s, product[c]);
    add_times_transposed(product[c], a, factor, y[c]);
  }
}

void add(double factor, const Rows& x, const Now& now, Rows& y) {
  for (Index c = 0; c < x.outputs(); ++c)
    for (Index i = 0; i < now.end(); ++i) y[c][i] += factor * x[c][i];
}

void add_identity(const Now& now, Rows& y) {
  for (Index c = 0; c < y.outputs(); ++c) y[c][now.first() + c] += 1;
}

void add_felt(const Now& now, double factor, const Rows& c, Rows& y) {
  for (Index k = 0; k < c.outputs(); ++k)
    for (Index i = 0; i < now.first(); ++i) y[k][i] += factor * now.felt[i] * c[k][i];
}

Rows rows_of(const Now& now, const GrowingTriangle& a) {
  Rows y = now.rows();
  for (Index c = 0; c < now.outputs; ++c) a.copy_row(now.first() + c, y[c].data());
  return y;
}

Rows FeltSum::at(const Now& now, const GrowingTriangle& a) {
  moving_.resize(static_cast<std::size_t>(outputs_));
  sum_.resize(static_cast<std::size_t>(outputs_));
  Rows out = now.rows();
  for (Index c = 0; c < outputs_; ++c) {
    std::vector<double>&moving = moving_[static_cast<std::size_t>(c)], &sum = sum_[static_cast<std::size_t>(c)];
    if (now.time > 0) {
      PaddedVector last;
      last.reset(now.first());
      a.copy_row(now.first() - outputs_ + c, last.data());
      moving.resize(static_cast<std::size_t>(now.first()), 0.0);
      sum.resize(moving.size(), 0.0);
      const double rate = model_.rate(now.time - 1);
      for (std::size_t i = 0; i < sum.size(); ++i) {
        moving[i] = model_.momentum * moving[i] + rate * last[static_cast<Index>(i)];
        sum[i] += moving[i];
      }
    }
    std::ranges::copy(sum, out[c].data());
  }
  return out;
}

void both(const Now& now, const std::function<void()>& first, const std::function<void()>& second) {
  constexpr Index long_enough = 160;  // products take some microseconds then
  if (now.first() < long_enough || threads() < 2) {
    first();
    second();
  } else {
    parallel(2, [&](int which) { which == 0 ? first() : second(); });
  }
}

void ConstantSource::take(const Now& now, const Rows& a) {
  for (Index c = 0; c < now.outputs; ++c) {
    const std::size_t begin = sums_.size();
    sums_.resize(begin + static_cast<std::size_t>(now.outputs), 0.0);
    for (Index i = 0; i < now.end(); ++i) sums_[begin + static_cast<std::size_t>(i % now.outputs)] += a[c][i];
  }
}

void ConstantSource::add_weighted(const Now& now, const Matrix<double>& weights, Rows& y) const {
  for (Index c = 0; c < now.outputs; ++c)
    for (Index i = 0; i < now.end(); ++i)
      for (Index e = 0; e < now.outputs; ++e)
        y[c][i] += weights(c, e) * sums_[static_cast<std::size_t>(i * now.outputs + e)];
}

void ConstantSource::add_with_source(const Now& now, double factor, Rows& y) const {
  add_weighted(now, factor * gram_, y);
}

void ConstantSource::add(const Now& now, double factor, Rows& y) const {
  const Eigen::Map<const Matrix<double>> own(sums_.data() + now.first() * now.outputs, now.outputs, now.outputs);
  add_weighted(now, factor * own * gram_, y);
}

}  // namespace widthwise::deep_linear_theory
