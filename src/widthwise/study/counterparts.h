// The run of another sweep that belongs to a run of this one: with the same value on every axis of the other sweep that
// this sweep has too, as an axis or fixed. Axes of the other sweep that this one does not have must leave no choice: of
// one value, or tied by `zip` to an axis that both have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/study/grid.h"

namespace widthwise {

class Counterparts {
 public:
  /// @param place of errors: file and line, and the key ("sweep.start_from"). @throws ConfigError there, where the
  /// other sweep's runs cannot be told apart by what the sweeps share; and whatever expand() of the other throws.
  Counterparts(const Study& study, const Sweep& sweep, const Sweep& other, ConfigError::Place place);

  /// The other sweep's run for one of this sweep's. @throws ConfigError where it has none.
  const Configuration& of(const Configuration& run) const;

 private:
  std::string place_of(const Configuration& run) const;

  std::string other_;
  ConfigError::Place place_;
  std::vector<std::string> shared_;  // keys
  std::map<std::string, Configuration> runs_;
};

}  // namespace widthwise
