// What the outcome engine of parameterization predicts for a quantity of a study: the exponent "theory" stands for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

namespace widthwise {

struct TheoryAnswer {
  std::optional<double> exponent;    // of the width; unset where theory says nothing about this quantity
  std::vector<std::string> reasons;  // a sentence each
};

/// The exponent of the quantity in the width for runs like `configuration`, its own width left aside.
/// @throws ConfigError (key "prediction.of") for a quantity that theory has no name for.
TheoryAnswer ask_theory(const Configuration& configuration, const Quantity& quantity);
/// The same of the result of a search of training.alpha until the kernel has changed by a share of its norm, 0.3 or
/// more, in networks trained until a margin or a loss is reached: alpha* (parameterization/crossover.h). @throws
/// ConfigError (key "prediction.of") for any other.
TheoryAnswer ask_theory(const Configuration& configuration, const SearchSpec& search);

}  // namespace widthwise
