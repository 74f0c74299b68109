// Gradient flow (Geiger, Spigler, Jacot and Wyart 2020, section 1.4 of their method): every member follows
//
//   dtheta/dt = -rate (dObjective/dtheta + decay theta),   objective = Loss, Loss / alpha^2 or Loss / alpha
//   (training.h)
//
// by explicit Euler steps, each member with its own dt, accepted only where they change gradient and outputs little
// (numerics/step_control.h); or with momentum of time tau; or on batches whose sampling noise has a temperature
// (flow_batches.cpp). Time is t: with the scheme ntk, rate 1 and the article's convention it is the article's t; with
// the scheme mean-field, rate 1 and the code's convention it is the code's t over the width. Both have the trajectory
// of one F where alpha_code = sqrt(width) alpha_article, at t_article = alpha_code t (t_code over width).
//
// A member leaves where all margins hold, at the target loss, at max_time, after `steps` accepted steps, where its
// gradient vanishes, or stuck where no step is small enough to be accepted.
#pragma once

#include <span>
#include <vector>

#include "widthwise/training/training.h"

namespace widthwise {

/// train() for OptimizerKind::flow, which has checked the data. @throws ConfigError for options out of range.
template <class T>
std::vector<RunResult> follow_flow(Ensemble<T>& ensemble, View<const T> inputs, View<const T> targets, const Loss& loss,
                                   const TrainingOptions& options, std::span<const std::int64_t> probe_steps,
                                   const Probe<T>& probe, const FlowHooks<T>& hooks);

extern template std::vector<RunResult> follow_flow(Ensemble<float>&, View<const float>, View<const float>, const Loss&,
                                                   const TrainingOptions&, std::span<const std::int64_t>,
                                                   const Probe<float>&, const FlowHooks<float>&);
extern template std::vector<RunResult> follow_flow(Ensemble<double>&, View<const double>, View<const double>,
                                                   const Loss&, const TrainingOptions&, std::span<const std::int64_t>,
                                                   const Probe<double>&, const FlowHooks<double>&);

}  // namespace widthwise
