#include "widthwise/report/plotly_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "widthwise/report/axis.h"
#include "widthwise/report/palette.h"
#include "widthwise/report/pieces.h"
#include "widthwise/report/plotly_layout.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int most_points_with_markers = 60;

Json numbers(const std::vector<double>& values, bool log) {
  Json list = Json::array();
  for (const double v : values) list.push_back(std::isfinite(v) && (!log || v > 0) ? Json(v) : Json());
  return list;
}

std::string translucent(const std::string& hex) {
  const auto part = [&hex](std::size_t at) { return std::stoi(hex.substr(at, 2), nullptr, 16); };
  return fmt::format("rgba({},{},{},0.18)", part(1), part(3), part(5));
}

// The outline of a band: along the upper edge, then back along the lower one.
Json band_trace(const Piece& piece, const Series& series, const std::string& color) {
  Json x = Json::array(), y = Json::array();
  for (auto p = piece.begin(); p != piece.end(); ++p) x.push_back(p->x), y.push_back(p->high);
  for (auto p = piece.rbegin(); p != piece.rend(); ++p) x.push_back(p->x), y.push_back(p->low);
  return Json{{"type", "scatter"},
              {"mode", "lines"},
              {"x", x},
              {"y", y},
              {"fill", "toself"},
              {"fillcolor", translucent(color)},
              {"line", {{"width", 0}}},
              {"hoverinfo", "skip"},
              {"legendgroup", escape_label(series.label)},
              {"showlegend", false}};
}

Json fit_trace(const Series& series, const Figure& figure, const std::string& color) {
  return Json{{"type", "scatter"},
              {"mode", "lines"},
              {"name", escape_label(series.label)},
              {"legendgroup", escape_label(series.label)},
              {"showlegend", false},
              {"x", numbers(drawn_x(series, figure), figure.log_x)},
              {"y", numbers(series.y, figure.log_y)},
              {"line", {{"color", color}, {"width", 1.2}, {"dash", "dash"}}},
              {"hoverinfo", "skip"}};
}

// Error bars of the points that are drawn; those of the others are null.
Json error_bars(const Series& series, const Figure& figure, const FigureAxes& axes) {
  Json up = Json::array(), down = Json::array();
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    Series one = series;
    for (auto* values : {&one.x, &one.y, &one.low, &one.high}) *values = {values->at(i)};
    const std::vector<Piece> drawn = pieces(one, figure, axes);
    up.push_back(drawn.empty() ? Json() : Json(drawn[0][0].high - drawn[0][0].y));
    down.push_back(drawn.empty() ? Json() : Json(drawn[0][0].y - drawn[0][0].low));
  }
  return {{"type", "data"},     {"symmetric", false}, {"array", up},
          {"arrayminus", down}, {"thickness", 1.5},   {"width", 4}};
}

Json line_trace(const Series& series, const Figure& figure, const std::string& color, bool in_legend) {
  static constexpr const char* dashes[] = {"solid", "dash", "dot", "dashdot"};
  const std::string label = escape_label(series.label);
  const bool markers = series.x.size() <= most_points_with_markers;
  if (series.mark)
    return Json{
        {"type", "scatter"},
        {"mode", "markers"},
        {"name", label},
        {"legendgroup", label},
        {"showlegend", in_legend},
        {"x", numbers(drawn_x(series, figure), figure.log_x)},
        {"y", numbers(series.y, figure.log_y)},
        {"marker",
         {{"color", color}, {"size", 12}, {"symbol", "diamond"}, {"line", {{"color", "#222222"}, {"width", 1}}}}},
        {"hovertemplate", "%{x:.4~g}, %{y:.4~g}<extra>%{fullData.name}</extra>"}};
  return Json{{"type", "scatter"},
              {"mode", markers ? "lines+markers" : "lines"},
              {"name", label},
              {"legendgroup", label},
              {"showlegend", in_legend},
              {"x", numbers(drawn_x(series, figure), figure.log_x)},
              {"y", numbers(series.y, figure.log_y)},
              {"line", {{"color", color}, {"width", 2}, {"dash", dashes[series.dash % 4]}}},
              {"marker", {{"color", color}, {"size", 6}}},
              {"hovertemplate", "%{x:.4~g}, %{y:.4~g}<extra>%{fullData.name}</extra>"}};
}

