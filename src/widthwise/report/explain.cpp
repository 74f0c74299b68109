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

std::size_t column_width(const TextTable& table, std::size_t column) {
  std::size_t width = display_width(table.header[column]);
  for (const auto& row : table.rows) width = std::max(width, display_width(row[column]));
  return width;
}

// Columns `from`..`to` of a table behind its first one.
TextTable part(const TextTable& table, std::size_t from, std::size_t to) {
  const auto cut = [&](const std::vector<std::string>& cells) {
    std::vector<std::string> out = {cells.front()};
    for (std::size_t c = from; c < to; ++c) out.push_back(cells[c]);
    return out;
  };
  TextTable out{cut(table.header), {}};
  for (const auto& row : table.rows) out.rows.push_back(cut(row));
  return out;
}

// A table wider than the terminal goes on below, its first column repeated.
void append_table(std::string& out, const std::string& title, const TextTable& table, std::size_t width) {
  if (table.rows.empty()) return;
  out += "\n" + title + "\n";
  std::size_t from = 1;
  do {
    std::size_t used = 2 + column_width(table, 0), to = from;
    while (to < table.header.size() && (to == from || used + 2 + column_width(table, to) <= width))
      used += 2 + column_width(table, to++);
    out += (from > 1 ? "\n" : "") + text_table(part(table, from, to), 2);
    from = to;
  } while (from < table.header.size());
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
  append_list(out, "Theory", e.reasons, width);
  if (!e.facts.empty()) {
    std::size_t label_width = 0;
    for (const auto& [label, value] : e.facts) label_width = std::max(label_width, display_width(label));
    out += "\n";
    for (const auto& [label, value] : e.facts) {
      out += "  " + pad_right(single_line(label), label_width + 2) + single_line(value) + "\n";
    }
  }
  append_table(out, "Points", e.points, width);
  append_table(out, e.slopes_title, e.slopes, width);
  append_list(out, "Doubtful points", e.doubtful, width);
  append_list(out, "Runs left out", e.dropped, width);
  if (!e.rule.empty()) append_list(out, "Rule", {e.rule}, width);
  if (!e.advice.empty()) append_list(out, "What would decide it", {e.advice}, width);
  return out;
}

}  // namespace widthwise::report
