// Training an ensemble: all members see the same batches for the same number of steps, each with its own weights, rates
// and fate. One step of a member, on the rows of Batches(samples, batch, batch_key) at step k,
//
//   g = alpha f(theta_k) + kappa f(theta_0)              trained output; f(theta_0) is cached on the training inputs
//   theta_{k+1} = update(theta_k, alpha * sum_s dLoss/dg_s df_s/dtheta)
//
// with one update rule of sgd.h, momentum.h, adam.h, rmsprop.h, muon.h in effective form and the rates of all tensors
// times the factor of schedule.h. Time = step: one unit of time is one update.
// By the article's convention for alpha (Geiger, Spigler, Jacot and Wyart 2020) the objective is Loss / alpha^2, so
// that the sum above has 1 / alpha where it has alpha: then dg/dt at initialization does not depend on alpha. Losses
// that are recorded, compared with the target or capped stay the mean Loss, without that factor.
//
// By the convention of their code it is Loss / alpha, and the sum has 1. The optimizer `gradient-flow` follows the flow
// dtheta/dt = -rate dObjective/dtheta in steps of its own choice (flow.h): its step is an accepted step, its time is t.
//
// A probe at step k sees the state before update k: step 0 is initialization, `steps` the end. A member whose loss or
// output is not finite, or above a cap, has diverged at that step and leaves; the others continue. That is a result,
// not an error.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/view.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/parameterization/scaling.h"
#include "widthwise/training/flow_options.h"
#include "widthwise/training/schedule.h"
#include "widthwise/training/stopping.h"

namespace widthwise {

/// Trained output g = alpha f(theta) + kappa f(theta_0): (1, 0) plain, (alpha, -alpha) centred at initialization.
struct OutputScale {
  double alpha = 1, kappa = 0;
};

/// What is minimized: the mean loss of g, that over alpha^2, or over alpha (above).
enum class AlphaConvention { none, article, code };
/// "none", "article" or "code". @throws ConfigError (training.alpha_convention) for another text.
AlphaConvention parse_alpha_convention(std::string_view name);
/// dObjective/df over dLoss/dg: alpha, 1/alpha or 1.
double objective_factor(AlphaConvention convention, double alpha);

/// How an ensemble trains. Rates, Adam's epsilon and weight decay come per tensor from each member's Scaling.
struct TrainingOptions {
  OptimizerKind optimizer = OptimizerKind::sgd;
  double momentum = 0.9;              // v <- momentum v + gradient, in [0, 1): of momentum and muon (usually 0.95)
  double beta1 = 0.9, beta2 = 0.999;  // averages of gradient and squared gradient, in [0, 1); rmsprop: usually 0.99
  Schedule schedule;                  // of the rates

  Index batch = 0;         // samples a step; 0: all, in their own order
  std::int64_t steps = 0;  // updates
  Key batch_key;
  bool shuffle = true;  // false: batches go through the samples in their own order, epoch after epoch

  double max_seconds = std::numeric_limits<double>::infinity();  // wall time after which all members stop
  double target_loss = 0;       // a member stops at the first step whose batch loss is <= this; 0: never
  Stopping stopping;            // by margin, or when the loss falls no more
  double divergence_cap = 1e6;  // diverged where |g| or the batch loss is above this, or not finite

  double alpha = 1, kappa = 0;             // of every member, unless:
  std::vector<OutputScale> output_scales;  // one a member, where they differ
  // f(theta_0) on the training inputs, one a member, where training does not begin at theta_0; none: where it begins.
  std::vector<Matrix<double>> initial_outputs;
  AlphaConvention alpha_convention = AlphaConvention::none;  // others: every alpha must be above 0

