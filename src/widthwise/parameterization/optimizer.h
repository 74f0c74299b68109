// The update rules a parameterization is written for, and the two things about each that powers of the width depend on:
// whether its steps remember how large the gradient is, and where its weight decay acts. The rules themselves are in
// training.
//
//   rule       a step knows the gradient's size   decay
//   sgd        yes                                in the gradient
//   momentum   yes                                in the gradient
//   adam       no                                 in the gradient
//   adamw      no                                 decoupled
//   rmsprop    no                                 in the gradient
//   muon       no                                 decoupled
//   flow       yes                                in the gradient
#pragma once

#include <string_view>
#include <vector>

#include "widthwise/base/named.h"

namespace widthwise {

enum class OptimizerKind { sgd, momentum, adam, adamw, rmsprop, muon, flow };
/// "sgd", "momentum", "adam", "adamw", "rmsprop", "muon", "gradient-flow".
std::string_view optimizer_name(OptimizerKind optimizer);
/// @throws ConfigError with key training.optimizer for an unknown name.
OptimizerKind parse_optimizer(std::string_view name);
/// All names, with a sentence each.
std::vector<Named> known_optimizers();
/// Those whose steps are updates of a given rate: all but the flow.
std::vector<Named> known_update_rules();

/// Whether a step is divided by the size of the gradient: with W = m w, the step in W then is m times that in w and
/// not m^2 times.
bool forgets_size(OptimizerKind optimizer);

/// Where weight decay acts: added to the gradient, or on the weights beside the update.
enum class Decay { in_gradient, decoupled };
Decay decay_of(OptimizerKind optimizer);
/// Whether decay is added to a gradient that is then divided by its size (adam, rmsprop).
bool decay_is_divided(OptimizerKind optimizer);

}  // namespace widthwise