void on_axes(Json& trace, std::size_t panel) {
  trace["xaxis"] = plotly_axis('x', panel);
  trace["yaxis"] = plotly_axis('y', panel);
}

void append_lines(const Figure& figure, Json& data) {
  const auto colors = series_colors(figure);
  const FigureAxes axes = figure_axes(figure);
  std::set<std::string> in_legend;
  for (std::size_t k = 0; k < figure.panels.size(); ++k) {
    for (const Series& s : figure.panels[k].series) {
      const std::string& color = colors.at(s.color_value);
      if (s.fit) {
        data.push_back(fit_trace(s, figure, color));
        on_axes(data.back(), k);
        continue;
      }
      if (!s.low.empty() && !s.bars) {
        for (const Piece& piece : pieces(s, figure, axes)) {
          if (piece.size() < 2) continue;
          data.push_back(band_trace(piece, s, color));
          on_axes(data.back(), k);
        }
      }
      data.push_back(line_trace(s, figure, color, !s.label.empty() && in_legend.insert(s.label).second));
      on_axes(data.back(), k);
      if (s.bars && !s.low.empty()) data.back()["error_y"] = error_bars(s, figure, axes);
      if (!s.x.empty() && std::isinf(s.x.back())) {
        data.back()["marker"]["symbol"] = "diamond";
        data.back()["marker"]["size"] = 9;
        data.back()["hovertemplate"] = "infinite width, %{y:.4~g}<extra>%{fullData.name}</extra>";
      }
    }
  }
}

Json color_bar(const Figure& figure, const FigureAxes& axes) {
  Json bar = {{"title", {{"text", escape_label(figure.color_label)}, {"side", "right"}}},
              {"thickness", 14},
              {"outlinewidth", 0}};
  if (!figure.log_color) return bar;
  Json at = Json::array(), text = Json::array();
  const double low = std::log10(axes.color.low), high = std::log10(axes.color.high);
  const double step = std::max(1.0, std::ceil((high - low) / 6));
  for (double decade = std::ceil(low); decade <= high; decade += step) {
    at.push_back(decade);
    text.push_back(short_number(std::pow(10, decade)));
  }
  bar["tickvals"] = at;
  bar["ticktext"] = text;
  return bar;
}

void append_heatmaps(const Figure& figure, Json& data) {
  const FigureAxes axes = figure_axes(figure);
  const auto level = [&figure](double z) { return figure.log_color ? std::log10(z) : z; };
  Json scale = Json::array();
  for (const auto& [at, color] : viridis_scale()) scale.push_back({at, color});
  bool first = true;
  for (std::size_t k = 0; k < figure.panels.size(); ++k) {
    const Grid& grid = figure.panels[k].grid;
    if (grid.z.empty()) continue;
    Json z = Json::array(), text = Json::array();
    for (std::size_t j = 0; j < grid.y.size(); ++j) {
      Json z_row = Json::array(), text_row = Json::array();
      for (std::size_t i = 0; i < grid.x.size(); ++i) {
        const double value = grid.z[j * grid.x.size() + i];
        z_row.push_back(std::isfinite(level(value)) ? Json(level(value)) : Json());
        text_row.push_back(
            fmt::format("{}, {}: {}", short_number(grid.x[i], 4), short_number(grid.y[j], 4), short_number(value, 4)));
      }
      z.push_back(std::move(z_row));
      text.push_back(std::move(text_row));
    }
    data.push_back({{"type", "heatmap"},
                    {"x", numbers(cell_edges(grid.x, figure.log_x), figure.log_x)},
                    {"y", numbers(cell_edges(grid.y, figure.log_y), figure.log_y)},
                    {"z", std::move(z)},
                    {"text", std::move(text)},
                    {"hoverinfo", "text"},
                    {"hoverongaps", false},
                    {"zmin", level(axes.color.low)},
                    {"zmax", level(axes.color.high)},
                    {"colorscale", scale},
                    {"showscale", first}});
    if (first) data.back()["colorbar"] = color_bar(figure, axes);
    first = false;
    on_axes(data.back(), k);
  }
}

}  // namespace

std::string plotly_json(const Figure& figure) {
  check_figure(figure);
  Json data = Json::array();
  if (figure.kind == Kind::lines) {
    append_lines(figure, data);
  } else {
    append_heatmaps(figure, data);
  }
  const Json document = {{"data", std::move(data)}, {"layout", plotly_layout(figure)}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace widthwise::report
