#include "widthwise/data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "widthwise/base/error.h"
#include "widthwise/data/inflate.h"

namespace widthwise {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::array delimiters = {',', ';', '\t'};  // the first of equally frequent ones is taken
constexpr std::size_t longest_shown = 40;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string shown(std::string_view text) {
  return text.empty() ? "an empty cell"
                      : fmt::format("'{}{}'", text.substr(0, longest_shown), text.size() > longest_shown ? "..." : "");
}

char find_delimiter(std::string_view text) {
  std::array<std::size_t, delimiters.size()> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) break;
    for (std::size_t d = 0; d < delimiters.size(); ++d) counts[d] += !quoted && c == delimiters[d];
  }
  return delimiters[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

struct Cell {
  std::string_view text;  // in the file, or in the reader's scratch; valid until the next cell
  std::int64_t offset = 0, line = 0;
  bool last = false;  // of its record
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : text_(text), path_(path) {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff"))
      throw DataError(path_, 0, "text in UTF-8", "UTF-16", "save the table as UTF-8");
    delimiter_ = find_delimiter(text_.substr(at_));
  }

  /// Whether another record begins here; blank lines at the end are no records.
  bool more() const { return text_.find_first_not_of("\r\n", at_) != std::string_view::npos; }
  std::int64_t line() const { return line_; }
  std::int64_t offset() const { return static_cast<std::int64_t>(at_); }

  Cell next(Index column) {
    Cell cell{{}, offset(), line_, false};
    cell.text = at_ < text_.size() && text_[at_] == '"' ? quoted(column) : plain(column);
    for (const char c : cell.text)
      if (static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r')
        fail(cell, column, "text", "a control character");
    cell.last = !at(delimiter_);
    if (!cell.last)
      ++at_;
    else
      end_line();
    return cell;
  }

  [[noreturn]] void fail(const Cell& cell, Index column, const std::string& expected, const std::string& got,
                         const std::string& hint = {}, const std::string& name = {}) const {
    throw DataError(path_, cell.offset, fmt::format("{} (line {}, column {}{})", expected, cell.line, column + 1, name),
                    got, hint);
  }

 private:
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool at_end_of_cell() const { return at_ >= text_.size() || at(delimiter_) || at('\n') || at('\r'); }

  std::string_view plain(Index column) {
    const std::size_t start = at_;
    while (!at_end_of_cell()) {
      if (text_[at_] == '"')
        fail({{}, offset(), line_, false}, column, "quotes around the whole cell, inner ones doubled",
             "a quote inside a cell");
      ++at_;
    }
    return trimmed(text_.substr(start, at_ - start));
  }

  std::string_view quoted(Index column) {
    const Cell here{{}, offset(), line_, false};
    scratch_.clear();
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) fail(here, column, "a closing quote", "the end of the file");
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '"' && !(at_ + 1 < text_.size() && text_[at_ + 1] == '"')) break;
      if (text_[at_] == '"') ++at_;
      scratch_ += text_[at_];
    }
    ++at_;
    if (!at_end_of_cell())
      fail({{}, offset(), line_, false}, column, "a delimiter behind the closing quote", shown(text_.substr(at_, 1)));
    return scratch_;
  }

  void end_line() {
    if (at('\r')) {
      ++at_;
      if (at('\n')) ++at_;
    } else if (at('\n')) {
      ++at_;
    }
    ++line_;
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
  char delimiter_ = ',';
  std::string scratch_;
};

CsvTable::Cell kept(const Cell& cell) {
  return {std::string(cell.text), cell.offset, cell.line};
}

// The position of the column asked for: by name where there are names, then by number from 1.
Index target_column(const std::vector<CsvTable::Cell>& first, bool named, const std::string& asked,
                    const std::string& path) {
  const auto count = static_cast<Index>(first.size());
  if (asked.empty()) return count - 1;
  if (named) {
    const auto found = std::ranges::find(first, asked, &CsvTable::Cell::text);
    if (found != first.end()) {
      if (std::find_if(found + 1, first.end(), [&](const auto& cell) { return cell.text == asked; }) != first.end())
        throw ConfigError({"", "data.target"}, "a name that one column bears", "'" + asked + "', which several do");
      return found - first.begin();
    }
  }
  Index number = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), number);
  if (error == std::errc{} && end == asked.data() + asked.size() && number >= 1 && number <= count) return number - 1;
  std::vector<std::string> names;
  for (const auto& cell : first) names.push_back(cell.text);
  throw ConfigError({"", "data.target"}, fmt::format("the name of a column of {}, or its number, 1 to {}", path, count),
                    "'" + asked + "'", named ? unknown_name_hint(asked, names) : "the file has no header");
}

