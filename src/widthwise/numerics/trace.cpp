#include "widthwise/numerics/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "widthwise/base/error.h"
#include "widthwise/numerics/slope.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Piecewise linear y(x) through (xs[i], ys[i]), xs not decreasing; of points with equal x the first is the left limit.
template <class X>
double interpolate(const std::vector<X>& xs, const std::vector<double>& ys, double x) {
  if (xs.empty() || !(x >= static_cast<double>(xs.front())) || !(x <= static_cast<double>(xs.back()))) return nan;
  const auto right =
      std::lower_bound(xs.begin(), xs.end(), x, [](X a, double b) { return static_cast<double>(a) < b; });
  const auto i = static_cast<std::size_t>(right - xs.begin());
  const double x1 = static_cast<double>(*right);
  if (x1 == x) return ys[i];
  const double x0 = static_cast<double>(xs[i - 1]);
  const double share = (x - x0) / (x1 - x0);
  return (1 - share) * ys[i - 1] + share * ys[i];
}

}  // namespace

void Trace::append(std::int64_t new_step, double new_time) {
  if (!empty() && (new_step <= step.back() || !(new_time >= time.back())))
    throw Error(fmt::format("Trace: expected a point after step {}, time {}, got step {}, time {}.", step.back(),
                            time.back(), new_step, new_time));
  step.push_back(new_step);
  time.push_back(new_time);
}

void Trace::set(const std::string& name, double value) {
  if (empty()) throw Error(fmt::format("Trace: '{}' was set before the first point was appended.", name));
  auto& values = series[name];
  if (values.size() == size()) {
    values.back() = value;
  } else if (values.size() + 1 == size()) {
    values.push_back(value);
  } else {
    throw Error(
        fmt::format("Trace: '{}' has {} values where {} points precede step {}; put NaN where it is not measured.",
                    name, values.size(), size() - 1, step.back()));
  }
}

const std::vector<double>& Trace::values(const std::string& name) const {
  const auto found = series.find(name);
  if (found != series.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& entry : series) known.push_back(entry.first);
  throw Error(fmt::format("Trace: there is no series '{}'; {}.", name, unknown_name_hint(name, known)));
}

void Trace::check() const {
  if (time.size() != size()) throw Error(fmt::format("Trace: {} steps but {} times.", size(), time.size()));
  for (const auto& [name, values] : series)
    if (values.size() != size())
      throw Error(fmt::format("Trace: series '{}' has {} values at {} points.", name, values.size(), size()));
}

double Trace::final_value(const std::string& name) const {
  const auto& y = values(name);
  return y.empty() ? nan : y.back();
}

double Trace::best(const std::string& name) const {
  double least = nan;
  for (const double y : values(name)) least = std::fmin(least, y);
  return least;
}

double Trace::last(const std::string& name, std::size_t count) const {
  const auto& y = values(name);
  const std::size_t used = std::min(count, y.size());
  if (used == 0) return nan;
  return std::accumulate(y.end() - static_cast<std::ptrdiff_t>(used), y.end(), 0.0) / static_cast<double>(used);
}

double Trace::at_time(const std::string& name, double t) const {
  return interpolate(time, values(name), t);
}

double Trace::at_step(const std::string& name, double s) const {
  return interpolate(step, values(name), s);
}

double Trace::slope(const std::string& name, double t1, double t2) const {
  const std::vector<double>& y = values(name);
  std::vector<double> x_logs, y_logs;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (time[i] < t1 || time[i] > t2) continue;
    if (!(y[i] > 0)) return nan;
    x_logs.push_back(std::log(time[i]));
    y_logs.push_back(std::log(y[i]));
  }
  if (x_logs.size() < 3 || time.front() > t1 || time.back() < t2) return nan;
  return fit_line(x_logs, y_logs).slope;
}

}  // namespace widthwise
