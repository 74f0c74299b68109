#include "widthwise/study/toml.h"

#define TOML_HEADER_ONLY 1
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr int deepest = 100;  // tables in tables; a study has at most five
constexpr int dots_of_a_line =
    1000;  // a key of more parts would be tables in tables beyond what the library's stack bears

Value convert(const toml::node& node, const std::string& file, int depth);

ValueTable convert_table(const toml::table& table, const std::string& file, int depth = 0) {
  struct Positioned {
    toml::source_position at;
    Entry entry;
  };
  std::vector<Positioned> found;  // the library sorts keys by name: put them back in order
  for (const auto& [key, node] : table) {
    // A table that was only implied by a dotted header has no place of its own; its key has.
    const toml::source_position at = key.source().begin;
    found.push_back({at, {std::string(key.str()), convert(node, file, depth + 1), static_cast<int>(at.line)}});
  }
  std::stable_sort(found.begin(), found.end(), [](const Positioned& a, const Positioned& b) {
    return a.at.line != b.at.line ? a.at.line < b.at.line : a.at.column < b.at.column;
  });
  ValueTable out;
  for (Positioned& item : found) out.push_back(std::move(item.entry));
  return out;
}

Value convert(const toml::node& node, const std::string& file, int depth) {
  const int line = static_cast<int>(node.source().begin.line);
  if (depth > deepest)
    throw ConfigError({fmt::format("{}:{}", file, line), {}}, fmt::format("at most {} tables in one another", deepest),
                      "more");
  if (const auto* table = node.as_table()) return {convert_table(*table, file, depth), line};
  if (const auto* array = node.as_array()) {
    ValueList list;
    for (const toml::node& item : *array) list.push_back(convert(item, file, depth + 1));
    return {std::move(list), line};
  }
  if (const auto x = node.as_boolean()) return {x->get(), line};
  if (const auto x = node.as_integer()) return {x->get(), line};
  if (const auto x = node.as_floating_point()) return {x->get(), line};
  if (const auto x = node.as_string()) return {x->get(), line};
  throw ConfigError({fmt::format("{}:{}", file, line), {}}, "a number, text, true or false, list or table",
                    "a date or time");
}

// Finds what the library does not bear, in what stands outside strings and comments:
// - letters beyond ASCII, for which its test for white space (3.3) runs into undefined behaviour. TOML has none there
// but
//   the byte order mark at the very beginning;
// - dotted keys of very many parts, for each of which it calls itself. A key stands in one line.
class Outside {
 public:
  Outside(std::string_view text, const std::string& file) : text_{text}, file_{file} {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  void check() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'')
        start_string(c);
      else if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else
        check_character(c);
    }
  }

 private:
  void check_character(char c) {
    ++at_;
    if (c == '\n') ++line_, dots_ = 0;
    // What ends a number for the library ends any word; a key or the start of a list ends by more.
    constexpr std::string_view ends = " \t\r\n,]}", more_ends = "=[{";
    if (ends.find(c) != ends.npos || (!in_number() && more_ends.find(c) != more_ends.npos))
      word_ = 0;
    else if (word_ == 0)
      word_ = c;
    if (c == '.' && ++dots_ > dots_of_a_line) fail(fmt::format("at most {} dots in a line", dots_of_a_line), "more");
    if (static_cast<unsigned char>(c) >= 0x80)
      fail("TOML", "a letter beyond ASCII outside of quotes", "texts, and keys with such letters, stand in quotes");
  }

  bool in_number() const { return std::isdigit(static_cast<unsigned char>(word_)) || word_ == '+' || word_ == '-'; }

  // Looking for the end of a number the library reads on through quotes, where it must not meet such letters either.
  void start_string(char quote) {
    if (in_number()) fail("TOML", "a quote inside of a number");
    if (word_ == 0) word_ = quote;
    pass_string(quote);
  }

  // Past "...", '...', """...""" or '''...'''; those of one quote end with their line at the latest.
  void pass_string(char quote) {
    const std::string triple(3, quote);
    const bool long_one = text_.substr(at_, 3) == triple;
    at_ += long_one ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n' && !long_one) return;
      if (c == '\n') ++line_;
      if (c == '\\' && quote == '"') {
        pass_escape();
      } else if (c == quote && !long_one) {
        ++at_;
        return;
      } else if (c == quote && text_.substr(at_, 3) == triple) {
        // Up to two more belong to the text: """"quoted"""" ends with four.
        for (int i = 0; i < 5 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
        return;
      }
    }
  }

  // To the last character of an escape. A backslash takes the white space behind it away, line ends included; what
  // comes then is tested for being white space, too.
  void pass_escape() {
    const std::size_t next = std::min(text_.find_first_not_of(" \t\r\n", at_ + 1), text_.size());
    if (next < text_.size() && static_cast<unsigned char>(text_[next]) >= 0x80)
      fail("TOML", "a letter beyond ASCII behind a backslash");
    const std::string_view space = text_.substr(at_ + 1, next - at_ - 1);
    line_ += static_cast<int>(std::count(space.begin(), space.end(), '\n'));
    at_ = space.empty() ? next : next - 1;
  }

  [[noreturn]] void fail(const std::string& expected, const std::string& got, const std::string& hint = {}) const {
    throw ConfigError({fmt::format("{}:{}", file_, line_), {}}, expected, got, hint);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  int line_ = 1, dots_ = 0;
  char word_ = 0;  // the first character of the word under way; 0 between words
};

}  // namespace

ValueTable parse_toml(std::string_view text, const std::string& file) {
  Outside(text, file).check();
  try {
    return convert_table(toml::parse(text), file);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    throw ConfigError({fmt::format("{}:{}:{}", file, at.line, at.column), {}}, "TOML",
                      fmt::format("a syntax error: {}", error.description()));
  }
}

Value parse_toml_value(const std::string& text) {
  const std::string place = "command line";
  try {
    Outside(text, place).check();
    const toml::table table = toml::parse("x = " + text);
    const toml::node* const node = table.get("x");
    if (table.size() == 1 && node != nullptr) {
      Value value = convert(*node, place, 0);
      value.line = command_line;
      return value;
    }
  } catch (const toml::parse_error&) {  // a bare word
  } catch (const ConfigError&) {        // a date, letters beyond ASCII: taken as the text it is
  }
  return {text, command_line};
}

}  // namespace widthwise
