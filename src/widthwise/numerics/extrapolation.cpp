#include "widthwise/numerics/extrapolation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Column = std::vector<double>;

double dot(const Column& a, const Column& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void subtract(Column& a, double factor, const Column& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= factor * b[i];
}

/// The points of one seed.
struct Curve {
  std::string seed;
  Column x, y;

  std::size_t widths() const {
    Column different = x;
    std::sort(different.begin(), different.end());
    return static_cast<std::size_t>(std::unique(different.begin(), different.end()) - different.begin());
  }
  double largest() const { return *std::max_element(x.begin(), x.end()); }
  double at_largest() const { return y[static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin())]; }

  Curve without_smallest() const {
    const double smallest = *std::min_element(x.begin(), x.end());
    Curve rest{seed, {}, {}};
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] == smallest) continue;
      rest.x.push_back(x[i]);
      rest.y.push_back(y[i]);
    }
    return rest;
  }
};

struct Fit {
  double limit = nan;
  Column coefficients;
  double standard_error = nan;  // of the limit, from the residuals; NaN where none are left
};

/// Weighted least squares by modified Gram-Schmidt: the constant comes last, so that what is left of it after the
/// powers gives the limit and its error at once. Needs as many different widths as there are columns.
Fit fit(const Curve& curve, const std::vector<double>& powers, double weight) {
  const std::size_t terms = powers.size(), count = curve.x.size();
  const double scale = *std::min_element(curve.x.begin(), curve.x.end());
  std::vector<Column> q(terms + 1, Column(count));
  Column y = curve.y;
  for (std::size_t i = 0; i < count; ++i) {
    const double root = std::pow(curve.x[i] / scale, weight / 2);
    for (std::size_t k = 0; k < terms; ++k) q[k][i] = root * std::pow(curve.x[i] / scale, -powers[k]);
    q[terms][i] = root;
    y[i] *= root;
  }
  std::vector<Column> r(terms + 1, Column(terms + 1, 0));
  Column projections;
  for (std::size_t k = 0; k <= terms; ++k) {
    for (int again = 0; again < 2; ++again)  // powers are nearly parallel: one pass would leave digits behind
      for (std::size_t j = 0; j < k; ++j) {
        const double overlap = dot(q[j], q[k]);
        r[j][k] += overlap;
        subtract(q[k], overlap, q[j]);
      }
    r[k][k] = std::sqrt(dot(q[k], q[k]));
    for (double& value : q[k]) value /= r[k][k];
    projections.push_back(dot(q[k], y));
    subtract(y, projections[k], q[k]);
  }
  Column solution(terms + 1);
  for (std::size_t k = terms + 1; k-- > 0;) {
    solution[k] = projections[k];
    for (std::size_t j = k + 1; j <= terms; ++j) solution[k] -= r[k][j] * solution[j];
    solution[k] /= r[k][k];
  }
  Fit found;
  found.limit = solution[terms];
  for (std::size_t k = 0; k < terms; ++k) found.coefficients.push_back(solution[k] * std::pow(scale, powers[k]));
  if (count > terms + 1)
    found.standard_error = std::sqrt(dot(y, y) / static_cast<double>(count - terms - 1)) / r[terms][terms];
  return found;
}

std::string unusable(const Point& point) {
  if (!std::isfinite(point.x) || point.x <= 0) return fmt::format("x = {} is no width", point.x);
  if (!std::isfinite(point.y)) return fmt::format("the value is not finite ({})", point.y);
  return {};
}

/// The usable points by seed; those with too few widths for a fit are dropped.
std::vector<Curve> curves_of(const std::vector<Point>& points, std::size_t least_widths,
                             std::vector<Dropped>& dropped) {
  std::vector<Curve> curves;
  std::map<std::string, std::size_t> index;
  for (const Point& point : points) {
    const std::string reason = unusable(point);
    if (!reason.empty()) {
      dropped.push_back({fmt::format("x = {}, seed {}", point.x, point.seed), reason});
      continue;
    }
    const auto [place, fresh] = index.emplace(point.seed, curves.size());
    if (fresh) curves.push_back({point.seed, {}, {}});
    curves[place->second].x.push_back(point.x);
    curves[place->second].y.push_back(point.y);
  }
  std::erase_if(curves, [&](const Curve& curve) {
    const bool few = curve.widths() < least_widths;
    if (few)
      dropped.push_back({fmt::format("seed {}", curve.seed),
                         fmt::format("the fit needs {} different widths with usable values", least_widths)});
    return few;
  });
  return curves;
}

/// 2a of spread ~ n^(-a) over seeds, as point 3 of the rule says.
double weight_of(const std::vector<Curve>& curves) {
  std::map<double, Column> by_width;
  for (const Curve& curve : curves)
    for (std::size_t i = 0; i < curve.x.size(); ++i) by_width[curve.x[i]].push_back(curve.y[i]);
  Column log_x, log_spread;
  for (const auto& [x, values] : by_width) {
    const double spread = values.size() < 3 ? 0 : standard_deviation(values);
    if (!(spread > 1e-12 * std::abs(mean(values)))) continue;  // rounding has no law
    log_x.push_back(std::log(x));
    log_spread.push_back(std::log(spread));
  }
  if (log_x.size() < 3) return 0;
  const double fall = -fit_line(log_x, log_spread).slope;
  return 2 * std::clamp(std::round(2 * fall) / 2, 0.0, 1.0);
}

