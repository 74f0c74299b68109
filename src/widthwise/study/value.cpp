#include "widthwise/study/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace widthwise {

namespace {

constexpr double largest_exact = 9007199254740992.0;  // 2^53

std::string number_text(double x) {
  if (!std::isfinite(x)) return std::isnan(x) ? "null" : (x > 0 ? "\"inf\"" : "\"-inf\"");  // JSON has no other
  if (x == std::floor(x) && std::abs(x) <= largest_exact) return fmt::format("{}", static_cast<std::int64_t>(x));
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  return {buffer.data(), end};
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out.append("\"");
}

struct JsonWriter {
  std::string operator()(bool x) const { return x ? "true" : "false"; }
  std::string operator()(std::int64_t x) const { return fmt::format("{}", x); }
  std::string operator()(double x) const { return number_text(x); }
  std::string operator()(const std::string& x) const { return quoted(x); }
  std::string operator()(const ValueList& x) const {
    std::string out = "[";
    for (const Value& item : x) out.append(out.size() > 1 ? "," : "").append(to_json(item));
    return out.append("]");
  }
  std::string operator()(const ValueTable& x) const {
    std::string out = "{";
    for (const Entry& entry : x)
      out.append(out.size() > 1 ? "," : "").append(quoted(entry.key)).append(":").append(to_json(entry.value));
    return out.append("}");
  }
};

}  // namespace

// Here rather than in the header, which every user of a value would otherwise compile.
Value::Value() = default;
Value::Value(Data new_data, int new_line) : data{std::move(new_data)}, line{new_line} {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

double Value::number() const {
  if (is_whole()) return static_cast<double>(whole());
  if (const auto* x = std::get_if<double>(&data)) return *x;
  return std::numeric_limits<double>::quiet_NaN();
}

const Value* find(const ValueTable& table, std::string_view key) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == table.end() ? nullptr : &found->value;
}

std::string to_json(const Value& value) {
  return std::visit(JsonWriter{}, value.data);
}

std::string to_text(const Value& value) {
  if (value.is_text()) return value.text();
  return value.is_number() && std::isinf(value.number()) ? fmt::format("{}", value.number()) : to_json(value);
}

std::string type_name(const Value& value) {
  constexpr std::array names{"true or false", "a whole number", "a number", "a text", "a list", "a table"};
  return names.at(value.data.index());
}

bool same(const Value& a, const Value& b) {
  return to_json(a) == to_json(b);
}

}  // namespace widthwise
