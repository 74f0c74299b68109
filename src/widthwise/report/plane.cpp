#include "widthwise/report/plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <numbers>
#include <tuple>

namespace widthwise::report {

namespace {

struct Point {
  double q_sigma, q;
};

constexpr double left = -1.75, right = 0.3, bottom = -0.85, top = 1.85;  // the part of the plane that is drawn
constexpr double unit_x = 420, unit_y = 300, margin = 64, margin_top = 92, caption_height = 112;
constexpr double frame_width = (right - left) * unit_x, frame_height = (top - bottom) * unit_y;
constexpr Point mf{-1, 1}, ntk{-0.5, 0}, sym_default{-0.5, 0.5};
constexpr const char *blue = "#0072b2", *orange = "#d55e00", *green = "#009e73", *purple = "#aa4499", *ink = "#222222";

double x(double q_sigma) {
  return margin + (q_sigma - left) * unit_x;
}
double y(double q) {
  return margin_top + (top - q) * unit_y;
}

/// Where the line q = offset + slope q_sigma enters and leaves the frame.
std::array<Point, 2> across(double slope, double offset) {
  const auto clipped = [&](double q_sigma) {
    const double q = std::clamp(offset + slope * q_sigma, bottom, top);
    return Point{(q - offset) / slope, q};
  };
  return {clipped(left), clipped(right)};
}

class Drawing {
 public:
  void line(const Point& from, const Point& to, const char* color, double width, const char* dashes = "none") {
    svg_ += fmt::format(
        R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>)"
        "\n",
        x(from.q_sigma), y(from.q), x(to.q_sigma), y(to.q), color, width, dashes);
  }

  void area(std::initializer_list<Point> corners, const char* color) {
    svg_ += "<polygon points=\"";
    for (const Point& corner : corners) svg_ += fmt::format("{:.1f},{:.1f} ", x(corner.q_sigma), y(corner.q));
    svg_ += fmt::format("\" fill=\"{}\"/>\n", color);
  }

  void dot(const Point& at, double radius, const char* fill, const char* stroke) {
    svg_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}" stroke="{}" stroke-width="3"/>)"
                        "\n",
                        x(at.q_sigma), y(at.q), radius, fill, stroke);
  }

  /// Text at a point, moved by (dx, dy) pixels.
  void label(const Point& at, double dx, double dy, std::string_view words, const char* color,
             const char* anchor = "middle", const char* weight = "normal") {
    text(x(at.q_sigma) + dx, y(at.q) + dy, 0, words, color, anchor, weight);
  }

  /// Text along the line from -> to, `above` pixels off it, in the middle.
  void along(const Point& from, const Point& to, double above, std::string_view words, const char* color) {
    const double dx = x(to.q_sigma) - x(from.q_sigma), dy = y(to.q) - y(from.q), length = std::hypot(dx, dy);
    text((x(from.q_sigma) + x(to.q_sigma)) / 2 + above * dy / length, (y(from.q) + y(to.q)) / 2 - above * dx / length,
         std::atan2(dy, dx) * 180 / std::numbers::pi, words, color, "middle", "normal");
  }

  void text(double at_x, double at_y, double degrees, std::string_view words, const char* color, const char* anchor,
            const char* weight) {
    svg_ += fmt::format(
        R"svg(<text transform="translate({:.1f} {:.1f}) rotate({:.1f})" fill="{}" text-anchor="{}" font-weight="{}">{}</text>)svg"
        "\n",
        at_x, at_y, degrees, color, anchor, weight, words);
  }

  void add(std::string_view svg) { svg_ += svg; }
  const std::string& svg() const { return svg_; }

 private:
  std::string svg_;
};

void draw_axes(Drawing& drawing) {
  for (const double tick : {-1.5, -1., -0.5, 0.}) {
    drawing.line({tick, bottom}, {tick, top}, "#e8e8e8", 1);
    drawing.label({tick, bottom}, 0, 18, fmt::format("{}", tick), ink);
  }
  for (const double tick : {-0.5, 0., 0.5, 1., 1.5}) {
    drawing.line({left, tick}, {right, tick}, "#e8e8e8", 1);
    drawing.label({left, tick}, -8, 4, fmt::format("{}", tick), ink, "end");
  }
  drawing.label({(left + right) / 2, bottom}, 0, 38, "q_sigma", ink, "middle", "bold");
  drawing.text(20, y((top + bottom) / 2), -90, "q = q_a = q_w", ink, "middle", "bold");
}

void draw_band(Drawing& drawing) {
  const double at_left = -left, at_right = -right;  // of the upper border; the lower one is 1/2 below
  drawing.area({{left, at_left}, mf, ntk, {left, at_left - 0.5}}, "#e3eef6");
  drawing.area({mf, sym_default, ntk}, "#fdf0d5");
  drawing.area({sym_default, {right, at_right}, {right, at_right - 0.5}, ntk}, "#e4f3ec");
}

