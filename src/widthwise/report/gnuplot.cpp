#include "widthwise/report/gnuplot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "widthwise/report/axis.h"
#include "widthwise/report/palette.h"
#include "widthwise/report/pieces.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

// Sizes in pixels of the SVG; the PDF has the same proportions.
constexpr double left = 80, right = 24, legend_width = 150, top = 46, bottom = 56, gap = 14, panel_height = 230;

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : single_line(text)) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

// `labelled` is false for inner panels, which show the marks alone.
std::string tick_list(const std::vector<Tick>& ticks, bool labelled) {
  std::string list;
  for (const Tick& tick : ticks) {
    std::string text = tick.exponent.empty() ? tick.base : fmt::format("{}^{{{}}}", tick.base, tick.exponent);
    if (!labelled) text.clear();
    list += fmt::format("{}'{}' {}", list.empty() ? "" : ", ", text, tick.value);
  }
  return "(" + list + ")";
}

class Script {
 public:
  explicit Script(const Figure& figure)
      : figure_(figure),
        axes_(figure_axes(figure)),
        colors_(series_colors(figure)),
        rows_(figure.rows.size()),
        columns_(figure.columns.size()) {
    x_ticks_ = x_ticks(figure, axes_);
    y_ticks_ = grid_ticks(grid_y_values(figure), figure.log_y, 12);
    if (x_ticks_.empty() && figure.log_x) x_ticks_ = log_ticks(axes_.x);
    if (y_ticks_.empty() && figure.log_y) y_ticks_ = log_ticks(axes_.y);
    panel_width_ = columns_ == 1 ? 460 : columns_ == 2 ? 300 : 220;
    const auto r = static_cast<double>(rows_), c = static_cast<double>(columns_);
    width_ = left + c * panel_width_ + (c - 1) * gap + right + legend_width;
    height_ = top + r * panel_height + (r - 1) * gap + bottom;
  }

