#include "widthwise/report/axis.h"

#include <algorithm>
#include <cmath>

#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

// Smallest and largest of the values an axis can show.
class Extent {
 public:
  explicit Extent(bool log) : log_(log) {}
  void add(double value) {
    if (!std::isfinite(value) || (log_ && value <= 0)) return;
    low_ = any_ ? std::min(low_, value) : value;
    high_ = any_ ? std::max(high_, value) : value;
    any_ = true;
  }
  void add(const std::vector<double>& values) {
    for (const double value : values) add(value);
  }
  AxisRange range(double margin) const {
    if (!any_) return log_ ? AxisRange{0.1, 10} : AxisRange{0, 1};
    if (log_) {
      const double factor = low_ < high_ ? std::exp(margin * std::log(high_ / low_)) : 2.0;
      return {std::max(low_ / factor, 1e-300), high_ * factor};
    }
    const double pad = low_ < high_ ? margin * (high_ - low_) : std::max(0.5, 0.5 * std::abs(low_));
    return {low_ - pad, high_ + pad};
  }
  // `value`, but at most the height of what is there beyond it.
  double near(double value) const {
    if (!any_ || !std::isfinite(value) || (log_ && value <= 0)) return value;
    if (log_) return std::clamp(value, low_ * (low_ / high_), high_ * (high_ / low_));
    return std::clamp(value, low_ - (high_ - low_), high_ + (high_ - low_));
  }

 private:
  bool log_, any_ = false;
  double low_ = 0, high_ = 0;
};

bool powers_of_two(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) {
    int exponent = 0;
    return v > 0 && std::frexp(v, &exponent) == 0.5;
  });
}

// The largest of 1, 2, 5 times a power of ten that is at most `step`.
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  return power * (step >= 5 * power ? 5 : step >= 2 * power ? 2 : 1);
}

bool at_infinity(const Series& series) {
  return std::any_of(series.x.begin(), series.x.end(), [](double x) { return std::isinf(x) && x > 0; });
}

// Smallest and largest measured x.
Extent measured_x(const Figure& figure) {
  Extent extent(figure.log_x);
  extent.add(x_values(figure));
  return extent;
}

Tick make_tick(double value, bool as_power) {
  if (!as_power) return {value, short_number(value), ""};
  return {value, "2", std::to_string(std::ilogb(value))};
}

}  // namespace

FigureAxes figure_axes(const Figure& figure) {
  Extent x(figure.log_x), y(figure.log_y), color(figure.log_color);
  for (const Panel& panel : figure.panels) {
    for (const Series& s : panel.series) {
      x.add(drawn_x(s, figure));
      y.add(s.y);
      if (s.bars && at_infinity(s)) continue;
      for (const auto* values : {&s.low, &s.high}) y.add(*values);
    }
    if (panel.grid.z.empty()) continue;
    x.add(cell_edges(panel.grid.x, figure.log_x));
    y.add(cell_edges(panel.grid.y, figure.log_y));
    color.add(panel.grid.z);
  }
  const Extent without_bars = y;
  for (const Panel& panel : figure.panels) {
    for (const Series& s : panel.series) {
      if (!s.bars || !at_infinity(s)) continue;
      for (const auto* values : {&s.low, &s.high}) {
        for (const double value : *values) y.add(without_bars.near(value));
      }
    }
  }
  const double margin = figure.kind == Kind::heatmap ? 0 : 0.05;
  return {x.range(margin), y.range(margin), color.range(0)};
}

std::vector<Tick> grid_ticks(std::vector<double> values, bool log, std::size_t most) {
  std::erase_if(values, [log](double v) { return !std::isfinite(v) || (log && v <= 0); });
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() < 2 || values.size() > 24 || most < 2) return {};
  const auto position = [&](double v) { return log ? std::log(v) : v; };
  const std::size_t stride = (values.size() + most - 1) / most;
  std::vector<double> kept;
  for (std::size_t i = 0; i < values.size(); i += stride) kept.push_back(values[i]);
  const double span = position(values.back()) - position(values.front());
  for (std::size_t i = 0; i + 1 < kept.size(); ++i) {
    if (position(kept[i + 1]) - position(kept[i]) < span / (2.0 * static_cast<double>(most))) return {};
  }
  const bool as_power = log && powers_of_two(values) && (values.front() < 1.0 / 16 || values.back() > 8192);
  std::vector<Tick> ticks;
  for (const double value : kept) ticks.push_back(make_tick(value, as_power));
  return ticks;
}

