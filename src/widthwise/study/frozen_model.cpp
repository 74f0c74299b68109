#include "widthwise/study/frozen_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/linalg/in_double.h"
#include "widthwise/loss/margin.h"
#include "widthwise/observable/sums.h"
#include "widthwise/training/flow_times.h"
#include "widthwise/training/kernel_flow.h"
#include "widthwise/training/linearised_flow.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double kernel_bytes = 4e9;  // of each of a run's two kernels
constexpr std::array<const char*, 9> measurable{"train_loss",   "train_error",    "smallest_margin",
                                                "margins_held", "output_size",    "test_loss",
                                                "test_error",   "accepted_steps", "half_time"};

// Points of a trace as the flow goes.
class Points {
 public:
  Points(const Configuration& run, const Loss& loss, View<const double> targets,
         const std::vector<std::int64_t>& measured)
      : loss_{loss}, targets_{targets}, measured_{measured} {
    for (const Value& name : run.at("measure.observables").list()) names_.push_back(name.text());
  }

  void see(const FrozenFlowState& state) {
    if (!begun_)
      times_ = FlowTimes<double>(state.loss, Matrix<double>(), Matrix<double>(), 0);
    else
      times_.step(state.time, state.loss, nan, state.outputs, {});
    begun_ = true;
    if (std::ranges::binary_search(measured_, state.step)) add(state.step, state.time, state.loss, state.outputs);
  }
  void add(std::int64_t step, double time, double loss, View<const double> outputs) {
    if (trace.empty() || trace.step.back() < step) trace.append(step, time);
    for (const std::string& name : names_) trace.set(name, value(name, step, loss, outputs));
  }
  void set_test(View<const double> outputs, View<const double> targets) {
    for (const std::string& name : names_) {
      if (name == "test_loss") trace.set(name, loss_.value(outputs, targets));
      if (name == "test_error") trace.set(name, classification_error(outputs, targets));
    }
  }

  /// The rest of a run that was left.
  void go_on(Trace measured, PassedTimes passed) {
    trace = std::move(measured);
    times_.restore(std::move(passed));
    begun_ = true;
  }
  const PassedTimes& passed() const { return times_.passed(); }

  Trace trace;

 private:
  double value(const std::string& name, std::int64_t step, double loss, View<const double> outputs) {
    if (name == "train_loss") return loss;
    if (name == "train_error") return classification_error(outputs, targets_);
    if (name == "smallest_margin") return smallest_margin(outputs, targets_);
    if (name == "output_size") return rms<double>(outputs);
    if (name == "accepted_steps") return static_cast<double>(step);
    if (name == "half_time") return times_.passed().half_time;
    if (name != "margins_held") return nan;
    std::vector<double> margins_now(static_cast<std::size_t>(outputs.rows));
    margins(outputs, targets_, margins_now);
    const double m = loss_.parameters().margin, least = std::isnan(m) ? 0 : m;
    const auto held = std::ranges::count_if(margins_now, [least](double u) { return u >= least; });
    return static_cast<double>(held) / static_cast<double>(margins_now.size());
  }

  const Loss& loss_;
  View<const double> targets_;
  const std::vector<std::int64_t>& measured_;
  std::vector<std::string> names_;
  FlowTimes<double> times_;
  bool begun_ = false;
};

// The library's words for a kernel that is too large are not a study's.
template <class T>
KernelFlowResult kernel_machine(const Ensemble<T>& ensemble, Index member, const MeasuredData<T>& data,
                                View<const double> targets, const Loss& loss, const FrozenFlowOptions& flow,
                                const FrozenFlowHooks& hooks) {
  try {
    return follow_tangent_kernel<T>(ensemble, member, data.train_inputs, targets, data.test_inputs, loss, flow,
                                    kernel_bytes, hooks);
  } catch (const ConfigError& error) {
    if (error.place().key != "memory") throw;
    throw ConfigError(
        {{}, "training.model"}, fmt::format("a kernel of at most {:.3g} bytes", kernel_bytes),
        "tangent-kernel, which takes " + error.expected(),
        "training.model = \"linearised\" follows the same flow without it; fewer of data.train or data.test "
        "take less");
  }
}

}  // namespace

