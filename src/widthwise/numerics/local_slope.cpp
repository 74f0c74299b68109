#include "widthwise/numerics/local_slope.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/numerics/slope.h"

namespace widthwise {

namespace {

/// Ends count although rounding may have moved them.
double slope_between(std::span<const double> x, std::span<const double> y, double from, double to) {
  constexpr double hair = 1e-9;
  std::vector<double> log_x, log_y;
  for (std::size_t k = 0; k < x.size(); ++k)
    if (x[k] >= from * (1 - hair) && x[k] <= to * (1 + hair) && y[k] > 0 && std::isfinite(y[k])) {
      log_x.push_back(std::log(x[k]));
      log_y.push_back(std::log(y[k]));
    }
  return fit_line(log_x, log_y).slope;
}

}  // namespace

std::vector<LocalSlope> local_slopes(std::span<const double> x, std::span<const double> y,
                                     std::span<const double> edges) {
  if (x.size() != y.size())
    throw Error(fmt::format("One y for each x was expected, got {} and {}.", x.size(), y.size()));
  for (std::size_t i = 0; i < edges.size(); ++i)
    if (!(edges[i] > (i == 0 ? 0 : edges[i - 1])) || !std::isfinite(edges[i]))
      throw Error(fmt::format("Ascending edges above 0 were expected, got {}.", edges[i]));
  std::vector<LocalSlope> out;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double from = edges[i], to = edges[i + 1], middle = std::sqrt(from * to);
    const double lower = slope_between(x, y, from, middle), upper = slope_between(x, y, middle, to);
    out.push_back({from, to, slope_between(x, y, from, to), {std::min(lower, upper), std::max(lower, upper)}});
  }
  return out;
}

}  // namespace widthwise
