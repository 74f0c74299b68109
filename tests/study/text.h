// Small studies as text, and what a mistake in one of them says.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

namespace widthwise::study_test {

/// Settings of a run that takes milliseconds; steps, learning rate and everything else set.
inline const std::string tiny = R"(
title = "tiny"
[architecture]
hidden_layers = 2
width = 8
[data]
name = "teacher"
train = 32
test = 8
dimension = 6
[training]
learning_rate = 0.05
steps = 4
dtype = "float64"
[measure]
observables = ["train_loss", "own_update", "output_size"]
times = { every = 1 }
)";

inline Study parse(const std::string& text) {
  return parse_study(text, "study.toml");
}

/// The error that expanding all sweeps of `text` gives; fails the test if there is none.
inline ConfigError mistake(const std::string& text) {
  try {
    const Study study = parse(text);
    for (const Sweep& sweep : study.sweeps) expand(study, sweep);
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << "no error for:\n" << text;
  return ConfigError({}, "", "");
}

/// `tiny` under a named scheme, with more lines of its only sweep; and the first run of that.
inline std::string under_scheme(const std::string& scheme, const std::string& more = "") {
  return tiny + "[[sweep]]\nname = \"s\"\n\"parameterization.name\" = \"" + scheme + "\"\n" + more;
}
inline Configuration run_under_scheme(const std::string& scheme, const std::string& more = "") {
  const Study study = parse(under_scheme(scheme, more));
  return expand(study, study.sweeps.front()).front().configuration;
}

/// A folder of its own, removed at the end.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_{std::filesystem::temp_directory_path() / (name + "-" + std::to_string(getpid()))} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace widthwise::study_test