std::vector<Tick> log_ticks(const AxisRange& range) {
  const double ratio = range.high / range.low;
  std::vector<Tick> ticks;
  const auto add = [&](double value) {
    if (value >= range.low && value <= range.high) ticks.push_back(make_tick(value, false));
  };
  if (ratio < 2.5) {
    const double step = round_step((range.high - range.low) / 4);
    for (double k = std::ceil(range.low / step); k * step <= range.high; ++k) add(k * step);
    return ticks;
  }
  const double decades = std::log10(ratio);
  std::vector<double> digits = {1};
  if (ratio <= 100) digits = {1, 2, 5};
  if (ratio < few_digits_below) digits = {1, 1.5, 2, 3, 4, 5, 7};
  const double stride = std::max(1.0, std::ceil(decades / 8));
  for (double e = std::floor(std::log10(range.low)); e <= std::log10(range.high); e += stride) {
    for (const double digit : digits) add(digit * std::pow(10, e));
  }
  return ticks;
}

double place_of_infinity(const Figure& figure) {
  const bool any = std::any_of(figure.panels.begin(), figure.panels.end(), [](const Panel& panel) {
    return std::any_of(panel.series.begin(), panel.series.end(), at_infinity);
  });
  if (!any) return std::numeric_limits<double>::quiet_NaN();
  return measured_x(figure).range(0.25).high;
}

std::vector<double> drawn_x(const Series& series, const Figure& figure) {
  if (!at_infinity(series)) return series.x;
  const double infinity = place_of_infinity(figure), last = measured_x(figure).range(0).high;
  std::vector<double> drawn = series.x;
  for (double& x : drawn) {
    if (!(x > last)) continue;
    const double share = 1 - last / x;
    x = figure.log_x ? last * std::pow(infinity / last, share) : last + share * (infinity - last);
  }
  return drawn;
}

std::vector<Tick> x_ticks(const Figure& figure, const FigureAxes& axes) {
  std::vector<Tick> ticks = grid_ticks(x_values(figure), figure.log_x, ticks_that_fit(figure.columns.size()));
  const double infinity = place_of_infinity(figure);
  if (std::isnan(infinity)) return ticks;
  const double last = measured_x(figure).range(0).high;
  if (ticks.empty() && figure.log_x) ticks = log_ticks({axes.x.low, last});
  if (ticks.empty()) {
    const double step = round_step((last - axes.x.low) / 4);
    for (double k = std::ceil(axes.x.low / step); k * step <= last; ++k) ticks.push_back(make_tick(k * step, false));
  }
  ticks.push_back({infinity, "\u221e", ""});
  return ticks;
}

std::vector<double> x_values(const Figure& figure) {
  std::vector<double> values;
  for (const Panel& panel : figure.panels) {
    for (const Series& s : panel.series) {
      if (s.fit || s.mark) continue;
      std::copy_if(s.x.begin(), s.x.end(), std::back_inserter(values), [](double x) { return !std::isinf(x); });
    }
    values.insert(values.end(), panel.grid.x.begin(), panel.grid.x.end());
  }
  return values;
}

std::vector<double> grid_y_values(const Figure& figure) {
  std::vector<double> values;
  for (const Panel& panel : figure.panels) values.insert(values.end(), panel.grid.y.begin(), panel.grid.y.end());
  return values;
}

std::size_t ticks_that_fit(std::size_t columns) {
  return columns <= 1 ? 12 : columns == 2 ? 8 : 5;
}

}  // namespace widthwise::report
