#include "widthwise/study/toml.h"

#define TOML_HEADER_ONLY 1
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

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

// The library calls itself for every part of a dotted key, whose number it does not limit; a key stands in one line.
void check_dots(std::string_view text, const std::string& file) {
  int line = 1, dots = 0;
  for (const char c : text) {
    if (c == '\n') ++line, dots = 0;
    if (c == '.' && ++dots > dots_of_a_line)
      throw ConfigError({fmt::format("{}:{}", file, line), {}},
                        fmt::format("at most {} dots in a line", dots_of_a_line), "more");
  }
}

}  // namespace

ValueTable parse_toml(std::string_view text, const std::string& file) {
  check_dots(text, file);
  try {
    return convert_table(toml::parse(text), file);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    throw ConfigError({fmt::format("{}:{}:{}", file, at.line, at.column), {}}, "TOML",
                      fmt::format("a syntax error: {}", error.description()));
  }
}

Value parse_toml_value(const std::string& text) {
  try {
    check_dots(text, "command line");
    const toml::table table = toml::parse("x = " + text);
    const toml::node* const node = table.get("x");
    if (table.size() == 1 && node != nullptr) {
      Value value = convert(*node, "command line", 0);
      value.line = command_line;
      return value;
    }
  } catch (const toml::parse_error&) {  // a bare word
  } catch (const ConfigError&) {        // a date: taken as the text it is
  }
  return {text, command_line};
}

}  // namespace widthwise
