#include "widthwise/observable/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/finite.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/loss/margin.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/observable.h"
#include "widthwise/observable/sums.h"
#include "widthwise/training/flow_times.h"
#include "widthwise/training/muon.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
Matrix<T> copy_of(View<const T> from) {
  Matrix<T> to(from.rows, from.cols);
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.data() + i * from.cols);
  return to;
}

/// One member's initialization, what is known of it between points, and its trace.
template <class T>
struct MemberState {
  Trace trace;
  OutputScale scale;
  std::vector<Matrix<T>> preactivation, activation;  // h^l_0 at l-1, x^l_0 at l-1
  Matrix<T> output;                                  // f_0
  std::vector<Matrix<T>> held_out_output;            // f_0 of each held-out part
  std::vector<double> forward_size, weight_norm;     // rms(W_0 x^{l-1}_0), |W_0|_F, at l-1
  std::vector<Matrix<T>> previous;                   // W of step `noted`
  std::int64_t noted = -1;
  bool initialized = false;  // the initialization has been seen
  double batch_loss_sum = 0;
  Index batch_losses = 0;  // since the last point
};

/// The steps to be called at: those measured and, if asked for, the one before each.
std::vector<std::int64_t> steps_with_previous(std::vector<std::int64_t> steps, bool previous) {
  const std::size_t measured = steps.size();
  for (std::size_t i = 0; previous && i < measured; ++i)
    if (steps[i] > 0) steps.push_back(steps[i] - 1);
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

/// Points beside the training points, and the trained output on them.
template <class T>
struct HeldOut {
  std::string name;  // its observables are name_loss and name_error
  View<const T> inputs, targets;
  Matrix<T> trained;
};

void require_shape(const char* what, Index got, Index expected) {
  if (got != expected) throw ShapeError("Recorder", fmt::format("{} {}", expected, what), std::to_string(got));
}

}  // namespace

template <class T>
struct Recorder<T>::State {
  using Formula = double (State::*)(Index layer);

  State(const Ensemble<T>& shape, RecorderOptions options_, MeasuredData<T> data_);

  // The formulas of observable.h, for the member in `now`; `layer` counts from 1 and is 0 where there is none.
  double train_loss(Index) { return options.loss->value(view(std::as_const(trained)), data.train_targets); }
  double train_error(Index) { return classification_error(view(std::as_const(trained)), data.train_targets); }
  double least_margin(Index) { return smallest_margin(view(std::as_const(trained)), data.train_targets); }
  double margins_held(Index) {
    margins(view(std::as_const(trained)), data.train_targets, sample_margins);
    const double m = options.loss ? options.loss->parameters().margin : nan;
    const double least = std::isnan(m) ? 0 : m;
    const auto held = std::ranges::count_if(sample_margins, [least](double u) { return u >= least; });
    return static_cast<double>(held) / static_cast<double>(sample_margins.size());
  }
  double test_loss(Index) { return loss_on(held_out[0]); }
  double test_error(Index) { return error_on(held_out[0]); }
  double validation_loss(Index) { return loss_on(held_out[1]); }
  double validation_error(Index) { return error_on(held_out[1]); }
  double batch_loss(Index) { return now->batch_loss_sum / static_cast<double>(now->batch_losses); }
  double output_size(Index) { return rms<T>(view(std::as_const(trained))); }
  double output_magnitude(Index) { return trained.template cast<double>().cwiseAbs().mean(); }
  double output_change(Index) {
    return std::abs(now->scale.alpha) * rms_of_difference<T>(passes.output(member), view(std::as_const(now->output)));
  }
  double preactivation_size(Index layer) { return rms<T>(passes.preactivation(member, layer)); }
  double preactivation_change(Index layer) {
    return rms_of_difference<T>(passes.preactivation(member, layer), of(now->preactivation, layer));
  }
  double feature_change(Index layer) {
    return rms_of_difference<T>(passes.activation(member, layer), of(now->activation, layer));
  }
  double update(Index layer) {
    double& size = update_sizes[static_cast<std::size_t>(layer - 1)];
    if (std::isnan(size))
      size =
          update_size(ensemble->weight(member, layer), initial_weight(layer), passes.preactivation(member, layer).rows,
                      [&](View<const T> v, View<T> product) { passes.multiply(member, layer, v, product); });
    return size;
  }
  double own_update(Index layer) {
    return relative(update(layer), now->forward_size[static_cast<std::size_t>(layer - 1)]);
  }
  double weight_norm(Index layer) { return std::sqrt(square_sum<T>(ensemble->weight(member, layer))); }
  double weight_change(Index layer) {
    const double change = square_sum_of_difference<T>(ensemble->weight(member, layer), initial_weight(layer));
    return relative(std::sqrt(change), now->weight_norm[static_cast<std::size_t>(layer - 1)]);
  }
  double last_update_norm(Index layer) {
    if (step == 0 || now->noted != step - 1) return nan;
    return std::sqrt(square_sum_of_difference<T>(ensemble->weight(member, layer), of(now->previous, layer)));
  }

