// A value of a study file, free of any TOML or JSON type: a switch, a whole number, a real number, a text, a list or a
// table, each with the line it was written on, so that an error can name it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace widthwise {

struct Value;
struct Entry;

/// Values in the order written.
using ValueList = std::vector<Value>;
/// Keys and values in the order written.
using ValueTable = std::vector<Entry>;

/// The line of a value that was given on the command line.
inline constexpr int command_line = -1;

struct Value {
  using Data = std::variant<bool, std::int64_t, double, std::string, ValueList, ValueTable>;
  Data data;
  int line = 0;  // 1-based; 0 for a value that stands in no file (a default)

  Value();
  Value(Data new_data, int new_line = 0);
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  bool is_switch() const { return std::holds_alternative<bool>(data); }
  bool is_whole() const { return std::holds_alternative<std::int64_t>(data); }
  bool is_number() const { return is_whole() || std::holds_alternative<double>(data); }
  bool is_text() const { return std::holds_alternative<std::string>(data); }
  bool is_list() const { return std::holds_alternative<ValueList>(data); }
  bool is_table() const { return std::holds_alternative<ValueTable>(data); }
  bool is_scalar() const { return !is_list() && !is_table(); }

  /// The number as a double; NaN for anything that is no number.
  double number() const;
  /// @throws std::bad_variant_access for another type, as for the three below.
  const std::string& text() const { return std::get<std::string>(data); }
  std::int64_t whole() const { return std::get<std::int64_t>(data); }
  const ValueList& list() const { return std::get<ValueList>(data); }
  const ValueTable& table() const { return std::get<ValueTable>(data); }
};

struct Entry {
  std::string key;
  Value value;
  int line = 0;  // of the key
};

/// The member called `key`, or null.
const Value* find(const ValueTable& table, std::string_view key);

/// As JSON would write it: numbers shortest (32, 0.001), texts in quotes, lists in brackets. Real numbers that happen
/// to be whole are written as whole numbers, so that 1.0 and 1 are one value.
std::string to_json(const Value& value);
/// For a legend, a table or a message: as to_json, texts without quotes.
std::string to_text(const Value& value);
/// "a whole number", "a number", "a text", "true or false", "a list", "a table".
std::string type_name(const Value& value);

/// Whether two values are the same, lines apart; 1 equals 1.0.
bool same(const Value& a, const Value& b);

}  // namespace widthwise
