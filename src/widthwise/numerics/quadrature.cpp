#include "widthwise/numerics/quadrature.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

constexpr std::size_t most_panels = 2000;
constexpr double reach = 13;  // standard deviations kept: the density beyond is below 1e-36

struct Panel {
  double a, b, value, error, size;  // size: integral of |f|
  bool operator<(const Panel& other) const { return error < other.error; }
};

template <class F>
Panel measure(const F& f, double a, double b) {
  Panel panel{a, b, 0, 0, 0};
  // Depth 0: one panel of 15 nodes, its error the distance to the embedded 7-node rule.
  panel.value =
      boost::math::quadrature::gauss_kronrod<double, 15>::integrate(f, a, b, 0, 0.0, &panel.error, &panel.size);
  // That distance is the error of the poorer rule; QUADPACK's scaling turns it into one of the better (Piessens 1983).
  if (panel.size > 0) panel.error = panel.size * std::min(1.0, std::pow(200 * panel.error / panel.size, 1.5));
  return panel;
}

template <class F>
Integral adaptive(const F& f, double a, double b, std::vector<double> points, double relative_tolerance) {
  std::erase_if(points, [a, b](double p) { return !(p > a && p < b); });
  points.push_back(a);
  points.push_back(b);
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());

  std::vector<Panel> heap;
  double error = 0, size = 0;
  const auto add = [&](const Panel& panel) {
    error += panel.error, size += panel.size;
    heap.push_back(panel);
    std::push_heap(heap.begin(), heap.end());
  };
  for (std::size_t i = 0; i + 1 < points.size(); ++i) add(measure(f, points[i], points[i + 1]));
  while (!heap.empty() && error > relative_tolerance * size && heap.size() < most_panels) {
    const Panel worst = heap.front();
    const double middle = worst.a + (worst.b - worst.a) / 2;
    if (!(worst.a < middle && middle < worst.b)) break;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
    error -= worst.error, size -= worst.size;
    add(measure(f, worst.a, middle));
    add(measure(f, middle, worst.b));
  }
  Integral result;  // summed afresh: the running sums carry the rounding of every panel that was split
  for (const Panel& panel : heap) result.value += panel.value, result.error += panel.error;
  return result;
}

/// E f(mean + sd x), x ~ N(0, 1), sd > 0; integrated over x, in which a narrow Gaussian far from 0 keeps its digits.
template <class F>
double shifted_mean(const F& f, double mean, double sd, std::span<const double> kinks, double tolerance) {
  std::vector<double> points = {-6, -3, -1, 1, 3, 6};
  for (const double kink : kinks) points.push_back((kink - mean) / sd);
  // Activations vary on a scale of 1 around 0, which may be a small part of the Gaussian.
  for (const double z : {-7.0, -1.0, 0.0, 1.0, 7.0}) points.push_back((z - mean) / sd);
  constexpr double density = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  const auto weighted = [&](double x) { return f(mean + sd * x) * density * std::exp(-x * x / 2); };
  return adaptive(weighted, -reach, reach, std::move(points), tolerance).value;
}

/// ab - cd with one rounding instead of a cancellation (Kahan).
double difference_of_products(double a, double b, double c, double d) {
  const double cd = c * d;
  return std::fma(a, b, -cd) + std::fma(-c, d, cd);
}

void check(const Covariance2& c) {
  const double slack = 1e-12 * std::sqrt(std::max(c.uu, 0.0) * std::max(c.vv, 0.0));
  if (!(c.uu >= 0) || !(c.vv >= 0) || !(std::abs(c.uv) <= std::sqrt(c.uu * c.vv) + slack) ||
      !std::isfinite(c.uu + c.vv))
    throw Error(fmt::format("gaussian_mean: expected a positive semidefinite covariance, got [[{}, {}], [{}, {}]].",
                            c.uu, c.uv, c.uv, c.vv));
}

}  // namespace

Integral integrate(const ScalarFunction& f, double a, double b, std::span<const double> points,
                   double relative_tolerance) {
  if (a == b) return {};
  if (a > b) {
    const Integral turned = integrate(f, b, a, points, relative_tolerance);
    return {-turned.value, turned.error};
  }
  return adaptive(f, a, b, {points.begin(), points.end()}, relative_tolerance);
}

double gaussian_mean(const ScalarFunction& f, double variance, std::span<const double> kinks) {
  if (!(variance >= 0) || !std::isfinite(variance))
    throw Error(fmt::format("gaussian_mean: expected a variance of at least 0, got {}.", variance));
  return variance == 0 ? f(0) : shifted_mean(f, 0, std::sqrt(variance), kinks, 1e-13);
}

double gaussian_mean(const ScalarFunction& f, const ScalarFunction& g, const Covariance2& c,
                     std::span<const double> f_kinks, std::span<const double> g_kinks) {
  check(c);
  // Condition on the larger variance: then v = slope u + noise with |slope| <= 1.
  if (c.vv > c.uu) return gaussian_mean(g, f, {c.vv, c.uv, c.uu}, g_kinks, f_kinks);
  if (c.vv == 0) return g(0) * gaussian_mean(f, c.uu, f_kinks);
  const double slope = c.uv / c.uu;
  const double noise = std::sqrt(std::max(0.0, difference_of_products(c.uu, c.vv, c.uv, c.uv) / c.uu));
  std::vector<double> splits(f_kinks.begin(), f_kinks.end());
  // Given u, the kinks of g are smoothed over a layer of this width about u = kink / slope, however thin.
  const double layer = noise / std::abs(slope);
  for (const double kink : g_kinks)
    for (const double z : {0.0, 1.0, 3.0, 9.0})
      if (slope != 0) splits.insert(splits.end(), {kink / slope - z * layer, kink / slope + z * layer});
  const auto given_u = [&](double u) {
    return noise > 0 ? shifted_mean(g, slope * u, noise, g_kinks, 1e-12) : g(slope * u);
  };
  return shifted_mean([&](double u) { return f(u) * given_u(u); }, 0, std::sqrt(c.uu), splits, 1e-11);
}

}  // namespace widthwise
