// Every setting a run can have: the one table behind checks, defaults, `widthwise list` and `widthwise new`.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/study/value.h"

namespace widthwise {

struct KeySpec {
  enum class Type {
    whole,   // a whole number, or an expression for one
    number,  // a number, or an expression for one
    text,
    toggle,  // true or false
    names,   // a list of texts
    wholes,  // a list of whole numbers
    numbers  // a list of numbers
  };
  std::string key;  // "architecture.width"
  Type type = Type::number;
  std::string sentence;
  Value standard{};  // the default, unless one of the next three holds
  bool required = false;
  bool optional = false;  // may be left unset: standard is the text "none"
  std::string inherits;   // the key whose value is the default
  // The default where `standard_key` has one of these values: labels depend on the data set.
  std::string standard_key;
  std::map<std::string, Value> standards;
  // Numbers: the range; the ends themselves may be left out.
  double lowest = -std::numeric_limits<double>::infinity(), highest = std::numeric_limits<double>::infinity();
  bool above_lowest = false, below_highest = false;
  bool infinite = false;             // "inf" is a number too
  std::string limit_reason;          // why there is a limit, for the message of who crosses it
  std::vector<std::string> choices;  // texts and names: the allowed ones; empty for any
  // The key decides the result only where `relevant_key` has (or, if `unless`, has not) one of `relevant_values`;
  // elsewhere it is left out of a run's identity.
  std::string relevant_key;
  std::vector<std::string> relevant_values;
  bool unless = false;
  bool shorthand = false;  // says nothing that other keys do not say: never part of an identity
  // Part of an identity only where it is not at its default: a key that came later leaves recorded runs what they are.
  bool later = false;
  bool ordered = false;       // a list whose order matters; others are sorted, each item once
  bool may_be_empty = false;  // a list of texts: of none too

  bool numeric() const { return type == Type::whole || type == Type::number; }
  bool takes_list() const { return type == Type::names || type == Type::wholes || type == Type::numbers; }
  /// The last part of the key: "width".
  std::string short_name() const { return key.substr(key.rfind('.') + 1); }
};

/// All keys, section by section; built once.
const std::vector<KeySpec>& known_keys();
bool is_known_key(std::string_view key);
/// @throws ConfigError (key only) with the nearest known key.
const KeySpec& key_spec(std::string_view key);
std::vector<std::string> key_names();
/// What an unknown key may have been meant for, in words.
std::string unknown_key_hint(std::string_view key);

/// What is expected under a key, in words: "a whole number from 1 to 16777216".
std::string expectation(const KeySpec& spec);

/// Checks type, range and choices of an evaluated value and gives it back in its canonical form (whole numbers whole,
/// other numbers double, unset ones the text "none"). @throws ConfigError (key only).
Value check_setting(const KeySpec& spec, const Value& value);

/// Whether a key decides the result, given the other settings.
bool is_relevant(const KeySpec& spec, const std::map<std::string, Value>& settings);

}  // namespace widthwise
