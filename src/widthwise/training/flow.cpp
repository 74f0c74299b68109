#include "widthwise/training/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/training/blocks.h"
#include "widthwise/training/checkpoint.h"
#include "widthwise/training/each_tensor.h"
#include "widthwise/training/flow_worker.h"

namespace widthwise {

namespace {

constexpr double segment_seconds = 0.05;              // between looks at clock, interrupts and probes
constexpr double buffer_bytes = 256.0 * 1024 * 1024;  // of activations a worker holds at once
constexpr double patch_bytes = 512.0 * 1024;          // of the first layer's patches, of convolutions

// Samples a worker works through at once.
template <class T>
Index chunk_of(const Ensemble<T>& ensemble, Index samples, Index members) {
  const auto room = Propagation<T>::room(ensemble.architecture());
  double most = buffer_bytes / (sizeof(T) * static_cast<double>(members * room.numbers + 2 * room.patches));
  if (room.patches > 0) most = std::min(most, patch_bytes / (sizeof(T) * static_cast<double>(room.patches)));
  return std::min(samples, std::max<Index>(static_cast<Index>(most), room.patches > 0 ? 4 : 16));
}

template <class T>
BlockPlan plan(const Ensemble<T>& ensemble, Index samples) {
  const auto chunk = static_cast<double>(chunk_of(ensemble, samples, ensemble.size()));
  double numbers = chunk * static_cast<double>(Propagation<T>::room(ensemble.architecture()).numbers);
  double multiplications = 0;
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const double size = static_cast<double>(ensemble.weight(0, layer).size());
    numbers += 4 * size;
    multiplications = std::max(multiplications, size * chunk);
  }
  return plan_blocks(ensemble.size(), numbers * sizeof(T), multiplications, threads());
}

template <class T>
TrainingOptions completed(TrainingOptions options) {
  check_flow(options.flow);
  if (options.batch != 0)
    throw ConfigError({"", "training.batch"}, "0 for gradient-flow, which sees all samples",
                      fmt::format("{}", options.batch), "training.temperature draws batches of its own");
  if (options.flow.temperature > 0) options.flow.rule.shrink = 1.331;  // as their library has it there
  return options;
}

template <class T>
class FlowRun {
 public:
  FlowRun(Ensemble<T>& ensemble, View<const T> inputs, View<const T> targets, const Loss& loss,
          const TrainingOptions& options, std::span<const std::int64_t> probe_steps, const Probe<T>& probe,
          const FlowHooks<T>& hooks)
      : ensemble_(ensemble),
        options_(completed<T>(options)),
        probe_(probe),
        hooks_(hooks),
        base_(ensemble.architecture(), ensemble.size()),
        gradient_(ensemble.architecture(), ensemble.size()),
        trial_gradient_(ensemble.architecture(), ensemble.size()),
        direction_(ensemble.architecture(), 1),
        probe_steps_(probe_steps.begin(), probe_steps.end()),
        problem_{inputs,
                 targets,
                 loss,
                 options_,
                 std::chrono::steady_clock::now(),
                 base_,
                 gradient_,
                 trial_gradient_,
                 momentum(velocity_),
                 momentum(trial_velocity_),
                 probe_steps_},
        plan_(plan(ensemble, inputs.rows)),
        members_(static_cast<std::size_t>(ensemble.size())) {
    const Index chunk = chunk_of(ensemble, inputs.rows, plan_.largest);
    for (int worker = 0; worker < plan_.threads; ++worker)
      workers_.emplace_back(ensemble, problem_, chunk, plan_.largest);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      members_[m].scale =
          options_.output_scales.empty() ? OutputScale{options_.alpha, options_.kappa} : options_.output_scales[m];
      members_[m].control = StepControl(options_.flow.rule);
    }
  }

