// Where feature learning turns lazy. A model trained as F = alpha (f - f_0) is lazy for alpha >> alpha* and learns
// features for alpha << alpha* (Chizat, Oyallon and Bach 2019; Geiger, Spigler, Jacot and Wyart 2020). Exponents say
// how alpha* moves with the width: alpha* ~ n^x is where, at rates for which outputs F and features are stable, both
// move by order one; above it outputs do while features stand still, below it features move by order one before outputs
// do. Rates may be as large as that takes, so neither the time of training nor a factor on the loss matters.
//
//   ntk, standard: x = -1/2      mup, mean-field: x = 0      (gradient descent and flow, two hidden layers or more)
#pragma once

#include <optional>

#include "widthwise/parameterization/outcome.h"

namespace widthwise {

/// x of alpha* ~ n^x, exact. None where there is no such crossover: outputs or features vanish at initialization (so
/// that the network is stuck beside a stationary point), or no rate is stable. Assumes what outcome.h does.
/// @throws ConfigError as classify.
std::optional<Rational> crossover_exponent(const Parameterization& parameterization, const ClassifyRequest& request);

}  // namespace widthwise
