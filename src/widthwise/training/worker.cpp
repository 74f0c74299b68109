#include "widthwise/training/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "widthwise/training/normalised_start.h"

namespace widthwise {

namespace {

// Room for the update of any layer; layer 1 comes with all members at once.
template <class T>
Index scratch_size(const Ensemble<T>& ensemble, const UpdateRule<T>& rule, Index members) {
  Index size = 0;
  for (Index layer = 1; layer <= ensemble.layers(); ++layer)
    size = std::max(size, rule.scratch_size(ensemble.parameters().dense(layer), layer == 1 ? members : 1));
  return size;
}

template <class T>
void gather(View<const T> from, std::span<const std::uint32_t> rows, Matrix<T>& to) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(from.row(static_cast<Index>(rows[i])), from.cols, to.data() + static_cast<Index>(i) * from.cols);
}

// Largest |entry|; NaN where any entry is NaN. Without their sign, the bits of floating-point numbers are ordered like
// the numbers, with NaN above infinity; and a maximum of integers vectorises.
template <class T>
T largest(View<const T> x) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits size = std::numeric_limits<Bits>::max() >> 1;
  Bits most = 0;
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) most = std::max(most, std::bit_cast<Bits>(x(i, j)) & size);
  return std::bit_cast<T>(most);
}

template <class T>
void leave(MemberRun<T>& run, RunStatus status, std::int64_t step, double seconds, std::string reason) {
  run.active = false;
  run.result.status = status;
  run.result.step = step;
  run.result.seconds = seconds;
  run.result.reason = std::move(reason);
}

// After so many updates, of each layer the share of its initial weights that the parameterization keeps.
template <class T>
void shed_initial(Ensemble<T>& ensemble, Index member, std::int64_t updates) {
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const TensorScaling& scaling = ensemble.scaling(member).weights[static_cast<std::size_t>(layer - 1)];
    if (scaling.initial_share == 1 || scaling.first_steps != updates) continue;
    const View<T> weight = ensemble.weight(member, layer);
    Matrix<T> drawn;
    View<const T> initial;
    if (ensemble.keeps_initial()) {
      initial = ensemble.initial_weight(member, layer);
    } else {
      drawn.resize(weight.rows, weight.cols);
      ensemble.draw_initial_weight(member, layer, view(drawn));
      initial = view(std::as_const(drawn));
    }
    const T share = static_cast<T>(1 - scaling.initial_share);
    for (Index i = 0; i < weight.rows; ++i)
      for (Index j = 0; j < weight.cols; ++j) weight(i, j) -= share * initial(i, j);
  }
}

}  // namespace

template <class T>
Worker<T>::Worker(const Ensemble<T>& ensemble, const Problem<T>& problem, const UpdateRule<T>& rule, Index batch,
                  Index members)
    : problem_(problem), propagation_(ensemble, batch, members), inputs_(problem.inputs), targets_(problem.targets) {
  if (batch < problem.inputs.rows) {
    batch_inputs_.resize(batch, problem.inputs.cols);
    batch_targets_.resize(batch, problem.targets.cols);
  }
  if (const Index size = scratch_size(ensemble, rule, members); size > 0) scratch_ = AlignedArray<T>(size);
}

template <class T>
void Worker<T>::take_batch(const Segment& segment, std::int64_t step) {
  if (segment.rows.empty()) {
    inputs_ = problem_.inputs;
    targets_ = problem_.targets;
    return;
  }
  const auto batch = static_cast<std::size_t>(segment.batch);
  rows_ = std::span(segment.rows).subspan(static_cast<std::size_t>(step - segment.from) * batch, batch);
  gather(problem_.inputs, rows_, batch_inputs_);
  gather(problem_.targets, rows_, batch_targets_);
  inputs_ = view(std::as_const(batch_inputs_));
  targets_ = view(std::as_const(batch_targets_));
}

// alpha f + kappa f_0 of the current batch.
template <class T>
void Worker<T>::scale_output(const MemberRun<T>& run, Index member, int start_output, View<T> trained) const {
  const View<const T> output = propagation_.output(member);
  const T alpha = static_cast<T>(std::ldexp(run.scale.alpha, -start_output)), kappa = static_cast<T>(run.scale.kappa);
  for (Index i = 0; i < output.rows; ++i) {
    for (Index j = 0; j < output.cols; ++j) trained(i, j) = alpha * output(i, j);
    if (run.scale.kappa == 0) continue;
    const Index row = rows_.empty() ? i : static_cast<Index>(rows_[static_cast<std::size_t>(i)]);
    for (Index j = 0; j < output.cols; ++j) trained(i, j) += kappa * run.initial_output(row, j);
  }
}

