// Every setting a run can have: the one table behind checks, defaults, `widthwise list keys` and `widthwise new`.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/study/value.h"

namespace widthwise {

struct KeySpec {
  enum class Type { whole, number, text, toggle, names, times };
  std::string key;  // "architecture.width"
  Type type = Type::number;
  Value standard;  // the default; unused if required
  bool required = false;
  std::string sentence;
  // Numbers: the range, and whether the lower end itself is excluded.
  double lowest = -std::numeric_limits<double>::infinity(), highest = std::numeric_limits<double>::infinity();
  bool above_lowest = false;
  std::vector<std::string> choices;  // texts: the allowed ones; empty for any
  bool optional_number = false;      // a number that may be left unset ("none")
};

/// All keys in the order of the template; built once.
const std::vector<KeySpec>& known_keys();
/// @throws ConfigError (key only) with the nearest known key.
const KeySpec& key_spec(std::string_view key);
bool is_known_key(std::string_view key);
std::vector<std::string> key_names();

/// Checks type, range and choices of an evaluated value and gives it back in its canonical form (whole numbers whole,
/// numbers as double). @throws ConfigError with the key, what is expected and what came.
Value check_setting(const KeySpec& spec, const Value& value);

/// What is expected under a key, in words: "a whole number from 1 to 16777216".
std::string expectation(const KeySpec& spec);

}  // namespace widthwise
