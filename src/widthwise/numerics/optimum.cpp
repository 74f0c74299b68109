#include "widthwise/numerics/optimum.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace widthwise {
namespace {

constexpr double kSteepest = 4;  // times as high as a parabola through the neighbours may a point lie that counts

struct GridPoint {
  double rate, x, loss;  // x = log2 rate; loss NaN where it diverged
};

/// Ascending in rate, equal rates averaged.
std::vector<GridPoint> grid_of(std::span<const RatePoint> points) {
  std::map<double, std::pair<double, int>> sums;
  for (const RatePoint& point : points) {
    if (!(point.rate > 0) || !std::isfinite(point.rate)) continue;
    auto& [sum, count] = sums[point.rate];
    sum += point.loss, ++count;
  }
  std::vector<GridPoint> grid;
  for (const auto& [rate, sum] : sums) {
    const double loss = sum.first / sum.second;
    grid.push_back({rate, std::log2(rate), std::isfinite(loss) ? loss : std::numeric_limits<double>::quiet_NaN()});
  }
  return grid;
}

/// c0 + c1 x + c2 x^2 by weighted least squares (normal equations by Cramer's rule: x is centred and of order 1).
std::array<double, 3> fit_parabola(const std::vector<GridPoint>& points, const std::vector<double>& weights) {
  std::array<double, 5> s{};
  std::array<double, 3> t{};
  for (std::size_t i = 0; i < points.size(); ++i) {
    double power = weights[i];
    for (std::size_t p = 0; p < 5; ++p, power *= points[i].x) {
      s[p] += power;
      if (p < 3) t[p] += power * points[i].loss;
    }
  }
  const auto det = [](double a, double b, double c, double d, double e, double f, double g, double h, double i) {
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  };
  const double whole = det(s[0], s[1], s[2], s[1], s[2], s[3], s[2], s[3], s[4]);
  return {det(t[0], s[1], s[2], t[1], s[2], s[3], t[2], s[3], s[4]) / whole,
          det(s[0], t[0], s[2], s[1], t[1], s[3], s[2], t[2], s[4]) / whole,
          det(s[0], s[1], t[0], s[1], s[2], t[1], s[2], s[3], t[2]) / whole};
}

/// The points a parabola about grid[lowest] goes through, first to last: both neighbours, then the nearer of the next
/// ones, up to `window` of them. Each side ends at a rate that diverged or is about to.
std::pair<std::size_t, std::size_t> window_about(std::size_t lowest, const std::vector<GridPoint>& grid, int window) {
  // Loss above the lowest per squared distance: on a parabola it is largest at one of the neighbours.
  const auto steepness = [&](std::size_t i) {
    const double distance = grid[i].x - grid[lowest].x;
    return (grid[i].loss - grid[lowest].loss) / (distance * distance);
  };
  const double most = kSteepest * std::max(steepness(lowest - 1), steepness(lowest + 1));
  std::size_t first = lowest - 1, last = lowest + 1;
  while (static_cast<int>(last - first) + 1 < window) {
    const bool down = first > 0 && steepness(first - 1) <= most;  // a loss that is NaN is refused
    const bool up = last + 1 < grid.size() && steepness(last + 1) <= most;
    if (!down && !up) break;
    const bool go_down = down && (!up || grid[lowest].x - grid[first - 1].x <= grid[last + 1].x - grid[lowest].x);
    go_down ? --first : ++last;
  }
  return {first, last};
}

/// Replaces the lowest grid point by the vertex of a parabola, if that lies between the neighbours of grid[lowest].
void refine(Optimum& optimum, const std::vector<GridPoint>& grid, std::size_t lowest, int window) {
  const double centre = grid[lowest].x;
  const auto [first, last] = window_about(lowest, grid, window);
  std::vector<GridPoint> near;
  std::vector<double> weights;
  for (std::size_t i = first; i <= last; ++i) {
    near.push_back({grid[i].rate, grid[i].x - centre, grid[i].loss});
    weights.push_back(i + 1 < lowest || i > lowest + 1 ? 0.25 : 1);
  }
  const auto [c0, c1, c2] = fit_parabola(near, weights);
  if (!(c2 > 0)) return;
  const double vertex = -c1 / (2 * c2);
  if (!(vertex >= grid[lowest - 1].x - centre && vertex <= grid[lowest + 1].x - centre)) return;
  optimum.log2_rate = centre + vertex;
  optimum.rate = std::exp2(optimum.log2_rate);
  optimum.loss = c0 + vertex * c1 / 2;
  optimum.curvature = 2 * c2;
}

}  // namespace

Optimum find_optimum(std::span<const RatePoint> points, int window) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<GridPoint> grid = grid_of(points);
  std::size_t lowest = grid.size();
  for (std::size_t i = 0; i < grid.size(); ++i)
    if (!std::isnan(grid[i].loss) && (lowest == grid.size() || grid[i].loss < grid[lowest].loss)) lowest = i;

  Optimum optimum;
  if (lowest == grid.size()) {
    optimum.rate = optimum.log2_rate = optimum.loss = optimum.grid_rate = nan;
    optimum.flag = grid.empty() ? "no rates were tried" : "every rate diverged: extend the grid to lower ones";
    return optimum;
  }
  optimum.log2_rate = grid[lowest].x;
  optimum.rate = optimum.grid_rate = grid[lowest].rate;
  optimum.loss = grid[lowest].loss;
  const auto diverged = [&grid](std::size_t i) { return std::isnan(grid[i].loss); };
  if (lowest == 0) {
    optimum.edge = Optimum::Edge::lower;
    optimum.flag = "optimum at the lowest rate tried: extend the grid to lower ones";
  } else if (lowest + 1 == grid.size()) {
    optimum.edge = Optimum::Edge::upper;
    optimum.flag = "optimum at the highest rate tried: extend the grid to higher ones";
  }
  if ((lowest > 0 && diverged(lowest - 1)) || (lowest + 1 < grid.size() && diverged(lowest + 1))) {
    optimum.beside_divergence = true;
    if (!optimum.flag.empty()) optimum.flag += "; ";
    optimum.flag += "optimum beside a rate that diverged: refine the grid between the two";
  }
  if (optimum.flag.empty()) refine(optimum, grid, lowest, window);
  return optimum;
}

}  // namespace widthwise
