// A figure ready to draw: numbers and labels only, no knowledge of studies or stores. Panels form a grid of small
// multiples (rows x columns) that share their axes; each holds lines with bands, or one heat map. The writers
// (plotly_json.h, csv.h, gnuplot.h) turn it into files. A value that was not measured is NaN and is drawn as a gap.
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace widthwise::report {

/// One line. x, y have one entry a point, in drawing order; low, high are the band around y, or empty without one. The
/// x of a value at infinite width is infinity: it stands beyond the others, at a tick of its own (axis.h).
struct Series {
  std::string label;        ///< legend text; series of the same label share a legend entry, also across panels
  std::string color_value;  ///< series of the same value share a colour
  double color_number = std::numeric_limits<double>::quiet_NaN();  ///< the value as a number; NaN for a name
  int dash = 0;  ///< 0 solid, 1 dashed, 2 dotted, 3 dash-dotted (then again from 0): tells quantities apart
  std::vector<double> x, y, low, high;
  bool bars = false;  ///< low, high are error bars of the points
  bool fit = false;   ///< a fitted curve: thin and dashed, without points; it is no measurement
  bool mark = false;  ///< points that stand out, such as optima: diamonds without a line, and no ticks of their own
};

/// A heat map: z[j * x.size() + i] belongs to (x[i], y[j]); x and y grow strictly.
struct Grid {
  std::vector<double> x, y, z;
};

struct Panel {
  std::vector<Series> series;  ///< for Kind::lines
  Grid grid;                   ///< for Kind::heatmap
};

enum class Kind { lines, heatmap };

struct Figure {
  std::string name;  ///< short; the stem of its files
  std::string title;
  std::string note;  ///< a sentence or two under the figure; may be empty
  Kind kind = Kind::lines;
  std::string x_label, y_label;
  std::string color_label;  ///< title of the legend (lines) or of the colour bar (heat map)
  bool log_x = false, log_y = false, log_color = false;
  std::vector<std::string> columns = {""};  ///< title of each column of panels; at least one, may be empty text
  std::vector<std::string> rows = {""};     ///< title of each row of panels; at least one, may be empty text
  std::vector<Panel> panels;                ///< panels[row * columns.size() + column]

  const Panel& panel(std::size_t row, std::size_t column) const { return panels[row * columns.size() + column]; }
};

/// @throws ShapeError where panels, series or grids do not have the sizes documented above.
void check_figure(const Figure& figure);

/// True where the figure has at least one point that can be drawn on its axes.
bool has_points(const Figure& figure);

/// Measured (finite) values that the log axes cannot show because they are zero or negative.
std::size_t points_hidden_by_log(const Figure& figure);

/// Cell borders around `centers`: one more than centers, halfway between neighbours (in the logarithm on a log axis).
std::vector<double> cell_edges(const std::vector<double>& centers, bool log);

}  // namespace widthwise::report