  double contribution(Index layer) {
    if (!direction) direction.emplace(ensemble->architecture(), 1);
    const View<const T> weight = ensemble->weight(member, layer), initial = initial_weight(layer);
    const View<T> moved = direction->weight(0, layer);
    for (Index i = 0; i < weight.rows; ++i)
      for (Index j = 0; j < weight.cols; ++j) moved(i, j) = weight(i, j) - initial(i, j);
    const double size = rms<T>(passes.jvp(*ensemble, member, *direction));
    for (Index i = 0; i < weight.rows; ++i) std::fill_n(moved.row(i), weight.cols, T(0));
    return std::abs(now->scale.alpha) * size;
  }
  double gradient_size(Index layer) {
    if (!gradient_known) {
      if (!gradient) gradient.emplace(ensemble->architecture(), 1);
      Matrix<T> slope(trained.rows(), trained.cols());
      options.loss->gradient(view(std::as_const(trained)), data.train_targets, view(slope));
      slope *= static_cast<T>(objective_factor(options.alpha_convention, now->scale.alpha));
      passes.gradient(*ensemble, member, view(std::as_const(slope)), *gradient);
      gradient_known = true;
    }
    return rms<T>(std::as_const(*gradient).weight(0, layer));
  }
  double epsilon_ratio(Index layer) {
    const Dense& dense = ensemble->parameters().dense(layer);
    if (!forgets_size(options.optimizer) ||
        (options.optimizer == OptimizerKind::muon && moves_along_orthogonal_factors(dense)))
      return 0;
    return of_weight(layer).effective_epsilon / gradient_size(layer);
  }
  double decay_ratio(Index layer) {
    const TensorScaling& scaling = of_weight(layer);
    if (!forgets_size(options.optimizer) || decay_of(options.optimizer) == Decay::decoupled)
      return scaling.effective_rate * scaling.effective_decay;
    return scaling.effective_decay * rms<T>(ensemble->weight(member, layer)) / gradient_size(layer);
  }

  double displacement(Index) {
    double way = 0, start = 0;
    for (Index layer = 1; layer <= ensemble->layers(); ++layer) {
      const double m = of_weight(layer).multiplier;
      const double norm = now->weight_norm[static_cast<std::size_t>(layer - 1)];
      way += square_sum_of_difference<T>(ensemble->weight(member, layer), initial_weight(layer)) / (m * m);
      start += norm * norm / (m * m);
    }
    return std::sqrt(way / start);
  }

  double step_size(Index) { return flow ? flow->dt : nan; }
  double gradient_step(Index) { return flow ? flow->dgrad : nan; }
  double output_step(Index) { return flow ? flow->dout : nan; }
  double accepted_steps(Index) { return flow ? static_cast<double>(flow->control.accepted) : nan; }
  double refused_steps(Index) { return flow ? static_cast<double>(flow->control.refused) : nan; }
  double forced_steps(Index) { return flow ? static_cast<double>(flow->control.forced) : nan; }
  double half_time(Index) { return flow ? flow->times.half_time : nan; }
  double linear_time(Index) { return flow ? flow->times.linear_time : nan; }
  double preactivation_speed(Index layer) {
    if (!flow) return nan;
    if (layer == 1) passes.jvp(*ensemble, member, flow->velocity, 0);  // serves all layers
    return rms<T>(passes.tangent(layer));
  }

