#include "widthwise/training/flow_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "widthwise/linalg/pointwise.h"
#include "widthwise/loss/margin.h"
#include "widthwise/network/weight_gradient.h"
#include "widthwise/training/each_tensor.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

namespace {

// The first run of consecutive members within [first, end) that `counts`; count 0 where none is left.
template <class T, class Counts>
MemberRange next_range(std::span<const FlowMember<T>> members, Index first, Index end, const Counts& counts) {
  while (first < end && !counts(members[static_cast<std::size_t>(first)])) ++first;
  Index last = first;
  while (last < end && counts(members[static_cast<std::size_t>(last)])) ++last;
  return {first, last - first};
}

}  // namespace

template <class T>
FlowWorker<T>::FlowWorker(const Ensemble<T>& ensemble, const FlowProblem<T>& problem, Index chunk, Index members)
    : problem_(problem), propagation_(ensemble, chunk, members), inputs_(problem.inputs), targets_(problem.targets) {}

// F of one chunk into the trial, and the gradient of the objective in the network's outputs.
template <class T>
void FlowWorker<T>::look(FlowMember<T>& member, Index index, Index first, Index rows) {
  const View<const T> output = propagation_.output(index);
  const View<T> gradient = propagation_.output_gradient(index);
  FlowLook<T>& trial = member.trial;
  for (Index i = 0; i < rows; ++i) {
    const Index row =
        member.rows.empty() ? first + i : static_cast<Index>(member.rows[static_cast<std::size_t>(first + i)]);
    T* const initial = &member.initial_output(row, 0);
    if (look_ == Look::initial && problem_.options.initial_outputs.empty())
      std::copy_n(output.row(i), output.cols, initial);
    for (Index j = 0; j < output.cols; ++j) {
      const T f = trained(member.scale, output(i, j), initial[j]);
      if (look_ == Look::trial) {
        const double moved = std::abs(static_cast<double>(f - member.now.outputs(first + i, j)));
        if (moved > trial.dout || std::isnan(moved)) trial.dout = moved;  // not a number stays
      }
      trial.outputs(first + i, j) = f;
      gradient(i, j) = f;
    }
  }
  trial.refused = look_ == Look::trial && !(trial.dout < problem_.options.flow.rule.max_dout) &&
                  member.control.dt() > problem_.options.flow.rule.floor;
  const double share = static_cast<double>(rows) / static_cast<double>(inputs_.rows);
  trial.loss += share * problem_.loss.gradient(gradient, targets_.block(first, 0, rows, targets_.cols), gradient);
  const T factor = static_cast<T>(share * objective_factor(problem_.options.alpha_convention, member.scale.alpha));
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < gradient.cols; ++j) gradient(i, j) *= factor;
}

// The gradient of a layer, beside `keep` times what was there.
template <class T>
void FlowWorker<T>::add(const Factors<T>& factors, T keep, Parameters<T>& gradient) {
  const Index from = factors.members.first;
  weight_gradient<T>(T(1), factors, factors.delta, keep,
                     factors.layer == 1 ? gradient.stacked_first_weight(from, factors.members.count)
                                        : gradient.weight(from, factors.layer));
  for (Index m = from; m < from + factors.members.count; ++m)
    if (const View<T> bias = gradient.bias(m, factors.layer); bias.data)
      dense_layer::backward_bias<T>(T(1), delta_of(factors, m), keep, bias.data);
}

// Outputs, loss and gradient of the weights in the ensemble, into each member's trial. Once dout is too large for a
// member, what is left of it is left out.
template <class T>
void FlowWorker<T>::evaluate(const Ensemble<T>& ensemble, Members members, MemberRange range, Parameters<T>& gradient) {
  const Index end = range.first + range.count;
  for (Index m = range.first; m < end; ++m) {
    FlowLook<T>& trial = members[static_cast<std::size_t>(m)].trial;
    trial.outputs.resize(inputs_.rows, targets_.cols);
    trial.loss = trial.dout = 0;
    trial.refused = false;
  }
  const auto goes_on = [](const FlowMember<T>& member) { return !member.trial.refused; };
  for (Index first = 0; first < inputs_.rows; first += propagation_.max_samples()) {
    const Index rows = std::min(propagation_.max_samples(), inputs_.rows - first);
    for (MemberRange left = next_range<T>(members, range.first, end, goes_on); left.count > 0;
         left = next_range<T>(members, left.first + left.count, end, goes_on)) {
      propagation_.forward(ensemble, inputs_.block(first, 0, rows, inputs_.cols), left);
      const Index left_end = left.first + left.count;
      for (Index m = left.first; m < left_end; ++m) look(members[static_cast<std::size_t>(m)], m, first, rows);
      for (MemberRange good = next_range<T>(members, left.first, left_end, goes_on); good.count > 0;
           good = next_range<T>(members, good.first + good.count, left_end, goes_on))
        propagation_.backward(
            ensemble, good, [&](const Factors<T>& factors) { add(factors, first == 0 ? T(0) : T(1), gradient); },
            Reads::images);
    }
  }
  for (Index m = range.first; m < end; ++m)
    if (goes_on(members[static_cast<std::size_t>(m)]))
      finish_gradient(ensemble, members[static_cast<std::size_t>(m)], m, gradient);
}