Column members(const std::vector<SeedLimit>& seeds, double SeedLimit::*member) {
  Column all;
  for (const SeedLimit& seed : seeds)
    if (!std::isnan(seed.*member)) all.push_back(seed.*member);
  return all;
}

/// Point 2 of the rule. @param length the mean |y_inf - y(n_max)|.
double widening(const std::vector<SeedLimit>& seeds, double length, double confidence) {
  const Column changes = members(seeds, &SeedLimit::change), differences = members(seeds, &SeedLimit::next_order);
  if (changes.empty()) return length;
  const double difference = std::abs(mean(differences));
  double next_order = 2 * difference;
  if (differences.size() > 1) {
    const Interval shown = student_interval(differences, confidence);
    next_order = std::min(next_order, difference + (shown.high - shown.low) / 2);
  }
  return std::max(std::abs(mean(changes)), next_order);
}

void check_powers(const std::vector<double>& powers) {
  bool good = !powers.empty();
  for (std::size_t k = 0; k < powers.size(); ++k)
    good = good && std::isfinite(powers[k]) && powers[k] > (k == 0 ? 0 : powers[k - 1]);
  if (!good)
    throw Error(fmt::format("extrapolate: expected ascending positive powers, got [{}]", fmt::join(powers, ", ")));
}

}  // namespace

double Extrapolation::at(double n) const {
  double y = limit;
  for (std::size_t k = 0; k < coefficients.size(); ++k) y += coefficients[k] * std::pow(n, -powers[k]);
  return y;
}

Extrapolation extrapolate(const std::vector<Point>& points, const ExtrapolationRule& rule) {
  check_powers(rule.powers);
  const std::size_t terms = rule.powers.size();
  Extrapolation out;
  out.powers = rule.powers;
  const std::vector<Curve> curves = curves_of(points, terms + 1, out.dropped);
  out.weight = weight_of(curves);
  std::vector<double> next_powers = rule.powers;
  next_powers.push_back(rule.powers.back() + 0.5);

  Fit last;
  double length = 0;
  out.coefficients.assign(terms, 0);
  const auto seeds = static_cast<double>(curves.size());
  for (const Curve& curve : curves) {
    last = fit(curve, rule.powers, out.weight);
    SeedLimit seed{curve.seed, last.limit, last.coefficients, nan, nan};
    if (curve.widths() >= terms + 2) {
      seed.change = fit(curve.without_smallest(), rule.powers, out.weight).limit - last.limit;
      seed.next_order = fit(curve, next_powers, out.weight).limit - last.limit;
    }
    for (std::size_t k = 0; k < terms; ++k) out.coefficients[k] += last.coefficients[k] / seeds;
    length += (last.limit - curve.at_largest()) / seeds;
    out.x.insert(out.x.end(), curve.x.begin(), curve.x.end());
    out.seeds.push_back(std::move(seed));
  }
  std::sort(out.x.begin(), out.x.end());
  out.x.erase(std::unique(out.x.begin(), out.x.end()), out.x.end());

  const Column limits = members(out.seeds, &SeedLimit::limit);
  out.limit = mean(limits);
  out.change = mean(members(out.seeds, &SeedLimit::change));
  out.next_order = mean(members(out.seeds, &SeedLimit::next_order));
  out.systematic = out.statistical = nan;
  out.interval = {nan, nan};
  if (curves.empty()) {
    out.coefficients.assign(terms, nan);
    out.reason = fmt::format("No seed has usable values at {} different widths.", terms + 1);
    return out;
  }
  if (limits.size() > 1) {
    out.interval = limits.size() >= rule.bootstrap_from ? bootstrap_interval(limits, rule.key, rule.confidence)
                                                        : student_interval(limits, rule.confidence);
  } else if (!std::isnan(last.standard_error)) {
    const auto degrees = static_cast<double>(curves.front().x.size() - terms - 1);
    const double half = student_quantile(degrees, rule.confidence) * last.standard_error;
    out.interval = {out.limit - half, out.limit + half};
  } else {
    out.reason = fmt::format("A single seed at {} widths leaves nothing to tell its error by.", out.x.size());
    return out;
  }
  out.statistical = (out.interval.high - out.interval.low) / 2;
  out.systematic = widening(out.seeds, std::abs(length), rule.confidence);
  out.interval = {out.interval.low - out.systematic, out.interval.high + out.systematic};
  return out;
}

std::string fit_formula(const std::vector<double>& powers) {
  static constexpr const char* names[] = {"c", "d", "e", "f"};
  std::string text = "y_inf";
  for (std::size_t k = 0; k < powers.size(); ++k) {
    const std::string name = k < 4 ? names[k] : fmt::format("c{}", k + 1);
    text += powers[k] == 1 ? fmt::format(" + {}/n", name) : fmt::format(" + {} n^-{:g}", name, powers[k]);
  }
  return text;
}

}  // namespace widthwise
