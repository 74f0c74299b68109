#include "widthwise/numerics/optimum.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace widthwise {
namespace {

constexpr double kSteepest = 4;  // times as high as a parabola through the neighbours may a point lie that counts

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Ascending in place, equal places averaged; a loss that is not finite is NaN.
std::vector<PlacedLoss> grid_of(std::span<const PlacedLoss> points) {
  std::map<double, std::pair<double, int>> sums;
  for (const PlacedLoss& point : points) {
    if (!std::isfinite(point.place)) continue;
    auto& [sum, count] = sums[point.place];
    sum += point.loss, ++count;
  }
  std::vector<PlacedLoss> grid;
  for (const auto& [place, sum] : sums) {
    const double loss = sum.first / sum.second;
    grid.push_back({place, std::isfinite(loss) ? loss : nan});
  }
  return grid;
}

/// c0 + c1 x + c2 x^2 by weighted least squares (normal equations by Cramer's rule: x is centred and of order 1).
std::array<double, 3> fit_parabola(const std::vector<PlacedLoss>& points, const std::vector<double>& weights) {
  std::array<double, 5> s{};
  std::array<double, 3> t{};
  for (std::size_t i = 0; i < points.size(); ++i) {
    double power = weights[i];
    for (std::size_t p = 0; p < 5; ++p, power *= points[i].place) {
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
std::pair<std::size_t, std::size_t> window_about(std::size_t lowest, const std::vector<PlacedLoss>& grid, int window) {
  // Loss above the lowest per squared distance: on a parabola it is largest at one of the neighbours.
  const auto steepness = [&](std::size_t i) {
    const double distance = grid[i].place - grid[lowest].place;
    return (grid[i].loss - grid[lowest].loss) / (distance * distance);
  };
  const double most = kSteepest * std::max(steepness(lowest - 1), steepness(lowest + 1));
  std::size_t first = lowest - 1, last = lowest + 1;
  while (static_cast<int>(last - first) + 1 < window) {
    const bool down = first > 0 && steepness(first - 1) <= most;  // a loss that is NaN is refused
    const bool up = last + 1 < grid.size() && steepness(last + 1) <= most;
    if (!down && !up) break;
    const bool go_down =
        down && (!up || grid[lowest].place - grid[first - 1].place <= grid[last + 1].place - grid[lowest].place);
    go_down ? --first : ++last;
  }
  return {first, last};
}

/// Replaces the lowest grid point by the vertex of a parabola, if that lies between the neighbours of grid[lowest].
void refine(Minimum& minimum, const std::vector<PlacedLoss>& grid, int window) {
  const std::size_t lowest = minimum.index;
  const double centre = grid[lowest].place;
  const auto [first, last] = window_about(lowest, grid, window);
  std::vector<PlacedLoss> near;
  std::vector<double> weights;
  for (std::size_t i = first; i <= last; ++i) {
    near.push_back({grid[i].place - centre, grid[i].loss});
    weights.push_back(i + 1 < lowest || i > lowest + 1 ? 0.25 : 1);
  }
  const auto [c0, c1, c2] = fit_parabola(near, weights);
  if (!(c2 > 0)) return;
  const double vertex = -c1 / (2 * c2);
  if (!(vertex >= minimum.below - centre && vertex <= minimum.above - centre)) return;
  minimum.place = centre + vertex;
  // Where losses span decades a parabola may dip below 0, as none of them does.
  const double loss = c0 + vertex * c1 / 2;
  minimum.loss = loss > 0 || grid[lowest].loss <= 0 ? loss : grid[lowest].loss;
  minimum.curvature = 2 * c2;
}

}  // namespace

Minimum find_minimum(std::span<const PlacedLoss> points, int window) {
  const std::vector<PlacedLoss> grid = grid_of(points);
  std::size_t lowest = grid.size();
  for (std::size_t i = 0; i < grid.size(); ++i)
    if (!std::isnan(grid[i].loss) && (lowest == grid.size() || grid[i].loss < grid[lowest].loss)) lowest = i;

  Minimum minimum;
  if (lowest == grid.size()) {
    minimum.place = minimum.loss = minimum.grid_place = minimum.below = minimum.above = nan;
    return minimum;
  }
  const bool first = lowest == 0, last = lowest + 1 == grid.size();
  minimum.index = lowest;
  minimum.place = minimum.grid_place = grid[lowest].place;
  minimum.loss = grid[lowest].loss;
  minimum.below = grid[first ? lowest : lowest - 1].place;
  minimum.above = grid[last ? lowest : lowest + 1].place;
  minimum.edge = first ? Optimum::Edge::lower : last ? Optimum::Edge::upper : Optimum::Edge::none;
  const auto diverged = [&grid](std::size_t i) { return std::isnan(grid[i].loss); };
  minimum.beside_divergence = (!first && diverged(lowest - 1)) || (!last && diverged(lowest + 1));
  if (minimum.edge == Optimum::Edge::none && !minimum.beside_divergence) refine(minimum, grid, window);
  return minimum;
}

Optimum find_optimum(std::span<const RatePoint> points, int window) {
  std::map<double, std::pair<double, int>> sums;  // equal rates averaged
  for (const RatePoint& point : points) {
    if (!(point.rate > 0) || !std::isfinite(point.rate)) continue;
    auto& [sum, count] = sums[point.rate];
    sum += point.loss, ++count;
  }
  std::vector<PlacedLoss> placed;
  for (const auto& [rate, sum] : sums) placed.push_back({std::log2(rate), sum.first / sum.second});
  const Minimum minimum = find_minimum(placed, window);

  Optimum optimum;
  optimum.log2_rate = minimum.place;
  optimum.loss = minimum.loss;
  if (std::isnan(minimum.place)) {
    optimum.rate = optimum.grid_rate = nan;
    optimum.flag = placed.empty() ? "no rates were tried" : "every rate diverged: extend the grid to lower ones";
    return optimum;
  }
  optimum.grid_rate = std::next(sums.begin(), static_cast<std::ptrdiff_t>(minimum.index))->first;
  optimum.rate = minimum.refined() ? std::exp2(minimum.place) : optimum.grid_rate;
  optimum.curvature = minimum.curvature;
  optimum.edge = minimum.edge;
  optimum.beside_divergence = minimum.beside_divergence;
  if (optimum.edge == Optimum::Edge::lower)
    optimum.flag = "optimum at the lowest rate tried: extend the grid to lower ones";
  if (optimum.edge == Optimum::Edge::upper)
    optimum.flag = "optimum at the highest rate tried: extend the grid to higher ones";
  if (optimum.beside_divergence)
    optimum.flag += fmt::format("{}optimum beside a rate that diverged: refine the grid between the two",
                                optimum.flag.empty() ? "" : "; ");
  return optimum;
}

}  // namespace widthwise
