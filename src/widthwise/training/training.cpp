#include "widthwise/training/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/data/batches.h"
#include "widthwise/data/finite.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/training/blocks.h"
#include "widthwise/training/flow.h"
#include "widthwise/training/member_run.h"
#include "widthwise/training/update_rule.h"
#include "widthwise/training/worker.h"

namespace widthwise {

namespace {

// Between two segments the clock, interrupts and probes are looked at; within one, threads run freely.
constexpr double segment_seconds = 0.05;
constexpr std::int64_t longest_segment = 256;

void require(bool holds, const char* key, const char* expected, double got) {
  if (!holds) throw ConfigError({"", key}, expected, fmt::format("{}", got));
}

template <class T>
void require_signs(View<const T> targets, const Loss& loss) {
  for (Index i = 0; i < targets.rows; ++i)
    for (Index j = 0; j < targets.cols; ++j)
      if (targets(i, j) != T(1) && targets(i, j) != T(-1))
        throw ConfigError({"", "training.loss"}, fmt::format("targets of -1 and 1 for {}", loss.name()),
                          fmt::format("{} for output {} of sample {}", targets(i, j), j, i));
}

void require_positive_alphas(const TrainingOptions& options) {
  if (options.alpha_convention == AlphaConvention::none) return;
  const auto check = [](double alpha) {
    require(alpha > 0 && std::isfinite(alpha), "training.alpha", "a number above 0 (the loss is divided by it)", alpha);
  };
  if (options.output_scales.empty()) check(options.alpha);
  for (const OutputScale& scale : options.output_scales) check(scale.alpha);
}

// Rates of their own in the first updates are gradient descent's. Momentum would carry the decay of the weights at
// those rates.
template <class T>
void check_first_rates(const Ensemble<T>& ensemble, OptimizerKind optimizer) {
  for (Index member = 0; member < ensemble.size(); ++member) {
    const Scaling& scaling = ensemble.scaling(member);
    for (const auto* tensors : {&scaling.weights, &scaling.biases})
      for (const TensorScaling& tensor : *tensors) {
        const bool switches = tensor.first_steps > 0 && tensor.effective_first_rate != tensor.effective_rate;
        const bool sheds = tensor.initial_share != 1;
        if (optimizer == OptimizerKind::flow && (switches || sheds))
          throw ConfigError({"", "training.optimizer"}, "a rule with steps, after the first of which something changes",
                            "gradient-flow");
        if (switches && optimizer != OptimizerKind::sgd && optimizer != OptimizerKind::momentum)
          throw ConfigError({"", "training.optimizer"}, "sgd or momentum, for first updates at rates of their own",
                            std::string(optimizer_name(optimizer)));
        if (switches && optimizer == OptimizerKind::momentum && tensor.effective_decay != 0)
          throw ConfigError(
              {"", "training.weight_decay"},
              "0 for momentum with first updates at rates of their own (its velocity would hold the decay)",
              fmt::format("{}", tensor.decay));
      }
  }
}

template <class T>
void check(const Ensemble<T>& ensemble, View<const T> inputs, View<const T> targets, const Loss& loss,
           const TrainingOptions& options) {
  const Architecture& architecture = ensemble.architecture();
  if (inputs.rows < 1 || inputs.rows != targets.rows || inputs.cols != architecture.input_dimension ||
      targets.cols != architecture.outputs)
    throw ShapeError(
        "train",
        fmt::format("as many targets as inputs, samples x {} inputs, samples x {} targets",
                    architecture.input_dimension, architecture.outputs),
        fmt::format("{} x {} inputs, {} x {} targets", inputs.rows, inputs.cols, targets.rows, targets.cols));
  require_finite(inputs, "training inputs");
  require_finite(targets, "training targets");
  require(options.steps >= 0, "training.steps", "a number of steps >= 0", static_cast<double>(options.steps));
  check_schedule(options.schedule, options.steps);
  check_first_rates(ensemble, options.optimizer);
  check_stopping(options.stopping);
  require(options.max_seconds > 0, "training.max_seconds", "a time > 0", options.max_seconds);
  require(options.target_loss >= 0, "training.target_loss", "a loss >= 0", options.target_loss);
  require(options.divergence_cap > 0, "training.divergence_cap", "a number > 0", options.divergence_cap);
  if (!options.output_scales.empty() && static_cast<Index>(options.output_scales.size()) != ensemble.size())
    throw ShapeError("train", fmt::format("{} output scales, one a member", ensemble.size()),
                     fmt::format("{}", options.output_scales.size()));
  for (const Matrix<double>& output : options.initial_outputs)
    if (static_cast<Index>(options.initial_outputs.size()) != ensemble.size() || output.rows() != targets.rows ||
        output.cols() != targets.cols)
      throw ShapeError("train",
                       fmt::format("initial outputs of the targets' shape, {} x {}, for {} members", targets.rows,
                                   targets.cols, ensemble.size()),
                       fmt::format("{} x {} for {}", output.rows(), output.cols(), options.initial_outputs.size()));
  require_positive_alphas(options);
  loss.value(targets.block(0, 0, 1, targets.cols), targets.block(0, 0, 1, targets.cols));  // has it a meaning here?
  if (loss.needs_signs()) require_signs(targets, loss);
}

template <class T>
BlockPlan plan(const Ensemble<T>& ensemble, const UpdateRule<T>& rule, Index batch) {
  double numbers = 0, multiplications = 0;
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const View<const T> weight = ensemble.weight(0, layer);
    const double size = static_cast<double>(weight.size());
    numbers += size * (1 + rule.kept_per_weight());
    numbers += static_cast<double>(rule.scratch_size(ensemble.parameters().dense(layer), 1));
    numbers += 3 * static_cast<double>(batch * weight.rows);  // preactivation, activation, delta
    multiplications = std::max(multiplications, size * static_cast<double>(batch));
  }
  if (const Architecture& architecture = ensemble.architecture(); architecture.image != InputImage{}) {
    // Every position of an image counts, not its layer once.
    const auto room = Propagation<T>::room(architecture);
    numbers += static_cast<double>(batch * (room.numbers + room.patches));
    multiplications =
        flops_per_sample(architecture) / 2 * static_cast<double>(batch) / static_cast<double>(ensemble.layers());
  }
  return plan_blocks(ensemble.size(), numbers * sizeof(T), multiplications, threads());
}

template <class T>
class Run {
 public:
  Run(Ensemble<T>& ensemble, View<const T> inputs, View<const T> targets, const Loss& loss,
      const TrainingOptions& options, std::span<const std::int64_t> probe_steps, const Probe<T>& probe)
      : ensemble_(ensemble),
        options_(options),
        probe_(probe),
        problem_{inputs, targets, loss, options, std::chrono::steady_clock::now()},
        batches_(inputs.rows, options.batch, options.batch_key,
                 options.shuffle ? Batches::Order::shuffled : Batches::Order::fixed),
        rule_(make_update_rule<T>(options, ensemble)),
        plan_(plan(ensemble, *rule_, batches_.batch())),
        runs_(static_cast<std::size_t>(ensemble.size())) {
    for (int worker = 0; worker < plan_.threads; ++worker)
      workers_.emplace_back(ensemble, problem_, *rule_, batches_.batch(), plan_.largest);
    for (const std::int64_t step : probe_steps)
      if (step >= 0 && step <= options.steps) probe_steps_.push_back(step);
    if (!std::ranges::is_sorted(probe_steps_)) throw ShapeError("train", "probe steps in ascending order", "another");
    for (std::size_t member = 0; member < runs_.size(); ++member) start(member);
  }