  static const std::unordered_map<std::string_view, Formula>& formulas() {
    static const std::unordered_map<std::string_view, Formula> all = {
        {"train_loss", &State::train_loss},
        {"train_error", &State::train_error},
        {"smallest_margin", &State::least_margin},
        {"margins_held", &State::margins_held},
        {"test_loss", &State::test_loss},
        {"test_error", &State::test_error},
        {"validation_loss", &State::validation_loss},
        {"validation_error", &State::validation_error},
        {"batch_loss", &State::batch_loss},
        {"output_size", &State::output_size},
        {"output_magnitude", &State::output_magnitude},
        {"output_change", &State::output_change},
        {"preactivation_size", &State::preactivation_size},
        {"preactivation_change", &State::preactivation_change},
        {"feature_change", &State::feature_change},
        {"update", &State::update},
        {"own_update", &State::own_update},
        {"weight_norm", &State::weight_norm},
        {"weight_change", &State::weight_change},
        {"last_update_norm", &State::last_update_norm},
        {"contribution", &State::contribution},
        {"gradient_size", &State::gradient_size},
        {"epsilon_ratio", &State::epsilon_ratio},
        {"decay_ratio", &State::decay_ratio},
        {"displacement", &State::displacement},
        {"step_size", &State::step_size},
        {"gradient_step", &State::gradient_step},
        {"output_step", &State::output_step},
        {"accepted_steps", &State::accepted_steps},
        {"refused_steps", &State::refused_steps},
        {"forced_steps", &State::forced_steps},
        {"half_time", &State::half_time},
        {"linear_time", &State::linear_time},
        {"preactivation_speed", &State::preactivation_speed},
    };
    return all;
  }

  double loss_on(const HeldOut<T>& part) { return options.loss->value(view(part.trained), part.targets); }
  double error_on(const HeldOut<T>& part) { return classification_error(view(part.trained), part.targets); }
  /// 0 where nothing changed, also of a layer that starts at 0.
  static double relative(double change, double size) { return change == 0 ? 0 : change / size; }
  static View<const T> of(const std::vector<Matrix<T>>& layers, Index layer) {
    return view(layers[static_cast<std::size_t>(layer - 1)]);
  }
  View<const T> initial_weight(Index layer) {
    if (ensemble->keeps_initial()) return ensemble->initial_weight(member, layer);
    const View<const T> weight = ensemble->weight(member, layer);
    drawn.resize(weight.rows, weight.cols);
    ensemble->draw_initial_weight(member, layer, view(drawn));
    return view(std::as_const(drawn));
  }
  View<const T> outputs_of_kernel_points() const { return view(kernels_on_test ? held_out[0].trained : trained); }
  const TensorScaling& of_weight(Index layer) const {
    return ensemble->scaling(member).weights[static_cast<std::size_t>(layer - 1)];
  }
  bool asked(std::string_view name) const {
    return std::any_of(asked_for.begin(), asked_for.end(), [&](const auto& info) { return info.name == name; });
  }

  void look(const Ensemble<T>& ensemble_, Index member_, std::int64_t step_);
  void run_train_points();
  void run_held_out(std::size_t part);
  void keep_initialization();
  void note_weights();
  void add_point(double time);
  static void write_trained(View<const T> output, View<const T> initial, OutputScale scale, View<T> trained);

  RecorderOptions options;
  MeasuredData<T> data;
  std::vector<ObservableInfo> asked_for;
  std::vector<std::int64_t> probe_steps;
  Propagation<T> passes;
  UpdateSize<T> update_size;
  std::vector<MemberState<T>> members;
  std::vector<HeldOut<T>> held_out;  // test, validation
  std::optional<KernelObservables<T>> kernels;
  bool kernels_on_test = false;
  Matrix<T> trained, drawn;
  std::vector<double> sample_margins;

  // Of the moment being measured.
  const Ensemble<T>* ensemble = nullptr;
  MemberState<T>* now = nullptr;
  Index member = 0;
  std::int64_t step = 0;
  const FlowProgress<T>* flow = nullptr;  // of gradient-flow
  std::vector<double> update_sizes;       // NaN until asked for: update and own_update share a product
  bool gradient_known = false;            // `gradient` is of this moment

  std::optional<Parameters<T>> direction,
      gradient;  // of one member, made at their first use; the former 0 between uses
};

template <class T>
Recorder<T>::State::State(const Ensemble<T>& shape, RecorderOptions options_, MeasuredData<T> data_)
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
  probe_steps = steps_with_previous(options.steps, asked("last_update_norm"));
  trained.resize(data.train_inputs.rows, architecture.outputs);
  sample_margins.resize(static_cast<std::size_t>(data.train_inputs.rows));
}

