#include "widthwise/limit/two_layer.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/limit/far_activation.h"
#include "widthwise/limit/gradient_mode.h"
#include "widthwise/limit/input_kernels.h"
#include "widthwise/limit/kernel_descent.h"
#include "widthwise/limit/particles.h"

namespace widthwise {

namespace {

void check_shapes(const LimitProblem& problem) {
  const auto sizes = [](const View<const double>& view) { return fmt::format("{} x {}", view.rows, view.cols); };
  if (problem.inputs.rows < 1 || problem.inputs.cols < 1)
    throw ShapeError("inputs", "samples x features, at least one of each", sizes(problem.inputs));
  if (problem.targets.rows != problem.inputs.rows || problem.targets.cols != 1)
    throw ShapeError("targets", fmt::format("{} x 1", problem.inputs.rows), sizes(problem.targets));
  if (problem.others.rows > 0 && problem.others.cols != problem.inputs.cols)
    throw ShapeError("others", fmt::format("{} features", problem.inputs.cols), sizes(problem.others));
}

TwoLayerClass stable_class(const TwoLayerOptions& options) {
  TwoLayerClass found = classify_two_layer(options.exponents, options.init_corrected);
  if (!found.stable)
    throw ConfigError({{}, "parameterization"}, "a dynamically stable scaling, which has a limit",
                      fmt::format("one that is {}", found.reason), "widthwise classify two-layer says why");
  return found;
}

Matrix<double> kernel_of(const LimitProblem& problem, const TwoLayerOptions& options, const TwoLayerClass& limit,
                         const Matrix<double>& points) {
  const TwoLayerReference& reference = options.reference;
  const InputKernels both = input_kernels(*problem.activation, reference.input_std, view(points), problem.inputs);
  Matrix<double> kernel = Matrix<double>::Zero(points.rows(), problem.inputs.rows);
  if (limit.a_trains) kernel += reference.rate_a * both.features;
  if (limit.w_trains) kernel += reference.rate_w * both.slopes;
  return reference.sigma * reference.sigma * reference.width * kernel;
}

ParticleRule rule_of(const TwoLayerOptions& options, const TwoLayerClass& limit) {
  const TwoLayerReference& reference = options.reference;
  ParticleRule rule;
  rule.particles = options.particles;
  rule.antithetic = options.antithetic;
  rule.scale = reference.sigma * reference.width;
  rule.step_a = limit.a_trains ? reference.rate_a * reference.sigma : 0;
  rule.step_w = reference.rate_w * reference.sigma;
  rule.input_std = reference.input_std;
  rule.law = reference.law;
  rule.a_starts_at_zero = limit.a_forgotten;
  rule.w_starts_at_zero = limit.w_forgotten;
  return rule;
}

// Also where no later output has it in it: it is what there is at step 0.
Vector<double> initial_output(const LimitProblem& problem, const TwoLayerOptions& options,
                              const Matrix<double>& points) {
  if (options.initial_output) {
    if (options.initial_output->size() != points.rows())
      throw ShapeError("initial_output", fmt::format("{} points", points.rows()),
                       fmt::format("{}", options.initial_output->size()));
    return *options.initial_output;
  }
  const TwoLayerReference& reference = options.reference;
  const InputKernels kernels = input_kernels(*problem.activation, reference.input_std, view(points), view(points));
  return gaussian_draw(reference.sigma * reference.sigma * reference.width * kernels.features,
                       options.key.split("initial output"));
}

}  // namespace

TwoLayerLimit::TwoLayerLimit(const LimitProblem& problem, TwoLayerOptions options)
    : problem_{problem}, options_{std::move(options)}, class_{stable_class(options_)} {
  check_shapes(problem_);
  check_activation(class_, *problem_.activation);
  check_gradient_mode(class_.limit.first, *problem_.loss);
  check_gradient_mode(class_.limit.later, *problem_.loss);
  const Index total = problem_.inputs.rows + problem_.others.rows;
  if (total > most_limit_points && (!options_.initial_output || class_.limit.engine == Engine::kernel))
    throw ConfigError({{}, "data.train"},
                      fmt::format("at most {} training and test points together", most_limit_points),
                      fmt::format("{}", total));
  const Matrix<double> points = stacked(problem_.inputs, problem_.others);
  initial_ = initial_output(problem_, options_, points);
  if (class_.limit.engine == Engine::mean_field) {
    engine_ = std::make_unique<Particles>(points, problem_.inputs.rows, problem_.activation, rule_of(options_, class_),
                                          options_.key.split("particles"));
  } else {
    const Vector<double> start = class_.limit.keeps_init ? initial_ : Vector<double>::Zero(total);
    engine_ = std::make_unique<KernelDescent>(kernel_of(problem_, options_, class_, points), start);
  }
}

double TwoLayerLimit::exponent() const {
  return step_ == 0 ? class_.nu.value() : class_.kappa.value();
}

Vector<double> TwoLayerLimit::logits(const Vector<double>& moved, const Vector<double>& initial) const {
  return class_.limit.keeps_init && class_.limit.engine == Engine::mean_field ? moved + initial : moved;
}

Vector<double> TwoLayerLimit::training_output() {
  const Vector<double> initial = initial_.head(problem_.inputs.rows);
  return step_ == 0 ? initial : logits(engine_->training_output(), initial);
}

Vector<double> TwoLayerLimit::other_output() {
  const Vector<double> initial = initial_.tail(problem_.others.rows);
  return step_ == 0 ? initial : logits(engine_->other_output(), initial);
}

void TwoLayerLimit::advance(std::span<const std::uint32_t> rows) {
  const auto count = static_cast<Index>(rows.size());
  Matrix<double> targets(count, 1), gradient(count, 1);
  Vector<double> initial(count);
  for (Index k = 0; k < count; ++k) {
    const Index row = rows[static_cast<std::size_t>(k)];
    initial[k] = initial_[row];
    targets(k, 0) = problem_.targets(row, 0);
  }
  const Matrix<double> now = step_ == 0 ? initial : logits(engine_->training_output(rows), initial);
  limit_gradient(step_ == 0 ? class_.limit.first : class_.limit.later, *problem_.loss, view(now),
                 view(std::as_const(targets)), view(gradient));
  engine_->step(rows, {gradient.data(), static_cast<std::size_t>(count)});
  ++step_;
}

}  // namespace widthwise