void draw_lines(Drawing& drawing) {
  drawing.line({-0.5, bottom}, {-0.5, top}, blue, 1.5, "6 4");
  const auto p2 = across(-2, -1), p3 = across(-1, -0.5), p4 = across(-1, 0);
  drawing.line(p2[0], p2[1], orange, 1.5, "6 4");
  drawing.line(p3[0], p3[1], green, 2.5);
  drawing.line(p4[0], p4[1], purple, 2.5);
  drawing.line(ntk, sym_default, blue, 2.5);
  drawing.line(mf, ntk, orange, 2.5);
  drawing.label({-0.5, top}, 0, -8, "P1", blue, "middle", "bold");
  drawing.label(p2[0], 0, -8, "P2", orange, "middle", "bold");
  drawing.label(p3[1], 8, 4, "P3", green, "start", "bold");
  drawing.label(p4[1], 8, 4, "P4", purple, "start", "bold");
  for (const auto& [row, color, words] : {std::tuple(0, blue, "P1: finite logits f_0, q_sigma = -1/2"),
                                          std::tuple(1, orange, "P2: finite kernel K_0, 2 q_sigma + q = -1")})
    drawing.text(margin, 44 + 20 * row, 0, words, color, "start", "normal");
  for (const auto& [row, color, words] : {std::tuple(0, green, "P3: finite f_0/K_0, q_sigma + q = -1/2"),
                                          std::tuple(1, purple, "P4: the kernel evolves, q_sigma + q = 0")})
    drawing.text(margin + frame_width / 2 + 30, 44 + 20 * row, 0, words, color, "start", "normal");
}

void name_cells(Drawing& drawing) {
  for (const Point& point : {mf, ntk, sym_default}) drawing.dot(point, 5, ink, ink);
  drawing.label(mf, 10, -10, "MF", ink, "start", "bold");
  drawing.label(ntk, -12, 14, "NTK", ink, "end", "bold");
  drawing.label(sym_default, 12, -10, "sym-default", ink, "start", "bold");
  // Borders run down to the right: above them is outside the band for P4, so names of P3 stand below it.
  drawing.along({left, -left}, mf, 9, "post-MF", purple);
  drawing.along(mf, sym_default, 9, "MF-sym-default", purple);
  drawing.along(sym_default, {right, -right}, 9, "pre-sym-default", purple);
  drawing.along({left, -left - 0.5}, ntk, -18, "post-NTK", green);
  drawing.along(ntk, {right, -right - 0.5}, -18, "pre-NTK", green);
  drawing.along(mf, ntk, -18, "MF-NTK", orange);
  drawing.along(sym_default, ntk, 9, "NTK-sym-default", blue);
  drawing.label({-1.3, 1.05}, 0, 0, "post-MF-NTK", ink);
  drawing.label({-0.61, 0.4}, 0, 0, "triangle", ink);
  drawing.label({-0.1, -0.15}, 0, 0, "pre-NTK-sym-default", ink);
  drawing.label({-0.12, 1.3}, 0, 0, "diverging", "#777777");
  drawing.label({-1.3, -0.1}, 0, 0, "stagnating", "#777777");
}

std::string caption(const TwoLayerExponents& exponents, const TwoLayerClass& found) {
  const bool equal = exponents.q_a == exponents.q_w;
  return fmt::format("The point: q_sigma = {}, {} = {}{}: {}", to_string(exponents.q_sigma),
                     equal ? "q_a = q_w" : "q_a", to_string(exponents.q_a),
                     equal ? "" : ", q_w = " + to_string(exponents.q_w), found.stable ? found.name : found.reason);
}

void draw_point(Drawing& drawing, const TwoLayerExponents& exponents, const TwoLayerClass& found) {
  const Point at{exponents.q_sigma.value(), (exponents.q_a.value() + exponents.q_w.value()) / 2};
  const Point inside{std::clamp(at.q_sigma, left, right), std::clamp(at.q, bottom, top)};
  const bool drawn_whole = inside.q_sigma == at.q_sigma && inside.q == at.q;
  drawing.dot(inside, 9, drawn_whole ? "#cc0000" : "none", drawn_whole ? "#ffffff" : "#cc0000");
  double row = margin_top + frame_height + 66;
  const auto say = [&](std::string_view words, const char* weight) {
    drawing.text(margin, row, 0, words, "#cc0000", "start", weight);
    row += 19;
  };
  say(caption(exponents, found), "bold");
  if (exponents.q_a != exponents.q_w)
    say("Rates differ: drawn at their mean q = (q_a + q_w)/2; the class is that of the rates themselves.", "normal");
  if (!drawn_whole) say("It lies outside the drawing: the ring at the edge shows in which direction.", "normal");
}

}  // namespace

std::string draw_plane(const TwoLayerExponents& exponents, const TwoLayerClass& found) {
  const double width = frame_width + 2 * margin, height = margin_top + frame_height + caption_height;
  Drawing drawing;
  drawing.add(fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" font-family="sans-serif" font-size="14">
<title>Limits of two-layer networks</title>
<rect width="100%" height="100%" fill="#ffffff"/>
)",
      width, height));
  drawing.text(margin, 22, 0, "Dynamically stable limits of two-layer networks", ink, "start", "bold");
  draw_axes(drawing);
  draw_band(drawing);
  draw_lines(drawing);
  name_cells(drawing);
  draw_point(drawing, exponents, found);
  drawing.add("</svg>\n");
  return drawing.svg();
}

}  // namespace widthwise::report
