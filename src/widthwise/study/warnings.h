// What a user should hear of a study before it runs: settings that are no mistake, but under which a parameterization
// does not do what its name promises.
#pragma once

#include <string>
#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

namespace widthwise {

/// Sentences, none where there is nothing to say: phi(0) != 0 where a scheme assumes 0, or a degree of homogeneity
/// that the activation has not.
std::vector<std::string> warnings_of(const Configuration& run);

/// Of all runs of a study, each once, in the order of the runs. @throws ConfigError as expand.
std::vector<std::string> warnings_of(const Study& study);

}  // namespace widthwise
