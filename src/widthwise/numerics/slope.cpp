#include "widthwise/numerics/slope.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Logs {
  std::vector<double> x, y;
};

/// Why a point cannot be on a log-log line, or "".
std::string unusable(const Point& point) {
  if (!std::isfinite(point.x) || point.x <= 0) return fmt::format("x = {} has no logarithm", point.x);
  if (!std::isfinite(point.y)) return fmt::format("the value is not finite ({})", point.y);
  if (point.y <= 0) return fmt::format("the value {} is not positive, so it has no logarithm", point.y);
  return {};
}

/// Change of slope when the points at the smallest x are left out.
double change_without_smallest(const Logs& logs, double slope) {
  const double smallest = *std::min_element(logs.x.begin(), logs.x.end());
  Logs rest;
  for (std::size_t i = 0; i < logs.x.size(); ++i) {
    if (logs.x[i] == smallest) continue;
    rest.x.push_back(logs.x[i]);
    rest.y.push_back(logs.y[i]);
  }
  return fit_line(rest.x, rest.y).slope - slope;
}

}  // namespace

Line fit_line(std::span<const double> x, std::span<const double> y) {
  const auto count = static_cast<double>(x.size());
  double x_mean = 0, y_mean = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) x_mean += x[i] / count, y_mean += y[i] / count;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    xy += (x[i] - x_mean) * (y[i] - y_mean);
  }
  // All x equal: what is left of xx is rounding.
  if (!(xx > 1e-24 * count * (1 + x_mean * x_mean))) return {nan, nan};
  return {xy / xx, y_mean - xy / xx * x_mean};
}

std::vector<double> Slopes::slopes() const {
  std::vector<double> all;
  for (const auto& seed : seeds) all.push_back(seed.slope);
  return all;
}

std::vector<double> Slopes::changes() const {
  std::vector<double> all;
  for (const auto& seed : seeds)
    if (!std::isnan(seed.change)) all.push_back(seed.change);
  return all;
}

Slopes log_log_slopes(std::span<const Point> points) {
  Slopes result;
  std::vector<std::string> order;
  std::map<std::string, Logs> by_seed;
  for (const Point& point : points) {
    const std::string reason = unusable(point);
    if (!reason.empty()) {
      result.dropped.push_back({fmt::format("x = {}, seed {}", point.x, point.seed), reason});
      continue;
    }
    Logs& logs = by_seed[point.seed];
    if (logs.x.empty()) order.push_back(point.seed);
    logs.x.push_back(std::log(point.x));
    logs.y.push_back(std::log(point.y));
  }
  for (const std::string& seed : order) {
    const Logs& logs = by_seed[seed];
    const Line line = fit_line(logs.x, logs.y);
    if (std::isnan(line.slope)) {
      result.dropped.push_back({fmt::format("seed {}", seed), "a slope needs two different x with usable values"});
      continue;
    }
    result.seeds.push_back({seed, line.slope, line.intercept, change_without_smallest(logs, line.slope)});
    for (const Point& point : points)
      if (point.seed == seed && unusable(point).empty()) result.x.push_back(point.x);
  }
  std::sort(result.x.begin(), result.x.end());
  result.x.erase(std::unique(result.x.begin(), result.x.end()), result.x.end());
  return result;
}

}  // namespace widthwise
