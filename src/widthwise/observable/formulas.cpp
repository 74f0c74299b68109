#include "widthwise/observable/formulas.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/loss/margin.h"
#include "widthwise/training/flow_times.h"
#include "widthwise/training/muon.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
double train_loss(RecorderState<T>& s, Index) {
  return s.options.loss->value(s.seen_by_loss(s.trained), s.data.train_targets);
}

template <class T>
double train_error(RecorderState<T>& s, Index) {
  return s.of_signs(s.trained, classification_error(view(std::as_const(s.trained)), s.data.train_targets));
}

template <class T>
double least_margin(RecorderState<T>& s, Index) {
  return s.of_signs(s.trained, smallest_margin(view(std::as_const(s.trained)), s.data.train_targets));
}

template <class T>
double margins_held(RecorderState<T>& s, Index) {
  margins(view(std::as_const(s.trained)), s.data.train_targets, s.sample_margins);
  const double m = s.options.loss ? s.options.loss->parameters().margin : nan;
  const double least = std::isnan(m) ? 0 : std::ldexp(m, s.start_output());
  const auto held = std::ranges::count_if(s.sample_margins, [least](double u) { return u >= least; });
  return s.of_signs(s.trained, static_cast<double>(held) / static_cast<double>(s.sample_margins.size()));
}

template <class T>
double test_loss(RecorderState<T>& s, Index) {
  return s.loss_on(s.held_out[0]);
}

template <class T>
double test_error(RecorderState<T>& s, Index) {
  return s.error_on(s.held_out[0]);
}

template <class T>
double validation_loss(RecorderState<T>& s, Index) {
  return s.loss_on(s.held_out[1]);
}

template <class T>
double validation_error(RecorderState<T>& s, Index) {
  return s.error_on(s.held_out[1]);
}

template <class T>
double batch_loss(RecorderState<T>& s, Index) {
  return s.now->batch_loss_sum / static_cast<double>(s.now->batch_losses);
}

template <class T>
double output_size(RecorderState<T>& s, Index) {
  return rms<T>(view(std::as_const(s.trained)));
}

template <class T>
double output_magnitude(RecorderState<T>& s, Index) {
  return s.trained.template cast<double>().cwiseAbs().mean();
}

template <class T>
double output_change(RecorderState<T>& s, Index) {
  return std::abs(s.now->scale.alpha) *
         rms_of_difference<T>(s.passes.output(s.member), view(std::as_const(s.now->output)));
}

template <class T>
double preactivation_size(RecorderState<T>& s, Index layer) {
  return rms<T>(s.passes.preactivation(s.member, layer));
}

template <class T>
double preactivation_change(RecorderState<T>& s, Index layer) {
  return rms_of_difference<T>(s.passes.preactivation(s.member, layer), s.of(s.now->preactivation, layer));
}

template <class T>
double feature_change(RecorderState<T>& s, Index layer) {
  return rms_of_difference<T>(s.passes.activation(s.member, layer), s.of(s.now->activation, layer));
}

template <class T>
double update(RecorderState<T>& s, Index layer) {
  return s.update_sizes_of(layer).rms;
}

template <class T>
double own_update(RecorderState<T>& s, Index layer) {
  return s.relative(update(s, layer), s.now->forward_size[static_cast<std::size_t>(layer - 1)]);
}

template <class T>
double weight_norm(RecorderState<T>& s, Index layer) {
  return std::sqrt(square_sum<T>(s.ensemble->weight(s.member, layer)));
}

template <class T>
double weight_change(RecorderState<T>& s, Index layer) {
  const double change = square_sum_of_difference<T>(s.ensemble->weight(s.member, layer), s.initial_weight(layer));
  return s.relative(std::sqrt(change), s.now->weight_norm[static_cast<std::size_t>(layer - 1)]);
}

template <class T>
double last_update_norm(RecorderState<T>& s, Index layer) {
  if (!s.knows_previous()) return nan;
  return std::sqrt(square_sum_of_difference<T>(s.ensemble->weight(s.member, layer), s.previous_weight(layer)));
}

template <class T>
double contribution(RecorderState<T>& s, Index layer) {
  if (!s.direction) s.direction.emplace(s.ensemble->architecture(), 1);
  const View<const T> weight = s.ensemble->weight(s.member, layer), initial = s.remaining_initial_weight(layer);
  const View<T> moved = s.direction->weight(0, layer);
  for (Index i = 0; i < weight.rows; ++i)
    for (Index j = 0; j < weight.cols; ++j) moved(i, j) = weight(i, j) - initial(i, j);
  const double size = rms<T>(s.passes.jvp(*s.ensemble, s.member, *s.direction));
  for (Index i = 0; i < weight.rows; ++i) std::fill_n(moved.row(i), weight.cols, T(0));
  return std::abs(s.now->scale.alpha) * size;
}