bool is_frozen_model(const Configuration& run) {
  return run.text("training.model") != "network";
}

void check_frozen_model(const Configuration& run) {
  if (!is_frozen_model(run)) return;
  const std::string model = "training.model = " + run.text("training.model");
  if (run.text("training.optimizer") != "gradient-flow")
    throw ConfigError({{}, "training.optimizer"}, "gradient-flow, for " + model, run.text("training.optimizer"));
  for (const char* key : {"training.tau", "training.temperature", "training.weight_decay", "training.patience"})
    if (run.number(key) != 0) throw ConfigError({{}, key}, "0, for " + model, fmt::format("{}", run.number(key)));
  if (!run.at("training.save").list().empty())
    throw ConfigError({{}, "training.save"}, "no states, for " + model, "some");
  for (const Value& name : run.at("measure.observables").list())
    if (std::ranges::find(measurable, name.text()) == measurable.end())
      throw ConfigError({{}, "measure.observables"},
                        fmt::format("observables of {}: {}", model, fmt::join(measurable, ", ")), name.text());
  for (const Value& name : run.at("measure.keep").list())
    if (name.text() == "weights") throw ConfigError({{}, "measure.keep"}, "outputs, for " + model, "weights");
}

template <class T>
FrozenRun follow_frozen_model(const Configuration& run, const Ensemble<T>& ensemble, Index member,
                              const MeasuredData<T>& data, const Loss& loss, const TrainingOptions& options,
                              const std::vector<std::int64_t>& measured, const Checkpoints& checkpoints) {
  FrozenFlowOptions flow;
  flow.scale = options.output_scales[static_cast<std::size_t>(member)];
  flow.objective_factor = objective_factor(options.alpha_convention, flow.scale.alpha);
  flow.rule = options.flow.rule;
  flow.stopping = options.stopping;
  flow.target_loss = options.target_loss;
  flow.max_time = options.flow.max_time;
  flow.max_seconds = options.max_seconds;
  flow.steps = options.steps;
  flow.divergence_cap = options.divergence_cap;
  const Matrix<double> targets = in_double(data.train_targets);
  Points points(run, loss, view(targets), measured);
  FrozenFlowHooks hooks;
  hooks.seen = [&](const FrozenFlowState& state) { points.see(state); };
  auto left = checkpoints.find<double>(run.identity());
  if (left) {
    points.go_on(std::move(left->trace), left->flow.passed);
    hooks.resume = &left->flow;
  }
  if (checkpoints.keeps())
    hooks.checkpoint = [&](FlowCheckpoint<double> state) {
      state.passed = points.passed();
      checkpoints.keep<double>(run.identity(), {std::move(state), points.trace, {}});
    };
  FrozenRun out;
  const auto take = [&](auto&& end) {
    out.result.status = end.status;
    out.result.step = end.control.accepted;
    out.result.reason = end.reason;
    out.result.last_batch_loss = end.loss;
    out.train_outputs = std::move(end.outputs);
    out.test_outputs = std::move(end.test_outputs);
    points.add(end.control.accepted, end.time, end.loss, view(std::as_const(out.train_outputs)));
  };
  if (run.text("training.model") == "linearised")
    take(follow_linearised<T>(ensemble, member, data.train_inputs, view(targets), data.test_inputs, loss, flow, 0,
                              hooks));
  else
    take(kernel_machine<T>(ensemble, member, data, view(targets), loss, flow, hooks));
  if (data.test_inputs.rows > 0) {
    const Matrix<double> test_targets = in_double(data.test_targets);
    points.set_test(view(std::as_const(out.test_outputs)), view(test_targets));
  }
  out.trace = std::move(points.trace);
  return out;
}

template FrozenRun follow_frozen_model(const Configuration&, const Ensemble<float>&, Index, const MeasuredData<float>&,
                                       const Loss&, const TrainingOptions&, const std::vector<std::int64_t>&,
                                       const Checkpoints&);
template FrozenRun follow_frozen_model(const Configuration&, const Ensemble<double>&, Index,
                                       const MeasuredData<double>&, const Loss&, const TrainingOptions&,
                                       const std::vector<std::int64_t>&, const Checkpoints&);

}  // namespace widthwise