// Loss and output gradient of a member on the current batch, and whether it goes on.
template <class T>
void Worker<T>::judge(MemberRun<T>& run, Index member, std::int64_t step, int start_output) {
  const View<T> gradient = propagation_.output_gradient(member);
  scale_output(run, member, start_output, gradient);
  const double cap = problem_.options.divergence_cap;
  const double size = static_cast<double>(largest<T>(gradient));
  const double loss = problem_.loss.gradient(gradient, targets_, gradient);
  run.result.last_batch_loss = loss;
  if (!std::isfinite(loss) || loss > cap)
    return leave(run, RunStatus::diverged, step, problem_.seconds(),
                 fmt::format("batch loss {:.3g} at step {}, cap {:.3g}", loss, step, cap));
  if (!(size <= cap))
    return leave(run, RunStatus::diverged, step, problem_.seconds(),
                 fmt::format("output of size {:.3g} at step {}, cap {:.3g}", size, step, cap));
  const T factor = static_cast<T>(objective_factor(problem_.options.alpha_convention, run.scale.alpha));
  if (factor != T(1))
    for (Index i = 0; i < gradient.rows; ++i)
      for (Index j = 0; j < gradient.cols; ++j) gradient(i, j) *= factor;
}

// Where a first update in normalised variables was too small to bring f to a size that T has full numbers for.
template <class T>
void Worker<T>::leave_vanished(const Ensemble<T>& ensemble, MemberRun<T>& run, Index member, std::int64_t step) const {
  if (step == 0 || !ensemble.scaling(member).normalised_start) return;
  if (const T size = largest<T>(propagation_.output(member)); size < std::numeric_limits<T>::min())
    leave(
        run, RunStatus::diverged, step, problem_.seconds(),
        fmt::format("outputs of size {:.3g} at step {}, below what the numbers of the training hold: the first update, "
                    "in normalised variables, was too small, or no unit is awake",
                    size, step));
}

template <class T>
void Worker<T>::look(const Ensemble<T>& ensemble, std::span<MemberRun<T>> runs, MemberRange block,
                     const Segment& segment) {
  take_batch(segment, segment.from);
  const Index end = block.first + block.count;
  for (MemberRange range = next_active<T>(runs, block.first, end); range.count > 0;
       range = next_active<T>(runs, range.first + range.count, end)) {
    propagation_.forward(ensemble, inputs_, range);
    for (Index member = range.first; member < range.first + range.count; ++member) {
      MemberRun<T>& run = runs[static_cast<std::size_t>(member)];
      judge(run, member, segment.from);
      if (run.active) leave_vanished(ensemble, run, member, segment.from);
    }
  }
}

// From f on all training samples.
template <class T>
void Worker<T>::stop_by_margin(MemberRun<T>& run, View<const T> outputs, std::int64_t step, int start_output) {
  Stopping stopping = problem_.options.stopping;
  stopping.margin = std::ldexp(stopping.margin, start_output);  // margins are of degree one in f
  const T alpha = static_cast<T>(run.scale.alpha), kappa = static_cast<T>(run.scale.kappa);
  trained_.resize(outputs.rows, outputs.cols);
  for (Index i = 0; i < outputs.rows; ++i)
    for (Index j = 0; j < outputs.cols; ++j)
      trained_(i, j) = alpha * outputs(i, j) + (run.scale.kappa == 0 ? T(0) : kappa * run.initial_output(i, j));
  if (margins_hold<T>(stopping, view(std::as_const(trained_)), problem_.targets))
    leave(run, RunStatus::stopped, step, problem_.seconds(), margin_reason(problem_.options.stopping));
}

// By forward passes over all samples, which leave the buffers of the current batch behind.
template <class T>
void Worker<T>::stop_by_margin(const Ensemble<T>& ensemble, std::span<MemberRun<T>> runs, MemberRange block,
                               std::int64_t step) {
  for (Index member = block.first; member < block.first + block.count; ++member) {
    MemberRun<T>& run = runs[static_cast<std::size_t>(member)];
    if (!run.active) continue;
    const Matrix<T> all = outputs(ensemble, member);
    stop_by_margin(run, view(all), step);
  }
}

