#include "widthwise/study/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/study/expression.h"
#include "widthwise/study/schema.h"

namespace widthwise {

namespace {

std::string described(const Value& value) {
  return value.is_text() ? fmt::format("the text '{}'", value.text())
                         : fmt::format("{} {}", type_name(value), to_json(value));
}

bool is_section(const std::string& path) {
  return std::ranges::any_of(known_keys(), [&](const KeySpec& spec) { return spec.key.starts_with(path + "."); });
}

void add_flat(const Entry& entry, const std::string& path, const std::string& file, ValueTable& out) {
  if (is_known_key(path)) {
    if (find(out, path) != nullptr)
      throw ConfigError({file_and_line(file, entry.line), path}, "one value", "a second one");
    out.push_back({path, entry.value, entry.line});
    return;
  }
  if (!entry.value.is_table() || !is_section(path)) {
    if (is_section(path))
      throw ConfigError({file_and_line(file, entry.line), path}, "a table of settings", described(entry.value));
    throw ConfigError({file_and_line(file, entry.line), path}, "a known key", fmt::format("'{}'", path),
                      unknown_key_hint(path));
  }
  for (const Entry& inner : entry.value.table()) add_flat(inner, path + "." + inner.key, file, out);
}

}  // namespace

std::string file_and_line(const std::string& file, int line) {
  if (line == command_line) return "command line";
  return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

ValueTable flatten(const ValueTable& table, const std::string& file, const std::string& prefix) {
  ValueTable out;
  for (const Entry& entry : table) add_flat(entry, prefix.empty() ? entry.key : prefix + "." + entry.key, file, out);
  return out;
}

Fields::Fields(const ValueTable& table, std::string kind, std::string file, int line)
    : table_{table}, kind_{std::move(kind)}, file_{std::move(file)}, line_{line} {}

const Value* Fields::get(const std::string& name) {
  known_.push_back(name);
  return find(table_, name);
}

std::string Fields::required_text(const std::string& name) {
  const std::string value = text(name);
  if (value.empty()) fail(name, "a text", find(table_, name) == nullptr ? "nothing" : "an empty one");
  return value;
}

std::string Fields::text(const std::string& name, const std::string& otherwise) {
  const Value* const value = get(name);
  if (value == nullptr) return otherwise;
  if (!value->is_text()) fail(name, "a text", described(*value));
  return value->text();
}

std::string Fields::choice(const std::string& name, const std::vector<std::string>& choices,
                           const std::string& otherwise) {
  const std::string value = text(name, otherwise);
  if (std::ranges::find(choices, value) != choices.end()) return value;
  std::string all;
  for (const std::string& one : choices) all += (all.empty() ? "" : ", ") + (one.empty() ? std::string("\"\"") : one);
  fail(name, "one of " + all, fmt::format("'{}'", value), unknown_name_hint(value, choices));
}

std::vector<std::string> Fields::texts(const std::string& name) {
  const Value* const value = get(name);
  if (value == nullptr) return {};
  if (value->is_text()) return {value->text()};
  if (!value->is_list()) fail(name, "a text or a list of texts", described(*value));
  std::vector<std::string> out;
  for (const Value& item : value->list()) {
    if (!item.is_text()) fail(name, "a list of texts", described(item));
    out.push_back(item.text());
  }
  return out;
}

std::optional<double> Fields::number(const std::string& name) {
  const Value* const value = get(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->number();
  if (!value->is_text()) fail(name, "a number", described(*value));
  try {
    return evaluate_constant(value->text(), kind_ + "." + name);
  } catch (const ConfigError& error) {
    throw error.in_file(file_and_line(file_, value->line));
  }
}

bool Fields::toggle(const std::string& name) {
  const Value* const value = get(name);
  if (value == nullptr) return false;
  if (!value->is_switch()) fail(name, "true or false", described(*value));
  return std::get<bool>(value->data);
}

Where Fields::where(const std::string& name) {
  const Value* const value = get(name);
  if (value == nullptr) return {};
  if (!value->is_table()) fail(name, "a table such as { \"architecture.width\" = 64 }", described(*value));
  Where out;
  for (const Entry& entry : flatten(value->table(), file_)) {
    if (entry.value.is_table()) fail(name, "a value or a list of values", described(entry.value));
    out.emplace_back(entry.key, entry.value.is_list() ? entry.value.list() : ValueList{entry.value});
  }
  return out;
}

void Fields::done() const {
  for (const Entry& entry : table_)
    if (std::ranges::find(known_, entry.key) == known_.end())
      throw ConfigError({file_and_line(file_, entry.line), kind_ + "." + entry.key}, "a known key",
                        fmt::format("'{}'", entry.key), unknown_name_hint(entry.key, known_));
}

void Fields::fail(const std::string& name, const std::string& expected, const std::string& got,
                  const std::string& hint) const {
  const Value* const value = find(table_, name);
  const int line = value != nullptr && value->line > 0 ? value->line : line_;
  throw ConfigError({file_and_line(file_, line), kind_ + "." + name}, expected, got, hint);
}

}  // namespace widthwise
