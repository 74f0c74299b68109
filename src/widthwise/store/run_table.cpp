#include "widthwise/store/run_table.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "widthwise/base/number.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A setting of every run, as text; none where a run has no such setting.
using Texts = std::vector<std::optional<std::string>>;

std::optional<std::int64_t> whole_in(const std::string& text) {
  std::int64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc{} && end == last ? std::optional(value) : std::nullopt;
}

bool is_unset(const std::optional<std::string>& text) {
  return !text || *text == "none" || *text == "null";
}

bool all_whole(const Texts& texts) {
  return std::ranges::all_of(texts, [](const auto& text) { return text && whole_in(*text); });
}

bool all_numbers(const Texts& texts) {
  const bool some = std::ranges::any_of(texts, [](const auto& text) { return !is_unset(text); });
  return some && std::ranges::all_of(texts, [](const auto& text) { return is_unset(text) || number_in(*text); });
}

RunColumn::Values typed(const Texts& texts) {
  if (all_whole(texts)) {
    std::vector<std::int64_t> numbers;
    for (const auto& text : texts) numbers.push_back(*whole_in(*text));
    return numbers;
  }
  if (all_numbers(texts)) {
    std::vector<double> numbers;
    for (const auto& text : texts) numbers.push_back(is_unset(text) ? nan : *number_in(*text));
    return numbers;
  }
  std::vector<std::string> words;
  for (const auto& text : texts) words.push_back(text.value_or(""));
  return words;
}

template <class Get>
RunColumn column(std::string name, std::span<const RunRecord> runs, const Get& get) {
  std::vector<std::decay_t<decltype(get(runs.front()))>> values;
  for (const RunRecord& run : runs) values.push_back(get(run));
  return {std::move(name), std::move(values)};
}

std::map<std::string, Texts> settings_of(std::span<const RunRecord> runs) {
  std::map<std::string, Texts> settings;
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (auto& [key, text] : flat_configuration(runs[i])) {
      Texts& texts = settings[key];
      texts.resize(runs.size());
      texts[i] = std::move(text);
    }
  return settings;
}

}  // namespace

std::vector<RunColumn> run_table(std::span<const RunRecord> runs) {
  std::vector<RunColumn> table{
      column("identity", runs, [](const RunRecord& run) { return run.identity; }),
      column("status", runs, [](const RunRecord& run) { return run.status; }),
      column("last_step", runs, [](const RunRecord& run) { return run.last_step; }),
      column("seconds", runs, [](const RunRecord& run) { return run.seconds; }),
      column("reason", runs, [](const RunRecord& run) { return run.reason; }),
  };
  for (const auto& [key, texts] : settings_of(runs)) table.push_back({key, typed(texts)});
  std::set<std::string> finals;
  for (const RunRecord& run : runs)
    for (const auto& entry : run.finals) finals.insert(entry.first);
  for (const std::string& name : finals)
    table.push_back(column("final." + name, runs, [&](const RunRecord& run) {
      const auto found = run.finals.find(name);
      return found == run.finals.end() ? nan : found->second;
    }));
  return table;
}

}  // namespace widthwise
