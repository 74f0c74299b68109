#include "widthwise/report/verdict_table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

constexpr std::size_t narrowest_name = 16, gap = 2;

const char* ansi_color(Mark mark) {
  switch (mark) {
    case Mark::agrees:
      return "\033[32m";
    case Mark::disagrees:
      return "\033[31m";
    case Mark::undecided:
      return "\033[33m";
    case Mark::waiting:
      break;
  }
  return "\033[2m";
}

struct Columns {
  std::size_t verdict = 10, name = 10, predicted = 9, measured = 23;
};

Columns fit(const std::vector<VerdictRow>& verdicts, std::size_t width) {
  Columns columns;
  for (const VerdictRow& row : verdicts) {
    columns.name = std::max(columns.name, display_width(row.name));
    columns.predicted = std::max(columns.predicted, display_width(row.predicted));
    columns.measured = std::max(columns.measured, display_width(row.measured));
  }
  const std::size_t others = columns.verdict + columns.predicted + columns.measured + 3 * gap;
  const std::size_t left = width > others ? width - others : 0;
  columns.name = std::min(columns.name, std::max(left, narrowest_name));
  return columns;
}

void append_line(std::string& out, const std::string& line) {
  out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

TableStyle style_for(int file_descriptor) {
  TableStyle style;
  if (isatty(file_descriptor) == 0) return style;
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
  style.color = std::getenv("NO_COLOR") == nullptr;
  return style;
}

std::string verdict_table(const std::vector<VerdictRow>& verdicts, const TableStyle& style) {
  if (verdicts.empty()) return "";
  const Columns columns = fit(verdicts, style.width);
  const std::string space(gap, ' ');
  const std::string indent(columns.verdict + gap, ' ');
  std::string out;
  append_line(out, pad_right("verdict", columns.verdict) + space + pad_right("prediction", columns.name) + space +
                       pad_right("predicted", columns.predicted) + space + "measured [95% interval]");
  for (const VerdictRow& row : verdicts) {
    const std::vector<std::string> name = wrap(single_line(row.name), columns.name);
    std::string word = pad_right(mark_word(row.mark), columns.verdict);
    if (style.color) word = ansi_color(row.mark) + word + "\033[0m";
    append_line(out, word + space + pad_right(name.front(), columns.name) + space +
                         pad_right(single_line(row.predicted), columns.predicted) + space + single_line(row.measured));
    for (std::size_t i = 1; i < name.size(); ++i) append_line(out, indent + name[i]);
    if (row.remark.empty()) continue;
    const std::size_t room = std::max(style.width, indent.size() + narrowest_name + 4) - indent.size() - 2;
    for (const std::string& line : wrap(single_line(row.remark), room)) append_line(out, indent + "  " + line);
  }
  return out + verdict_count(verdicts) + "\n";
}

}  // namespace widthwise::report
