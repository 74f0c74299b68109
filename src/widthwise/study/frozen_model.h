// Runs of models whose tangent kernel does not change (training.model): the kernel machine of a network's kernel where
// the run starts, or the network linearised there, by gradient flow with the run's loss, rates, step rule and clock
// (training/kernel_flow.h, linearised_flow.h). Where the run starts from a state of another (start_from), that state is
// what is frozen; f(theta_0) of the centred model is then the output there.
//
// Of observables there are train_loss, train_error, smallest_margin, margins_held, output_size, accepted_steps,
// half_time, at the measured steps, and test_loss and test_error at the end (NaN before).
#pragma once

#include "widthwise/network/ensemble.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/study/checkpoints.h"
#include "widthwise/study/grid.h"
#include "widthwise/training/training.h"

namespace widthwise {

bool is_frozen_model(const Configuration& run);
/// @throws ConfigError (training.model, .optimizer, measure.observables, training.save) for what such a run cannot
/// have.
void check_frozen_model(const Configuration& run);

struct FrozenRun {
  RunResult result;
  Trace trace;
  Matrix<double> train_outputs, test_outputs;  // F at the end
};

/// Follows the frozen model of a member at its weights as they are, from its checkpoint where there is one.
/// @param data whole parts
template <class T>
FrozenRun follow_frozen_model(const Configuration& run, const Ensemble<T>& ensemble, Index member,
                              const MeasuredData<T>& data, const Loss& loss, const TrainingOptions& options,
                              const std::vector<std::int64_t>& measured, const Checkpoints& checkpoints = {});

}  // namespace widthwise
