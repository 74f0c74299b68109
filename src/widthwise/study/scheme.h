// The parameterization, the activation, the loss and the schedule a configuration names, and what theory asks of the
// activation.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "widthwise/activation/activation.h"
#include "widthwise/loss/loss.h"
#include "widthwise/parameterization/activation_facts.h"
#include "widthwise/parameterization/exponents.h"
#include "widthwise/parameterization/two_layer.h"
#include "widthwise/study/grid.h"
#include "widthwise/training/flow_options.h"
#include "widthwise/training/schedule.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// @throws ConfigError (parameterization.*)
Parameterization make_parameterization(const Configuration& configuration);
/// The two-layer scheme with parameterization.q_sigma, q_a and q_w. @throws ConfigError where one is no rational.
TwoLayerExponents two_layer_exponents(const Configuration& configuration);
/// alpha and kappa of the trained output: training.alpha and training.kappa, or those of an initialization correction.
/// @throws ConfigError (parameterization.init_corrected) where there is none, such as kappa != 0 in the classification.
OutputScale output_scale(const Configuration& configuration);
/// @throws ConfigError for a two-layer scheme, or a correction, of another network.
void check_two_layer(const Configuration& configuration);
/// @throws ConfigError for runs that a scheme which changes after its first updates, or starts otherwise than centred,
/// does not allow; and for numbers that the first update would not hold (parameterization/range.h).
void check_first_updates(const Configuration& configuration);
/// Whether the first update is made in normalised variables (parameterization/normalised_start.h): where the numbers of
/// training.dtype would not hold it otherwise, and the network is one whose sizes can be taken out of it.
bool starts_normalised(const Configuration& configuration);
/// Reads parameterization.homogeneity: "own", which may be none, or a degree. @throws ConfigError with that key.
std::optional<int> parse_homogeneity(const std::string& text, const Activation& activation);
/// @throws ConfigError (architecture.*)
std::shared_ptr<const Activation> make_activation(const Configuration& configuration);
/// Its numbers as they stand; check_schedule says whether they fit.
Schedule make_schedule(const Configuration& configuration);
/// Its numbers as they stand; check_flow says whether they fit.
FlowOptions flow_options(const Configuration& configuration);
/// @throws ConfigError (training.loss*)
std::shared_ptr<const Loss> make_loss(const Configuration& configuration);
/// What the outcome engine asks of an activation.
ActivationFacts activation_facts(const Activation& activation);

}  // namespace widthwise