  std::vector<RunResult> operator()() {
    over_blocks([&](FlowWorker<T>& worker, MemberRange block) { worker.begin(ensemble_, members_, block); });
    for (std::size_t m = 0; m < members_.size(); ++m) probe(m);
    for (std::size_t m = 0; m < members_.size() && hooks_.resume; ++m)
      if (const FlowCheckpoint<T>* const left = hooks_.resume(static_cast<Index>(m))) resume(m, *left);
    double kept = problem_.seconds();
    while (any_active()) {
      over_blocks([&](FlowWorker<T>& worker, MemberRange block) {
        worker.advance(ensemble_, members_, block, segment_seconds);
      });
      settle();
      if (interrupt_requested()) {
        keep_all();
        return end(RunStatus::interrupted, "asked to stop");
      }
      if (problem_.seconds() + seconds_before_ >= options_.max_seconds) {
        restore_accepted();
        for (std::size_t m = 0; m < members_.size(); ++m)
          if (members_[m].active) probe(m);
        return end(RunStatus::stopped, fmt::format("{:.3g} s had passed", options_.max_seconds));
      }
      if (problem_.seconds() - kept >= hooks_.checkpoint_seconds) {
        keep_all();
        kept = problem_.seconds();
      }
    }
    return end(RunStatus::finished, "");
  }

 private:
  Parameters<T>* momentum(std::optional<Parameters<T>>& arena) {
    if (options_.flow.tau == 0) return nullptr;
    return &arena.emplace(ensemble_.architecture(), ensemble_.size());
  }

  bool any_active() const {
    return std::ranges::any_of(members_, [](const FlowMember<T>& member) { return member.active; });
  }

  template <class Work>
  void over_blocks(const Work& work) {
    widthwise::over_blocks(plan_, workers_, work);
  }

  // Calls use(state) with what a probe sees of a member.
  template <class Use>
  void show(std::size_t m, const Use& use) {
    const FlowMember<T>& member = members_[m];
    const auto index = static_cast<Index>(m);
    workers_[0].velocity(ensemble_, index, direction_);
    const bool first = member.step() == 0;
    const FlowProgress<T> progress{first ? 0 : member.tried,
                                   member.dgrad,
                                   member.dout,
                                   member.control.state(),
                                   member.times.passed(),
                                   member.rows.empty() ? problem_.inputs.rows : static_cast<Index>(member.rows.size()),
                                   direction_};
    const View<const T> initial =
        member.scale.kappa != 0 ? view(std::as_const(member.initial_output)) : View<const T>{};
    use(TrainingState<T>{ensemble_, index, member.step(), member.time, member.scale, initial, {}, &progress});
  }

  void probe(std::size_t m) {
    FlowMember<T>& member = members_[m];
    if (std::exchange(member.probed_at, member.step()) == member.step() || !probe_) return;
    show(m, [&](const TrainingState<T>& state) { probe_(state); });
  }

  // Probes and milestones of members that wait for them, or left.
  void settle() {
    for (std::size_t m = 0; m < members_.size(); ++m) {
      FlowMember<T>& member = members_[m];
      const bool left = !member.active && member.result.status != RunStatus::diverged;
      if (!member.waits && !left) continue;
      if (left && !member.at_base) restore_accepted(m);  // stuck: the last trial was refused
      if (left || std::ranges::binary_search(probe_steps_, member.step())) probe(m);
      for (const std::size_t milestone : std::exchange(member.reached, {}))
        if (hooks_.milestone) show(m, [&](const TrainingState<T>& state) { hooks_.milestone(state, milestone); });
      member.waits = false;
    }
  }

  void restore_accepted(std::size_t m) {
    each_tensor(ensemble_, static_cast<Index>(m), [&](const auto& tensor, const TensorScaling&) {
      copy_numbers<T>(tensor(std::as_const(base_)), tensor(ensemble_));
    });
    members_[m].at_base = true;
  }
  void restore_accepted() {
    for (std::size_t m = 0; m < members_.size(); ++m)
      if (!members_[m].at_base) restore_accepted(m);
  }

  void keep_all() {
    for (std::size_t m = 0; m < members_.size() && hooks_.checkpoint; ++m)
      if (members_[m].active) hooks_.checkpoint(static_cast<Index>(m), checkpoint(m));
  }

  std::vector<T> numbers(std::size_t m, const Parameters<T>& parameters) {
    std::vector<T> all;
    each_tensor(ensemble_, static_cast<Index>(m), [&](const auto& tensor, const TensorScaling&) {
      const View<const T> part = tensor(parameters);
      for (Index i = 0; i < part.rows; ++i) all.insert(all.end(), part.row(i), part.row(i) + part.cols);
    });
    return all;
  }
  void set_numbers(std::size_t m, const std::vector<T>& all, Parameters<T>& parameters) {
    const T* from = all.data();
    each_tensor(ensemble_, static_cast<Index>(m), [&](const auto& tensor, const TensorScaling&) {
      const View<T> part = tensor(parameters);
      for (Index i = 0; i < part.rows; ++i, from += part.cols) std::copy_n(from, part.cols, part.row(i));
    });
  }

