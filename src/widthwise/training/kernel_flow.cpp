#include "widthwise/training/kernel_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/finite.h"
#include "widthwise/kernel/empirical.h"
#include "widthwise/linalg/products.h"
#include "widthwise/network/propagation.h"
#include "widthwise/training/linear_system.h"

namespace widthwise {

namespace {

// out = K v for v of shape P x k, K for all outputs at once or the same for each.
void apply(View<const double> kernel, const Matrix<double>& v, Matrix<double>& out) {
  if (kernel.cols == v.rows())
    gemm<double>(Op::none, Op::none, 1, kernel, view(v), 0, view(out));
  else
    gemm<double>(Op::none, Op::none, 1, kernel, {v.data(), v.size(), 1}, 0, {out.data(), out.size(), 1});
}

struct KernelLook {
  Matrix<double> outputs, gradient;  // F, dObjective/dg
  double loss = 0, norm = 0;
};

class KernelSystem final : public LinearSystem<KernelLook> {
 public:
  KernelSystem(const KernelFlowProblem& problem, const Loss& loss, const FrozenFlowOptions& options)
      : LinearSystem(problem.targets.rows, problem.targets.cols, {}, {}),
        problem_(problem),
        loss_(loss),
        options_(options),
        duals_(Matrix<double>::Zero(problem.targets.rows, problem.targets.cols)) {
    start();
  }
  const Matrix<double>& duals() const { return duals_; }

 private:
  double initial(Index sample, Index output) const override {
    return problem_.initial.data ? problem_.initial(sample, output) : 0;
  }
  const OutputScale& scale() const override { return options_.scale; }
  void write_gradient(KernelLook& look) override {
    look.gradient.resize(look.outputs.rows(), look.outputs.cols());
    look.loss = loss_.gradient(view(std::as_const(look.outputs)), problem_.targets, view(look.gradient));
    look.gradient *= options_.objective_factor;
    look.norm = look.gradient.norm();
  }
  double distance(const KernelLook& a, const KernelLook& b) const override { return (b.gradient - a.gradient).norm(); }
  void write_velocity(const KernelLook& look, Matrix<double>& velocity) override {
    apply(problem_.kernel, look.gradient, velocity);
  }
  void take_step(double dt, const KernelLook& from) override { duals_ -= dt * from.gradient; }
  std::vector<double> moving() const override { return {duals_.data(), duals_.data() + duals_.size()}; }
  void set_moving(const std::vector<double>& numbers) override { std::ranges::copy(numbers, duals_.data()); }

  const KernelFlowProblem& problem_;
  const Loss& loss_;
  const FrozenFlowOptions& options_;
  Matrix<double> duals_;  // c
};

// F of g = g_0 + K c, summed once rather than step by step.
Matrix<double> outputs_of(View<const double> kernel, const Matrix<double>& duals, View<const double> initial,
                          const OutputScale& scale) {
  const Index samples = kernel.cols == duals.rows() ? kernel.rows : kernel.rows / duals.cols();
  Matrix<double> out(samples, duals.cols());
  apply(kernel, duals, out);
  for (Index i = 0; i < out.rows(); ++i)
    for (Index j = 0; j < out.cols(); ++j)
      out(i, j) = trained_output(scale, initial.data ? initial(i, j) : 0, out(i, j));
  return out;
}

void check(const KernelFlowProblem& problem, const Loss& loss, const FrozenFlowOptions& options) {
  check_frozen(problem.initial, problem.targets, loss, options);
  const Index samples = problem.targets.rows, outputs = problem.targets.cols;
  const View<const double>&kernel = problem.kernel, &test = problem.test_kernel;
  const bool shared = kernel.cols == samples;
  if (kernel.rows != kernel.cols || (!shared && kernel.cols != samples * outputs))
    throw ShapeError("kernel flow", fmt::format("a kernel of {0} x {0}, or {1} x {1}", samples, samples * outputs),
                     fmt::format("{} x {}", kernel.rows, kernel.cols));
  if (test.data && (test.cols != kernel.cols || (!shared && test.rows % outputs != 0)))
    throw ShapeError("kernel flow", fmt::format("a test kernel of {} columns", kernel.cols),
                     fmt::format("{} x {}", test.rows, test.cols));
  const Index others = shared ? test.rows : test.rows / outputs;
  if (problem.test_initial.data && (problem.test_initial.rows != others || problem.test_initial.cols != outputs))
    throw ShapeError("kernel flow", fmt::format("initial test outputs of {} x {}", others, outputs),
                     fmt::format("{} x {}", problem.test_initial.rows, problem.test_initial.cols));
  require_finite(kernel, "kernel");
  if (test.data) require_finite(test, "test kernel");
  if (problem.initial.data) require_finite(problem.initial, "initial outputs");
  if (problem.test_initial.data) require_finite(problem.test_initial, "initial test outputs");
}

// Rows against columns, in double; `columns` without data: rows against themselves.
template <class T>
Matrix<double> frozen_kernel(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns,
                             double memory) {
  const Index k = ensemble.architecture().outputs, others = columns.data ? columns.rows : rows.rows;
  const double bytes = static_cast<double>(rows.rows * k) * static_cast<double>(others * k) * sizeof(double);
  if (bytes > memory)
    throw ConfigError(
        {"", "memory"},
        fmt::format("at least {:.3g} bytes, for a tangent kernel of {} x {}", bytes, rows.rows * k, others * k),
        fmt::format("{:.3g} bytes", memory), "fewer samples take less; follow_linearised needs no kernel");
  Matrix<T> out(rows.rows * k, others * k);
  TangentKernel<T> kernel({TangentShare::rate});
  if (columns.data)
    kernel(ensemble, member, rows, columns, {view(out)});
  else
    kernel(ensemble, member, rows, {view(out)});
  return out.template cast<double>();
}

template <class T>
Matrix<double> outputs_at(const Ensemble<T>& ensemble, Index member, View<const T> inputs) {
  Matrix<double> out(inputs.rows, ensemble.architecture().outputs);
  const Index chunk = std::min<Index>(std::max<Index>(inputs.rows, 1), 1024);
  Propagation<T> passes(ensemble, chunk, 1);
  for (Index first = 0; first < inputs.rows; first += chunk) {
    const Index rows = std::min(chunk, inputs.rows - first);
    passes.forward(ensemble, inputs.block(first, 0, rows, inputs.cols), member);
    const View<const T> output = passes.output(member);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < output.cols; ++j) out(first + i, j) = static_cast<double>(output(i, j));
  }
  return out;
}

}  // namespace

