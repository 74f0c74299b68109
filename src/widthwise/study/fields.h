// Reads the members of one table of a study file ([[figure]], [[prediction]], ...): each by its name and type, and at
// the end whatever was never asked for is an unknown key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise {

/// Where a message points: "study.toml:12", "study.toml" (line 0), or "command line" (command_line).
std::string file_and_line(const std::string& file, int line);

class Fields {
 public:
  /// `kind` is "figure", "prediction", ...; `line` that of the table.
  Fields(const ValueTable& table, std::string kind, std::string file, int line);

  /// The member, or null; asking makes the name known.
  const Value* get(const std::string& name);
  /// @throws ConfigError for a missing or empty text.
  std::string required_text(const std::string& name);
  std::string text(const std::string& name, const std::string& otherwise = {});
  /// One of `choices`. @throws ConfigError with the nearest.
  std::string choice(const std::string& name, const std::vector<std::string>& choices, const std::string& otherwise);
  /// A text or a list of texts.
  std::vector<std::string> texts(const std::string& name);
  /// A number, or a text such as "-1/2".
  std::optional<double> number(const std::string& name);
  /// true or false; false where it is missing.
  bool toggle(const std::string& name);
  /// { "key" = value or list of values, ... }
  Where where(const std::string& name);
  /// @throws ConfigError for a member nobody asked for, with the nearest known one.
  void done() const;

  /// @throws ConfigError at the member, or at the table if it has none of that name.
  [[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& got,
                         const std::string& hint = {}) const;

 private:
  const ValueTable& table_;
  std::string kind_, file_;
  int line_;
  std::vector<std::string> known_;
};

/// Flattens nested and dotted tables to one level of known keys: architecture.width, "architecture.width" and
/// [architecture] width are one key. Ranges ({ log2 = ... }) stay tables. @throws ConfigError for an unknown key and
/// for one that is given twice.
ValueTable flatten(const ValueTable& table, const std::string& file, const std::string& prefix = {});

}  // namespace widthwise
