// Gradient flows of models that are linear in what moves, with F = alpha g + kappa g_0 the trained output, g_0 the
// untrained one, and
//
//   dg/dt = -K dObjective/dg        K frozen: kernel_flow.h in the samples' dual variables, linearised_flow.h in
//   weights dObjective/dg = objective_factor dLoss/dF
//
// by explicit Euler steps accepted by the rule of numerics/step_control.h, with the bounds a network's flow has
// (flow.h). What moves is linear, so the outputs of a trial are known from those of the step before: one refused for
// them costs no pass over the samples.
//
// objective_factor is that of training.h (objective_factor(convention, alpha)): alpha, 1/alpha (article) or 1 (code).
// Two conventions have one trajectory of F, at times t objective_factor alpha.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "widthwise/linalg/matrix.h"
#include "widthwise/loss/loss.h"
#include "widthwise/numerics/step_control.h"
#include "widthwise/training/stopping.h"
#include "widthwise/training/training.h"

namespace widthwise {

struct FrozenFlowOptions {
  OutputScale scale;            // kappa = -alpha: F starts at 0
  double objective_factor = 1;  // > 0
  StepRule rule;
  Stopping stopping;                                          // by margin; patience is not looked at
  double target_loss = 0;                                     // stops at the first step with a loss <= this; 0: never
  double max_time = std::numeric_limits<double>::infinity();  // at which the flow ends, exactly
  double max_seconds = std::numeric_limits<double>::infinity();  // of wall time
  std::int64_t steps = 1'000'000;                                // accepted ones at most
  double divergence_cap = 1e6;                                   // of |F| and the loss, as in training.h
};

/// What there is at the start and after every accepted step.
struct FrozenFlowState {
  std::int64_t step = 0;
  double time = 0, dt = 0, dgrad = 0, dout = 0;  // dt and behind: of the last accepted step
  double loss = 0;
  View<const double> outputs;  // F on the training samples, samples x outputs
};

template <class T>
struct FlowCheckpoint;  // checkpoint.h

/// Who else is called during a frozen flow.
struct FrozenFlowHooks {
  /// At the start, also of a flow taken up again, and after every accepted step.
  std::function<void(const FrozenFlowState&)> seen{};
  /// Where the flow was when it was left; null to begin at the start.
  const FlowCheckpoint<double>* resume = nullptr;
  /// Every `checkpoint_seconds`, and when interrupted. Outputs are how far g has moved, weights what moved it; times
  /// passed are left to who watches.
  std::function<void(const FlowCheckpoint<double>&)> checkpoint{};
  double checkpoint_seconds = 60;
};

struct FrozenFlowEnd {
  RunStatus status = RunStatus::finished;
  std::string reason;
  double time = 0, loss = 0;
  StepControl::State control;  // steps accepted, refused, forced
};

/// The system of one flow, moved by the loop below.
class FrozenSystem {
 public:
  struct Trial {
    double dgrad = 0, dout = 0, loss = 0;
    bool finite = true;
  };
  virtual ~FrozenSystem() = default;
  /// Tries a step of dt from the accepted state. Where dout is above `max_dout`, dgrad may be left at 0.
  virtual Trial attempt(double dt, double max_dout) = 0;
  /// Makes the last trial the accepted state.
  virtual void accept() = 0;
  /// Of the accepted state.
  virtual View<const double> outputs() const = 0;
  virtual double loss() const = 0;
  virtual double gradient_norm() const = 0;
  /// The accepted state, as `outputs` and `weights` of a checkpoint, and back.
  virtual void save(FlowCheckpoint<double>& checkpoint) const = 0;
  /// @throws ShapeError for another system's.
  virtual void restore(const FlowCheckpoint<double>& checkpoint) = 0;

 protected:
  FrozenSystem() = default;
  FrozenSystem(const FrozenSystem&) = default;
  FrozenSystem& operator=(const FrozenSystem&) = default;
};

/// Follows a system until it stops. @throws ConfigError (training.*) for options out of range.
FrozenFlowEnd follow_frozen(FrozenSystem& system, View<const double> targets, const FrozenFlowOptions& options,
                            const FrozenFlowHooks& hooks = {});

/// What both flows ask of their options, targets and samples. @throws as they do.
void check_frozen(View<const double> initial, View<const double> targets, const Loss& loss,
                  const FrozenFlowOptions& options);

/// (alpha + kappa) g_0 + alpha moved: F of g = g_0 + moved.
double trained_output(const OutputScale& scale, double initial, double moved);

}  // namespace widthwise
