#include "widthwise/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/report/axis.h"
#include "widthwise/report/palette.h"
#include "widthwise/report/pieces.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

constexpr double panel_width = 460, panel_height = 320, gap = 24, left = 84, top = 64, bottom = 64, legend_width = 190;
constexpr double note_line = 18;
constexpr const char *ink = "#222222", *frame = "#888888", *lines = "#e6e6e6";
constexpr const char* dashes[] = {"none", "7 4", "2 3", "7 3 2 3"};

// Round numbers over an axis without a grid of its own.
std::vector<Tick> even_ticks(const AxisRange& range) {
  const double raw = (range.high - range.low) / 5, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw >= 5 * power ? 5 : raw >= 2 * power ? 2 : 1);
  std::vector<Tick> ticks;
  for (double k = std::ceil(range.low / step); k * step <= range.high; ++k)
    ticks.push_back({k * step, short_number(k * step), ""});
  return ticks;
}

std::string tick_text(const Tick& tick) {
  if (tick.exponent.empty()) return escape_html(tick.base);
  return fmt::format(R"({}<tspan dy="-5" font-size="10">{}</tspan>)", escape_html(tick.base),
                     escape_html(tick.exponent));
}

class Drawing {
 public:
  explicit Drawing(const Figure& figure)
      : figure_{figure}, axes_{figure_axes(figure)}, colors_{series_colors(figure)}, x_ticks_{x_ticks(figure, axes_)} {
    if (x_ticks_.empty()) x_ticks_ = figure.log_x ? log_ticks(axes_.x) : even_ticks(axes_.x);
    y_ticks_ = figure.log_y ? log_ticks(axes_.y) : even_ticks(axes_.y);
    inner_width_ = static_cast<double>(figure.columns.size()) * (panel_width + gap) - gap;
    inner_height_ = static_cast<double>(figure.rows.size()) * (panel_height + gap) - gap;
    note_ = wrap(figure.note, static_cast<std::size_t>((inner_width_ + legend_width) / 6.5));
  }

