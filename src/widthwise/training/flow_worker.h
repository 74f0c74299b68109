// One thread's part of a flow: trials of a block of members with its own buffers. With theta the accepted weights in
// effective form, G = dObjective/dtheta, rate and decay those of each tensor,
//
//   trial      theta' = theta - dt rate (G + decay theta), or with momentum
//              v' = x v - (1 - x) rate (G + decay theta), theta' = theta + dt v',
//              x = exp(-dt / tau), for tau < 0 (t / (t + dt))^-tau
//   judged by  |G - G'|^2 / (|G| |G'|) with |G|^2 = sum over tensors of rate |G|^2, and max |F' - F|
//
// |G|^2 is the squared speed of the trained w over their rate, so that neither gauge nor multipliers change it; with
// one rate for all it is the article's |g|^2 times that rate. One pass forward and back serves the test of a step and
// the next step; where dout is too large, the pass back is left out.
#pragma once

#include <chrono>
#include <functional>
#include <span>

#include "widthwise/network/propagation.h"
#include "widthwise/training/flow_member.h"

namespace widthwise {

/// What the workers share: read-only but for the arenas, of which each touches its own members' part.
template <class T>
struct FlowProblem {
  View<const T> inputs, targets;  // of all training samples
  const Loss& loss;
  const TrainingOptions& options;
  std::chrono::steady_clock::time_point start;
  Parameters<T>&base, &gradient, &trial_gradient;
  Parameters<T>*velocity, *trial_velocity;  // null without momentum
  std::span<const std::int64_t> probe_steps;

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
};

template <class T>
class FlowWorker {
 public:
  /// Works through `chunk` samples at once.
  FlowWorker(const Ensemble<T>& ensemble, const FlowProblem<T>& problem, Index chunk, Index members);

  /// Outputs, loss and gradient of the members at their initial weights, and the velocity of their outputs.
  void begin(const Ensemble<T>& ensemble, std::span<FlowMember<T>> members, MemberRange block);
  /// Tries steps of the members of `block` that are active until one waits or leaves, or `seconds` have passed.
  void advance(Ensemble<T>& ensemble, std::span<FlowMember<T>> members, MemberRange block, double seconds);
  /// Writes dtheta/dt of the accepted state to slot 0 of `out`.
  void velocity(const Ensemble<T>& ensemble, Index member, Parameters<T>& out) const;

 private:
  using Members = std::span<FlowMember<T>>;

  void round(Ensemble<T>& ensemble, Members members, MemberRange range);
  void evaluate(const Ensemble<T>& ensemble, Members members, MemberRange range, Parameters<T>& gradient);
  void add(const Factors<T>& factors, T keep, Parameters<T>& gradient);
  void look(FlowMember<T>& member, Index index, Index first, Index rows);
  void finish_gradient(const Ensemble<T>& ensemble, FlowMember<T>& member, Index index, Parameters<T>& gradient) const;
  void write_trial(Ensemble<T>& ensemble, FlowMember<T>& member, Index index) const;
  void judge(Ensemble<T>& ensemble, FlowMember<T>& member, Index index);
  void accept(const Ensemble<T>& ensemble, FlowMember<T>& member, Index index);
  void note_step(FlowMember<T>& member);
  void stop_where_asked(FlowMember<T>& member);
  void leave(FlowMember<T>& member, RunStatus status, std::string reason) const;

  // With a temperature: flow_batches.cpp.
  void round_on_batch(Ensemble<T>& ensemble, Members members, Index index);
  bool choose_batch(FlowMember<T>& member, Key key) const;
  void gather(const FlowMember<T>& member);
  void accept_batch(const Ensemble<T>& ensemble, FlowMember<T>& member, Index index);
  FlowLook<T> look_at_all(const Ensemble<T>& ensemble, const FlowMember<T>& member, Index index);

  const FlowProblem<T>& problem_;
  Propagation<T> propagation_;
  View<const T> inputs_, targets_;  // of the samples looked at now
  Matrix<T> batch_inputs_, batch_targets_;
  enum class Look { initial, fresh, trial };
  Look look_ = Look::trial;  // trials are compared with what was before
};

extern template class FlowWorker<float>;
extern template class FlowWorker<double>;

}  // namespace widthwise
