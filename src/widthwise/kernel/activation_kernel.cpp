#include "widthwise/kernel/activation_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "widthwise/activation/expectations.h"
#include "widthwise/base/error.h"
#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {

namespace {

constexpr int terms = 256;
constexpr double tolerance = 1e-9;

void check(std::span<const double> variances) {
  for (const double variance : variances)
    if (!(variance >= 0) || !std::isfinite(variance))
      throw Error(fmt::format("activation_kernel: a variance must be a number of at least 0, not {}", variance));
}

template <class Work>
void each_in_parallel(Index count, const Work& work) {
  const int workers = static_cast<int>(std::min<Index>(threads(), count));
  parallel(workers, [&](int worker) {
    for (Index i = worker; i < count; i += workers) work(i);
  });
}

double correlation(double a, double b, double c) {
  const double scale = std::sqrt(a * b);
  return scale > 0 ? std::clamp(c / scale, -1.0, 1.0) : 0;
}

// phi linear on both sides of 0.
struct TwoSlopes {
  double mean, half_jump;  // m, d

  explicit TwoSlopes(const Activation& phi)
      : mean{(phi.value(1) - phi.value(-1)) / 2}, half_jump{(phi.value(1) + phi.value(-1)) / 2} {}

  void operator()(double a, double b, double c, double& value, double& slope) const {
    const double t = correlation(a, b, c), scale = std::sqrt(a * b);
    const double angle = std::asin(t), bend = half_jump * half_jump * 2 / std::numbers::pi;
    value = mean * mean * c + bend * scale * (std::sqrt((1 - t) * (1 + t)) + t * angle);
    slope = mean * mean + bend * angle;
  }
};

// Nodes and weights for integrals over the standard normal law of functions of s z that are smooth between the breaks.
// Activations vary on a scale of 1: panels of z are 1/s wide where they do, for those that are straight far out beside
// 0 alone, and grow from there.
class Nodes {
 public:
  Nodes(const std::vector<double>& breaks, double s, bool straight_far_out) {
    std::vector<double> ends{0};
    double width = std::min(panel, 1 / s);
    for (double end = width; end < reach; end += width) {
      ends.insert(ends.end(), {end, -end});
      if (straight_far_out && s * end > straight_beyond) width = std::min(panel, growth * width);
    }
    ends.insert(ends.end(), {reach, -reach});
    for (const double kink : breaks)
      if (std::abs(kink) < reach) ends.push_back(kink);
    std::ranges::sort(ends);
    for (std::size_t i = 0; i + 1 < ends.size(); ++i) add(ends[i], ends[i + 1]);
  }
  std::vector<double> z, weight;

 private:
  static constexpr double reach = 13, panel = 0.25, growth = 1.2, straight_beyond = 40;

