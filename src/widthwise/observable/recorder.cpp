#include "widthwise/observable/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/finite.h"
#include "widthwise/observable/formulas.h"
#include "widthwise/observable/recorder_state.h"
#include "widthwise/training/normalised_start.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The steps to be called at: those measured and, if asked for, the one before each.
std::vector<std::int64_t> steps_with_previous(std::vector<std::int64_t> steps, bool previous) {
  const std::size_t measured = steps.size();
  for (std::size_t i = 0; previous && i < measured; ++i)
    if (steps[i] > 0) steps.push_back(steps[i] - 1);
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

void require_shape(const char* what, Index got, Index expected) {
  if (got != expected) throw ShapeError("Recorder", fmt::format("{} {}", expected, what), std::to_string(got));
}

}  // namespace

template <class T>
RecorderState<T>::RecorderState(const Ensemble<T>& shape, RecorderOptions options_, MeasuredData<T> data_)
    : options(std::move(options_)),
      data(data_),
      // Held-out parts go through in blocks of as many samples.
      passes(shape,
             std::max<Index>(data_.train_inputs.rows,
                             std::min<Index>(std::max(data_.test_inputs.rows, data_.validation_inputs.rows), 256)),
             1),
      members(static_cast<std::size_t>(shape.size())),
      update_sizes(static_cast<std::size_t>(shape.layers())) {
  const Architecture& architecture = shape.architecture();
  require_shape("features", data.train_inputs.cols, architecture.input_dimension);
  require_shape("outputs", data.train_targets.cols, architecture.outputs);
  require_shape("targets", data.train_targets.rows, data.train_inputs.rows);
  held_out = {{"test", data.test_inputs, data.test_targets, {}},
              {"validation", data.validation_inputs, data.validation_targets, {}}};
  for (HeldOut<T>& part : held_out) {
    part.trained.resize(part.inputs.rows, architecture.outputs);
    if (part.inputs.rows == 0) continue;
    require_shape("features", part.inputs.cols, architecture.input_dimension);
    require_shape("outputs", part.targets.cols, architecture.outputs);
    require_shape((part.name + " targets").c_str(), part.targets.rows, part.inputs.rows);
    require_finite(part.inputs, part.name + " inputs");
    require_finite(part.targets, part.name + " targets");
  }
  require_finite(data.train_inputs, "training inputs");
  require_finite(data.train_targets, "training targets");
  std::set<std::string> seen;
  for (const std::string& name : options.observables) {
    const ObservableInfo& info = find_observable(name);
    if (!seen.insert(name).second)
      throw ConfigError({"", "measure.observables"}, "each observable once", "'" + name + "' twice");
    for (const HeldOut<T>& part : held_out)
      if ((part.name == "test" ? info.needs_test_set : info.needs_validation_set) && part.inputs.rows == 0)
        throw ConfigError({"", "measure.observables"}, "observables of the training points",
                          fmt::format("'{}', but there is no {} set", name, part.name), "set data." + part.name);
    asked_for.push_back(info);
  }
  kernels_on_test = !options.kernels.on_training && data.test_inputs.rows > 0;
  kernels.emplace(asked_for, options.kernels, shape.size(), kernels_on_test ? data.test_inputs : data.train_inputs,
                  kernels_on_test ? data.test_targets : data.train_targets);
  if (options.steps.empty()) throw ConfigError({"", "measure.times"}, "steps to measure at", "none");
  std::sort(options.steps.begin(), options.steps.end());
  probe_steps = steps_with_previous(options.steps, asks_previous());
  trained.resize(data.train_inputs.rows, architecture.outputs);
  sample_margins.resize(static_cast<std::size_t>(data.train_inputs.rows));
}

/// Makes member `member_` the one that formulas speak of.
template <class T>
void RecorderState<T>::look(const Ensemble<T>& ensemble_, Index member_, std::int64_t step_) {
  ensemble = &ensemble_;
  member = member_;
  now = &members.at(static_cast<std::size_t>(member_));
  step = step_;
  std::fill(update_sizes.begin(), update_sizes.end(), std::nullopt);
  gradient_known = false;
  ranks.clear();
  normalised.reset();
  if (step == 0 && ensemble_.scaling(member_).normalised_start) look_at_normalised();
}

