// Flow with a temperature T (Geiger, Spigler, Jacot and Wyart 2020, their library's stochastic variant): samples flow
// in at a rate 1 / (T + dt / P), so that steps of any size dt carry the sampling noise of one temperature. A step of dt
// at time t takes as many samples as have come in since those taken before,
//
//   batch = round((t + dt - paid) / (T + dt / P)),   paid += batch (T + dt / P) when the step is accepted.
//
// Below least_batch the last batch serves once more after an accepted step; above most_batch dt is cut. A step is
// judged on its own batch. All samples are looked at when as many as there are have been used.
#include <algorithm>
#include <cmath>
#include <utility>

#include "widthwise/base/key.h"
#include "widthwise/training/each_tensor.h"
#include "widthwise/training/flow_worker.h"

namespace widthwise {

namespace {

double time_of_a_sample(double temperature, double dt, double samples) {
  return temperature + dt / samples;
}

void set_step(StepControl& control, double dt) {
  StepControl::State state = control.state();
  state.dt = dt;
  control.restore(state);
}

}  // namespace

// Whether there is a new batch; `key` is the member's.
template <class T>
bool FlowWorker<T>::choose_batch(FlowMember<T>& member, Key key) const {
  const FlowOptions& flow = problem_.options.flow;
  const Index samples = problem_.inputs.rows;
  const double count = static_cast<double>(samples);
  const Index least = std::min(flow.least_batch, samples);
  const Index most = flow.most_batch == 0 ? samples : std::min(flow.most_batch, samples);
  Index batch = std::clamp<Index>(samples / 2, 1, most);
  if (member.draws == 0) {
    const double share = static_cast<double>(batch) / count;
    if (share < 1) set_step(member.control, flow.temperature * static_cast<double>(batch) / (1 - share));
  } else {
    const double dt = member.control.dt();
    const double wanted = std::round((member.time + dt - member.paid) / time_of_a_sample(flow.temperature, dt, count));
    if (wanted < static_cast<double>(least) && member.fresh == 0) return false;
    if (wanted > static_cast<double>(most)) set_step(member.control, dt * static_cast<double>(most) / wanted);
    batch = static_cast<Index>(std::clamp(wanted, static_cast<double>(least), static_cast<double>(most)));
  }
  member.rows.resize(static_cast<std::size_t>(samples));
  fill_permutation(key.split(static_cast<std::uint64_t>(member.draws++)), member.rows.size(), member.rows.data());
  member.rows.resize(static_cast<std::size_t>(batch));
  member.fresh = batch;
  return true;
}

template <class T>
void FlowWorker<T>::gather(const FlowMember<T>& member) {
  const auto count = static_cast<Index>(member.rows.size());
  batch_inputs_.resize(count, problem_.inputs.cols);
  batch_targets_.resize(count, problem_.targets.cols);
  for (Index i = 0; i < count; ++i) {
    const auto row = static_cast<Index>(member.rows[static_cast<std::size_t>(i)]);
    std::copy_n(problem_.inputs.row(row), problem_.inputs.cols, &batch_inputs_(i, 0));
    std::copy_n(problem_.targets.row(row), problem_.targets.cols, &batch_targets_(i, 0));
  }
  inputs_ = view(std::as_const(batch_inputs_));
  targets_ = view(std::as_const(batch_targets_));
}

template <class T>
void FlowWorker<T>::round_on_batch(Ensemble<T>& ensemble, Members members, Index index) {
  FlowMember<T>& member = members[static_cast<std::size_t>(index)];
  const bool fresh = choose_batch(member, problem_.options.batch_key.split(ensemble.key(index).value()));
  gather(member);
  if (fresh) {
    if (!member.at_base)
      each_tensor(ensemble, index, [&](const auto& tensor, const TensorScaling&) {
        copy_numbers<T>(tensor(std::as_const(problem_.base)), tensor(ensemble));
      });
    member.at_base = true;
    look_ = Look::fresh;
    evaluate(ensemble, members, {index, 1}, problem_.gradient);
    look_ = Look::trial;
    std::swap(member.now, member.trial);
  }
  write_trial(ensemble, member, index);
  evaluate(ensemble, members, {index, 1}, problem_.trial_gradient);
  judge(ensemble, member, index);
}

template <class T>
FlowLook<T> FlowWorker<T>::look_at_all(const Ensemble<T>& ensemble, const FlowMember<T>& member, Index index) {
  FlowLook<T> all;
  const View<const T> inputs = problem_.inputs;
  all.outputs.resize(inputs.rows, problem_.targets.cols);
  for (Index first = 0; first < inputs.rows; first += propagation_.max_samples()) {
    const Index rows = std::min(propagation_.max_samples(), inputs.rows - first);
    propagation_.forward(ensemble, inputs.block(first, 0, rows, inputs.cols), index);
    const View<const T> output = propagation_.output(index);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < output.cols; ++j)
        all.outputs(first + i, j) = trained(member.scale, output(i, j), member.initial_output(first + i, j));
  }
  all.loss = problem_.loss.value(view(std::as_const(all.outputs)), problem_.targets);
  all.gradient_norm = 1;  // not known: that of one batch may be 0
  return all;
}

template <class T>
void FlowWorker<T>::accept_batch(const Ensemble<T>& ensemble, FlowMember<T>& member, Index index) {
  const auto batch = static_cast<Index>(member.rows.size());
  const double samples = static_cast<double>(problem_.inputs.rows);
  member.paid +=
      static_cast<double>(member.fresh) * time_of_a_sample(problem_.options.flow.temperature, member.tried, samples);
  member.fresh = 0;
  member.since_look += batch;
  const bool last = member.step() >= problem_.options.steps || member.time >= problem_.options.flow.max_time;
  const bool due = std::ranges::binary_search(problem_.probe_steps, member.step());
  if (member.since_look < problem_.inputs.rows && !last && !due) return;
  member.since_look = 0;
  FlowLook<T> all = look_at_all(ensemble, member, index);
  std::swap(member.now, all);
  note_step(member);
  std::swap(member.now, all);
}

template bool FlowWorker<float>::choose_batch(FlowMember<float>&, Key) const;
template bool FlowWorker<double>::choose_batch(FlowMember<double>&, Key) const;
template void FlowWorker<float>::gather(const FlowMember<float>&);
template void FlowWorker<double>::gather(const FlowMember<double>&);
template void FlowWorker<float>::round_on_batch(Ensemble<float>&, Members, Index);
template void FlowWorker<double>::round_on_batch(Ensemble<double>&, Members, Index);
template FlowLook<float> FlowWorker<float>::look_at_all(const Ensemble<float>&, const FlowMember<float>&, Index);
template FlowLook<double> FlowWorker<double>::look_at_all(const Ensemble<double>&, const FlowMember<double>&, Index);
template void FlowWorker<float>::accept_batch(const Ensemble<float>&, FlowMember<float>&, Index);
template void FlowWorker<double>::accept_batch(const Ensemble<double>&, FlowMember<double>&, Index);

}  // namespace widthwise
