#include "widthwise/report/csv.h"

#include <cmath>

#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string field(double value) {
  return exact_number(value, "");
}

std::string place(double x) {
  return std::isinf(x) ? "inf" : field(x);
}

std::string name_of(const Series& series) {
  if (!series.fit) return series.label;
  return series.label.empty() ? "fit" : series.label + " fit";
}

template <class... Fields>
void append_line(std::string& csv, const Fields&... fields) {
  ((csv += field(fields), csv += ','), ...);
  csv.back() = '\n';
}

void append_panel(std::string& csv, const std::string& row, const std::string& column, const Panel& panel) {
  for (const Series& s : panel.series) {
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const double missing = std::numeric_limits<double>::quiet_NaN();
      append_line(csv, row, column, name_of(s), s.color_value, place(s.x[i]), s.y[i],
                  s.low.empty() ? missing : s.low[i], s.high.empty() ? missing : s.high[i]);
    }
  }
  const Grid& g = panel.grid;
  for (std::size_t k = 0; k < g.z.size(); ++k) {
    append_line(csv, row, column, g.x[k % g.x.size()], g.y[k / g.x.size()], g.z[k]);
  }
}

}  // namespace

std::string figure_csv(const Figure& figure) {
  check_figure(figure);
  std::string csv = figure.kind == Kind::lines ? "row,column,series,color,x,y,low,high\n" : "row,column,x,y,z\n";
  for (std::size_t r = 0; r < figure.rows.size(); ++r) {
    for (std::size_t c = 0; c < figure.columns.size(); ++c) {
      append_panel(csv, figure.rows[r], figure.columns[c], figure.panel(r, c));
    }
  }
  return csv;
}

}  // namespace widthwise::report