  FlowCheckpoint<T> checkpoint(std::size_t m) {
    const FlowMember<T>& member = members_[m];
    FlowCheckpoint<T> kept;
    kept.control = member.control.state();
    kept.time = member.time;
    kept.dt = member.step() == 0 ? 0 : member.tried;
    kept.dgrad = member.dgrad;
    kept.dout = member.dout;
    kept.loss = member.now.loss;
    kept.gradient_norm = member.now.gradient_norm;
    kept.passed = member.times.passed();
    kept.history = member.history;
    kept.seconds = seconds_before_ + problem_.seconds();
    kept.outputs = member.now.outputs;
    kept.weights = numbers(m, base_);
    kept.gradient = numbers(m, gradient_);
    if (velocity_) kept.velocity = numbers(m, *velocity_);
    kept.rows = member.rows;
    kept.fresh = member.fresh;
    kept.since_look = member.since_look;
    kept.paid = member.paid;
    kept.draws = member.draws;
    return kept;
  }

  void resume(std::size_t m, const FlowCheckpoint<T>& left) {
    FlowMember<T>& member = members_[m];
    const auto wanted = numbers(m, base_).size();
    if (left.weights.size() != wanted || left.gradient.size() != wanted ||
        left.velocity.size() != (velocity_ ? wanted : 0) || left.outputs.cols() != problem_.targets.cols ||
        left.passed.milestones.size() != options_.flow.milestones.size())
      throw ShapeError("gradient flow", "a checkpoint of this network and these options", "one of another");
    if (!member.active) return;  // it ends where it starts
    member.control.restore(left.control);
    member.time = left.time;
    member.tried = left.dt;
    member.dgrad = left.dgrad;
    member.dout = left.dout;
    member.now = {left.outputs, left.loss, left.gradient_norm, left.dout, false};
    member.times.restore(left.passed);
    member.history = left.history;
    member.result.last_batch_loss = left.loss;
    member.probed_at = member.step();
    member.rows = left.rows;
    member.fresh = left.fresh;
    member.since_look = left.since_look;
    member.paid = left.paid;
    member.draws = left.draws;
    set_numbers(m, left.weights, base_);
    set_numbers(m, left.gradient, gradient_);
    if (velocity_) set_numbers(m, left.velocity, *velocity_);
    restore_accepted(m);
    seconds_before_ = std::max(seconds_before_, left.seconds);
  }

  std::vector<RunResult> end(RunStatus status, const std::string& reason) {
    restore_accepted();
    std::vector<RunResult> results;
    for (FlowMember<T>& member : members_) {
      if (member.active)
        member.result = {status, member.step(), reason, problem_.seconds(), member.result.last_batch_loss};
      results.push_back(std::move(member.result));
    }
    return results;
  }

  Ensemble<T>& ensemble_;
  const TrainingOptions options_;
  const Probe<T>& probe_;
  const FlowHooks<T>& hooks_;
  Parameters<T> base_, gradient_, trial_gradient_;
  std::optional<Parameters<T>> velocity_, trial_velocity_;
  Parameters<T> direction_;
  std::vector<std::int64_t> probe_steps_;
  FlowProblem<T> problem_;
  BlockPlan plan_;
  std::vector<FlowMember<T>> members_;
  std::vector<FlowWorker<T>> workers_;
  double seconds_before_ = 0;  // of those that go on
};

}  // namespace

template <class T>
std::vector<RunResult> follow_flow(Ensemble<T>& ensemble, View<const T> inputs, View<const T> targets, const Loss& loss,
                                   const TrainingOptions& options, std::span<const std::int64_t> probe_steps,
                                   const Probe<T>& probe, const FlowHooks<T>& hooks) {
  return FlowRun<T>(ensemble, inputs, targets, loss, options, probe_steps, probe, hooks)();
}

template std::vector<RunResult> follow_flow(Ensemble<float>&, View<const float>, View<const float>, const Loss&,
                                            const TrainingOptions&, std::span<const std::int64_t>, const Probe<float>&,
                                            const FlowHooks<float>&);
template std::vector<RunResult> follow_flow(Ensemble<double>&, View<const double>, View<const double>, const Loss&,
                                            const TrainingOptions&, std::span<const std::int64_t>, const Probe<double>&,
                                            const FlowHooks<double>&);

}  // namespace widthwise
