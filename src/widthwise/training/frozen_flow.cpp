#include "widthwise/training/frozen_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/data/finite.h"
#include "widthwise/training/checkpoint.h"

namespace widthwise {

namespace {

double largest(View<const double> outputs) {
  double size = 0;
  for (Index i = 0; i < outputs.rows; ++i)
    for (Index j = 0; j < outputs.cols; ++j) size = std::max(size, std::abs(outputs(i, j)));
  return size;
}

class Follow {
 public:
  Follow(FrozenSystem& system, View<const double> targets, const FrozenFlowOptions& options,
         const FrozenFlowHooks& hooks)
      : system_(system), targets_(targets), options_(options), hooks_(hooks), control_(options.rule) {
    if (hooks.resume != nullptr) resume(*hooks.resume);
  }

  FrozenFlowEnd operator()() {
    double kept = seconds();
    note();
    while (!ended_) {
      const double left = options_.max_time - state_.time, dt = std::min(control_.dt(), left);
      const bool forced = control_.dt() <= options_.rule.floor;
      const FrozenSystem::Trial trial =
          system_.attempt(dt, forced ? std::numeric_limits<double>::infinity() : options_.rule.max_dout);
      const double dout = trial.finite ? trial.dout : std::nan("");
      if (control_.judge(trial.dgrad, dout) != StepControl::Answer::refused) {
        system_.accept();
        state_.time = dt == left ? options_.max_time : state_.time + dt;
        state_.dt = dt;
        state_.dgrad = trial.dgrad;
        state_.dout = trial.dout;
        note();
      }
      if (!ended_ && control_.stuck(state_.time))
        end(RunStatus::stopped,
            fmt::format("stuck at time {:.6g}, dt {:.3g}: no step is small enough", state_.time, control_.dt()));
      if (!ended_ && interrupt_requested()) end(RunStatus::interrupted, "asked to stop");
      const double now = seconds();
      if (!ended_ && now >= options_.max_seconds)
        end(RunStatus::stopped, fmt::format("{:.3g} s had passed", options_.max_seconds));
      const bool left_early = ended_ && status_ == RunStatus::interrupted;
      if (hooks_.checkpoint && (left_early || (!ended_ && now - kept >= hooks_.checkpoint_seconds))) {
        keep();
        kept = now;
      }
    }
    return {status_, reason_, state_.time, state_.loss, control_.state()};
  }

 private:
  double seconds() const {
    return seconds_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  void keep() const {
    FlowCheckpoint<double> checkpoint;
    checkpoint.control = control_.state();
    checkpoint.time = state_.time;
    checkpoint.dt = state_.dt;
    checkpoint.dgrad = state_.dgrad;
    checkpoint.dout = state_.dout;
    checkpoint.loss = state_.loss;
    checkpoint.gradient_norm = system_.gradient_norm();
    checkpoint.seconds = seconds();
    system_.save(checkpoint);
    hooks_.checkpoint(checkpoint);
  }

  void resume(const FlowCheckpoint<double>& from) {
    system_.restore(from);
    control_.restore(from.control);
    state_.time = from.time;
    state_.dt = from.dt;
    state_.dgrad = from.dgrad;
    state_.dout = from.dout;
    seconds_before_ = from.seconds;
  }

  void end(RunStatus status, std::string reason) {
    ended_ = true;
    status_ = status;
    reason_ = std::move(reason);
  }

  // What the accepted state means for who watches, and for stopping.
  void note() {
    state_.step = control_.state().accepted;
    state_.loss = system_.loss();
    state_.outputs = system_.outputs();
    const double size = largest(state_.outputs), cap = options_.divergence_cap;
    if (!(state_.loss <= cap) || !(size <= cap))
      return end(RunStatus::diverged, fmt::format("loss {:.3g}, outputs up to {:.3g} at step {}, cap {:.3g}",
                                                  state_.loss, size, state_.step, cap));
    if (hooks_.seen) hooks_.seen(state_);
    if (options_.target_loss > 0 && state_.loss <= options_.target_loss)
      return end(RunStatus::stopped,
                 fmt::format("loss {:.3g} reached the target {:.3g}", state_.loss, options_.target_loss));
    if (options_.stopping.by_margin() && margins_hold<double>(options_.stopping, state_.outputs, targets_))
      return end(RunStatus::stopped, margin_reason(options_.stopping));
    if (system_.gradient_norm() == 0)
      return end(RunStatus::stopped, "the gradient is exactly 0: nothing moves any more");
    if (state_.time >= options_.max_time || state_.step >= options_.steps) end(RunStatus::finished, "");
  }

  FrozenSystem& system_;
  View<const double> targets_;
  const FrozenFlowOptions& options_;
  const FrozenFlowHooks& hooks_;
  StepControl control_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double seconds_before_ = 0;  // of wall time, before the flow was left
  FrozenFlowState state_;
  bool ended_ = false;
  RunStatus status_ = RunStatus::finished;
  std::string reason_;
};

}  // namespace

FrozenFlowEnd follow_frozen(FrozenSystem& system, View<const double> targets, const FrozenFlowOptions& options,
                            const FrozenFlowHooks& hooks) {
  return Follow(system, targets, options, hooks)();
}

void check_frozen(View<const double> initial, View<const double> targets, const Loss& loss,
                  const FrozenFlowOptions& options) {
  const auto require = [](bool holds, const char* key, const char* expected, double got) {
    if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
  };
  if (targets.rows < 1 || targets.cols < 1 ||
      (initial.data && (initial.rows != targets.rows || initial.cols != targets.cols)))
    throw ShapeError(
        "frozen flow", "at least one sample, initial outputs shaped as the targets",
        fmt::format("{} x {} targets, {} x {} outputs", targets.rows, targets.cols, initial.rows, initial.cols));
  require_finite(targets, "training targets");
  check_step_rule(options.rule);
  check_stopping(options.stopping);
  require(options.scale.alpha != 0 && std::isfinite(options.scale.alpha), "training.alpha", "a number other than 0",
          options.scale.alpha);
  require(std::isfinite(options.scale.kappa), "training.kappa", "a number", options.scale.kappa);
  require(options.objective_factor > 0 && std::isfinite(options.objective_factor), "training.alpha_convention",
          "a factor of the objective above 0", options.objective_factor);
  require(options.target_loss >= 0, "training.target_loss", "a loss >= 0", options.target_loss);
  require(options.max_time > 0, "training.max_time", "a time above 0", options.max_time);
  require(options.max_seconds > 0, "training.max_seconds", "a time > 0", options.max_seconds);
  require(options.steps >= 0, "training.steps", "a number of steps >= 0", static_cast<double>(options.steps));
  require(options.divergence_cap > 0, "training.divergence_cap", "a number > 0", options.divergence_cap);
  loss.value(targets, targets);  // has it a meaning here?
  for (Index i = 0; i < targets.rows && loss.needs_signs(); ++i)
    for (Index j = 0; j < targets.cols; ++j)
      if (std::abs(targets(i, j)) != 1)
        throw ConfigError({"", "training.loss"}, fmt::format("targets of -1 and 1 for {}", loss.name()),
                          fmt::format("{} for output {} of sample {}", targets(i, j), j, i));
}

double trained_output(const OutputScale& scale, double initial, double moved) {
  return (scale.alpha + scale.kappa) * initial + scale.alpha * moved;
}

}  // namespace widthwise
