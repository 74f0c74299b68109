// Runs of deep linear networks (limit.kind = deep-linear: their theory; deep-linear-network: one of limit.dimension
// inputs, by seed.init), told by keys of limit alone: no data, no architecture. They leave test_loss and train_loss at
// the measured steps. Rates follow training.schedule; losses above training.divergence_cap are divergence.
//
// Flows (deep-linear-flow, limit/deep_linear_flow.h and deep_linear_network_flow.h) leave test_loss, without the
// noise's share, and kernel_scale at limit.per_decade times a decade from 0.1 to limit.last_time; a step is one of
// these.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widthwise/limit/deep_linear_model.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/frozen_model.h"
#include "widthwise/study/grid.h"

namespace widthwise {

bool is_deep_linear_kind(const std::string& kind);
bool is_deep_linear_run(const Configuration& run);
/// What such runs leave: the series above, and seconds, the wall time each took.
const std::vector<std::string>& deep_linear_series();
/// Whether a key is part of such a run's identity.
bool decides_deep_linear(const std::string& key, const std::map<std::string, Value>& values);
/// @throws ConfigError for what such a run cannot be.
void check_deep_linear_run(const Configuration& run);
/// The model of a run; of infinitely many layers hidden_layers is 0.
DeepLinearModel deep_linear_model(const Configuration& run);
RunCost deep_linear_cost(const Configuration& run);
FrozenRun follow_deep_linear(const Configuration& run);

}  // namespace widthwise
