// From a sweep to its configurations: axes multiplied out, defaults filled in, expressions evaluated, every value
// checked. A configuration is everything that decides the result of one run, and its identity is a hash of that.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise {

/// Whether a key of a recorded configuration is no setting but says which update rule the record is of.
bool is_mark(std::string_view key);

/// The settings of one run, all keys present and evaluated.
class Configuration {
 public:
  /// Defaults filled in, expressions evaluated, values checked. @throws ConfigError (key only)
  explicit Configuration(const Settings& settings);

  const std::map<std::string, Value>& values() const { return values_; }
  /// @throws ConfigError with the nearest known key, for the four below.
  const Value& at(const std::string& key) const;
  double number(const std::string& key) const;  // NaN for an optional number left unset
  std::int64_t whole(const std::string& key) const;
  const std::string& text(const std::string& key) const;
  bool toggle(const std::string& key) const;

  /// Canonical JSON: one flat object, keys sorted, numbers shortest.
  const std::string& json() const { return json_; }
  /// 32 hex digits: the hash of numerics_version and json(). Equal runs have equal identities, whatever study, order of
  /// keys or expression they were written with.
  const std::string& identity() const { return identity_; }

 private:
  std::map<std::string, Value> values_;
  std::string json_, identity_;
};

/// All keys, defaults filled in, expressions evaluated, each value checked by itself. @throws ConfigError (key only)
std::map<std::string, Value> evaluated_settings(const Settings& settings);

/// One point of a sweep: where it lies, and the run that belongs there.
struct GridPoint {
  ValueList axes;  // evaluated, one for each of Sweep::axes
  Configuration configuration;
};

/// All points of a sweep, first axis slowest. A number given as an expression on an axis is evaluated at each point.
/// @throws ConfigError with file and key; also where zipped axes differ in length, or two points are the same run.
/// Interrupted after Ctrl-C.
std::vector<GridPoint> expand(const Study& study, const Sweep& sweep);

/// How many points expand() would give, without building them.
std::uint64_t grid_size(const Sweep& sweep);

/// Studies above this many runs ask for consent (RunOptions::yes).
inline constexpr std::uint64_t runs_without_consent = 100'000;

}  // namespace widthwise
