#include "widthwise/report/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "widthwise/base/error.h"

namespace widthwise::report {
namespace {

void check_series(const Series& series) {
  const std::size_t n = series.x.size();
  const auto fits = [n](const std::vector<double>& band) { return band.empty() || band.size() == n; };
  if (series.y.size() != n || !fits(series.low) || !fits(series.high) || series.low.size() != series.high.size()) {
    throw ShapeError("report: series " + series.label,
                     fmt::format("{} values in y, and that many or none in the band", n),
                     fmt::format("{}, {} and {}", series.y.size(), series.low.size(), series.high.size()));
  }
}

void check_grid(const Grid& grid) {
  if (grid.z.size() != grid.x.size() * grid.y.size()) {
    throw ShapeError("report: heat map", fmt::format("{} x {} values", grid.y.size(), grid.x.size()),
                     fmt::format("{}", grid.z.size()));
  }
  for (const auto* axis : {&grid.x, &grid.y}) {
    if (std::adjacent_find(axis->begin(), axis->end(), std::greater_equal<>()) != axis->end()) {
      throw ShapeError("report: heat map", "axis values that grow", "values out of order");
    }
  }
}

bool shown(double value, bool log) {
  return std::isfinite(value) && (!log || value > 0);
}

// Calls count(measured, drawable) for every point of the figure.
template <class Count>
void visit_points(const Figure& figure, Count count) {
  for (const Panel& panel : figure.panels) {
    for (const Series& s : panel.series) {
      if (s.fit) continue;
      for (std::size_t i = 0; i < s.x.size(); ++i) {
        count(std::isfinite(s.x[i]) && std::isfinite(s.y[i]),
              shown(s.x[i], figure.log_x) && shown(s.y[i], figure.log_y));
      }
    }
    const Grid& g = panel.grid;
    for (std::size_t k = 0; k < g.z.size(); ++k) {
      const bool on_axes = shown(g.x[k % g.x.size()], figure.log_x) && shown(g.y[k / g.x.size()], figure.log_y);
      count(std::isfinite(g.z[k]), on_axes && shown(g.z[k], figure.log_color));
    }
  }
}

}  // namespace

void check_figure(const Figure& figure) {
  const std::size_t expected = figure.rows.size() * figure.columns.size();
  if (expected == 0 || figure.panels.size() != expected) {
    throw ShapeError("report: figure " + figure.name,
                     fmt::format("{} x {} panels", figure.rows.size(), figure.columns.size()),
                     fmt::format("{}", figure.panels.size()));
  }
  for (const Panel& panel : figure.panels) {
    for (const Series& series : panel.series) check_series(series);
    check_grid(panel.grid);
  }
}

bool has_points(const Figure& figure) {
  bool any = false;
  visit_points(figure, [&any](bool, bool drawable) { any = any || drawable; });
  return any;
}

std::size_t points_hidden_by_log(const Figure& figure) {
  std::size_t hidden = 0;
  visit_points(figure, [&hidden](bool measured, bool drawable) { hidden += measured && !drawable ? 1U : 0U; });
  return hidden;
}

std::vector<double> cell_edges(const std::vector<double>& centers, bool log) {
  std::vector<double> edges;
  if (centers.empty()) return edges;
  const auto to = [log](double v) { return log ? std::log(v) : v; };
  const auto from = [log](double v) { return log ? std::exp(v) : v; };
  if (centers.size() == 1) {
    const double half = log ? 0.5 : std::max(0.5, 0.5 * std::abs(centers[0]));
    return {from(to(centers[0]) - half), from(to(centers[0]) + half)};
  }
  const std::size_t n = centers.size();
  edges.push_back(from(1.5 * to(centers[0]) - 0.5 * to(centers[1])));
  for (std::size_t i = 0; i + 1 < n; ++i) edges.push_back(from(0.5 * (to(centers[i]) + to(centers[i + 1]))));
  edges.push_back(from(1.5 * to(centers[n - 1]) - 0.5 * to(centers[n - 2])));
  return edges;
}

}  // namespace widthwise::report