  std::vector<RunResult> operator()() {
    std::int64_t step = 0, length = 1;
    while (step < options_.steps && any_active()) {
      if (due(step)) probe_active(step);
      const double before = problem_.seconds();
      const std::int64_t to = std::min({step + length, next_probe(step), options_.steps});
      advance(step, to);
      probe_stopped();
      const double each = (problem_.seconds() - before) / static_cast<double>(to - step);
      length = std::clamp<std::int64_t>(static_cast<std::int64_t>(segment_seconds / each), 1,
                                        std::min(8 * length, longest_segment));
      step = to;
      if (interrupt_requested()) return end(RunStatus::interrupted, step, "asked to stop");
      if (step < options_.steps && problem_.seconds() >= options_.max_seconds) return out_of_time(step);
    }
    look(options_.steps);
    probe_active(options_.steps);
    return end(RunStatus::finished, options_.steps, "");
  }

 private:
  void start(std::size_t member) {
    MemberRun<T>& run = runs_[member];
    run.scale =
        options_.output_scales.empty() ? OutputScale{options_.alpha, options_.kappa} : options_.output_scales[member];
    if (run.scale.kappa == 0) return;
    if (!options_.initial_outputs.empty())
      run.initial_output = options_.initial_outputs[member].template cast<T>();
    else
      run.initial_output = workers_[0].outputs(ensemble_, static_cast<Index>(member));
  }

