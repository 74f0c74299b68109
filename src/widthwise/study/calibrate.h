// Calibration of a run's first rates (training/calibration.h), as parameterization.calibration asks for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widthwise/data/batches.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/study/grid.h"
#include "widthwise/training/calibration.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// What a record calls B_l: calibrated_rate.1, ..., calibrated_rate.L+1, in its final values.
inline constexpr const char* calibrated_rate = "calibrated_rate";

/// Whether the run's first rates are others than its learning rate gives.
bool calibrates(const Configuration& run);

/// Whether they are measured, so that exponents say nothing of them.
bool measures_first_rates(const Configuration& run);

/// @throws ConfigError (parameterization.calibration_batch) where the samples do not make two disjoint batches.
void check_calibration(const Configuration& run);

/// Sets the first rates of a member that is to be trained. Batches 0 and 1 are drawn by seed.data alone: the same for
/// all draws of weights, and not those of training.
/// @returns B_1..B_{L+1}, named as a record tells them: "calibrated_rate.1", ... @throws CalibrationError.
template <class T>
std::map<std::string, double> calibrate(const Configuration& run, const Architecture& architecture, Member& member,
                                        View<const T> inputs, View<const T> targets, const Loss& loss,
                                        const OutputScale& scale);

}  // namespace widthwise
