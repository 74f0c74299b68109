#include "widthwise/study/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>

#include "widthwise/base/error.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/specs.h"
#include "widthwise/study/sweep.h"
#include "widthwise/study/toml.h"

namespace widthwise {

namespace {

using Overrides = std::vector<std::pair<std::string, std::string>>;

// Settings of the base and, by name of sweep, entries that replace those of a sweep.
struct Changes {
  ValueTable base;
  std::map<std::string, ValueTable> sweeps;
};

// One array of tables: [[sweep]] and the like.
void for_each_table(const ValueTable& document, const std::string& kind, const std::string& file,
                    const std::function<void(const ValueTable&, int line)>& read) {
  const Value* const all = find(document, kind);
  if (all == nullptr) return;
  const auto fail = [&](const Value& value) {
    throw ConfigError({file_and_line(file, value.line), kind}, fmt::format("[[{}]], a table each", kind),
                      fmt::format("{} {}", type_name(value), to_json(value)));
  };
  if (!all->is_list()) fail(*all);
  for (const Value& one : all->list()) {
    if (!one.is_table()) fail(one);
    read(one.table(), one.line);
  }
}

template <class Spec>
void check_names(const std::vector<Spec>& specs, const std::string& kind, const std::string& file) {
  for (auto spec = specs.begin(); spec != specs.end(); ++spec) {
    const auto first = std::find_if(specs.begin(), spec, [&](const Spec& other) { return other.name == spec->name; });
    if (first != spec)
      throw ConfigError({file_and_line(file, spec->line), kind + ".name"}, fmt::format("{}s of different names", kind),
                        fmt::format("a second '{}'", spec->name), fmt::format("the first is in line {}", first->line));
  }
}

std::string title_of(const ValueTable& document, const std::string& file, const char* member, bool required) {
  const Value* const value = find(document, member);
  if (value == nullptr && !required) return {};
  if (value == nullptr || !value->is_text() || (required && value->text().empty()))
    throw ConfigError({file_and_line(file, value == nullptr ? 0 : value->line), member}, "a text",
                      value == nullptr ? "nothing" : to_json(*value));
  return value->text();
}

// A variant: settings, and under "sweep" changes by name of sweep.
Changes read_changes(const ValueTable& table, const std::string& file) {
  Changes changes;
  ValueTable settings;
  for (const Entry& entry : table) {
    if (entry.key != "sweep") {
      settings.push_back(entry);
      continue;
    }
    if (!entry.value.is_table())
      throw ConfigError({file_and_line(file, entry.line), "variant.sweep"}, "tables by name of sweep",
                        to_json(entry.value));
    for (const Entry& sweep : entry.value.table()) {
      if (!sweep.value.is_table())
        throw ConfigError({file_and_line(file, sweep.line), "variant.sweep." + sweep.key}, "a table",
                          to_json(sweep.value));
      changes.sweeps[sweep.key] = sweep.value.table();
    }
  }
  changes.base = flatten(settings, file);
  return changes;
}

Changes read_variant(const ValueTable& document, const std::string& name, const std::string& file, Study& study) {
  const Value* const all = find(document, "variant");
  Changes chosen;
  bool found = false;
  if (all != nullptr) {
    if (!all->is_table())
      throw ConfigError({file_and_line(file, all->line), "variant"}, "tables [variant.NAME]", to_json(*all));
    for (const Entry& entry : all->table()) {
      if (!entry.value.is_table())
        throw ConfigError({file_and_line(file, entry.line), "variant." + entry.key}, "a table of settings",
                          to_json(entry.value));
      study.variants.push_back(entry.key);
      Changes changes = read_changes(entry.value.table(), file);  // also checks the variants that are not asked for
      if (entry.key != name) continue;
      chosen = std::move(changes);
      found = true;
    }
  }
  if (!name.empty() && !found)
    throw ConfigError({file, "variant"}, "a variant of the study", fmt::format("'{}'", name),
                      study.variants.empty() ? "the study has none" : unknown_name_hint(name, study.variants));
  return chosen;
}

Changes read_overrides(const Overrides& overrides) {
  const std::string place = "command line";
  Changes changes;
  for (const auto& [key, text] : overrides) {
    const Value value = parse_toml_value(text);
    if (!key.starts_with("sweep.")) {
      const ValueTable one = flatten({{key, value, command_line}}, place);
      changes.base.insert(changes.base.end(), one.begin(), one.end());
      continue;
    }
    const std::size_t dot = key.find('.', 6);
    if (dot == std::string::npos) throw ConfigError({place, key}, "sweep.NAME.KEY", fmt::format("'{}'", key));
    changes.sweeps[key.substr(6, dot - 6)].push_back({key.substr(dot + 1), value, command_line});
  }
  return changes;
}

void apply_to_base(const ValueTable& settings, const std::string& file, Settings& base) {
  for (const Entry& entry : settings) {
    const KeySpec& spec = key_spec(entry.key);
    if (entry.value.is_table() || (entry.value.is_list() && !spec.takes_list()))
      throw ConfigError({file_and_line(file, entry.line), entry.key}, expectation(spec),
                        fmt::format("{} {}", type_name(entry.value), to_json(entry.value)),
                        entry.value.is_list() ? "several values belong on an axis of a [[sweep]]" : "");
    base[entry.key] = entry.value;
  }
}

void read_sweeps(const ValueTable& document, const std::string& file, const std::vector<Changes>& changes,
                 Study& study) {
  for_each_table(document, "sweep", file, [&](const ValueTable& table, int line) {
    ValueTable merged = table;
    const Value* const name = find(table, "name");
    for (const Changes& change : changes) {
      if (name == nullptr || !name->is_text()) break;
      const auto found = change.sweeps.find(name->text());
      if (found != change.sweeps.end()) merged = merge_sweep(merged, found->second, file);
    }
    study.sweeps.push_back(read_sweep(merged, file, line));
  });
  for (const Changes& change : changes)
    for (const auto& entry : change.sweeps) study.sweep(entry.first);  // throws for a sweep that is not there
}

void check_top_level(const ValueTable& document, const std::string& file) {
  std::vector<std::string> known{"title", "description", "variant", "sweep", "figure", "prediction", "derived"};
  for (const KeySpec& spec : known_keys()) {
    const std::string section = spec.key.substr(0, spec.key.find('.'));
    if (std::ranges::find(known, section) == known.end()) known.push_back(section);
  }
  for (const Entry& entry : document)
    if (!is_known_key(entry.key) && std::ranges::find(known, entry.key) == known.end() &&
        entry.key.find('.') == std::string::npos)
      throw ConfigError({file_and_line(file, entry.line), entry.key}, "a known section or key",
                        fmt::format("'{}'", entry.key), unknown_name_hint(entry.key, known));
}

ValueTable settings_of(const ValueTable& document) {
  const std::vector<std::string> others{"title", "description", "variant", "sweep", "figure", "prediction", "derived"};
  ValueTable settings;
  for (const Entry& entry : document)
    if (std::ranges::find(others, entry.key) == others.end()) settings.push_back(entry);
  return settings;
}

}  // namespace

std::string Quantity::text() const {
  return is_optimum() ? fmt::format("the {} that minimizes {}", optimum, minimizes) : value;
}

const Sweep& Study::sweep(const std::string& name) const {
  std::vector<std::string> names;
  for (const Sweep& candidate : sweeps) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  throw ConfigError({file.string(), "sweep"}, "a sweep of the study", fmt::format("'{}'", name),
                    names.empty() ? "the study has no [[sweep]]" : unknown_name_hint(name, names));
}

Study parse_study(std::string_view text, const std::filesystem::path& path, const std::string& variant,
                  const Overrides& overrides) {
  const std::string file = path.string();
  const ValueTable document = parse_toml(text, file);
  check_top_level(document, file);
  Study study;
  study.file = path;
  study.variant = variant;
  // Settings by themselves, as `widthwise limit` reads them, need none.
  study.title = title_of(document, file, "title", find(document, "sweep") != nullptr);
  if (study.title.empty()) study.title = path.stem().string();
  study.description = title_of(document, file, "description", false);
  apply_to_base(flatten(settings_of(document), file), file, study.base);
  const std::vector<Changes> changes{read_variant(document, variant, file, study), read_overrides(overrides)};
  apply_to_base(changes[0].base, file, study.base);
  apply_to_base(changes[1].base, "command line", study.base);
  read_sweeps(document, file, changes, study);
  for_each_table(document, "figure", file,
                 [&](const ValueTable& table, int line) { study.figures.push_back(read_figure(table, file, line)); });
  for_each_table(document, "prediction", file, [&](const ValueTable& table, int line) {
    study.predictions.push_back(read_prediction(table, file, line));
  });
  for_each_table(document, "derived", file,
                 [&](const ValueTable& table, int line) { study.derived.push_back(read_derived(table, file, line)); });
  check_names(study.sweeps, "sweep", file);
  check_names(study.figures, "figure", file);
  check_names(study.predictions, "prediction", file);
  check_names(study.derived, "derived", file);
  add_searches(study);
  check_references(study);
  return study;
}

Study read_study(const std::filesystem::path& file, const std::string& variant, const Overrides& overrides) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw DataError(file.string(), -1, "a study file", stream ? "a folder" : std::strerror(errno),
                    "`widthwise new` writes one to start from");
  std::ostringstream text;
  text << stream.rdbuf();
  return parse_study(text.str(), file, variant, overrides);
}

std::vector<Study> read_studies(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() == ".toml") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Study> studies;
  for (const std::filesystem::path& file : files) {
    Study study = read_study(file);
    for (const Study& other : studies)
      if (other.title == study.title)
        throw ConfigError({file.string(), "title"}, "studies of different titles", fmt::format("'{}'", study.title),
                          fmt::format("{} has the same", other.file.string()));
    studies.push_back(std::move(study));
  }
  return studies;
}

}  // namespace widthwise
