#include "widthwise/limit/deep_linear_theory.h"

#include <cmath>

#include "widthwise/limit/deep_linear_input.h"
#include "widthwise/limit/deep_linear_stack.h"

namespace widthwise {

using deep_linear_theory::add;
using deep_linear_theory::Now;
using deep_linear_theory::Rows;

DeepLinearTheory::DeepLinearTheory(const DeepLinearModel& model) : model_{model} {
  check_deep_linear(model);
  const Index outputs = model.output_count();
  stack_ = model.residual_branch
               ? deep_linear_theory::make_residual_stack(model, model.states(), *model.residual_branch, 1, outputs)
               : deep_linear_theory::make_plain_stack(model, outputs);
  input_ = std::make_unique<deep_linear_theory::InputBlock>(model);
}

DeepLinearTheory::~DeepLinearTheory() = default;
DeepLinearTheory::DeepLinearTheory(DeepLinearTheory&&) noexcept = default;
DeepLinearTheory& DeepLinearTheory::operator=(DeepLinearTheory&&) noexcept = default;

void DeepLinearTheory::step() {
  const Now now(model_, time_, model_.output_count());
  stack_->backward(now, input_->signal_correlation());
  const Rows gradient = stack_->gradient_correlation(now);
  // Of unequal layers neurons of the first are weighed as those of the last.
  const double first_over_last = model_.layer_ratio(1) / model_.last_ratio();
  const double share = std::isfinite(first_over_last) ? first_over_last : 1;
  Rows weighed = now.rows(), response = now.rows();
  add(share, gradient, now, weighed);
  add(share, stack_->gradient_response(now), now, response);
  input_->step(now, weighed, response);
  stack_->forward(now, input_->signal_correlation(), input_->signal_response());
  test_.push_back(input_->test_loss());
  train_.push_back(input_->train_loss());
  double gradient_size = 0, signal_size = 0;
  for (Index c = 0; c < now.outputs; ++c) {
    gradient_size += gradient[c][now.first() + c];
    signal_size += input_->signal_correlation()(now.first() + c, now.first() + c);
  }
  gradient_.push_back(gradient_size);
  signal_.push_back(signal_size);
  ++time_;
}

double lazy_kernel(const DeepLinearModel& model) {
  const double layers = model.hidden_layers;
  if (!model.residual_branch) return layers + 1;
  const double b = *model.residual_branch * *model.residual_branch;
  return std::pow(1 + b, layers - 1) * (2 * (1 + b) + layers * b);
}

namespace {

// Matrices kept, and products with one a step, of the blocks above.
double kept_matrices(const DeepLinearModel& model) {
  const double stack =
      model.residual_branch ? 10.0 * model.states() + 8.0 * model.hidden_layers : 6.0 * model.hidden_layers;
  const auto modes = static_cast<double>(model.spectrum.modes());
  return stack + (modes == 1 ? 6 : 9) + 2 * modes;
}
double products(const DeepLinearModel& model) {
  const double stack =
      model.residual_branch ? 12.0 * model.states() + 14.0 * model.hidden_layers : 12.0 * model.hidden_layers;
  return stack + 14 + 3 * static_cast<double>(model.spectrum.modes());
}

}  // namespace

double DeepLinearTheory::bytes(const DeepLinearModel& model, double times) {
  return kept_matrices(model) * GrowingTriangle::bytes(times * static_cast<double>(model.output_count()));
}

double DeepLinearTheory::flops(const DeepLinearModel& model, double times) {
  const double rows = times * static_cast<double>(model.output_count());
  return 2 * products(model) * rows * rows * rows / 6;
}

}  // namespace widthwise