  std::string text() {
    const double width = left + inner_width_ + legend_width;
    const double height = top + inner_height_ + bottom + note_line * static_cast<double>(note_.size());
    add(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" )"
        R"(font-family="sans-serif" font-size="13">)",
        width, height);
    add("<title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>", escape_html(figure_.title));
    words(left, 24, figure_.title, "start", "bold");
    words(left + inner_width_ / 2, top + inner_height_ + 44, figure_.x_label, "middle", "bold");
    add(R"svg(<text transform="translate(20 {:.1f}) rotate(-90)" text-anchor="middle" font-weight="bold" fill="{}">{}</text>)svg",
        top + inner_height_ / 2, ink, escape_html(figure_.y_label));
    for (std::size_t r = 0; r < figure_.rows.size(); ++r)
      for (std::size_t c = 0; c < figure_.columns.size(); ++c) panel(r, c);
    legend(left + inner_width_ + 16, top + 12);
    for (std::size_t i = 0; i < note_.size(); ++i)
      words(left, top + inner_height_ + bottom + note_line * static_cast<double>(i) + 8, note_[i], "start");
    return out_ + "</svg>\n";
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void words(double x, double y, const std::string& text, const char* anchor, const char* weight = "normal") {
    if (!text.empty())
      add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-weight="{}" fill="{}">{}</text>)", x, y, anchor, weight,
          ink, escape_html(text));
  }

  static double share(double value, const AxisRange& range, bool log) {
    return log ? std::log(value / range.low) / std::log(range.high / range.low)
               : (value - range.low) / (range.high - range.low);
  }
  double x(double value) const { return origin_x_ + panel_width * share(value, axes_.x, figure_.log_x); }
  double y(double value) const { return origin_y_ + panel_height * (1 - share(value, axes_.y, figure_.log_y)); }

  void panel(std::size_t r, std::size_t c) {
    origin_x_ = left + static_cast<double>(c) * (panel_width + gap);
    origin_y_ = top + static_cast<double>(r) * (panel_height + gap);
    for (const Tick& tick : x_ticks_) {
      add(R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}" stroke="{3}"/>)", x(tick.value), origin_y_,
          origin_y_ + panel_height, lines);
      if (r + 1 == figure_.rows.size())
        add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle" fill="{}">{}</text>)", x(tick.value),
            origin_y_ + panel_height + 18, ink, tick_text(tick));
    }
    for (const Tick& tick : y_ticks_) {
      add(R"(<line x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}" stroke="{3}"/>)", origin_x_,
          origin_x_ + panel_width, y(tick.value), lines);
      if (c == 0)
        add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="end" fill="{}">{}</text>)", origin_x_ - 8, y(tick.value) + 4,
            ink, tick_text(tick));
    }
    add(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="none" stroke="{}"/>)", origin_x_, origin_y_,
        panel_width, panel_height, frame);
    if (r == 0) words(origin_x_ + panel_width / 2, origin_y_ - 8, figure_.columns[c], "middle");
    if (c + 1 == figure_.columns.size()) words(origin_x_ + panel_width + 4, origin_y_ - 8, figure_.rows[r], "end");
    const std::vector<Series>& all = figure_.panel(r, c).series;
    for (const Series& series : all)
      if (!series.mark) curve(series);
    for (const Series& series : all)
      if (series.mark) marks(series);
  }

  std::string path(const Piece& piece) const {
    std::string text;
    for (const Point& p : piece) text += fmt::format("{:.1f},{:.1f} ", x(p.x), y(p.y));
    return text;
  }

  void curve(const Series& series) {
    const std::string& color = colors_.at(series.color_value);
    for (const Piece& piece : pieces(series, figure_, axes_)) {
      if (!series.low.empty() && !series.bars && piece.size() > 1) {
        std::string outline;
        for (auto p = piece.begin(); p != piece.end(); ++p)
          outline += fmt::format("{:.1f},{:.1f} ", x(p->x), y(p->high));
        for (auto p = piece.rbegin(); p != piece.rend(); ++p)
          outline += fmt::format("{:.1f},{:.1f} ", x(p->x), y(p->low));
        add(R"(<polygon points="{}" fill="{}" fill-opacity="0.18"/>)", outline, color);
      }
      if (series.bars)
        for (const Point& p : piece)
          add(R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}" stroke="{3}"/>)", x(p.x), y(p.low),
              y(p.high), color);
      add(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>)", path(piece),
          color, series.fit ? 1.2 : 2.0, dashes[series.fit ? 1 : series.dash % 4]);
      if (series.fit) continue;
      for (const Point& p : piece) add(R"(<circle cx="{:.1f}" cy="{:.1f}" r="2.5" fill="{}"/>)", x(p.x), y(p.y), color);
    }
  }

  void diamond(double at_x, double at_y, const std::string& color) {
    add(R"(<path d="M {:.1f} {:.1f} l 7 7 l -7 7 l -7 -7 z" fill="{}" stroke="{}"/>)", at_x, at_y - 7, color, ink);
  }

  void marks(const Series& series) {
    for (const Piece& piece : pieces(series, figure_, axes_))
      for (const Point& p : piece) diamond(x(p.x), y(p.y), colors_.at(series.color_value));
  }

  void legend(double at_x, double at_y) {
    words(at_x, at_y, figure_.color_label, "start", "bold");
    std::set<std::string> seen;
    for (const Panel& one : figure_.panels)
      for (const Series& series : one.series) {
        if (series.label.empty() || series.fit || !seen.insert(series.label).second) continue;
        at_y += 20;
        const std::string& color = colors_.at(series.color_value);
        if (series.mark)
          diamond(at_x + 12, at_y - 4, color);
        else
          add(R"(<line x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}" stroke="{3}" stroke-width="2" stroke-dasharray="{4}"/>)",
              at_x, at_x + 24, at_y - 4, color, dashes[series.dash % 4]);
        words(at_x + 32, at_y, series.label, "start");
      }
  }

  const Figure& figure_;
  FigureAxes axes_;
  std::map<std::string, std::string> colors_;
  std::vector<Tick> x_ticks_, y_ticks_;
  std::vector<std::string> note_;
  double inner_width_ = 0, inner_height_ = 0, origin_x_ = 0, origin_y_ = 0;
  std::string out_;
};

}  // namespace

std::string figure_svg(const Figure& figure) {
  check_figure(figure);
  if (figure.kind != Kind::lines) throw Error("figure_svg: expected a figure of lines, got a heat map");
  return Drawing(figure).text();
}

}  // namespace widthwise::report