// Weight decay, and the norm.
template <class T>
void FlowWorker<T>::finish_gradient(const Ensemble<T>& ensemble, FlowMember<T>& member, Index index,
                                    Parameters<T>& gradient) const {
  double square = 0;
  each_tensor(ensemble, index, [&](const auto& tensor, const TensorScaling& scaling) {
    if (scaling.effective_decay != 0)
      pointwise::add_scaled<T>(static_cast<T>(scaling.effective_decay), tensor(ensemble), tensor(gradient));
    square += scaling.effective_rate * pointwise::sum_squares<T>(tensor(gradient));
  });
  member.trial.gradient_norm = std::sqrt(square);
}

template <class T>
void FlowWorker<T>::begin(const Ensemble<T>& ensemble, Members members, MemberRange block) {
  inputs_ = problem_.inputs;
  targets_ = problem_.targets;
  const Index end = block.first + block.count;
  for (Index m = block.first; m < end; ++m) {
    Matrix<T>& initial = members[static_cast<std::size_t>(m)].initial_output;
    initial.resize(inputs_.rows, targets_.cols);
    if (!problem_.options.initial_outputs.empty())
      initial = problem_.options.initial_outputs[static_cast<std::size_t>(m)].template cast<T>();
  }
  look_ = Look::initial;
  evaluate(ensemble, members, block, problem_.gradient);
  look_ = Look::trial;

  const FlowOptions& flow = problem_.options.flow;
  std::optional<Parameters<T>> direction;
  for (Index m = block.first; m < end; ++m) {
    FlowMember<T>& member = members[static_cast<std::size_t>(m)];
    std::swap(member.now, member.trial);
    each_tensor(ensemble, m, [&](const auto& tensor, const TensorScaling&) {
      copy_numbers<T>(tensor(ensemble), tensor(problem_.base));
    });
    member.result.last_batch_loss = member.now.loss;
    Matrix<T> speed;
    if (flow.tau == 0 && flow.temperature == 0) {  // else the outputs do not start along a line
      if (!direction) direction.emplace(ensemble.architecture(), 1);
      velocity(ensemble, m, *direction);
      speed.resize(inputs_.rows, targets_.cols);
      for (Index first = 0; first < inputs_.rows; first += propagation_.max_samples()) {
        const Index rows = std::min(propagation_.max_samples(), inputs_.rows - first);
        propagation_.forward(ensemble, inputs_.block(first, 0, rows, inputs_.cols), m);
        const View<const T> moved = propagation_.jvp(ensemble, m, *direction, 0);
        for (Index i = 0; i < rows; ++i)
          for (Index j = 0; j < moved.cols; ++j) speed(first + i, j) = static_cast<T>(member.scale.alpha) * moved(i, j);
      }
    }
    member.times = FlowTimes<T>(member.now.loss, member.now.outputs, std::move(speed), flow.milestones.size());
    if (!std::isfinite(member.now.loss) || member.now.loss > problem_.options.divergence_cap)
      leave(member, RunStatus::diverged,
            fmt::format("loss {:.3g} at step 0, cap {:.3g}", member.now.loss, problem_.options.divergence_cap));
    else
      stop_where_asked(member);
  }
}