  // Ten points of Gauss and Legendre: exact to rounding on panels a quarter wide, up to the waves of the highest terms.
  void add(double low, double high) {
    static constexpr std::array<double, 5> x{0.1488743389816312, 0.4333953941292472, 0.6794095682990244,
                                             0.8650633666889845, 0.9739065285171717};
    static constexpr std::array<double, 5> w{0.2955242247147529, 0.2692667193099963, 0.2190863625159820,
                                             0.1494513491505806, 0.0666713443086881};
    const double middle = (low + high) / 2, half = (high - low) / 2;
    for (std::size_t i = 0; i < x.size(); ++i)
      for (const double sign : {-1.0, 1.0}) {
        const double at = middle + sign * half * x[i];
        z.push_back(at);
        weight.push_back(half * w[i] * std::exp(-at * at / 2) / std::sqrt(2 * std::numbers::pi));
      }
  }
};

// Coefficients h_0 .. h_{terms-1} of f in normalised Hermite polynomials, and what is left of E f^2.
struct Series {
  std::vector<double> h;
  double square = 0, rest = 0;
};

// He_{k+1} = z up_k He_k - down_k He_{k-1}, of length 1 under the normal law.
struct Recursion {
  std::array<double, terms> up{}, down{};
  Recursion() {
    for (int k = 0; k < terms; ++k) {
      up[static_cast<std::size_t>(k)] = 1 / std::sqrt(k + 1.0);
      down[static_cast<std::size_t>(k)] = std::sqrt(k / (k + 1.0));
    }
  }
};

template <class Function>
Series series(const Function& f, const Nodes& nodes) {
  static const Recursion recursion;
  Series out;
  out.h.assign(terms, 0);
  for (std::size_t i = 0; i < nodes.z.size(); ++i) {
    const double value = f(nodes.z[i]), weighted = value * nodes.weight[i];
    out.square += value * weighted;
    double before = 0, now = 1;
    for (std::size_t k = 0; k < terms; ++k) {
      out.h[k] += weighted * now;
      before = std::exchange(now, nodes.z[i] * recursion.up[k] * now - recursion.down[k] * before);
    }
  }
  double known = 0;
  for (const double one : out.h) known += one * one;
  out.rest = std::max(out.square - known, 0.0);
  return out;
}

bool straight_far_out(const Activation& phi) {
  for (const double side : {-1.0, 1.0})
    for (const double z : {50.0, 100.0, 1000.0})
      if (std::abs(phi.slope(side * z) - phi.slope(side * 40)) > 1e-12) return false;
  return true;
}

// Of both phi and phi', for each point.
struct PointSeries {
  Series value, slope;
};

std::vector<PointSeries> all_series(const Activation& phi, std::span<const double> variances) {
  std::vector<PointSeries> out(variances.size());
  const bool straight = straight_far_out(phi);
  each_in_parallel(static_cast<Index>(variances.size()), [&](Index i) {
    const double s = std::sqrt(variances[static_cast<std::size_t>(i)]);
    std::vector<double> breaks = phi.breaks();
    for (double& z : breaks) z = s > 0 ? z / s : 1e9;
    const Nodes nodes(breaks, s, straight);
    out[static_cast<std::size_t>(i)] = {series([&](double z) { return phi.value(s * z); }, nodes),
                                        series([&](double z) { return phi.slope(s * z); }, nodes)};
  });
  return out;
}

// NaN where the terms left out could matter.
double sum(const Series& a, const Series& b, double t) {
  const double left_out = std::sqrt(a.rest * b.rest) * std::pow(std::abs(t), terms);
  if (left_out > tolerance * std::sqrt(a.square * b.square)) return std::nan("");
  double total = 0;
  for (int k = terms - 1; k >= 0; --k)
    total = total * t + a.h[static_cast<std::size_t>(k)] * b.h[static_cast<std::size_t>(k)];
  return total;
}

}  // namespace

ActivationKernel activation_kernel(const Activation& activation, std::span<const double> row_variances,
                                   std::span<const double> column_variances, View<const double> covariance) {
  const auto rows = static_cast<Index>(row_variances.size()), cols = static_cast<Index>(column_variances.size());
  if (covariance.rows != rows || covariance.cols != cols)
    throw ShapeError("activation_kernel", fmt::format("a covariance of {} x {}", rows, cols),
                     fmt::format("{} x {}", covariance.rows, covariance.cols));
  check(row_variances);
  check(column_variances);
  ActivationKernel out{Matrix<double>(rows, cols), Matrix<double>(rows, cols)};
  const auto a = [&](Index i) { return row_variances[static_cast<std::size_t>(i)]; };
  const auto b = [&](Index j) { return column_variances[static_cast<std::size_t>(j)]; };
  if (activation.homogeneity_degree() == 1) {
    const TwoSlopes pair(activation);
    each_in_parallel(rows, [&](Index i) {
      for (Index j = 0; j < cols; ++j) pair(a(i), b(j), covariance(i, j), out.value(i, j), out.slope(i, j));
    });
    return out;
  }
  const std::vector<PointSeries> left = all_series(activation, row_variances),
                                 right = all_series(activation, column_variances);
  each_in_parallel(rows, [&](Index i) {
    for (Index j = 0; j < cols; ++j) {
      const PointSeries &x = left[static_cast<std::size_t>(i)], &y = right[static_cast<std::size_t>(j)];
      const double t = correlation(a(i), b(j), covariance(i, j)), c = t * std::sqrt(a(i) * b(j));
      out.value(i, j) = sum(x.value, y.value, t);
      out.slope(i, j) = sum(x.slope, y.slope, t);
      if (std::isnan(out.value(i, j))) out.value(i, j) = mean_product(activation, {a(i), c, b(j)});
      if (std::isnan(out.slope(i, j))) out.slope(i, j) = mean_slope_product(activation, {a(i), c, b(j)});
    }
  });
  return out;
}

}  // namespace widthwise
