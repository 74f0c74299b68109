#include "study_options.h"

#include "widthwise/base/error.h"

namespace widthwise::cli {

void StudyOptions::add_to(CLI::App& verb) {
  verb.add_option("STUDY", file, "The study file (TOML)")->required();
  verb.add_option("--variant", variant, "Apply the study's [variant.NAME]");
  verb.add_option("--set", set, "Override a setting: --set training.steps=50 (repeatable)")->take_all();
  verb.add_option("--store", store, "Folder of recorded runs")->capture_default_str();
}

Study StudyOptions::read() const {
  std::vector<std::pair<std::string, std::string>> overrides;
  for (const std::string& assignment : set) overrides.push_back(split_assignment(assignment, "--set"));
  return read_study(file, variant, overrides);
}

std::pair<std::string, std::string> split_assignment(const std::string& text, const std::string& option) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw ConfigError({"command line", option}, "key=value", "'" + text + "'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace widthwise::cli
