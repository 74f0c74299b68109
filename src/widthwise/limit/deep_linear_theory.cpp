#include "widthwise/limit/deep_linear_theory.h"

#include <cmath>

#include "widthwise/limit/deep_linear_input.h"
#include "widthwise/limit/deep_linear_stack.h"

namespace widthwise {

using deep_linear_theory::Now;
using deep_linear_theory::Rows;

DeepLinearTheory::DeepLinearTheory(const DeepLinearModel& model) : model_{model} {
  check_deep_linear(model);
  constexpr Index outputs = 1;
  stack_ = model.residual_branch
               ? deep_linear_theory::make_residual_stack(model, model.states(), *model.residual_branch, 1, outputs)
               : deep_linear_theory::make_plain_stack(model, outputs);
  input_ = std::make_unique<deep_linear_theory::InputBlock>(model, Matrix<double>::Identity(outputs, outputs));
}

DeepLinearTheory::~DeepLinearTheory() = default;
DeepLinearTheory::DeepLinearTheory(DeepLinearTheory&&) noexcept = default;
DeepLinearTheory& DeepLinearTheory::operator=(DeepLinearTheory&&) noexcept = default;

void DeepLinearTheory::step() {
  const Now now(model_, time_, 1);
  stack_->backward(now, input_->signal_correlation());
  const Rows gradient = stack_->gradient_correlation(now);
  input_->step(now, gradient, stack_->gradient_response(now));
  stack_->forward(now, input_->signal_correlation(), input_->signal_response());
  test_.push_back(input_->test_loss());
  train_.push_back(input_->train_loss());
  gradient_.push_back(gradient[0][now.first()]);
  signal_.push_back(input_->signal_correlation()(now.first(), now.first()));
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
  return stack + 9 + 2 * static_cast<double>(model.spectrum.modes());
}
double products(const DeepLinearModel& model) {
  const double stack =
      model.residual_branch ? 12.0 * model.states() + 14.0 * model.hidden_layers : 12.0 * model.hidden_layers;
  return stack + 14 + 3 * static_cast<double>(model.spectrum.modes());
}

}  // namespace

double DeepLinearTheory::bytes(const DeepLinearModel& model, double times) {
  return kept_matrices(model) * GrowingTriangle::bytes(times);
}

double DeepLinearTheory::flops(const DeepLinearModel& model, double times) {
  return 2 * products(model) * times * times * times / 6;
}

}  // namespace widthwise
