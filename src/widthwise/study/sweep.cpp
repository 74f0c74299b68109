#include "widthwise/study/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/schema.h"

namespace widthwise {

namespace {

constexpr double longest_axis = 1e6;
const std::vector<std::string> own_names{"name", "set", "zip", "start_from", "search"};
constexpr const char* axis_forms =
    "a list, or one of { log2 = [lo, hi], step = s }, { log10 = [lo, hi], step = s }, { linear = [lo, hi], count = k "
    "}, "
    "{ from = i, count = k }";

class Range {
 public:
  Range(const std::string& key, const Value& written, const std::string& file)
      : key_{key}, file_{file}, line_{written.line}, fields_{written.table(), key, file, written.line} {}

  ValueList values() {
    for (const auto& [name, base] : {std::pair{"log2", 2.0}, std::pair{"log10", 10.0}})
      if (const Value* const ends = fields_.get(name)) return powers(name, *ends, base);
    if (const Value* const ends = fields_.get("linear")) return evenly(*ends);
    if (fields_.get("from") != nullptr) return counted();
    for (const char* name : {"step", "count"}) fields_.get(name);
    fields_.done();
    fail(axis_forms, "a table without log2, log10, linear or from");
  }

 private:
  ValueList powers(const std::string& name, const Value& written, double base) {
    const auto [low, high] = ends(name, written);
    const double step = fields_.number("step").value_or(1);
    fields_.done();
    if (!(step > 0)) fail("a step above 0", to_text({step, line_}));
    const double count = std::floor((high - low) / step + 1e-9) + 1;
    check_count(count);
    ValueList out;
    for (int i = 0; i < static_cast<int>(count); ++i) {
      const double exponent = low + i * step;
      out.push_back({base == 2 ? std::exp2(exponent) : std::pow(base, exponent), line_});
    }
    return out;
  }

  ValueList evenly(const Value& written) {
    const auto [low, high] = ends("linear", written);
    const double count = whole_count();
    fields_.done();
    ValueList out;
    for (int i = 0; i < static_cast<int>(count); ++i)
      out.push_back({count == 1 ? low : low + (high - low) * i / (count - 1), line_});
    return out;
  }

  ValueList counted() {
    const double from = fields_.number("from").value_or(0);
    const double count = whole_count();
    fields_.done();
    ValueList out;
    for (int i = 0; i < static_cast<int>(count); ++i) out.push_back({from + i, line_});
    return out;
  }

  double whole_count() {
    const auto count = fields_.number("count");
    if (!count) fail("a count beside it", "none");
    if (*count != std::floor(*count)) fail("a whole count", to_text({*count, line_}));
    check_count(*count);
    return *count;
  }

  std::pair<double, double> ends(const std::string& name, const Value& written) {
    const bool pair = written.is_list() && written.list().size() == 2 && written.list()[0].is_number() &&
                      written.list()[1].is_number();
    if (!pair) fail(fmt::format("{} = [lo, hi], two numbers", name), to_json(written));
    const double low = written.list()[0].number(), high = written.list()[1].number();
    if (!(low <= high) || !std::isfinite(high - low))
      fail(fmt::format("{} = [lo, hi] with lo at most hi", name), to_json(written));
    return {low, high};
  }

  void check_count(double count) const {
    if (!(count >= 1)) fail("at least one value", "an empty axis");
    if (count > longest_axis) fail("at most 1000000 values", to_text({count, line_}));
  }

  [[noreturn]] void fail(const std::string& expected, const std::string& got) const {
    throw ConfigError({file_and_line(file_, line_), key_}, expected, got);
  }