  bool any_active() const {
    return std::ranges::any_of(runs_, [](const MemberRun<T>& run) { return run.active; });
  }
  bool due(std::int64_t step) const { return std::ranges::binary_search(probe_steps_, step); }
  std::int64_t next_probe(std::int64_t step) const {
    const auto next = std::ranges::upper_bound(probe_steps_, step);
    return next == probe_steps_.end() ? options_.steps : *next;
  }

  void probe(std::size_t member, std::int64_t step) {
    MemberRun<T>& run = runs_[member];
    if (run.probed_at == step) return;
    run.probed_at = step;
    if (probe_) {
      const View<const T> initial =
          run.initial_output.size() > 0 ? view(std::as_const(run.initial_output)) : View<const T>{};
      probe_({ensemble_, static_cast<Index>(member), step, static_cast<double>(step), run.scale, initial, run.losses});
    }
    run.losses.clear();
  }
  void probe_active(std::int64_t step) {
    for (std::size_t member = 0; member < runs_.size(); ++member)
      if (runs_[member].active) probe(member, step);
  }
  void probe_stopped() {
    for (std::size_t member = 0; member < runs_.size(); ++member)
      if (!runs_[member].active && runs_[member].result.status == RunStatus::stopped)
        probe(member, runs_[member].result.step);
  }

  Segment segment(std::int64_t from, std::int64_t to) const {
    Segment segment{from, to, batches_.batch(), batches_.steps_per_epoch(), {}};
    if (batches_.full_batch()) return segment;
    for (std::int64_t step = from; step < to; ++step) {
      const auto rows = batches_.rows(step);
      segment.rows.insert(segment.rows.end(), rows.begin(), rows.end());
    }
    return segment;
  }

  void advance(std::int64_t from, std::int64_t to) {
    const Segment steps = segment(from, to);
    over_blocks([&](Worker<T>& worker, MemberRange block) { worker.train(ensemble_, *rule_, runs_, block, steps); });
  }
  // The last update may have diverged: the state after it is seen too.
  void look(std::int64_t step) {
    const Segment steps = segment(step, step + 1);
    over_blocks([&](Worker<T>& worker, MemberRange block) { worker.look(ensemble_, runs_, block, steps); });
  }

  template <class Work>
  void over_blocks(const Work& work) {
    widthwise::over_blocks(plan_, workers_, work);
  }

  std::vector<RunResult> out_of_time(std::int64_t step) {
    probe_active(step);
    return end(RunStatus::stopped, step, fmt::format("{:.3g} s had passed", options_.max_seconds));
  }

  std::vector<RunResult> end(RunStatus status, std::int64_t step, const std::string& reason) {
    std::vector<RunResult> results;
    for (MemberRun<T>& run : runs_) {
      if (run.active) run.result = {status, step, reason, problem_.seconds(), run.result.last_batch_loss};
      results.push_back(std::move(run.result));
    }
    return results;
  }

  Ensemble<T>& ensemble_;
  const TrainingOptions& options_;
  const Probe<T>& probe_;
  Problem<T> problem_;
  Batches batches_;
  std::unique_ptr<UpdateRule<T>> rule_;
  BlockPlan plan_;
  std::vector<MemberRun<T>> runs_;
  std::vector<Worker<T>> workers_;
  std::vector<std::int64_t> probe_steps_;
};

}  // namespace

template <class T>
std::vector<RunResult> train(Ensemble<T>& ensemble, std::type_identity_t<View<const T>> inputs,
                             std::type_identity_t<View<const T>> targets, const Loss& loss,
                             const TrainingOptions& options, std::span<const std::int64_t> probe_steps,
                             const std::type_identity_t<Probe<T>>& probe,
                             const std::type_identity_t<FlowHooks<T>>& hooks) {
  check<T>(ensemble, inputs, targets, loss, options);
  if (options.optimizer == OptimizerKind::flow)
    return follow_flow<T>(ensemble, inputs, targets, loss, options, probe_steps, probe, hooks);
  return Run<T>(ensemble, inputs, targets, loss, options, probe_steps, probe)();
}

template std::vector<RunResult> train(Ensemble<float>&, View<const float>, View<const float>, const Loss&,
                                      const TrainingOptions&, std::span<const std::int64_t>, const Probe<float>&,
                                      const FlowHooks<float>&);
template std::vector<RunResult> train(Ensemble<double>&, View<const double>, View<const double>, const Loss&,
                                      const TrainingOptions&, std::span<const std::int64_t>, const Probe<double>&,
                                      const FlowHooks<double>&);

}  // namespace widthwise
