// The jack-knife: the error of a statistic of S seeds that is no mean of numbers of its own, such as the variance of an
// ensemble or the error of its mean output. With theta of all seeds and theta_(s) of all but seed s,
//
//   error^2 = (S-1)/S sum_s (theta_(s) - mean theta_(.))^2        (Efron and Tibshirani 1993, chapter 11)
//
// which for the mean is the standard error itself. The numbers theta + (S-1) (mean theta_(.) - theta_(s)), one a seed,
// have the mean theta and this standard error: they stand for measurements of single seeds, and Student's t over them
// gives the interval. It is right to order 1/S for smooth statistics; not for a median or a maximum.
//
// A slope of log theta over log x is a statistic of the seeds as well: slopes without each seed, one jack-knife. Where
// a seed is missing at some x, leaving it out changes nothing there; the interval is then that of the fewest seeds at
// any x, and somewhat too wide.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "widthwise/numerics/left_out.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/numerics/statistics.h"

namespace widthwise {

/// A statistic of a group of seeds, and what it is without each.
struct Estimate {
  double x = 0;
  double y = 0;
  std::vector<LeftOut> left_out;
};

/// NaN of fewer than two, or where any is not finite.
double jackknife_error(std::span<const LeftOut> left_out);
/// value -+ t error with S-1 degrees of freedom; NaN where there is no error.
Interval jackknife_interval(double value, std::span<const LeftOut> left_out, double confidence = 0.95);
/// One number a seed, of mean `value` and of standard error jackknife_error.
std::vector<double> jackknife_values(double value, std::span<const LeftOut> left_out);

/// The log-log slope of estimates over x, its seeds those numbers for the slope, the intercept and the change.
struct JackknifeSlopes {
  Slopes slopes;           // `dropped` as log_log_slopes; no seeds where the line or its error is unknown
  Line line;               // of the estimates themselves: log y = intercept + slope log x; NaN below two x
  std::size_t fewest = 0;  // seeds at any x
  std::string reason;      // why there is no error; "" if there is
};
JackknifeSlopes jackknife_slopes(std::span<const Estimate> estimates);

}  // namespace widthwise
