#include "study_options.h"

#include <set>

#include "terminal.h"
#include "widthwise/base/error.h"
#include "widthwise/study/own_data.h"

namespace widthwise::cli {

void OwnData::add_to(CLI::App& verb) {
  verb.add_option("--csv", csv, "Train on this table of your own: numbers, and a column to be learnt");
  verb.add_option("--target", target, "The column to be learnt, by name or by number from 1 (default: the last)");
  verb.add_option("--npy", npy, "Train on this array of your own: samples x features, or images");
  verb.add_option("--npy-targets", npy_targets, "Its labels or targets");
}

std::vector<std::pair<std::string, std::string>> OwnData::settings() const {
  const auto refuse = [](const char* option, const char* expected, const std::string& got) {
    throw ConfigError({"command line", option}, expected, got);
  };
  if (!csv.empty() && !npy.empty()) refuse("--npy", "nothing beside --csv", npy);
  if (!target.empty() && csv.empty()) refuse("--target", "a table: --csv FILE", "none");
  if (!npy.empty() && npy_targets.empty()) refuse("--npy-targets", "the labels or targets of --npy", "nothing");
  if (npy.empty() && !npy_targets.empty()) refuse("--npy", "the inputs of --npy-targets", "nothing");
  if (!csv.empty())
    return {{"data.name", "csv"}, {"data.file", csv}, {"data.target", target.empty() ? "none" : target}};
  if (!npy.empty()) return {{"data.name", "npy"}, {"data.file", npy}, {"data.targets_file", npy_targets}};
  return {};
}

void StudyOptions::add_to(CLI::App& verb) {
  verb.add_option("STUDY", file, "The study file (TOML)")->required();
  verb.add_option("--variant", variant, "Apply the study's [variant.NAME]");
  verb.add_option("--set", set, "Override a setting: --set training.steps=50 (repeatable)")->take_all();
  own.add_to(verb);
  verb.add_option("--store", store, "Folder of recorded runs")->capture_default_str();
}

Study StudyOptions::read() const {
  std::vector<std::pair<std::string, std::string>> overrides;
  for (const auto& [key, value] : own.settings()) overrides.emplace_back(key, to_json({value, 0}));
  for (const std::string& assignment : set) overrides.push_back(split_assignment(assignment, "--set"));
  Study study = read_study(file, variant, overrides);
  if (own.given()) fit_to_own_data(study, overrides);
  return study;
}

void fit_to_own_data(Study& study, const std::vector<std::pair<std::string, std::string>>& settings) {
  std::set<std::string> counts;
  for (const auto& [key, value] : settings)
    if (key == "data.train" || key == "data.test" || key == "data.validation") counts.insert(key);
  try {
    notice("{}", fit_samples(study, counts));
  } catch (const ConfigError& error) {
    throw error.place().file.empty() ? error.in_file("command line") : error;
  }
}

std::pair<std::string, std::string> split_assignment(const std::string& text, const std::string& option) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw ConfigError({"command line", option}, "key=value", "'" + text + "'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace widthwise::cli