  FlowOptions flow;  // of gradient-flow; its `steps` are the most it may take
};

enum class RunStatus {
  finished,     // all steps
  stopped,      // by wall time, target loss, margin or patience: the reason says which
  diverged,     // loss or output not finite or above the cap, at `step`
  interrupted,  // somebody asked (base/interrupt.h); not probed at the end
};
/// "finished", "stopped", "diverged", "interrupted".
std::string_view status_name(RunStatus status);

/// What became of one member.
struct RunResult {
  RunStatus status = RunStatus::finished;
  std::int64_t step = 0;  // updates applied
  std::string reason;     // a sentence; when finished empty, or a warning
  double seconds = 0;     // wall time of the ensemble until this member left, probes included
  double last_batch_loss =
      std::numeric_limits<double>::quiet_NaN();  // of the last batch looked at, at the state returned or just before
};

struct PassedTimes;  // flow_times.h
template <class T>
struct FlowCheckpoint;  // checkpoint.h

/// What there is to know of a gradient flow beside its state.
template <class T>
struct FlowProgress {
  double dt = 0, dgrad = 0, dout = 0;  // of the last accepted step; 0 at the start
  StepControl::State control;          // the next dt, and how many steps were accepted and refused
  const PassedTimes& times;
  Index batch = 0;                // samples of the last step
  const Parameters<T>& velocity;  // dtheta/dt, one member
};

/// What a probe sees of one member.
template <class T>
struct TrainingState {
  const Ensemble<T>& ensemble;
  Index member;
  std::int64_t step;             // updates applied so far
  double time;                   // = step
  OutputScale output_scale;      // of the trained output
  View<const T> initial_output;  // f(theta_0) on the training inputs, samples x outputs; null data where kappa = 0
  std::span<const double> batch_losses;   // of the updates since this member's previous probe; empty at step 0
  const FlowProgress<T>* flow = nullptr;  // of gradient-flow
};

/// Called for one member at a time, in order of members, from the thread that called train.
template <class T>
using Probe = std::function<void(const TrainingState<T>&)>;

/// Who else is called during a gradient flow, from the thread that called train.
template <class T>
struct FlowHooks {
  /// At each of FlowOptions::milestones, with its place there.
  std::function<void(const TrainingState<T>&, std::size_t)> milestone;
  /// Where a member's flow was when it was left; null to begin at the start. Asked after the probe at step 0.
  std::function<const FlowCheckpoint<T>*(Index member)> resume;
  /// Every `checkpoint_seconds`, and when interrupted.
  std::function<void(Index member, const FlowCheckpoint<T>&)> checkpoint;
  double checkpoint_seconds = 60;
};

/// Trains `ensemble` on inputs (samples x input_dimension) and targets (samples x outputs). `probe` (may be empty) is
/// called at each of `probe_steps` (ascending, within 0..steps; others are ignored) and wherever a member finishes or
/// stops, once a step. Uses the calling thread's number of threads (linalg/threads.h): over blocks of members where
/// there are enough, inside products otherwise.
/// Results a member: entry m is member m's. Throws ShapeError where data and architecture do not fit, DataError where
/// inputs or targets are not finite, ConfigError (training.*) for options out of range and for targets other than -1
/// and 1 where the loss needs those.
template <class T>
std::vector<RunResult> train(Ensemble<T>& ensemble, std::type_identity_t<View<const T>> inputs,
                             std::type_identity_t<View<const T>> targets, const Loss& loss,
                             const TrainingOptions& options, std::span<const std::int64_t> probe_steps = {},
                             const std::type_identity_t<Probe<T>>& probe = {},
                             const std::type_identity_t<FlowHooks<T>>& hooks = {});

extern template std::vector<RunResult> train(Ensemble<float>&, View<const float>, View<const float>, const Loss&,
                                             const TrainingOptions&, std::span<const std::int64_t>, const Probe<float>&,
                                             const FlowHooks<float>&);
extern template std::vector<RunResult> train(Ensemble<double>&, View<const double>, View<const double>, const Loss&,
                                             const TrainingOptions&, std::span<const std::int64_t>,
                                             const Probe<double>&, const FlowHooks<double>&);

}  // namespace widthwise
