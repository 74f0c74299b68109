#include "widthwise/numerics/divergence.h"

#include <boost/math/special_functions/digamma.hpp>
#include <cmath>
#include <limits>
#include <optional>

#include "widthwise/numerics/statistics.h"

namespace widthwise {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

struct Moments {
  double mean, variance;
  explicit Moments(std::span<const double> values)
      : mean{widthwise::mean(values)}, variance{std::pow(standard_deviation(values), 2)} {}
};

struct Beta {
  double a, b;
  double log_norm() const { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }
};

std::optional<Beta> fit(std::span<const double> values) {
  const Moments moments(values);
  const double m = moments.mean, most = m * (1 - m);
  if (!(moments.variance > 0) || !(moments.variance < most)) return std::nullopt;
  const double size = most / moments.variance - 1;
  return Beta{m * size, (1 - m) * size};
}

}  // namespace

double normal_divergence(std::span<const double> values, std::span<const double> reference) {
  const Moments p(values), q(reference);
  if (!(q.variance > 0)) return none;
  const double ratio = p.variance / q.variance, shift = q.mean - p.mean;
  return 0.5 * (ratio + shift * shift / q.variance - 1 - std::log(ratio));
}

double beta_divergence(std::span<const double> values, std::span<const double> reference) {
  const auto p = fit(values), q = fit(reference);
  if (!p || !q) return none;
  using boost::math::digamma;
  return q->log_norm() - p->log_norm() + (p->a - q->a) * digamma(p->a) + (p->b - q->b) * digamma(p->b) +
         (q->a - p->a + q->b - p->b) * digamma(p->a + p->b);
}

}  // namespace widthwise