template <class T>
void RecorderState<T>::look_at_normalised() {
  const std::vector<Member> one{{ensemble->key(member), ensemble->scaling(member)}};
  normalised.emplace(ensemble->architecture(), one);
  for (Index layer = 1; layer <= ensemble->layers(); ++layer) {
    const View<const T> weight = ensemble->weight(member, layer);
    for (Index i = 0; i < weight.rows; ++i)
      std::copy_n(weight.row(i), weight.cols, normalised->weight(0, layer).row(i));
  }
  change_variables(*normalised, 0, Variables::normalised);
  normalised->make_initial();
  ensemble = &*normalised;
  member = 0;
}

template <class T>
View<const T> RecorderState<T>::seen_by_loss(const Matrix<T>& output) {
  if (!normalised) return view(output);
  divided = copy_of(view(output), -start_output());
  return view(std::as_const(divided));
}

template <class T>
int RecorderState<T>::excess(const std::string& observable, Index layer) const {
  if (!normalised) return 0;
  switch (proportional_to(observable)) {
    case ProportionalTo::output:
      return start_output();
    case ProportionalTo::preactivation:
      return of_weight(layer).start_preactivation;
    case ProportionalTo::gradient:
      return start_output() - of_weight(layer).start;
    case ProportionalTo::weight:
      return of_weight(layer).start;
    case ProportionalTo::nothing:
      break;
  }
  return 0;
}

template <class T>
View<const T> RecorderState<T>::initial_weight(Index layer) {
  if (ensemble->keeps_initial()) return ensemble->initial_weight(member, layer);
  const View<const T> weight = ensemble->weight(member, layer);
  drawn.resize(weight.rows, weight.cols);
  ensemble->draw_initial_weight(member, layer, view(drawn));
  return view(std::as_const(drawn));
}

template <class T>
View<const T> RecorderState<T>::remaining_initial_weight(Index layer) {
  const View<const T> initial = initial_weight(layer);
  const TensorScaling& scaling = of_weight(layer);
  if (scaling.initial_share == 1 || step < scaling.first_steps) return initial;
  const T share = static_cast<T>(scaling.initial_share);
  remaining.resize(initial.rows, initial.cols);
  for (Index i = 0; i < initial.rows; ++i)
    for (Index j = 0; j < initial.cols; ++j) remaining(i, j) = share * initial(i, j);
  return view(std::as_const(remaining));
}

template <class T>
View<const T> RecorderState<T>::previous_weight(Index layer) {
  const View<const T> previous = of(now->previous, layer);
  const TensorScaling& scaling = of_weight(layer);
  if (scaling.initial_share == 1 || step != scaling.first_steps) return previous;
  const View<const T> initial = initial_weight(layer);
  const T dropped = static_cast<T>(1 - scaling.initial_share);
  remaining.resize(initial.rows, initial.cols);
  for (Index i = 0; i < initial.rows; ++i)
    for (Index j = 0; j < initial.cols; ++j) remaining(i, j) = previous(i, j) - dropped * initial(i, j);
  return view(std::as_const(remaining));
}

template <class T>
auto RecorderState<T>::size_of_difference(Index layer, View<const T> weight, View<const T> from) ->
    typename UpdateSize<T>::Sizes {
  return update_size(weight, from, passes.preactivation(member, layer).rows,
                     [&](View<const T> v, View<T> product) { passes.multiply(member, layer, v, product); });
}

template <class T>
auto RecorderState<T>::update_sizes_of(Index layer) -> const typename UpdateSize<T>::Sizes& {
  auto& sizes = update_sizes[static_cast<std::size_t>(layer - 1)];
  if (!sizes) sizes = size_of_difference(layer, ensemble->weight(member, layer), remaining_initial_weight(layer));
  return *sizes;
}

/// alpha f + kappa f_0, written so that a centred model is exactly 0 at initialization.
template <class T>
void RecorderState<T>::write_trained(View<const T> output, View<const T> initial, OutputScale scale, View<T> trained) {
  const T alpha = static_cast<T>(scale.alpha), rest = static_cast<T>(scale.alpha + scale.kappa);
  for (Index i = 0; i < output.rows; ++i)
    for (Index j = 0; j < output.cols; ++j)
      trained(i, j) =
          scale.kappa == 0 ? alpha * output(i, j) : rest * initial(i, j) + alpha * (output(i, j) - initial(i, j));
}

