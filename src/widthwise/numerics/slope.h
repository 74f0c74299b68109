// Exponents from data: the least-squares slope of log y against log x, one a seed. Seeds whose draws are nested in
// width are paired, so a slope for each seed has less noise than the slope of means, and the spread over seeds is
// honest.
//
// A power law is assumed, y = A x^slope; how far the data are from one shows in the change of slope when the smallest x
// is dropped.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace widthwise {

/// One measurement: y at x (a width, usually), for one seed.
struct Point {
  double x = 0;
  std::string seed;
  double y = 0;
};

/// A point or a seed that could not be used, and why.
struct Dropped {
  std::string what, reason;
};

/// y = intercept + slope x.
struct Line {
  double slope = 0, intercept = 0;
};

/// Least squares; NaN unless there are two different x.
Line fit_line(std::span<const double> x, std::span<const double> y);

/// The line log y = intercept + slope log x (natural logarithms) of one seed.
struct SeedSlope {
  std::string seed;
  double slope = 0, intercept = 0;
  double change = 0;  // slope without the smallest x, minus slope; NaN with fewer than three x
};

struct Slopes {
  std::vector<SeedSlope> seeds;  // in the order of their first point
  std::vector<double> x;         // the different x used, ascending
  std::vector<Dropped> dropped;  // points not finite or not positive, seeds with fewer than two x
  std::vector<double> slopes() const;
  std::vector<double> changes() const;  // those there are
};

/// One slope a seed over the points that can be used; never throws, what is left out is listed.
Slopes log_log_slopes(std::span<const Point> points);

}  // namespace widthwise