  std::string text() {
    if (figure_.kind == Kind::lines) {
      write_line_data();
    } else {
      write_grid_data();
    }
    write_head();
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < columns_; ++c) write_panel(r, c);
    }
    return out_ + "unset multiplot\n";
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  // x y low high; an empty line breaks a curve.
  void write_line_data() {
    for (std::size_t k = 0; k < figure_.panels.size(); ++k) {
      const auto& series = figure_.panels[k].series;
      for (std::size_t s = 0; s < series.size(); ++s) {
        line("$data_{}_{} << END", k, s);
        for (const Piece& piece : pieces(series[s], figure_, axes_)) {
          for (const Point& p : piece) line("{} {} {} {}", p.x, p.y, p.low, p.high);
          line("");
        }
        line("END");
      }
    }
  }

  // x y and the borders of the cell, then the value.
  void write_grid_data() {
    for (std::size_t k = 0; k < figure_.panels.size(); ++k) {
      const Grid& g = figure_.panels[k].grid;
      const auto x = cell_edges(g.x, figure_.log_x), y = cell_edges(g.y, figure_.log_y);
      line("$data_{}_0 << END", k);
      for (std::size_t n = 0; n < g.z.size(); ++n) {
        const std::size_t i = n % g.x.size(), j = n / g.x.size();
        if (!std::isfinite(g.z[n]) || (figure_.log_color && g.z[n] <= 0)) continue;
        line("{} {} {} {} {} {} {}", g.x[i], g.y[j], x[i], x[i + 1], y[j], y[j + 1], g.z[n]);
      }
      line("END");
    }
  }

  void write_head() {
    const std::string stem = file_stem(figure_.name);
    line("if (exists('pdf')) {{ set terminal pdfcairo size {:.2f}in,{:.2f}in font 'sans,8'; set output '{}.pdf' }}",
         width_ / 96, height_ / 96, stem);
    line(
        "if (!exists('pdf')) {{ set terminal svg size {:.0f},{:.0f} font 'sans,11' background 'white'; set output "
        "'{}.svg' }}",
        width_, height_, stem);
    if (!std::isnan(place_of_infinity(figure_))) line("set encoding utf8");
    line("set multiplot");
    line("set border 3 lc rgb '#888888'\nset tics nomirror tc rgb '#333333'\nset grid lc rgb '#e6e6e6' lt 1");
    if (figure_.log_x) line("set logscale x");
    if (figure_.log_y) line("set logscale y");
    line("set xrange [{}:{}]\nset yrange [{}:{}]", axes_.x.low, axes_.x.high, axes_.y.low, axes_.y.high);
    line("set label 1 {} at screen {:.4f},{:.4f} center noenhanced font ',13'", quoted(figure_.title),
         (left + 0.5 * inner_width()) / width_, 1 - 14 / height_);
    line("set label 2 {} at screen {:.4f},{:.4f} center noenhanced", quoted(figure_.x_label),
         (left + 0.5 * inner_width()) / width_, 12 / height_);
    line("set label 3 {} at screen {:.4f},{:.4f} center rotate by 90 noenhanced", quoted(figure_.y_label), 14 / width_,
         (bottom + 0.5 * (height_ - top - bottom)) / height_);
    if (figure_.kind == Kind::lines) return;
    std::string colors;
    for (const auto& [at, color] : viridis_scale())
      colors += fmt::format("{}{:.4f} '{}'", colors.empty() ? "" : ", ", at, color);
    line("set palette defined ({})", colors);
    if (figure_.log_color) line("set logscale cb");
    if (axes_.color.low < axes_.color.high) line("set cbrange [{}:{}]", axes_.color.low, axes_.color.high);
    line("set cblabel {} noenhanced\nunset key", quoted(figure_.color_label));
  }

  double inner_width() const { return width_ - left - right - legend_width; }

  void place(std::size_t r, std::size_t c) {
    const double x = left + static_cast<double>(c) * (panel_width_ + gap);
    const double y = bottom + static_cast<double>(rows_ - 1 - r) * (panel_height + gap);
    line("set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}", x / width_, (x + panel_width_) / width_);
    line("set bmargin at screen {:.4f}\nset tmargin at screen {:.4f}", y / height_, (y + panel_height) / height_);
  }

  void write_panel(std::size_t r, std::size_t c) {
    const bool last = r + 1 == rows_ && c + 1 == columns_, first = r == 0 && c == 0;
    place(r, c);
    if (!x_ticks_.empty()) line("set xtics {}", tick_list(x_ticks_, r + 1 == rows_));
    if (!y_ticks_.empty()) line("set ytics {}", tick_list(y_ticks_, c == 0));
    line("set format x {}", r + 1 == rows_ ? "'%g'" : "''");
    line("set format y {}", c == 0 ? "'%g'" : "''");
    line("set title {} noenhanced offset 0,-0.7", quoted(r == 0 ? figure_.columns[c] : ""));
    if (c + 1 == columns_) {
      line("set label 4 {} at graph 1.03,0.5 center rotate by -90 noenhanced", quoted(figure_.rows[r]));
    }
    if (figure_.kind == Kind::heatmap) {
      write_cells(r * columns_ + c, first);
    } else {
      write_curves(r * columns_ + c, last);
    }
    line("unset label");
  }

  void write_cells(std::size_t panel, bool with_bar) {
    if (with_bar) {
      line("set colorbox user origin screen {:.4f},{:.4f} size screen {:.4f},{:.4f}",
           (width_ - legend_width - right + 30) / width_, bottom / height_, 14 / width_, panel_height / height_);
    } else {
      line("unset colorbox");
    }
    const auto& z = figure_.panels[panel].grid.z;
    if (std::none_of(z.begin(), z.end(), [](double value) { return std::isfinite(value); })) {
      line("plot NaN notitle");
      return;
    }
    line("plot $data_{}_0 using 1:2:3:4:5:6:7 with boxxyerror fill solid noborder lc palette notitle", panel);
  }

  void write_curves(std::size_t panel, bool with_legend) {
    if (with_legend) {
      line("set key at screen {:.4f},{:.4f} left top Left reverse vertical noenhanced title {} samplen 2",
           (width_ - legend_width - right + 14) / width_, 1 - top / height_, quoted(figure_.color_label));
    } else {
      line("unset key");
    }
    std::string plots;
    const auto& series = figure_.panels[panel].series;
    for (std::size_t s = 0; s < series.size(); ++s) {
      if (pieces(series[s], figure_, axes_).empty()) continue;
      const std::string color = colors_.at(series[s].color_value);
      if (series[s].fit) {
        plots += fmt::format(", $data_{}_{} using 1:2 with lines lw 1 dt 2 lc rgb '{}' notitle", panel, s, color);
        continue;
      }
      if (series[s].mark) {
        plots += fmt::format(", $data_{}_{} using 1:2 with points pt 13 ps 1.2 lc rgb '{}' notitle", panel, s, color);
        continue;
      }
      if (series[s].bars) {
        plots += fmt::format(", $data_{}_{} using 1:2:3:4 with yerrorbars lw 1.2 pt 7 ps 0.5 lc rgb '{}' notitle",
                             panel, s, color);
      } else if (!series[s].low.empty()) {
        plots += fmt::format(
            ", $data_{}_{} using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '{}' notitle", panel,
            s, color);
      }
      plots += fmt::format(", $data_{}_{} using 1:2 with linespoints lw 1.6 pt 7 ps 0.35 dt {} lc rgb '{}' notitle",
                           panel, s, series[s].dash % 4 + 1, color);
    }
    if (with_legend) plots += legend_entries();
    // A curve outside every range keeps the frame of an empty panel.
    line("plot NaN notitle{}", plots);
  }

  std::string legend_entries() const {
    std::string entries;
    std::set<std::string> seen;
    for (const Panel& panel : figure_.panels) {
      for (const Series& s : panel.series) {
        if (s.label.empty() || !seen.insert(s.label).second) continue;
        if (s.mark)
          entries += fmt::format(", keyentry with points pt 13 ps 1.2 lc rgb '{}' title {}", colors_.at(s.color_value),
                                 quoted(s.label));
        else
          entries += fmt::format(", keyentry with lines lw 1.6 dt {} lc rgb '{}' title {}", s.dash % 4 + 1,
                                 colors_.at(s.color_value), quoted(s.label));
      }
    }
    return entries;
  }

  const Figure& figure_;
  FigureAxes axes_;
  std::map<std::string, std::string> colors_;
  std::size_t rows_, columns_;
  std::vector<Tick> x_ticks_, y_ticks_;
  double panel_width_ = 0, width_ = 0, height_ = 0;
  std::string out_;
};

}  // namespace

std::string gnuplot_script(const Figure& figure) {
  check_figure(figure);
  return Script(figure).text();
}

}  // namespace widthwise::report
