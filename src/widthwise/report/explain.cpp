#include "widthwise/report/explain.h"

#include <algorithm>

#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

void append_wrapped(std::string& out, const std::string& text, std::size_t width, const std::string& indent) {
  for (const std::string& line : wrap(single_line(text), width - std::min(width - 1, indent.size()))) {
    out += indent + line + "\n";
  }
}

void append_table(std::string& out, const std::string& title, const TextTable& table) {
  if (!table.rows.empty()) out += "\n" + title + "\n" + text_table(table, 2);
}

void append_list(std::string& out, const std::string& title, const std::vector<std::string>& items, std::size_t width) {
  if (!items.empty()) out += "\n" + title + "\n";
  for (const std::string& item : items) append_wrapped(out, item, width, "  ");
}

}  // namespace

std::string text_table(const TextTable& table, std::size_t indent) {
  std::vector<std::vector<std::string>> lines = {table.header};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  std::vector<std::size_t> widths(table.header.size(), 0);
  for (auto& cells : lines) {
    cells.resize(widths.size());
    for (std::size_t c = 0; c < widths.size(); ++c) {
      cells[c] = single_line(cells[c]);
      widths[c] = std::max(widths[c], display_width(cells[c]));
    }
  }
  std::string out;
  for (const auto& cells : lines) {
    std::string line(indent, ' ');
    for (std::size_t c = 0; c < widths.size(); ++c) line += pad_right(cells[c], widths[c] + 2);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string explain(const VerdictRow& row, std::size_t width) {
  const Explanation& e = row.explanation;
  std::string out;
  append_wrapped(out, row.name + ": " + mark_word(row.mark), width, "");
  if (!row.remark.empty()) append_wrapped(out, row.remark, width, "  ");
  if (!e.claim.empty()) append_wrapped(out, e.claim, width, "  ");
  if (!e.facts.empty()) {
    std::size_t label_width = 0;
    for (const auto& [label, value] : e.facts) label_width = std::max(label_width, display_width(label));
    out += "\n";
    for (const auto& [label, value] : e.facts) {
      out += "  " + pad_right(single_line(label), label_width + 2) + single_line(value) + "\n";
    }
  }
  append_table(out, "Points", e.points);
  append_table(out, "Slope of each seed", e.slopes);
  append_list(out, "Doubtful points", e.doubtful, width);
  append_list(out, "Runs left out", e.dropped, width);
  if (!e.rule.empty()) append_list(out, "Rule", {e.rule}, width);
  if (!e.advice.empty()) append_list(out, "What would decide it", {e.advice}, width);
  return out;
}

}  // namespace widthwise::report