template <class T>
void Worker<T>::stop_by_patience(MemberRun<T>& run, const Segment& segment, std::int64_t step) const {
  const Stopping& stopping = problem_.options.stopping;
  double loss = run.result.last_batch_loss;
  if (segment.epoch > 1) {  // the mean over the epoch that ends here
    const double sum = run.history.epoch_sum;
    const bool ends = step > 0 && step % segment.epoch == 0;
    run.history.epoch_sum = (ends ? 0 : sum) + loss;
    if (!ends) return;
    loss = sum / static_cast<double>(segment.epoch);
  }
  if (run.history.exhausted(stopping, loss, step))
    leave(run, RunStatus::stopped, step, problem_.seconds(),
          fmt::format("the training loss had not fallen by a share of {:.3g} for {} steps", stopping.min_improvement,
                      step - run.history.best_step()));
}

template <class T>
void Worker<T>::train(Ensemble<T>& ensemble, UpdateRule<T>& rule, std::span<MemberRun<T>> runs, MemberRange block,
                      const Segment& segment) {
  const double target = problem_.options.target_loss;
  const Stopping& stopping = problem_.options.stopping;
  const Index end = block.first + block.count;
  for (std::int64_t step = segment.from; step < segment.to; ++step) {
    take_batch(segment, step);
    if (stopping.by_margin() && !segment.rows.empty() && step > 0 && step % segment.epoch == 0)
      stop_by_margin(ensemble, runs, block, step);
    const UpdateStep update{step, problem_.options.schedule.factor(step, problem_.options.steps)};
    for (MemberRange range = next_active<T>(runs, block.first, end); range.count > 0;
         range = next_active<T>(runs, range.first + range.count, end)) {
      const Index range_end = range.first + range.count;
      const auto changes = [&](Index member) { return step == 0 && ensemble.scaling(member).normalised_start; };
      for (Index member = range.first; member < range_end; ++member)
        if (changes(member)) change_variables(ensemble, member, Variables::normalised);
      propagation_.forward(ensemble, inputs_, range);
      for (Index member = range.first; member < range_end; ++member) {
        MemberRun<T>& run = runs[static_cast<std::size_t>(member)];
        const int start_output = changes(member) ? ensemble.scaling(member).start_output : 0;
        judge(run, member, step, start_output);
        const double loss = run.result.last_batch_loss;
        if (run.active && target > 0 && loss <= target)
          leave(run, RunStatus::stopped, step, problem_.seconds(),
                fmt::format("batch loss {:.3g} reached the target {:.3g}", loss, target));
        if (run.active) leave_vanished(ensemble, run, member, step);
        if (run.active && stopping.by_margin() && segment.rows.empty())
          stop_by_margin(run, propagation_.output(member), step, start_output);
        if (run.active && stopping.patience > 0) stop_by_patience(run, segment, step);
        if (run.active) run.losses.push_back(loss);
      }
      for (MemberRange staying = next_active<T>(runs, range.first, range_end); staying.count > 0;
           staying = next_active<T>(runs, staying.first + staying.count, range_end))
        propagation_.backward(
            ensemble, staying,
            [&](const Factors<T>& factors) { rule.update(ensemble, factors, update, scratch_.data()); }, Reads::images);
      for (Index member = range.first; member < range_end; ++member) {
        if (changes(member)) change_variables(ensemble, member, Variables::own);
        if (runs[static_cast<std::size_t>(member)].active) shed_initial(ensemble, member, step + 1);
      }
    }
  }
}

template <class T>
Matrix<T> Worker<T>::outputs(const Ensemble<T>& ensemble, Index member) {
  const View<const T> inputs = problem_.inputs;
  Matrix<T> outputs(inputs.rows, problem_.targets.cols);
  for (Index first = 0; first < inputs.rows; first += propagation_.max_samples()) {
    const Index rows = std::min(propagation_.max_samples(), inputs.rows - first);
    propagation_.forward(ensemble, inputs.block(first, 0, rows, inputs.cols), member);
    for (Index i = 0; i < rows; ++i)
      std::copy_n(propagation_.output(member).row(i), outputs.cols(), &outputs(first + i, 0));
  }
  return outputs;
}

template class Worker<float>;
template class Worker<double>;

}  // namespace widthwise