template <class T>
void FlowWorker<T>::velocity(const Ensemble<T>& ensemble, Index index, Parameters<T>& out) const {
  const bool momentum = problem_.velocity != nullptr;
  const Parameters<T>& source = momentum ? *problem_.velocity : problem_.gradient;
  const auto write = [&](View<const T> from, double rate, View<T> to) {
    const T factor = momentum ? T(1) : static_cast<T>(-rate);
    for (Index i = 0; i < to.rows; ++i)
      for (Index j = 0; j < to.cols; ++j) to(i, j) = factor * from(i, j);
  };
  const Scaling& scaling = ensemble.scaling(index);
  for (Index layer = 1; layer <= out.layers(); ++layer) {
    const auto l = static_cast<std::size_t>(layer - 1);
    write(source.weight(index, layer), scaling.weights[l].effective_rate, out.weight(0, layer));
    if (const View<T> bias = out.bias(0, layer); bias.data)
      write(source.bias(index, layer), scaling.biases[l].effective_rate, bias);
  }
}

template <class T>
void FlowWorker<T>::write_trial(Ensemble<T>& ensemble, FlowMember<T>& member, Index index) const {
  const FlowOptions& flow = problem_.options.flow;
  const double dt = member.tried = std::min(member.control.dt(), flow.max_time - member.time);
  const double x = flow.tau > 0   ? std::exp(-dt / flow.tau)
                   : flow.tau < 0 ? std::pow(member.time / (member.time + dt), -flow.tau)
                                  : 0;
  each_tensor(ensemble, index, [&](const auto& tensor, const TensorScaling& scaling) {
    const View<T> weights = tensor(ensemble);
    const View<const T> gradient = tensor(std::as_const(problem_.gradient));
    if (!member.at_base) copy_numbers<T>(tensor(std::as_const(problem_.base)), weights);
    if (problem_.velocity == nullptr) {
      pointwise::sgd<T>(static_cast<T>(dt * scaling.effective_rate), gradient, weights);
      return;
    }
    const View<const T> before = tensor(std::as_const(*problem_.velocity));
    const View<T> after = tensor(*problem_.trial_velocity);
    const T keep = static_cast<T>(x), pull = static_cast<T>((1 - x) * scaling.effective_rate);
    for (Index i = 0; i < after.rows; ++i)
      for (Index j = 0; j < after.cols; ++j) after(i, j) = keep * before(i, j) - pull * gradient(i, j);
    pointwise::add_scaled<T>(static_cast<T>(dt), after, weights);
  });
  member.at_base = false;
}

template <class T>
void FlowWorker<T>::judge(Ensemble<T>& ensemble, FlowMember<T>& member, Index index) {
  double dgrad = 0;
  if (!member.trial.refused) {
    double difference = 0;
    each_tensor(ensemble, index, [&](const auto& tensor, const TensorScaling& scaling) {
      difference += scaling.effective_rate *
                    pointwise::sum_squared_differences<T>(tensor(std::as_const(problem_.gradient)),
                                                          tensor(std::as_const(problem_.trial_gradient)));
    });
    dgrad = relative_gradient_change(member.now.gradient_norm, member.trial.gradient_norm, std::sqrt(difference));
  }
  const bool finite = std::isfinite(member.trial.loss) && std::isfinite(member.trial.gradient_norm);
  const double dout = finite ? member.trial.dout : std::nan("");
  if (member.control.judge(dgrad, dout) != StepControl::Answer::refused) {
    member.dgrad = dgrad;
    member.dout = dout;
    accept(ensemble, member, index);
  }
  if (member.active && member.control.stuck(member.time))
    leave(
        member, RunStatus::stopped,
        fmt::format("stuck at time {:.6g}, dt {:.3g}: gradients jump at any step, as those of kinked activations may; "
                    "set training.step_floor, or training.max_dgrad = \"none\" with a smaller training.max_dout",
                    member.time, member.control.dt()));
}

template <class T>
void FlowWorker<T>::accept(const Ensemble<T>& ensemble, FlowMember<T>& member, Index index) {
  each_tensor(ensemble, index, [&](const auto& tensor, const TensorScaling&) {
    copy_numbers<T>(tensor(ensemble), tensor(problem_.base));
    copy_numbers<T>(tensor(std::as_const(problem_.trial_gradient)), tensor(problem_.gradient));
    if (problem_.velocity != nullptr)
      copy_numbers<T>(tensor(std::as_const(*problem_.trial_velocity)), tensor(*problem_.velocity));
  });
  member.at_base = true;
  std::swap(member.now, member.trial);
  const double end = problem_.options.flow.max_time;
  member.time = member.tried == end - member.time ? end : member.time + member.tried;  // t + (end - t) may miss it
  member.result.last_batch_loss = member.now.loss;
  if (problem_.options.flow.temperature > 0) return accept_batch(ensemble, member, index);
  note_step(member);
}

