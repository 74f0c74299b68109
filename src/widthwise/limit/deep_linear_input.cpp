#include "widthwise/limit/deep_linear_input.h"

#include <cmath>
#include <utility>

namespace widthwise::deep_linear_theory {

InputBlock::InputBlock(const DeepLinearModel& model)
    : model_{model},
      finite_data_{model.data != DeepLinearData::population && std::isfinite(model.sample_ratio)},
      inverse_data_{finite_data_ ? 1 / model.sample_ratio : 0},
      label_noise_{Matrix<double>::Identity(model.output_count(), model.output_count())},
      response_{0, model.output_count()} {
  const Index outputs = model.output_count();
  for (GrowingTriangle* matrix : {&gradient_, &h_, &residual_response_, &first_, &second_, &second_correlation_, &test_,
                                  &residuals_, &cross_, &signal_})
    *matrix = GrowingTriangle(outputs);
  const DeepLinearSpectrum& spectrum = model.spectrum;
  for (std::size_t k = 0; k < spectrum.modes(); ++k) {
    modes_.push_back({spectrum.variance[k], spectrum.weight[k], GrowingTriangle(outputs), GrowingTriangle(outputs),
                      ConstantSource(model.targets(k))});
    mean_variance_ += spectrum.weight[k] * spectrum.variance[k];
  }
}

Rows InputBlock::centred(const Now& now, const Rows& correlation) {
  if (!model_.centred) return correlation;
  // C_g(t,t') and C_g(0,0) are between outputs; C_g(t,0) is what row t has at time 0.
  correlation.append_to(gradient_);
  Rows out = now.rows();
  const Index outputs = now.outputs;
  for (Index c = 0; c < outputs; ++c)
    for (Index i = 0; i < now.end(); ++i) {
      const Index e = i % outputs;
      out[c][i] = correlation[c][i] - correlation[c][e] - gradient_(i, c) + gradient_(c, e);
    }
  return out;
}

Rows InputBlock::propagated(const Now& now, const GrowingTriangle& a) const {
  return repeated() ? times(now, rows_of(now, residual_response_), a) : rows_of(now, a);
}

void InputBlock::step_mode(const Now& now, const Rows& b, const Rows& gradient, const Rows& noise, Mode& mode) {
  const double lambda = mode.variance;
  Rows a = now.rows();
  add(-lambda, times(now, b, mode.a), now, a);
  add_identity(now, a);
  a.append_to(mode.a);

  // C_v(t, .) = <(w - r0 - sqrt(lambda) H r)(t) v> - lambda B(t, .) C_v
  Rows source = now.rows(), c_v = now.rows();
  if (std::isfinite(model_.last_ratio()))
    add(1 / (model_.richness * model_.richness * model_.last_ratio()), gradient, now, source);
  if (finite_data_) add(lambda, noise, now, source);
  for (Index c = 0; c < now.outputs; ++c) {
    add_times_transposed(source[c], mode.a, 1, c_v[c]);
    PaddedVector past;
    past.reset(now.end());
    add_symmetric_times(b[c], mode.correlation, past);
    for (Index i = 0; i < now.first(); ++i) c_v[c][i] -= lambda * past[i];
  }
  mode.target.take(now, a);
  mode.target.add_with_source(now, 1, c_v);
  for (Index c = 0; c < now.outputs; ++c)
    for (Index e = 0; e < now.outputs; ++e) {
      double past = 0;
      for (Index i = 0; i < now.first(); ++i) past += b[c][i] * c_v[e][i];
      c_v[c][now.first() + e] -= lambda * past;
    }
  c_v.append_to(mode.correlation);
}

void InputBlock::step_residuals(const Now& now, const Rows& correlation) {
  const double label_variance = model_.noise * model_.noise;
  Rows residuals = now.rows();
  if (model_.data == DeepLinearData::one_pass) {
    for (Index c = 0; c < now.outputs; ++c)
      for (Index e = 0; e < now.outputs; ++e)
        residuals[c][now.first() + e] = correlation[c][now.first() + e] + (c == e ? label_variance : 0);
  } else if (repeated()) {
    Rows p = now.rows();
    add(-inverse_data_ * share(), times(now, times(now, rows_of(now, summed_a()), h_), residual_response_), now, p);
    add_identity(now, p);
    p.append_to(residual_response_);
    add_congruence(now, share(), p, summed_correlation(), residual_response_, residuals);
    label_noise_.take(now, p);
    label_noise_.add(now, label_variance, residuals);
  } else {
    residuals = correlation;
    for (Index c = 0; c < now.outputs; ++c)
      for (Index i = c; i < now.end(); i += now.outputs) residuals[c][i] += label_variance;
  }
  residuals.append_to(residuals_);
  test_loss_ = train_loss_ = 0;
  for (Index c = 0; c < now.outputs; ++c) {
    test_loss_ += correlation[c][now.first() + c] + label_variance;
    train_loss_ += residuals[c][now.first() + c];
  }
}

void InputBlock::step_signal(const Now& now) {
  Rows transfer = now.rows();  // P sum p lambda A
  add(share(), propagated(now, summed_a()), now, transfer);
  Rows signal = now.rows();
  if (repeated() && single_mode()) {
    // P (p lambda^2 C_v) P^T = lambda (C_D - sigma^2 P 1 P^T)
    add(mean_variance_, rows_of(now, residuals_), now, signal);
    label_noise_.add(now, -mean_variance_ * model_.noise * model_.noise, signal);
  } else if (repeated()) {
    add_congruence(now, 1, rows_of(now, residual_response_), second_correlation_, residual_response_, signal);
  } else {
    signal = rows_of(now, second_correlation_);
  }
  if (finite_data_) {
    Rows second = now.rows();
    add(mean_variance_, transfer, now, second);
    const Rows cross = times(now, single_mode() ? second : propagated(now, second_), h_);
    cross.append_to(cross_);
    add(mean_variance_ * inverse_data_, rows_of(now, residuals_), now, signal);
    for (Index c = 0; c < now.outputs; ++c) {
      PaddedVector mixed;
      mixed.reset(now.end());
      add_symmetric_times(cross[c], residuals_, mixed);
      PaddedVector own;
      own.reset(now.end());
      residuals_.copy_row(now.first() + c, own.data());
      add_times_transposed(own, cross_, 1, mixed);
      for (Index i = 0; i < now.end(); ++i) signal[c][i] -= inverse_data_ * mixed[i];
    }
  }
  signal.append_to(signal_);

  response_ = now.rows();
  if (!std::isfinite(model_.last_ratio())) return;
  const double factor = -1 / (model_.richness * model_.last_ratio());
  add(factor, transfer, now, response_);
  if (!model_.centred) return;
  for (Index c = 0; c < now.outputs; ++c)
    for (Index i = 0; i < now.end(); ++i) response_[c][i % now.outputs] -= factor * transfer[c][i];
}

void InputBlock::step(const Now& now, const Rows& gradient_correlation, const Rows& gradient_response) {
  const Rows gradient = centred(now, gradient_correlation);
  Rows h = now.rows();
  add(1 / model_.richness, gradient_response, now, h);
  add_felt(now, 1, gradient_correlation, h);
  h.append_to(h_);
  const Rows b = repeated() ? times(now, h, residual_response_) : h;
  Rows noise = now.rows();
  if (finite_data_) add_congruence(now, inverse_data_, h, residuals_, h_, noise);

  Rows first = now.rows(), second = now.rows(), correlation = now.rows(), second_correlation = now.rows();
  for (Mode& mode : modes_) {
    step_mode(now, b, gradient, noise, mode);
    const double share = mode.weight * mode.variance;
    const Rows a = rows_of(now, mode.a), c_v = rows_of(now, mode.correlation);
    add(share, a, now, first);
    add(share * mode.variance, a, now, second);
    add(share, c_v, now, correlation);
    add(share * mode.variance, c_v, now, second_correlation);
  }
  if (!single_mode()) {
    first.append_to(first_);
    second.append_to(second_);
    correlation.append_to(test_);
  }
  if (!single_mode() || !repeated()) second_correlation.append_to(second_correlation_);
  step_residuals(now, correlation);
  step_signal(now);
}

}  // namespace widthwise::deep_linear_theory
