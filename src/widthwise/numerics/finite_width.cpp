#include "widthwise/numerics/finite_width.h"

#include <algorithm>
#include <cmath>

#include "widthwise/numerics/statistics.h"

namespace widthwise {
namespace {

/// How a correction y -> y (1 + e (x_min/x)^(1/2)) moves the log-log slope over these x, and how that shift changes
/// when the smallest x is dropped: B(e) and D(e). D rises with e, through D(0) = 0, at least up
/// to e = 1, where the log-log curve of 1 + e s is bent most at the smallest x.
struct CorrectionEffect {
  double shift, change;
};

CorrectionEffect correction_effect(const std::vector<double>& x, double e) {
  std::vector<double> log_x, log_y;
  for (const double value : x) {
    log_x.push_back(std::log(value));
    log_y.push_back(std::log1p(e * std::sqrt(x.front() / value)));
  }
  const double all = fit_line(log_x, log_y).slope;
  const double without = fit_line({log_x.begin() + 1, log_x.end()}, {log_y.begin() + 1, log_y.end()}).slope;
  return {all, without - all};
}

/// The e in [-0.9, 1] with D(e) = change, by bisection; the nearer end where there is none.
double correction_for(const std::vector<double>& x, double change) {
  double low = -0.9, high = 1;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (correction_effect(x, middle).change < change ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// The corrections that are natural and that the changes do not exclude; of none that are both, the nearest to natural.
Interval corrections(const std::vector<double>& x, const std::vector<double>& changes, double natural,
                     double confidence) {
  if (changes.size() < 2) return {-natural, natural};
  const Interval shown = student_interval(changes, confidence);
  const double from = correction_for(x, shown.low), to = correction_for(x, shown.high);
  if (from > natural) return {from, from};
  if (to < -natural) return {to, to};
  return {std::max(from, -natural), std::min(to, natural)};
}

}  // namespace

double finite_width_allowance(const Slopes& slopes, double largest_correction, double confidence) {
  const double natural = std::min(largest_correction, 1 / std::sqrt(slopes.x.front()));
  const std::vector<double> changes = slopes.changes();
  const Interval e = corrections(slopes.x, changes, natural, confidence);
  const double least = changes.empty() ? 0 : std::abs(mean(changes));
  return std::max(
      {least, std::abs(correction_effect(slopes.x, e.low).shift), std::abs(correction_effect(slopes.x, e.high).shift)});
}

}  // namespace widthwise
