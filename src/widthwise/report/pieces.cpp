#include "widthwise/report/pieces.h"

#include <cmath>

namespace widthwise::report {
namespace {

bool shown(double value, bool log) {
  return std::isfinite(value) && (!log || value > 0);
}

}  // namespace

std::vector<Piece> pieces(const Series& series, const Figure& figure, const FigureAxes& axes) {
  std::vector<Piece> all;
  const std::vector<double> drawn = drawn_x(series, figure);
  bool broken = true;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const double x = drawn[i], y = series.y[i];
    if (!shown(x, figure.log_x) || !shown(y, figure.log_y)) {
      broken = true;
      continue;
    }
    Point point{x, y, y, y};
    if (!series.low.empty()) {
      const double low = series.low[i], high = series.high[i];
      if (std::isfinite(low)) point.low = shown(low, figure.log_y) ? low : axes.y.low;
      if (shown(high, figure.log_y)) point.high = high;
    }
    if (broken) all.emplace_back();
    broken = false;
    all.back().push_back(point);
  }
  return all;
}

}  // namespace widthwise::report
