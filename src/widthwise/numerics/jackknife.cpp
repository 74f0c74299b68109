#include "widthwise/numerics/jackknife.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double mean_of(std::span<const LeftOut> left_out) {
  double sum = 0;
  for (const LeftOut& one : left_out) sum += one.value;
  return sum / static_cast<double>(left_out.size());
}

const LeftOut* find_seed(const Estimate& estimate, const std::string& seed) {
  const auto found = std::ranges::find(estimate.left_out, seed, &LeftOut::seed);
  return found == estimate.left_out.end() ? nullptr : &*found;
}

std::vector<std::string> all_seeds(std::span<const Estimate> estimates) {
  std::vector<std::string> seeds;
  for (const Estimate& estimate : estimates)
    for (const LeftOut& one : estimate.left_out)
      if (std::ranges::find(seeds, one.seed) == seeds.end()) seeds.push_back(one.seed);
  return seeds;
}

/// The line and its change of one set of values, as log_log_slopes finds them; none where a value has no logarithm.
std::vector<SeedSlope> line_of(const std::vector<Point>& points) {
  const Slopes found = log_log_slopes(points);
  return found.dropped.empty() ? found.seeds : std::vector<SeedSlope>{};
}

}  // namespace

double jackknife_error(std::span<const LeftOut> left_out) {
  if (left_out.size() < 2) return nan;
  const double centre = mean_of(left_out), count = static_cast<double>(left_out.size());
  double sum = 0;
  for (const LeftOut& one : left_out) sum += (one.value - centre) * (one.value - centre);
  return std::isfinite(sum) ? std::sqrt((count - 1) / count * sum) : nan;
}

Interval jackknife_interval(double value, std::span<const LeftOut> left_out, double confidence) {
  const double error = jackknife_error(left_out);
  if (!std::isfinite(error)) return {nan, nan};
  const double half = student_quantile(static_cast<double>(left_out.size() - 1), confidence) * error;
  return {value - half, value + half};
}

std::vector<double> jackknife_values(double value, std::span<const LeftOut> left_out) {
  const double centre = mean_of(left_out), others = static_cast<double>(left_out.size()) - 1;
  std::vector<double> values;
  for (const LeftOut& one : left_out) values.push_back(value + others * (centre - one.value));
  return values;
}

JackknifeSlopes jackknife_slopes(std::span<const Estimate> estimates) {
  JackknifeSlopes out;
  out.line = {nan, nan};
  std::vector<Point> points;
  for (const Estimate& estimate : estimates) points.push_back({estimate.x, "", estimate.y});
  Slopes all = log_log_slopes(points);
  out.slopes.x = all.x;
  for (Dropped& one : all.dropped) {
    if (const auto end = one.what.rfind(", seed "); end != std::string::npos) one.what.resize(end);
    if (one.what != "seed ") out.slopes.dropped.push_back(one);
  }
  if (all.seeds.empty()) {
    out.reason = "There are no usable values at two different places.";
    return out;
  }
  const SeedSlope& line = all.seeds.front();
  out.line = {line.slope, line.intercept};

  std::vector<Estimate> used;
  for (const Estimate& one : estimates)
    if (one.x > 0 && one.y > 0 && std::isfinite(one.x) && std::isfinite(one.y)) used.push_back(one);
  out.fewest = std::ranges::min(used, {}, [](const Estimate& one) { return one.left_out.size(); }).left_out.size();
  if (out.fewest < 2) {
    out.reason = fmt::format("The values rest on {} seed{}, which gives a slope but no interval.", out.fewest,
                             out.fewest == 1 ? "" : "s");
    return out;
  }
  const std::vector<std::string> seeds = all_seeds(used);
  std::vector<LeftOut> slopes, intercepts, changes;
  for (const std::string& seed : seeds) {
    std::vector<Point> without;
    for (const Estimate& one : used) {
      const LeftOut* const left_out = find_seed(one, seed);
      without.push_back({one.x, seed, left_out == nullptr ? one.y : left_out->value});
    }
    const std::vector<SeedSlope> found = line_of(without);
    if (found.empty()) {
      out.reason =
          fmt::format("Without {} there is a value without a logarithm: too few seeds for a jack-knife.", seed);
      return out;
    }
    slopes.push_back({seed, found.front().slope});
    intercepts.push_back({seed, found.front().intercept});
    changes.push_back({seed, found.front().change});
  }
  const std::vector<double> slope = jackknife_values(line.slope, slopes),
                            intercept = jackknife_values(line.intercept, intercepts),
                            change = jackknife_values(line.change, changes);
  for (std::size_t s = 0; s < seeds.size(); ++s)
    out.slopes.seeds.push_back({seeds[s], slope[s], intercept[s], change[s]});
  return out;
}

}  // namespace widthwise