  const std::string& key_;
  const std::string& file_;
  int line_;
  Fields fields_;
};

// Whether a value under a key of a sweep spans an axis, or is one fixed setting.
bool spans_axis(const KeySpec& spec, const Value& value) {
  if (value.is_table()) return true;
  if (!value.is_list()) return false;
  if (!spec.takes_list()) return true;
  return std::ranges::any_of(value.list(), [](const Value& item) { return item.is_list(); });
}

void check_distinct(const Axis& axis, const std::string& file) {
  std::set<std::string> seen;
  for (const Value& value : axis.values)
    if (!seen.insert(to_json(value)).second)
      throw ConfigError({file_and_line(file, axis.line), axis.key}, "every value once",
                        fmt::format("{} twice", to_text(value)));
}

const Axis* find_axis(const Sweep& sweep, const std::string& key) {
  const auto found = std::ranges::find(sweep.axes, key, &Axis::key);
  return found == sweep.axes.end() ? nullptr : &*found;
}

void read_zip(const Value& written, const std::string& file, Sweep& sweep) {
  const auto fail = [&](const std::string& expected, const std::string& got, const std::string& hint = {}) {
    throw ConfigError({file_and_line(file, written.line), "sweep.zip"}, expected, got, hint);
  };
  if (!written.is_list()) fail("a list of groups of keys: [[\"a\", \"b\"]]", to_json(written));
  std::set<std::string> tied;
  for (const Value& group : written.list()) {
    if (!group.is_list() || group.list().size() < 2)
      fail("groups of at least two keys: [[\"a\", \"b\"]]", to_json(group));
    std::vector<std::string> keys;
    for (const Value& item : group.list()) {
      if (!item.is_text()) fail("keys of axes", to_json(item));
      std::vector<std::string> axes;
      for (const Axis& axis : sweep.axes) axes.push_back(axis.key);
      const Axis* const axis = find_axis(sweep, item.text());
      if (axis == nullptr) fail("keys of axes", fmt::format("'{}'", item.text()), unknown_name_hint(item.text(), axes));
      if (!tied.insert(item.text()).second) fail("every key in one group", fmt::format("'{}' twice", item.text()));
      keys.push_back(item.text());
      const Axis& first = *find_axis(sweep, keys.front());
      if (axis->values.size() != first.values.size())
        fail("tied axes of one length", fmt::format("{} with {} values and {} with {}", first.key, first.values.size(),
                                                    axis->key, axis->values.size()));
    }
    sweep.zip.push_back(std::move(keys));
  }
}

void read_start_from(const Value& written, const std::string& file, Sweep& sweep) {
  if (!written.is_table())
    throw ConfigError({file_and_line(file, written.line), "sweep.start_from"}, "a table { sweep = NAME, at = LABEL }",
                      to_json(written));
  Fields fields(written.table(), "sweep.start_from", file, written.line);
  StartFrom from;
  from.line = written.line;
  from.sweep = fields.required_text("sweep");
  from.at = fields.text("at", from.at);
  from.recentre = fields.toggle("recentre");
  fields.done();
  const auto is_start = [](const std::string& key) { return key.starts_with("start."); };
  for (const auto& [key, value] : sweep.set)
    if (is_start(key)) fields.fail("sweep", "either start_from or " + key, "both");
  for (const Axis& axis : sweep.axes)
    if (is_start(axis.key)) fields.fail("sweep", "either start_from or " + axis.key, "both");
  sweep.start_from = from;
}

void read_search(const Value& written, const std::string& file, Sweep& sweep) {
  if (!written.is_table())
    throw ConfigError({file_and_line(file, written.line), "sweep.search"},
                      "a table { bisect = KEY, between = [low, high], until = VALUE, equals = NUMBER }",
                      to_json(written));
  Fields fields(written.table(), "sweep.search", file, written.line);
  SearchSpec spec;
  spec.line = written.line;
  spec.bisect = fields.required_text("bisect");
  if (!is_known_key(spec.bisect))
    fields.fail("bisect", "a known key", fmt::format("'{}'", spec.bisect), unknown_key_hint(spec.bisect));
  if (!key_spec(spec.bisect).numeric() || spec.bisect.starts_with("seed."))
    fields.fail("bisect", "the key of a number that is no seed", fmt::format("'{}'", spec.bisect));
  if (find_axis(sweep, spec.bisect) != nullptr || sweep.set.contains(spec.bisect))
    fields.fail("bisect", "a key that this sweep does not set", fmt::format("'{}'", spec.bisect));
  spec.geometric = fields.get("geometric") == nullptr || fields.toggle("geometric");
  const Value* const ends = fields.get("between");
  if (ends == nullptr || !ends->is_list() || ends->list().size() != 2)
    fields.fail("between", "[low, high], two numbers", ends == nullptr ? "nothing" : to_json(*ends));
  spec.low = ends->list()[0].number();
  spec.high = ends->list()[1].number();
  if (!std::isfinite(spec.high - spec.low) || !(spec.low < spec.high))
    fields.fail("between", "[low, high] with low below high", to_json(*ends));
  if (spec.geometric && !(spec.low > 0))
    fields.fail("between", "numbers above 0, or geometric = false", to_json(*ends));
  spec.until = fields.required_text("until");
  const auto equals = fields.number("equals");
  if (!equals) fields.fail("equals", "the number that the value is to equal", "nothing");
  spec.equals = *equals;
  spec.tolerance = fields.number("tolerance").value_or(spec.tolerance);
  if (!(spec.tolerance >= 1e-4) || !(spec.tolerance <= 1))
    fields.fail("tolerance", "a share from 0.0001 to 1", to_text({spec.tolerance, 0}));
  spec.log_mean = fields.choice("mean", {"log", "linear"}, "log") == "log";
  if (!std::isfinite(spec.equals) || (spec.log_mean && !(spec.equals > 0)))
    fields.fail("equals", "a number above 0, or mean = \"linear\"", to_text({spec.equals, 0}));
  fields.done();
  sweep.axes.push_back({spec.bisect, {{spec.low, written.line}, {spec.high, written.line}}, written.line});
  sweep.search = spec;
}

}  // namespace

ValueList axis_values(const std::string& key, const Value& written, const std::string& file) {
  if (written.is_table()) return Range(key, written, file).values();
  if (!written.is_list()) throw ConfigError({file_and_line(file, written.line), key}, axis_forms, to_json(written));
  if (written.list().empty())
    throw ConfigError({file_and_line(file, written.line), key}, "at least one value", "an empty axis");
  return written.list();
}

Sweep read_sweep(const ValueTable& table, const std::string& file, int line) {
  Fields fields(table, "sweep", file, line);
  Sweep sweep;
  sweep.line = line;
  sweep.name = fields.required_text("name");
  const auto add_setting = [&](const Entry& entry) {
    if (entry.value.is_table() || (entry.value.is_list() && !key_spec(entry.key).takes_list()))
      throw ConfigError({file_and_line(file, entry.line), entry.key}, "one value", to_json(entry.value));
    if (!sweep.set.emplace(entry.key, entry.value).second)
      throw ConfigError({file_and_line(file, entry.line), entry.key}, "one value", "a second one in `set`");
  };
  ValueTable settings;
  for (const Entry& entry : table)
    if (std::ranges::find(own_names, entry.key) == own_names.end()) settings.push_back(entry);
  for (const Entry& entry : flatten(settings, file)) {
    if (spans_axis(key_spec(entry.key), entry.value)) {
      sweep.axes.push_back({entry.key, axis_values(entry.key, entry.value, file), entry.line});
      check_distinct(sweep.axes.back(), file);
    } else {
      add_setting(entry);
    }
  }
  if (const Value* const set = fields.get("set")) {
    if (!set->is_table()) fields.fail("set", "a table of settings", to_json(*set));
    for (const Entry& entry : flatten(set->table(), file)) add_setting(entry);
  }
  for (const Axis& axis : sweep.axes)
    if (sweep.set.contains(axis.key))
      throw ConfigError({file_and_line(file, axis.line), axis.key}, "an axis or a fixed value", "both");
  if (const Value* const from = fields.get("start_from")) read_start_from(*from, file, sweep);
  if (const Value* const zip = fields.get("zip")) read_zip(*zip, file, sweep);
  if (const Value* const search = fields.get("search")) read_search(*search, file, sweep);
  return sweep;
}

ValueTable merge_sweep(const ValueTable& table, const ValueTable& changes, const std::string& file) {
  const auto split = [&](const ValueTable& all) {
    std::pair<ValueTable, ValueTable> parts;
    for (const Entry& entry : all)
      (std::ranges::find(own_names, entry.key) == own_names.end() ? parts.second : parts.first).push_back(entry);
    parts.second = flatten(parts.second, file);
    return parts;
  };
  auto [own, settings] = split(table);
  const auto [own_changes, setting_changes] = split(changes);
  const auto replace = [](ValueTable& in, const Entry& change) {
    const auto found = std::ranges::find(in, change.key, &Entry::key);
    if (found == in.end())
      in.push_back(change);
    else
      *found = change;
  };
  for (const Entry& change : own_changes) replace(own, change);
  for (const Entry& change : setting_changes) replace(settings, change);
  own.insert(own.end(), settings.begin(), settings.end());
  return own;
}

}  // namespace widthwise