KernelFlowResult follow_kernel_flow(const KernelFlowProblem& problem, const Loss& loss,
                                    const FrozenFlowOptions& options, const FrozenFlowHooks& hooks) {
  check(problem, loss, options);
  KernelSystem system(problem, loss, options);
  KernelFlowResult result{follow_frozen(system, problem.targets, options, hooks), {}, {}, system.duals()};
  result.outputs = outputs_of(problem.kernel, result.duals, problem.initial, options.scale);
  if (problem.test_kernel.data)
    result.test_outputs = outputs_of(problem.test_kernel, result.duals, problem.test_initial, options.scale);
  return result;
}

template <class T>
KernelFlowResult follow_tangent_kernel(const Ensemble<T>& ensemble, Index member, View<const T> inputs,
                                       View<const double> targets, View<const T> test_inputs, const Loss& loss,
                                       const FrozenFlowOptions& options, double memory, const FrozenFlowHooks& hooks) {
  if (inputs.rows != targets.rows || targets.cols != ensemble.architecture().outputs)
    throw ShapeError("kernel flow", fmt::format("{} x {} targets", inputs.rows, ensemble.architecture().outputs),
                     fmt::format("{} x {}", targets.rows, targets.cols));
  require_finite(inputs, "training inputs");
  if (test_inputs.rows > 0) require_finite(test_inputs, "test inputs");
  const Matrix<double> kernel = frozen_kernel<T>(ensemble, member, inputs, {}, memory);
  const Matrix<double> initial = outputs_at(ensemble, member, inputs);
  KernelFlowProblem problem{view(kernel), targets, view(initial)};
  Matrix<double> test_kernel, test_initial;
  if (test_inputs.rows > 0) {
    test_kernel = frozen_kernel<T>(ensemble, member, test_inputs, inputs, memory);
    test_initial = outputs_at(ensemble, member, test_inputs);
    problem.test_kernel = view(std::as_const(test_kernel));
    problem.test_initial = view(std::as_const(test_initial));
  }
  return follow_kernel_flow(problem, loss, options, hooks);
}

template KernelFlowResult follow_tangent_kernel(const Ensemble<float>&, Index, View<const float>, View<const double>,
                                                View<const float>, const Loss&, const FrozenFlowOptions&, double,
                                                const FrozenFlowHooks&);
template KernelFlowResult follow_tangent_kernel(const Ensemble<double>&, Index, View<const double>, View<const double>,
                                                View<const double>, const Loss&, const FrozenFlowOptions&, double,
                                                const FrozenFlowHooks&);

}  // namespace widthwise
