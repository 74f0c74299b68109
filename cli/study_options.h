// What every verb that reads a study takes: the file, its variant, overrides, data of one's own, where the store is.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise::cli {

/// Data of the user's own: short for the keys data.name, data.file, data.target, data.targets_file.
struct OwnData {
  std::string csv, target, npy, npy_targets;

  void add_to(CLI::App& verb);
  bool given() const { return !csv.empty() || !npy.empty(); }
  /// As keys and values (unquoted). @throws ConfigError where options do not go together.
  std::vector<std::pair<std::string, std::string>> settings() const;
};

struct StudyOptions {
  std::filesystem::path file;
  std::string variant;
  std::vector<std::string> set;  // key=value
  OwnData own;
  std::filesystem::path store = "widthwise-store";

  void add_to(CLI::App& verb);
  /// With data of one's own, numbers of samples the file does not have are replaced (study/own_data.h), which a notice
  /// says. @throws ConfigError, DataError as read_study does.
  Study read() const;
};

/// Fits a study to data of one's own, of which the file may hold fewer samples than it asks for (study/own_data.h); a
/// notice says what was changed. Counts among `settings` are meant as they are. @throws ConfigError, DataError.
void fit_to_own_data(Study& study, const std::vector<std::pair<std::string, std::string>>& settings);

/// "key=value" taken apart. @throws ConfigError naming the option.
std::pair<std::string, std::string> split_assignment(const std::string& text, const std::string& option);

}  // namespace widthwise::cli