/// Makes member `member_` the one that formulas speak of.
template <class T>
void Recorder<T>::State::look(const Ensemble<T>& ensemble_, Index member_, std::int64_t step_) {
  ensemble = &ensemble_;
  member = member_;
  now = &members.at(static_cast<std::size_t>(member_));
  step = step_;
  std::fill(update_sizes.begin(), update_sizes.end(), nan);
  gradient_known = false;
}

/// alpha f + kappa f_0, written so that a centred model is exactly 0 at initialization.
template <class T>
void Recorder<T>::State::write_trained(View<const T> output, View<const T> initial, OutputScale scale,
                                       View<T> trained) {
  const T alpha = static_cast<T>(scale.alpha), rest = static_cast<T>(scale.alpha + scale.kappa);
  for (Index i = 0; i < output.rows; ++i)
    for (Index j = 0; j < output.cols; ++j)
      trained(i, j) =
          scale.kappa == 0 ? alpha * output(i, j) : rest * initial(i, j) + alpha * (output(i, j) - initial(i, j));
}

template <class T>
void Recorder<T>::State::run_held_out(std::size_t number) {
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
void Recorder<T>::State::run_train_points() {
  passes.forward(*ensemble, data.train_inputs, member);
  if (!now->initialized) keep_initialization();
  now->initialized = true;
  write_trained(passes.output(member), view(std::as_const(now->output)), now->scale, view(trained));
}

template <class T>
void Recorder<T>::State::keep_initialization() {
  const Index layers = ensemble->layers();
  now->output = copy_of(passes.output(member));
  for (Index layer = 1; layer < layers && asked("preactivation_change"); ++layer)
    now->preactivation.push_back(copy_of(passes.preactivation(member, layer)));
  for (Index layer = 1; layer < layers && asked("feature_change"); ++layer)
    now->activation.push_back(copy_of(passes.activation(member, layer)));
  for (Index layer = 1; layer <= layers && asked("own_update"); ++layer) {
    // W_0 x_0 alone: preactivations have the bias in them.
    const View<const T> weight = ensemble->weight(member, layer);
    Matrix<T> product(passes.preactivation(member, layer).rows, weight.rows);
    passes.multiply(member, layer, weight, view(product));
    now->forward_size.push_back(rms<T>(view(std::as_const(product))));
  }
  for (Index layer = 1; layer <= layers; ++layer) now->weight_norm.push_back(weight_norm(layer));
}

template <class T>
void Recorder<T>::State::note_weights() {
  now->previous.resize(static_cast<std::size_t>(ensemble->layers()));
  for (Index layer = 1; layer <= ensemble->layers(); ++layer)
    now->previous[static_cast<std::size_t>(layer - 1)] = copy_of(std::as_const(*ensemble).weight(member, layer));
  now->noted = step;
}

template <class T>
void Recorder<T>::State::add_point(double time) {
  Trace& trace = now->trace;
  if (trace.empty() && step != 0)
    throw Error(fmt::format("Recorder: member {} was first seen at step {}, not at initialization.", member, step));
  trace.append(step, time);
  for (std::size_t part = 0; part < held_out.size(); ++part) run_held_out(part);
  run_train_points();  // last: the formulas read these passes
  kernels->add(*ensemble, member, step, step == options.steps.back(), outputs_of_kernel_points(), trace);
  for (const ObservableInfo& info : asked_for) {
    if (info.of_kernel) continue;
    const Formula formula = formulas().at(info.name);
    if (!info.per_layer()) {
      trace.set(info.name, (this->*formula)(0));
      continue;
    }
    const Index last = ensemble->layers() - (info.layers == ObservableInfo::Layers::hidden ? 1 : 0);
    for (Index layer = 1; layer <= last; ++layer)
      trace.set(fmt::format("{}.{}", info.name, layer), (this->*formula)(layer));
  }
  now->batch_loss_sum = 0;
  now->batch_losses = 0;
}

template <class T>
Recorder<T>::Recorder(const Ensemble<T>& ensemble, RecorderOptions options, MeasuredData<T> data)
    : state_(std::make_unique<State>(ensemble, std::move(options), data)) {}

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
  State& state = *state_;
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
      state.asked("last_update_norm"))
    state.note_weights();
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

template class Recorder<float>;
template class Recorder<double>;

}  // namespace widthwise