// What an accepted state on all samples means for times, probes and stopping.
template <class T>
void FlowWorker<T>::note_step(FlowMember<T>& member) {
  const double cap = problem_.options.divergence_cap;
  double size = 0;
  for (Index i = 0; i < member.now.outputs.size(); ++i)
    size = std::max(size, std::abs(static_cast<double>(member.now.outputs.data()[i])));
  if (member.now.loss > cap || size > cap)
    return leave(member, RunStatus::diverged,
                 fmt::format("loss {:.3g}, outputs up to {:.3g} at step {}, cap {:.3g}", member.now.loss, size,
                             member.step(), cap));
  const View<const T> outputs = view(std::as_const(member.now.outputs));
  const std::vector<Milestone>& milestones = problem_.options.flow.milestones;
  const bool margins =
      std::ranges::any_of(milestones, [](const Milestone& one) { return one.kind == Milestone::Kind::margin; });
  const double least = margins ? smallest_margin(outputs, problem_.targets) : std::nan("");
  member.reached = member.times.step(member.time, member.now.loss, least, outputs, milestones);
  member.waits = !member.reached.empty() || std::ranges::binary_search(problem_.probe_steps, member.step());
  stop_where_asked(member);
}

template <class T>
void FlowWorker<T>::stop_where_asked(FlowMember<T>& member) {
  const TrainingOptions& options = problem_.options;
  const double loss = member.now.loss;
  if (options.target_loss > 0 && loss <= options.target_loss)
    return leave(member, RunStatus::stopped,
                 fmt::format("loss {:.3g} reached the target {:.3g}", loss, options.target_loss));
  if (options.stopping.by_margin() &&
      margins_hold<T>(options.stopping, view(std::as_const(member.now.outputs)), problem_.targets))
    return leave(member, RunStatus::stopped, margin_reason(options.stopping));
  if (member.now.gradient_norm == 0 && problem_.velocity == nullptr)
    return leave(member, RunStatus::stopped, "the gradient is exactly 0: nothing moves any more");
  if (options.stopping.patience > 0 && member.history.exhausted(options.stopping, loss, member.step()))
    return leave(member, RunStatus::stopped,
                 fmt::format("the training loss had not fallen by a share of {:.3g} for {} steps",
                             options.stopping.min_improvement, member.step() - member.history.best_step()));
  if (member.time >= options.flow.max_time || member.step() >= options.steps) leave(member, RunStatus::finished, "");
}

template <class T>
void FlowWorker<T>::leave(FlowMember<T>& member, RunStatus status, std::string reason) const {
  member.active = false;
  member.result.status = status;
  member.result.step = member.step();
  member.result.seconds = problem_.seconds();
  member.result.reason = std::move(reason);
}

template <class T>
void FlowWorker<T>::round(Ensemble<T>& ensemble, Members members, MemberRange range) {
  const auto goes_on = [](const FlowMember<T>& member) { return member.active && !member.waits; };
  const Index end = range.first + range.count;
  for (MemberRange some = next_range<T>(members, range.first, end, goes_on); some.count > 0;
       some = next_range<T>(members, some.first + some.count, end, goes_on)) {
    const Index some_end = some.first + some.count;
    for (Index m = some.first; m < some_end; ++m) write_trial(ensemble, members[static_cast<std::size_t>(m)], m);
    evaluate(ensemble, members, some, problem_.trial_gradient);
    for (Index m = some.first; m < some_end; ++m) judge(ensemble, members[static_cast<std::size_t>(m)], m);
  }
}

template <class T>
void FlowWorker<T>::advance(Ensemble<T>& ensemble, Members members, MemberRange block, double seconds) {
  const auto part = members.subspan(static_cast<std::size_t>(block.first), static_cast<std::size_t>(block.count));
  const auto goes_on = [](const FlowMember<T>& member) { return member.active && !member.waits; };
  const auto going = [&] { return std::ranges::count_if(part, goes_on); };
  const double end = problem_.seconds() + seconds;
  const auto at_start = going();
  if (at_start == 0) return;
  do {
    if (problem_.options.flow.temperature > 0) {
      for (Index m = block.first; m < block.first + block.count; ++m)
        if (goes_on(members[static_cast<std::size_t>(m)])) round_on_batch(ensemble, members, m);
    } else {
      round(ensemble, members, block);
    }
  } while (going() == at_start && problem_.seconds() < end);
}

template class FlowWorker<float>;
template class FlowWorker<double>;

}  // namespace widthwise
