#include "widthwise/numerics/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Linear interpolation between order statistics.
double quantile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return nan;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return nan;
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double standard_error(std::span<const double> values) {
  return standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

double student_quantile(double degrees, double confidence) {
  return boost::math::quantile(boost::math::students_t(degrees), 0.5 + confidence / 2);
}

Interval student_interval(std::span<const double> values, double confidence) {
  if (values.size() < 2) return {-infinity, infinity};
  const double centre = mean(values);
  const double half = student_quantile(static_cast<double>(values.size() - 1), confidence) * standard_error(values);
  return {centre - half, centre + half};
}

Interval bootstrap_interval(std::span<const double> values, Key key, double confidence, int resamples) {
  const double centre = mean(values), error = standard_error(values);
  if (!(error > 0)) return student_interval(values, confidence);
  const std::size_t count = values.size();
  std::vector<double> sample(count), t;
  for (int b = 0; b < resamples; ++b) {
    for (std::size_t i = 0; i < count; ++i) {
      const double u = uniform(key, static_cast<std::uint64_t>(b), i);
      sample[i] = values[std::min(count - 1, static_cast<std::size_t>(u * static_cast<double>(count)))];
    }
    // A resample of one value repeated has no t; with two or three values most do not, hence Student's there.
    const double spread = standard_error(sample);
    if (spread > 0) t.push_back((mean(sample) - centre) / spread);
  }
  if (t.size() < 100) return student_interval(values, confidence);
  std::sort(t.begin(), t.end());
  const double tail = (1 - confidence) / 2;
  return {centre - quantile(t, 1 - tail) * error, centre - quantile(t, tail) * error};
}

}  // namespace widthwise
