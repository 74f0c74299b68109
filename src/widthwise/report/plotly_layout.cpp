#include "widthwise/report/plotly_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "widthwise/report/axis.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double single_panel_height = 330, small_panel_height = 250;  // pixels
constexpr double top = 34, bottom = 62, gap = 26;                      // pixels
constexpr const char* line_color = "#c8ccd4";
constexpr const char* grid_color = "#e9ebf0";

std::string tick_text(const Tick& tick) {
  return tick.exponent.empty() ? tick.base : tick.base + "<sup>" + tick.exponent + "</sup>";
}

// plotly's names: "D2" the digits 1, 2 and 5, a number that many decades.
Json log_spacing(double ratio) {
  if (ratio < 200) return "D2";
  return std::max(1.0, std::ceil(std::log10(ratio) / 8));
}

Json axis(const AxisRange& range, bool log, const std::vector<Tick>& ticks) {
  Json a = {{"type", log ? "log" : "linear"},
            {"range", log ? Json{std::log10(range.low), std::log10(range.high)} : Json{range.low, range.high}},
            {"showline", true},
            {"linecolor", line_color},
            {"gridcolor", grid_color},
            {"zeroline", false},
            {"ticks", "outside"},
            {"tickcolor", line_color},
            {"ticklen", 4},
            {"automargin", true},
            {"tickangle", 0},
            {"tickformat", log ? ".4~g" : ""}};
  if (ticks.empty()) {
    if (log) a["dtick"] = log_spacing(range.high / range.low);
    return a;
  }
  Json at = Json::array(), text = Json::array();
  for (const Tick& tick : ticks) {
    at.push_back(tick.value);
    text.push_back(tick_text(tick));
  }
  a["tickvals"] = at;
  a["ticktext"] = text;
  return a;
}

Json label(const std::string& text, Json where) {
  where["text"] = escape_label(text);
  where["xref"] = where["yref"] = "paper";
  where["showarrow"] = false;
  return where;
}

struct Cell {
  double left, right, low, high;  // shares of the plotting area
};

class Arrangement {
 public:
  explicit Arrangement(const Figure& figure)
      : rows_(figure.rows.size()), columns_(figure.columns.size()), inner_height_(height() - top - bottom) {}

  double height() const {
    const double panel = rows_ * columns_ == 1 ? single_panel_height : small_panel_height;
    return static_cast<double>(rows_) * panel + static_cast<double>(rows_ - 1) * gap + top + bottom;
  }
  Cell cell(std::size_t row, std::size_t column) const {
    const double across = 0.025, down = gap / inner_height_;  // gaps
    const auto columns = static_cast<double>(columns_), rows = static_cast<double>(rows_);
    const double w = (1 - (columns - 1) * across) / columns, h = (1 - (rows - 1) * down) / rows;
    const double left = static_cast<double>(column) * (w + across), high = 1 - static_cast<double>(row) * (h + down);
    return {left, std::min(1.0, left + w), std::max(0.0, high - h), high};
  }

 private:
  std::size_t rows_, columns_;
  double inner_height_;
};

Json annotations(const Figure& figure, const Arrangement& arrangement) {
  Json list = Json::array();
  for (std::size_t c = 0; c < figure.columns.size(); ++c) {
    if (figure.columns[c].empty()) continue;
    const Cell cell = arrangement.cell(0, c);
    list.push_back(label(figure.columns[c], {{"x", 0.5 * (cell.left + cell.right)},
                                             {"y", 1},
                                             {"xanchor", "center"},
                                             {"yanchor", "bottom"},
                                             {"yshift", 4},
                                             {"font", {{"size", 13}}}}));
  }
  for (std::size_t r = 0; r < figure.rows.size(); ++r) {
    if (figure.rows[r].empty()) continue;
    const Cell cell = arrangement.cell(r, 0);
    list.push_back(label(figure.rows[r], {{"x", 1},
                                          {"y", 0.5 * (cell.low + cell.high)},
                                          {"xanchor", "left"},
                                          {"yanchor", "middle"},
                                          {"xshift", 5},
                                          {"textangle", 90},
                                          {"font", {{"size", 13}}}}));
  }
  list.push_back(label(
      figure.x_label,
      {{"x", 0.5}, {"y", 0}, {"xanchor", "center"}, {"yanchor", "top"}, {"yshift", -28}, {"font", {{"size", 13}}}}));
  return list;
}

// "xaxis", "xaxis2", ...: the layout's key of an axis.
std::string layout_key(char axis, std::size_t panel) {
  return panel == 0 ? fmt::format("{}axis", axis) : fmt::format("{}axis{}", axis, panel + 1);
}

bool row_titles(const Figure& figure) {
  return std::any_of(figure.rows.begin(), figure.rows.end(), [](const std::string& row) { return !row.empty(); });
}

}  // namespace

std::string plotly_axis(char axis, std::size_t panel) {
  return panel == 0 ? std::string(1, axis) : fmt::format("{}{}", axis, panel + 1);
}

nlohmann::ordered_json plotly_layout(const Figure& figure) {
  const FigureAxes axes = figure_axes(figure);
  const Arrangement arrangement(figure);
  const auto ticks_of_x = x_ticks(figure, axes);
  auto y_ticks = grid_ticks(grid_y_values(figure), figure.log_y, 12);
  const bool narrow = figure.log_y && axes.y.high / axes.y.low < few_digits_below;
  if (y_ticks.empty() && narrow) y_ticks = log_ticks(axes.y);
  const double legend_at = row_titles(figure) ? 1.06 : 1.02;

  Json layout = {{"height", arrangement.height()},
                 {"margin", {{"t", top}, {"b", bottom}, {"l", 64}, {"r", 16}}},
                 {"font",
                  {{"family", "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"},
                   {"size", 12},
                   {"color", "#333a47"}}},
                 {"paper_bgcolor", "rgba(0,0,0,0)"},
                 {"plot_bgcolor", "#ffffff"},
                 {"hovermode", "closest"},
                 {"modebar", {{"bgcolor", "rgba(255,255,255,0)"}, {"color", "#a3abb8"}, {"activecolor", "#333a47"}}},
                 {"legend",
                  {{"title", {{"text", escape_label(figure.color_label)}}},
                   {"x", legend_at},
                   {"xanchor", "left"},
                   {"y", 1},
                   {"yanchor", "top"},
                   {"tracegroupgap", 2}}},
                 {"annotations", annotations(figure, arrangement)}};
  for (std::size_t r = 0; r < figure.rows.size(); ++r) {
    for (std::size_t c = 0; c < figure.columns.size(); ++c) {
      const std::size_t panel = r * figure.columns.size() + c;
      const Cell cell = arrangement.cell(r, c);
      Json x = axis(axes.x, figure.log_x, ticks_of_x), y = axis(axes.y, figure.log_y, y_ticks);
      x["domain"] = {cell.left, cell.right};
      y["domain"] = {cell.low, cell.high};
      x["anchor"] = plotly_axis('y', panel);
      y["anchor"] = plotly_axis('x', panel);
      if (panel > 0) x["matches"] = "x", y["matches"] = "y";
      if (r + 1 < figure.rows.size()) x["showticklabels"] = false;
      if (c > 0) y["showticklabels"] = false;
      if (c == 0) y["title"] = {{"text", escape_label(figure.y_label)}, {"standoff", 8}};
      layout[layout_key('x', panel)] = std::move(x);
      layout[layout_key('y', panel)] = std::move(y);
    }
  }
  return layout;
}

}  // namespace widthwise::report
