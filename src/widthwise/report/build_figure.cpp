#include "widthwise/report/build_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/numerics/extrapolation.h"
#include "widthwise/report/groups.h"
#include "widthwise/report/y_names.h"

namespace widthwise::report {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_told = 4;  // values that lack runs, in the note
constexpr int fit_points = 16;        // of a fitted curve, up to the largest width and again beyond it

std::vector<std::string> titles(const Distinct& values, const std::string& key) {
  if (key.empty() || values.values().empty()) return {""};
  std::vector<std::string> titles;
  for (const Value& v : values.values()) {
    titles.push_back(v.is_text() ? to_text(v) : key.substr(key.rfind('.') + 1) + " = " + to_text(v));
  }
  return titles;
}

class Builder {
 public:
  Builder(const FigureSpec& spec, const GroupedRuns& runs)
      : spec_(spec),
        runs_(runs),
        heatmap_(spec.kind == "heatmap"),
        quantities_(heatmap_ ? QuantityNames{spec.y.at(0), {""}, false} : short_names(spec.y)),
        has_errors_(any_group([](const Group& group) { return group.errors.size() == 1; })) {}

  template <class Holds>
  bool any_group(const Holds& holds) const {
    return std::any_of(runs_.groups.begin(), runs_.groups.end(), [&](const auto& line) {
      return std::any_of(line.second.begin(), line.second.end(), [&](const auto& at) { return holds(at.second); });
    });
  }

  Figure build() {
    describe();
    for (std::size_t r = 0; r < figure_.rows.size(); ++r) {
      for (std::size_t c = 0; c < figure_.columns.size(); ++c) {
        figure_.panels.push_back(heatmap_ ? heat_panel(r, c) : line_panel(r, c));
      }
    }
    if (heatmap_) figure_.log_color = spread_over_decades();
    figure_.note = note();
    return std::move(figure_);
  }

 private:
  void describe() {
    figure_.name = spec_.name;
    figure_.title = spec_.title.empty() ? spec_.name : spec_.title;
    figure_.kind = heatmap_ ? Kind::heatmap : Kind::lines;
    figure_.x_label = spec_.x;
    figure_.y_label = quantities_.shared;
    figure_.color_label = spec_.color;
    if (quantities_.labels.size() > 1) {
      const std::string which = quantities_.layers ? "layer" : "quantity";
      figure_.color_label = spec_.color.empty() ? which : spec_.color + ", " + which;
    }
    figure_.log_x = spec_.log.find('x') != std::string::npos;
    figure_.log_y = spec_.log.find('y') != std::string::npos;
    figure_.rows = titles(runs_.rows, spec_.row);
    figure_.columns = titles(runs_.columns, spec_.column);
  }

  Series empty_series(std::size_t line, std::size_t quantity) const {
    const std::string& name = quantities_.labels[quantity];
    Series s;
    if (spec_.color.empty()) {
      s.label = s.color_value = name;
      if (quantities_.layers) s.color_number = std::stod(name);
      return s;
    }
    const Value& color = runs_.lines.values()[line];
    s.color_value = to_text(color);
    s.color_number = color.number();
    s.label = name.empty() ? s.color_value : s.color_value + ", " + name;
    s.dash = static_cast<int>(quantity);
    return s;
  }

  Panel line_panel(std::size_t row, std::size_t column) const {
    Panel panel;
    for (std::size_t line = 0; line < runs_.lines.values().size(); ++line) {
      for (std::size_t q = 0; q < quantities_.labels.size(); ++q) {
        const auto found = runs_.groups.find({row, column, line, q});
        if (found == runs_.groups.end()) continue;
        Series s = empty_series(line, q);
        for (const auto& [order, group] : found->second) append(s, group);
        panel.series.push_back(std::move(s));
        const auto points = runs_.points.find({row, column, line, q});
        if (points != runs_.points.end()) extrapolate_line(panel, points->second, empty_series(line, q));
      }
    }
    return panel;
  }