// Is the first record a header, as far as it shows by itself?
bool looks_named(const std::vector<CsvTable::Cell>& first, const CsvOptions& options, const std::string& path) {
  if (options.header != "auto") return options.header == "yes";
  const auto is_asked = [&](const CsvTable::Cell& cell) { return cell.text == options.target; };
  if (!options.target.empty() && std::ranges::any_of(first, is_asked) && std::isnan(cell_number(options.target)))
    return true;
  const Index target = target_column(first, true, options.target, path);
  for (Index c = 0; c < static_cast<Index>(first.size()); ++c) {
    const std::string& text = first[static_cast<std::size_t>(c)].text;
    if (c != target && (text.empty() || !std::isnan(cell_number(text)))) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& path, const CsvOptions& options)
      : reader_(text, path), options_(options) {
    table_.path = path;
    if (options.header != "auto" && options.header != "yes" && options.header != "no")
      throw ConfigError({"", "data.header"}, "auto, yes or no", options.header,
                        unknown_name_hint(options.header, {"auto", "yes", "no"}));
  }

  CsvTable operator()() {
    if (!reader_.more()) throw DataError(table_.path, 0, "a table", "an empty file");
    read_first();
    while (reader_.more()) read_row();
    const auto rows = static_cast<Index>(table_.targets.size());
    if (rows == 0) throw DataError(table_.path, reader_.offset(), "rows of numbers", "none below the header");
    table_.inputs = Eigen::Map<const Matrix<double>>(values_.data(), rows, columns_ - 1);
    drop_late_header();
    return std::move(table_);
  }

 private:
  void read_first() {
    std::vector<CsvTable::Cell> first;
    for (bool last = false; !last;) {
      const Cell cell = reader_.next(static_cast<Index>(first.size()));
      first.push_back(kept(cell));
      last = cell.last;
    }
    columns_ = static_cast<Index>(first.size());
    if (columns_ < 2)
      throw DataError(table_.path, 0, "at least two columns, parted by commas, semicolons or tabs", "one");
    const bool named = looks_named(first, options_, table_.path);
    table_.target = target_column(first, named || options_.header == "auto", options_.target, table_.path);
    if (named) return name_columns(first);
    first_ = first;
    for (Index c = 0; c < columns_; ++c) {
      const CsvTable::Cell& cell = first[static_cast<std::size_t>(c)];
      take({cell.text, cell.offset, cell.line, false}, c);
    }
  }

  void name_columns(const std::vector<CsvTable::Cell>& cells) {
    for (const CsvTable::Cell& cell : cells) table_.columns.push_back(cell.text);
  }

  void read_row() {
    for (Index column = 0;; ++column) {
      const Cell cell = reader_.next(column);
      if (column >= columns_)
        reader_.fail(cell, column, fmt::format("the end of the line after {} columns, as in the first line", columns_),
                     "another cell");
      if (cell.last && column + 1 < columns_)
        reader_.fail(cell, column, fmt::format("{} columns, as in the first line", columns_),
                     cell.text.empty() && column == 0 ? "an empty line" : fmt::format("{}", column + 1));
      take(cell, column);
      if (cell.last) return;
    }
  }

  void take(const Cell& cell, Index column) {
    if (cell.text.empty()) reader_.fail(cell, column, "a value", "an empty cell", {}, name_of(column));
    if (column == table_.target) {
      table_.targets.push_back(kept(cell));
      return;
    }
    const double number = cell_number(cell.text);
    if (!std::isfinite(number)) refuse(cell, column);
    values_.push_back(number);
  }

  std::string name_of(Index column) const {
    return table_.columns.empty() ? "" : " '" + table_.columns[static_cast<std::size_t>(column)] + "'";
  }

  [[noreturn]] void refuse(const Cell& cell, Index column) const {
    const bool first = table_.targets.empty() && values_.size() < static_cast<std::size_t>(columns_);
    const std::string text(cell.text);
    const bool decimal_comma = std::ranges::count(text, ',') == 1 && text.find('.') == std::string::npos;
    std::string hint;
    if (decimal_comma && std::isfinite(cell_number(std::string(text).replace(text.find(','), 1, "."))))
      hint = "decimals are written with a point";
    else if (first && table_.columns.empty() && cell.line == 1)
      hint = "where the first line is a header, data.header = \"yes\" says so";
    reader_.fail(cell, column, "a finite number", shown(text), hint, name_of(column));
  }

  // Names that are numbers, "0,1,2,target", show only once all rows were seen.
  void drop_late_header() {
    if (options_.header != "auto" || !table_.columns.empty() || table_.targets.size() < 2) return;
    const auto is_number = [](const CsvTable::Cell& cell) { return !std::isnan(cell_number(cell.text)); };
    if (is_number(table_.targets.front()) || !std::all_of(table_.targets.begin() + 1, table_.targets.end(), is_number))
      return;
    name_columns(first_);
    table_.targets.erase(table_.targets.begin());
    table_.inputs = table_.inputs.bottomRows(table_.inputs.rows() - 1).eval();
  }

  Reader reader_;
  const CsvOptions& options_;
  Index columns_ = 0;
  std::vector<double> values_;
  std::vector<CsvTable::Cell> first_;
  CsvTable table_;
};

}  // namespace

double cell_number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number = error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
  return number ? value : std::numeric_limits<double>::quiet_NaN();
}

CsvTable parse_csv(std::span<const std::uint8_t> bytes, const std::string& path, const CsvOptions& options) {
  const bool gzip = bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
  std::vector<std::uint8_t> inflated;
  if (gzip) inflated = unpacked(bytes, path, largest_csv_file);
  const std::span<const std::uint8_t> plain = gzip ? std::span<const std::uint8_t>(inflated) : bytes;
  return Parser({reinterpret_cast<const char*>(plain.data()), plain.size()}, path, options)();
}

void CsvTable::refuse_target(std::size_t row, const std::string& expected, const std::string& hint) const {
  const Cell& cell = targets.at(row);
  const std::string name = columns.empty() ? "" : " '" + columns[static_cast<std::size_t>(target)] + "'";
  throw DataError(path, cell.offset, fmt::format("{} (line {}, column {}{})", expected, cell.line, target + 1, name),
                  shown(cell.text), hint);
}

}  // namespace widthwise
