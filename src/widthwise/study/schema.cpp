#include "widthwise/study/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

std::string list_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

// "from 1 to 10", "above 0", "at most 5"; empty without bounds.
std::string range_text(const KeySpec& spec) {
  const bool low = std::isfinite(spec.lowest), high = std::isfinite(spec.highest);
  const std::string from = to_text({spec.lowest, 0}), to = to_text({spec.highest, 0});
  if (low && high && !spec.above_lowest && !spec.below_highest) return fmt::format(" from {} to {}", from, to);
  std::string out;
  if (low) out = fmt::format(" {} {}", spec.above_lowest ? "above" : "of at least", from);
  if (high) out += fmt::format("{} {} {}", low ? " and" : "", spec.below_highest ? "below" : "of at most", to);
  return out;
}

[[noreturn]] void refuse(const KeySpec& spec, const Value& got, const std::string& hint = {}) {
  const bool odd = got.is_number() && !std::isfinite(got.number());
  const std::string text = got.is_text() ? fmt::format("'{}'", got.text())
                           : odd         ? fmt::format("{}", got.number())
                                         : to_json(got);
  throw ConfigError({{}, spec.key}, expectation(spec),
                    got.is_scalar() ? text : fmt::format("{} {}", type_name(got), text), hint);
}

Value check_number(const KeySpec& spec, const Value& value) {
  if (spec.optional && value.is_text() && value.text() == "none") return value;
  if (!value.is_number()) refuse(spec, value);
  double x = value.number();
  if (spec.type == KeySpec::Type::whole) {
    const double whole = std::round(x);
    // An expression such as sqrt(4096) may miss its whole number by rounding.
    if (!std::isfinite(x) || std::abs(x - whole) > 1e-9 * std::max(1.0, std::abs(x))) refuse(spec, value);
    x = whole;
  }
  const bool low = spec.above_lowest ? x > spec.lowest : x >= spec.lowest;
  const bool high = spec.below_highest ? x < spec.highest : x <= spec.highest;
  if (!(std::isfinite(x) || (spec.infinite && x > 0)) || !low || !high)
    refuse(spec, value, x > spec.highest ? spec.limit_reason : "");
  if (spec.type == KeySpec::Type::whole) return {static_cast<std::int64_t>(x), value.line};
  return {x, value.line};
}

void check_choice(const KeySpec& spec, const Value& value) {
  if (!value.is_text()) refuse(spec, value);
  if (spec.choices.empty() || std::ranges::find(spec.choices, value.text()) != spec.choices.end()) return;
  const std::string nearest = nearest_name(value.text(), spec.choices);
  refuse(spec, value, nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
}

Value check_list(const KeySpec& spec, const Value& value) {
  if (!value.is_list()) refuse(spec, value);
  if (spec.type == KeySpec::Type::names && value.list().empty() && !spec.may_be_empty)
    refuse(spec, value, "at least one of them");
  Value checked = value;
  for (Value& item : std::get<ValueList>(checked.data)) {
    if (spec.type == KeySpec::Type::names) {
      check_choice(spec, item);
    } else {
      KeySpec one = spec;
      one.type = spec.type == KeySpec::Type::wholes ? KeySpec::Type::whole : KeySpec::Type::number;
      item = check_number(one, item);
    }
  }
  return checked;
}

const KeySpec* find_key(std::string_view key) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const KeySpec*> all;
    for (const KeySpec& spec : known_keys()) all.emplace(spec.key, &spec);
    return all;
  }();
  const auto found = index.find(key);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

bool is_known_key(std::string_view key) {
  return find_key(key) != nullptr;
}

const KeySpec& key_spec(std::string_view key) {
  if (const KeySpec* const spec = find_key(key)) return *spec;
  throw ConfigError({{}, std::string(key)}, "a known key", fmt::format("'{}'", key), unknown_key_hint(key));
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const KeySpec& spec : known_keys()) names.push_back(spec.key);
  return names;
}

std::string unknown_key_hint(std::string_view key) {
  const std::vector<std::string> names = key_names();
  // The right word in the wrong section: "model.width".
  const std::size_t dot = key.rfind('.');
  const std::string word(key.substr(dot + 1)), place(key.substr(0, dot == std::string_view::npos ? 0 : dot));
  std::vector<std::string> sections;
  for (const KeySpec& spec : known_keys())
    if (spec.short_name() == word) sections.push_back(spec.key.substr(0, spec.key.rfind('.')));
  if (!sections.empty()) {
    const std::string near = nearest_name(place, sections);
    return fmt::format("did you mean '{}.{}'?", near.empty() ? sections.front() : near, word);
  }
  const std::string nearest = nearest_name(key, names);
  if (!nearest.empty()) return fmt::format("did you mean '{}'?", nearest);
  const std::string section(key.substr(0, key.find('.')));
  std::vector<std::string> siblings;
  for (const std::string& name : names)
    if (name.starts_with(section + ".")) siblings.push_back(name.substr(section.size() + 1));
  if (!siblings.empty()) return fmt::format("known in [{}]: {}", section, list_of(siblings));
  return "`widthwise list keys` prints all of them";
}

std::string expectation(const KeySpec& spec) {
  std::string kind;
  switch (spec.type) {
    case KeySpec::Type::whole:
      kind = "a whole number" + range_text(spec);
      break;
    case KeySpec::Type::number:
      kind = "a number" + range_text(spec);
      break;
    case KeySpec::Type::text:
      kind = spec.choices.empty() ? "a text" : "one of " + list_of(spec.choices);
      break;
    case KeySpec::Type::toggle:
      kind = "true or false";
      break;
    case KeySpec::Type::names:
      kind = spec.choices.empty() ? "a list of texts" : "a list of " + list_of(spec.choices);
      break;
    case KeySpec::Type::wholes:
      kind = "a list of whole numbers" + range_text(spec);
      break;
    case KeySpec::Type::numbers:
      kind = "a list of numbers" + range_text(spec);
      break;
  }
  if (spec.infinite) kind += ", or \"inf\"";
  return spec.optional ? kind + ", or \"none\"" : kind;
}

Value check_setting(const KeySpec& spec, const Value& value) {
  switch (spec.type) {
    case KeySpec::Type::whole:
    case KeySpec::Type::number:
      return check_number(spec, value);
    case KeySpec::Type::text:
      if (!(spec.optional && value.is_text() && value.text() == "none")) check_choice(spec, value);
      return value;
    case KeySpec::Type::toggle:
      if (!value.is_switch()) refuse(spec, value);
      return value;
    case KeySpec::Type::names:
    case KeySpec::Type::wholes:
    case KeySpec::Type::numbers:
      return check_list(spec, value);
  }
  return value;
}

bool is_relevant(const KeySpec& spec, const std::map<std::string, Value>& settings) {
  if (spec.shorthand || (spec.later && same(settings.at(spec.key), spec.standard))) return false;
  if (spec.relevant_key.empty()) return true;
  const std::string value = to_text(settings.at(spec.relevant_key));
  const bool listed = std::ranges::find(spec.relevant_values, value) != spec.relevant_values.end();
  return listed != spec.unless;
}

}  // namespace widthwise