template <class T>
double gradient_size(RecorderState<T>& s, Index layer) {
  if (!s.gradient_known) {
    if (!s.gradient) s.gradient.emplace(s.ensemble->architecture(), 1);
    Matrix<T> slope(s.trained.rows(), s.trained.cols());
    s.options.loss->gradient(s.seen_by_loss(s.trained), s.data.train_targets, view(slope));
    slope *= static_cast<T>(objective_factor(s.options.alpha_convention, s.now->scale.alpha));
    s.passes.gradient(*s.ensemble, s.member, view(std::as_const(slope)), *s.gradient);
    s.gradient_known = true;
  }
  return rms<T>(std::as_const(*s.gradient).weight(0, layer));
}

template <class T>
double epsilon_ratio(RecorderState<T>& s, Index layer) {
  const Dense& dense = s.ensemble->parameters().dense(layer);
  if (!forgets_size(s.options.optimizer) ||
      (s.options.optimizer == OptimizerKind::muon && moves_along_orthogonal_factors(dense)))
    return 0;
  return s.of_weight(layer).effective_epsilon / gradient_size(s, layer);
}

template <class T>
double decay_ratio(RecorderState<T>& s, Index layer) {
  const TensorScaling& scaling = s.of_weight(layer);
  if (!forgets_size(s.options.optimizer) || decay_of(s.options.optimizer) == Decay::decoupled)
    return scaling.effective_rate * scaling.effective_decay;
  return scaling.effective_decay * rms<T>(s.ensemble->weight(s.member, layer)) / gradient_size(s, layer);
}

template <class T>
double displacement(RecorderState<T>& s, Index) {
  double way = 0, start = 0;
  for (Index layer = 1; layer <= s.ensemble->layers(); ++layer) {
    const double m = s.of_weight(layer).multiplier;
    const double norm = s.now->weight_norm[static_cast<std::size_t>(layer - 1)];
    way += square_sum_of_difference<T>(s.ensemble->weight(s.member, layer), s.initial_weight(layer)) / (m * m);
    start += norm * norm / (m * m);
  }
  return std::sqrt(way / start);
}

template <class T>
double step_size(RecorderState<T>& s, Index) {
  return s.flow ? s.flow->dt : nan;
}

template <class T>
double gradient_step(RecorderState<T>& s, Index) {
  return s.flow ? s.flow->dgrad : nan;
}

template <class T>
double output_step(RecorderState<T>& s, Index) {
  return s.flow ? s.flow->dout : nan;
}

template <class T>
double accepted_steps(RecorderState<T>& s, Index) {
  return s.flow ? static_cast<double>(s.flow->control.accepted) : nan;
}

template <class T>
double refused_steps(RecorderState<T>& s, Index) {
  return s.flow ? static_cast<double>(s.flow->control.refused) : nan;
}

template <class T>
double forced_steps(RecorderState<T>& s, Index) {
  return s.flow ? static_cast<double>(s.flow->control.forced) : nan;
}

template <class T>
double half_time(RecorderState<T>& s, Index) {
  return s.flow ? s.flow->times.half_time : nan;
}

template <class T>
double linear_time(RecorderState<T>& s, Index) {
  return s.flow ? s.flow->times.linear_time : nan;
}

template <class T>
double preactivation_speed(RecorderState<T>& s, Index layer) {
  if (!s.flow) return nan;
  if (layer == 1) s.passes.jvp(*s.ensemble, s.member, s.flow->velocity, 0);  // serves all layers
  return rms<T>(s.passes.tangent(layer));
}

}  // namespace

template <class T>
const Formulas<T>& formulas() {
  static const Formulas<T> all = [] {
    Formulas<T> known = {
        {"train_loss", train_loss<T>},
        {"train_error", train_error<T>},
        {"smallest_margin", least_margin<T>},
        {"margins_held", margins_held<T>},
        {"test_loss", test_loss<T>},
        {"test_error", test_error<T>},
        {"validation_loss", validation_loss<T>},
        {"validation_error", validation_error<T>},
        {"batch_loss", batch_loss<T>},
        {"output_size", output_size<T>},
        {"output_magnitude", output_magnitude<T>},
        {"output_change", output_change<T>},
        {"preactivation_size", preactivation_size<T>},
        {"preactivation_change", preactivation_change<T>},
        {"feature_change", feature_change<T>},
        {"update", update<T>},
        {"own_update", own_update<T>},
        {"weight_norm", weight_norm<T>},
        {"weight_change", weight_change<T>},
        {"last_update_norm", last_update_norm<T>},
        {"contribution", contribution<T>},
        {"gradient_size", gradient_size<T>},
        {"epsilon_ratio", epsilon_ratio<T>},
        {"decay_ratio", decay_ratio<T>},
        {"displacement", displacement<T>},
        {"step_size", step_size<T>},
        {"gradient_step", gradient_step<T>},
        {"output_step", output_step<T>},
        {"accepted_steps", accepted_steps<T>},
        {"refused_steps", refused_steps<T>},
        {"forced_steps", forced_steps<T>},
        {"half_time", half_time<T>},
        {"linear_time", linear_time<T>},
        {"preactivation_speed", preactivation_speed<T>},
    };
    add_layer_diagnostics(known);
    return known;
  }();
  return all;
}

template const Formulas<float>& formulas();
template const Formulas<double>& formulas();

}  // namespace widthwise