template <class T>
void RecorderState<T>::run_held_out(std::size_t number) {
  HeldOut<T>& part = held_out[number];
  const bool for_kernel = number == 0 && kernels_on_test && asked("output_over_kernel");
  if (!asked(part.name + "_loss") && !asked(part.name + "_error") && !for_kernel) return;
  const bool centred = now->scale.kappa != 0;
  now->held_out_output.resize(held_out.size());
  Matrix<T>& at_start = now->held_out_output[number];
  const bool first_seen = !now->initialized;
  if (centred && first_seen) at_start.resize(part.trained.rows(), part.trained.cols());
  for (Index first = 0; first < part.inputs.rows; first += passes.max_samples()) {
    const Index rows = std::min(passes.max_samples(), part.inputs.rows - first);
    passes.forward(*ensemble, part.inputs.block(first, 0, rows, part.inputs.cols), member);
    const View<const T> output = passes.output(member);
    View<const T> initial = output;
    if (centred) {
      const View<T> kept = view(at_start).block(first, 0, rows, output.cols);
      if (first_seen)
        for (Index i = 0; i < rows; ++i) std::copy_n(output.row(i), output.cols, kept.row(i));
      initial = kept;
    }
    write_trained(output, initial, now->scale, view(part.trained).block(first, 0, rows, output.cols));
  }
}

template <class T>
void RecorderState<T>::run_train_points() {
  passes.forward(*ensemble, data.train_inputs, member);
  if (!now->initialized) keep_initialization();
  now->initialized = true;
  write_trained(passes.output(member), view(std::as_const(now->output)), now->scale, view(trained));
}

template <class T>
void RecorderState<T>::keep_initialization() {
  const Index layers = ensemble->layers();
  const auto start = [this](Index layer) { return normalised ? of_weight(layer).start : 0; };
  const auto start_preactivation = [this](Index layer) {
    return normalised ? of_weight(layer).start_preactivation : 0;
  };
  now->output = copy_of(passes.output(member), -start_preactivation(layers));
  const bool changes = std::ranges::any_of(
      asked_for, [](const ObservableInfo& info) { return info.name.starts_with("preactivation_change"); });
  for (Index layer = 1; layer < layers && changes; ++layer)
    now->preactivation.push_back(copy_of(passes.preactivation(member, layer), -start_preactivation(layer)));
  for (Index layer = 1; layer < layers && asked("feature_change"); ++layer)
    now->activation.push_back(
        copy_of(passes.activation(member, layer), start(layer + 1) - start_preactivation(layer + 1)));
  for (Index layer = 1; layer <= layers && asked("own_update"); ++layer) {
    // W_0 x_0 alone: preactivations have the bias in them.
    const View<const T> weight = ensemble->weight(member, layer);
    Matrix<T> product(passes.preactivation(member, layer).rows, weight.rows);
    passes.multiply(member, layer, weight, view(product));
    now->forward_size.push_back(std::ldexp(rms<T>(view(std::as_const(product))), -start_preactivation(layer)));
  }
  for (Index layer = 1; layer <= layers; ++layer)
    now->weight_norm.push_back(std::ldexp(std::sqrt(square_sum<T>(ensemble->weight(member, layer))), -start(layer)));
}

template <class T>
void RecorderState<T>::note_weights(const Ensemble<T>& of, Index member_) {
  now->previous.resize(static_cast<std::size_t>(of.layers()));
  for (Index layer = 1; layer <= of.layers(); ++layer)
    now->previous[static_cast<std::size_t>(layer - 1)] = copy_of(of.weight(member_, layer));
  now->noted = step;
}

template <class T>
void RecorderState<T>::add_point(double time) {
  Trace& trace = now->trace;
  if (trace.empty() && step != 0)
    throw Error(fmt::format("Recorder: member {} was first seen at step {}, not at initialization.", member, step));
  trace.append(step, time);
  for (std::size_t part = 0; part < held_out.size(); ++part) run_held_out(part);
  run_train_points();  // last: the formulas read these passes
  kernels->add(*ensemble, member, step, step == options.steps.back(), outputs_of_kernel_points(), trace);
  for (const ObservableInfo& info : asked_for) {
    if (info.of_kernel) continue;
    const auto formula = [&, &rule = formulas<T>().at(info.name)](Index layer) {
      if (normalised && info.name.find("_change") != std::string::npos) return 0.0;  // references are not normalised
      return std::ldexp(rule(*this, layer), -excess(info.name, layer));
    };
    if (!info.per_layer()) {
      trace.set(info.name, formula(0));
      continue;
    }
    const Index last = ensemble->layers() - (info.layers == ObservableInfo::Layers::hidden ? 1 : 0);
    for (Index layer = 1; layer <= last; ++layer) trace.set(fmt::format("{}.{}", info.name, layer), formula(layer));
  }
  now->batch_loss_sum = 0;
  now->batch_losses = 0;
}