  // The fit of a line and its value at infinite width, as two more series of the panel.
  void extrapolate_line(Panel& panel, const std::vector<widthwise::Point>& points, const Series& as) const {
    ExtrapolationRule rule;
    rule.powers = spec_.extrapolate;
    const Extrapolation found = extrapolate(points, rule);
    if (!std::isfinite(found.limit)) return;
    Series curve = as, limit = as;
    curve.fit = limit.bars = true;
    const double first = found.x.front(), last = found.x.back();
    for (int k = 0; k <= fit_points; ++k) curve.x.push_back(first * std::pow(last / first, double(k) / fit_points));
    for (int k = 1; k < fit_points; ++k) curve.x.push_back(last / (1 - double(k) / fit_points));  // even where drawn
    curve.x.push_back(std::numeric_limits<double>::infinity());
    for (const double n : curve.x) curve.y.push_back(found.at(n));
    limit.x = {curve.x.back()};
    limit.y = {found.limit};
    limit.low = {found.interval.low};
    limit.high = {found.interval.high};
    panel.series.push_back(std::move(curve));
    panel.series.push_back(std::move(limit));
  }

  // A group without any finished run keeps its place, as a gap.
  void append(Series& s, const Group& group) const {
    s.x.push_back(group.x.mean());
    s.y.push_back(group.y.mean());
    if (spec_.band == "none") return;
    if (group.intervals.size() == 1) {
      s.bars = true;
      s.low.push_back(group.intervals.front().low);
      s.high.push_back(group.intervals.front().high);
      return;
    }
    if (runs_.averaged.empty() && group.errors.size() == 1) {
      s.low.push_back(s.y.back() - group.errors.front());
      s.high.push_back(s.y.back() + group.errors.front());
      return;
    }
    if (has_errors_ && runs_.averaged.empty()) {  // a band is of every point or of none
      s.low.push_back(s.y.back());
      s.high.push_back(s.y.back());
      return;
    }
    if (runs_.averaged.empty()) return;
    const double half = spec_.band == "sem" ? group.y.standard_error() : group.y.standard_deviation();
    s.low.push_back(s.y.back() - half);
    s.high.push_back(s.y.back() + half);
  }

  Panel heat_panel(std::size_t row, std::size_t column) const {
    std::map<double, std::map<double, double>> cells;  // y, then x
    Grid grid;
    for (std::size_t line = 0; line < runs_.lines.values().size(); ++line) {
      const auto found = runs_.groups.find({row, column, line, 0});
      if (found == runs_.groups.end()) continue;
      const Value& at = runs_.lines.values()[line];
      const double y = at.is_number() ? at.number() : static_cast<double>(line + 1);
      for (const auto& [x, group] : found->second) {
        cells[y][x] = group.y.mean();
        grid.x.push_back(x);
      }
    }
    std::sort(grid.x.begin(), grid.x.end());
    grid.x.erase(std::unique(grid.x.begin(), grid.x.end()), grid.x.end());
    for (const auto& [y, along_x] : cells) {
      grid.y.push_back(y);
      for (const double x : grid.x) {
        const auto cell = along_x.find(x);
        grid.z.push_back(cell == along_x.end() ? nothing : cell->second);
      }
    }
    return {{}, grid};
  }

  // A colour scale over more than two decades of positive values is drawn in their logarithm.
  bool spread_over_decades() const {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const Panel& panel : figure_.panels) {
      for (const double z : panel.grid.z) {
        if (!std::isfinite(z)) continue;
        low = std::min(low, z);
        high = std::max(high, z);
      }
    }
    return low > 0 && high > 100 * low;
  }

