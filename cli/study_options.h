// What every verb that reads a study takes: the file, its variant, overrides, where the store is.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise::cli {

struct StudyOptions {
  std::filesystem::path file;
  std::string variant;
  std::vector<std::string> set;  // key=value
  std::filesystem::path store = "widthwise-store";

  void add_to(CLI::App& verb);
  /// @throws ConfigError, DataError as read_study does.
  Study read() const;
};

/// "key=value" taken apart. @throws ConfigError naming the option.
std::pair<std::string, std::string> split_assignment(const std::string& text, const std::string& option);

}  // namespace widthwise::cli
