// The errors of Widthwise. Each names the place, what was expected there and what came, so that a message can be acted
// on without reading code. Divergence of a training run is no error: it is a result (see training).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// Base of all errors thrown on purpose; what() is one or more complete sentences.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A setting that cannot be used: which file and key (either may be empty), what was expected, what came.
class ConfigError : public Error {
 public:
  struct Place {
    std::string file;  // study file, or "command line"
    std::string key;   // dotted path, for example architecture.width
  };
  ConfigError(Place place, std::string expected, std::string got, std::string hint = {});

  const Place& place() const { return place_; }
  const std::string& expected() const { return expected_; }
  const std::string& got() const { return got_; }
  const std::string& hint() const { return hint_; }

  /// The same error, its file filled in: lower rooms know the key, the study room knows the file.
  ConfigError in_file(const std::string& file) const;

 private:
  Place place_;
  std::string expected_, got_, hint_;
};

/// Arrays or layers whose sizes do not fit together; `where` names the function or the layer.
class ShapeError : public Error {
 public:
  ShapeError(std::string_view where, std::string_view expected, std::string_view got);
};

/// A data file that cannot be read: path, byte offset (-1: the file as a whole), what was expected there, what came.
class DataError : public Error {
 public:
  DataError(std::string path, std::int64_t offset, std::string_view expected, std::string_view got,
            std::string_view hint = {});
  const std::string& path() const { return path_; }
  std::int64_t offset() const { return offset_; }

 private:
  std::string path_;
  std::int64_t offset_;
};

/// A store of runs that cannot be read or written; nothing already recorded was touched.
class StoreError : public Error {
 public:
  StoreError(std::string path, std::string_view expected, std::string_view got, std::string_view hint = {});
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The user asked to stop (Ctrl-C, SIGTERM); what was finished is recorded.
class Interrupted : public Error {
 public:
  Interrupted();
};

/// The known name closest to `name` by edit distance, or "" where none is near enough to be meant.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// "did you mean 'width'?", or "known: a, b, c" where nothing is near: the hint of an unknown name.
std::string unknown_name_hint(std::string_view name, const std::vector<std::string>& known);

}  // namespace widthwise