  std::string note() const {
    std::string text = spec_.note;
    const auto add = [&text](const std::string& sentence) { text += (text.empty() ? "" : " ") + sentence; };
    if (!runs_.averaged.empty()) {
      const char* band = heatmap_ || spec_.band == "none" ? ""
                         : spec_.band == "sem"            ? "; bands are one standard error"
                                                          : "; bands are one standard deviation";
      add(fmt::format("Mean over {}{}.", fmt::join(runs_.averaged, ", "), band));
    }
    const bool limits = any_group([](const Group& group) { return group.intervals.size() == 1; });
    if (has_errors_ && runs_.averaged.empty() && !heatmap_ && spec_.band != "none")
      add("Bands are one jack-knife standard error over seeds.");
    if (limits && !heatmap_ && spec_.band != "none") add("Bars are 95 % intervals of the values at infinite width.");
    if (!spec_.extrapolate.empty())
      add(fmt::format("Dashed: {} fitted to each line; at infinity its limit with a 95 % interval.",
                      fit_formula(spec_.extrapolate)));
    const auto name_places = [&add](const char* axis, const ValueList& values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].is_text()) add(fmt::format("{} on the {} axis is {}.", i + 1, axis, to_text(values[i])));
      }
    };
    name_places("x", runs_.names_on_x.values());
    if (heatmap_) name_places("y", runs_.lines.values());
    if (runs_.missing > 0) add(fmt::format("{} of {} runs are still missing.", runs_.missing, runs_.expected));
    if (runs_.incomplete > 0) {
      std::string told;
      for (std::size_t i = 0; i < std::min(runs_.lacking.size(), most_told); ++i)
        told += (i == 0 ? "" : " | ") + runs_.lacking[i];
      if (runs_.lacking.size() > most_told) told += " | ...";
      add(fmt::format("{} of {} values lack runs: {}.", runs_.incomplete, runs_.rows_in_all, told));
    }
    if (runs_.unconverged > 0)
      add(fmt::format("{} runs ended before the margin or loss they were to reach.", runs_.unconverged));
    if (runs_.rows_at_edge > 0)
      add(fmt::format("{} of {} best values lie at an end of their axis: extend it.", runs_.rows_at_edge,
                      runs_.rows_in_all));
    if (runs_.diverged > 0) add(fmt::format("{} diverged and enter no final value.", runs_.diverged));
    return text;
  }

  const FigureSpec& spec_;
  const GroupedRuns& runs_;
  bool heatmap_;
  QuantityNames quantities_;
  bool has_errors_;
  Figure figure_;
};

}  // namespace

namespace {

// The same figure of the sweep of theory, as far as that has the axes.
FigureSpec theory_of(const Study& study, const FigureSpec& spec) {
  FigureSpec theory = spec;
  theory.sweep = spec.theory;
  theory.theory.clear();
  theory.band = "none";
  theory.extrapolate.clear();
  const Sweep& sweep = study.sweep(spec.theory);
  std::erase_if(theory.where, [&](const auto& one) {
    return std::ranges::find(sweep.axes, one.first, &Axis::key) == sweep.axes.end();
  });
  return theory;
}

// Panels of one title are one panel.
void add_dashed(const Figure& theory, Figure& figure) {
  const auto place = [](const std::vector<std::string>& titles, const std::string& title) {
    return static_cast<std::size_t>(std::ranges::find(titles, title) - titles.begin());
  };
  for (std::size_t r = 0; r < theory.rows.size(); ++r)
    for (std::size_t c = 0; c < theory.columns.size(); ++c) {
      const std::size_t row = place(figure.rows, theory.rows[r]), column = place(figure.columns, theory.columns[c]);
      if (row == figure.rows.size() || column == figure.columns.size()) continue;
      for (Series series : theory.panel(r, c).series) {
        series.fit = true;
        figure.panels[row * figure.columns.size() + column].series.push_back(std::move(series));
      }
    }
  figure.note += (figure.note.empty() ? "" : " ") + std::string("Dashed: theory.");
}

}  // namespace

Figure build_figure(const Study& study, const FigureSpec& spec, const StoreReader& reader) {
  Figure figure = Builder(spec, group_runs(study, spec, reader)).build();
  if (!spec.theory.empty()) {
    const FigureSpec theory = theory_of(study, spec);
    add_dashed(Builder(theory, group_runs(study, theory, reader)).build(), figure);
  }
  return figure;
}

}  // namespace widthwise::report
