// Means and intervals of a few independent measurements (seeds, usually). Intervals are two-sided at `confidence`:
// Student's t where the measurements are few and near normal, the bootstrap-t from about ten on. The percentile
// bootstrap is left out on purpose: with 10 values its "95 %" intervals hold the truth 90 % of the time.
#pragma once

#include <span>

#include "widthwise/base/key.h"

namespace widthwise {

struct Interval {
  double low = 0, high = 0;
  bool contains(double x) const { return low <= x && x <= high; }
  bool operator==(const Interval&) const = default;
};

/// Arithmetic mean; NaN of nothing.
double mean(std::span<const double> values);
/// Unbiased (divisor count - 1); NaN of fewer than two values.
double standard_deviation(std::span<const double> values);
/// standard_deviation / sqrt(count): the uncertainty of the mean.
double standard_error(std::span<const double> values);

/// The t with P(|T| <= t) = confidence for Student's distribution of `degrees` >= 1 degrees of freedom.
double student_quantile(double degrees, double confidence = 0.95);
/// mean -+ t * standard error. All of the line for fewer than two values.
Interval student_interval(std::span<const double> values, double confidence = 0.95);
/// Bootstrap-t (Efron and Tibshirani 1993, section 12.5): as Student's, the quantiles of t taken from `resamples`
/// resamples drawn with `key`, so skewed data get a skewed interval. The same key gives the same interval.
Interval bootstrap_interval(std::span<const double> values, Key key, double confidence = 0.95, int resamples = 2000);

}  // namespace widthwise