template <class T>
Recorder<T>::Recorder(const Ensemble<T>& ensemble, RecorderOptions options, MeasuredData<T> data)
    : state_(std::make_unique<RecorderState<T>>(ensemble, std::move(options), data)) {}

template <class T>
Recorder<T>::~Recorder() = default;
template <class T>
Recorder<T>::Recorder(Recorder&&) noexcept = default;
template <class T>
Recorder<T>& Recorder<T>::operator=(Recorder&&) noexcept = default;

template <class T>
const std::vector<std::int64_t>& Recorder<T>::probe_steps() const {
  return state_->probe_steps;
}

template <class T>
void Recorder<T>::operator()(const TrainingState<T>& seen) {
  RecorderState<T>& state = *state_;
  state.look(seen.ensemble, seen.member, seen.step);
  state.now->scale = seen.output_scale;
  state.flow = seen.flow;
  for (const double loss : seen.batch_losses) state.now->batch_loss_sum += loss;
  state.now->batch_losses += static_cast<Index>(seen.batch_losses.size());

  const auto among = [&](const std::vector<std::int64_t>& steps) {
    return std::binary_search(steps.begin(), steps.end(), seen.step);
  };
  const bool only_noted = among(state.probe_steps) && !among(state.options.steps);
  if (!only_noted) state.add_point(seen.time);
  if (std::binary_search(state.options.steps.begin(), state.options.steps.end(), seen.step + 1) &&
      state.asks_previous())
    state.note_weights(seen.ensemble, seen.member);
}

template <class T>
void Recorder<T>::take_initialization(const Ensemble<T>& ensemble, std::span<const OutputScale> scales) {
  for (std::size_t m = 0; m < scales.size(); ++m) {
    state_->look(ensemble, static_cast<Index>(m), 0);
    state_->now->scale = scales[m];
    for (std::size_t part = 0; part < state_->held_out.size(); ++part) state_->run_held_out(part);
    state_->run_train_points();
  }
}

template <class T>
void Recorder<T>::finish(const Ensemble<T>& ensemble, std::span<const RunResult> results) {
  for (std::size_t m = 0; m < results.size(); ++m) {
    const RunResult& result = results[m];
    const bool ended = result.status == RunStatus::finished || result.status == RunStatus::stopped;
    state_->look(ensemble, static_cast<Index>(m), result.step);
    state_->flow = nullptr;
    const Trace& trace = state_->now->trace;
    if (!ended || trace.empty()) continue;
    if (trace.step.back() < result.step) state_->add_point(static_cast<double>(result.step));
    if (state_->asked("output_over_kernel")) {  // the outputs at hand may be another member's
      state_->run_held_out(0);
      state_->run_train_points();
    }
    state_->kernels->end(ensemble, static_cast<Index>(m), state_->outputs_of_kernel_points(), state_->now->trace);
  }
}

template <class T>
const Trace& Recorder<T>::trace(Index member) const {
  return state_->members.at(static_cast<std::size_t>(member)).trace;
}

template <class T>
void Recorder<T>::restore(Index member, Trace trace) {
  state_->members.at(static_cast<std::size_t>(member)).trace = std::move(trace);
}

template <class T>
bool Recorder<T>::between_points(Index member) const {
  const MemberState<T>& one = state_->members.at(static_cast<std::size_t>(member));
  return one.noted >= 0 && !one.trace.empty() && one.noted >= one.trace.step.back();
}

template <class T>
std::map<std::string, double> Recorder<T>::finals(Index member, bool diverged) const {
  std::map<std::string, double> finals;
  for (const auto& [name, values] : trace(member).series)
    finals[name] = diverged || values.empty() ? nan : values.back();
  return finals;
}

template struct RecorderState<float>;
template struct RecorderState<double>;
template class Recorder<float>;
template class Recorder<double>;

}  // namespace widthwise
