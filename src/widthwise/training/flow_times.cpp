#include "widthwise/training/flow_times.h"

#include <cmath>

namespace widthwise {

namespace {

// Where the line through two points reaches `level`.
double crossing(double t0, double y0, double t1, double y1, double level) {
  return y1 == y0 ? t1 : t0 + (level - y0) / (y1 - y0) * (t1 - t0);
}

}  // namespace

template <class T>
FlowTimes<T>::FlowTimes(double initial_loss, Matrix<T> initial_outputs, Matrix<T> velocity, std::size_t milestones)
    : initial_(std::move(initial_outputs)), velocity_(std::move(velocity)) {
  passed_.initial_loss = passed_.last_loss = initial_loss;
  passed_.milestones.assign(milestones, false);
}

template <class T>
double FlowTimes<T>::deviation(double time, View<const T> outputs) const {
  double off = 0, line = 0;
  for (Index i = 0; i < outputs.rows; ++i)
    for (Index j = 0; j < outputs.cols; ++j) {
      const double straight = time * static_cast<double>(velocity_(i, j));
      const double moved = static_cast<double>(outputs(i, j) - initial_(i, j));
      off += (moved - straight) * (moved - straight);
      line += straight * straight;
    }
  return std::sqrt(off / line);
}

template <class T>
std::vector<std::size_t> FlowTimes<T>::step(double time, double loss, double smallest_margin, View<const T> outputs,
                                            const std::vector<Milestone>& milestones) {
  const double half = passed_.initial_loss / 2;
  if (std::isnan(passed_.half_time) && loss <= half)
    passed_.half_time = crossing(passed_.last_time, passed_.last_loss, time, loss, half);
  if (std::isnan(passed_.linear_time) && velocity_.size() > 0) {
    const double now = deviation(time, outputs);
    if (now >= 0.5) passed_.linear_time = crossing(passed_.last_time, passed_.last_deviation, time, now, 0.5);
    passed_.last_deviation = now;
  }
  passed_.last_time = time;
  passed_.last_loss = loss;
  std::vector<std::size_t> reached;
  for (std::size_t i = 0; i < milestones.size(); ++i) {
    if (passed_.milestones[i]) continue;
    const Milestone& one = milestones[i];
    passed_.milestones[i] =
        one.kind == Milestone::Kind::loss ? loss <= one.value * passed_.initial_loss : smallest_margin >= one.value;
    if (passed_.milestones[i]) reached.push_back(i);
  }
  return reached;
}

template class FlowTimes<float>;
template class FlowTimes<double>;

}  // namespace widthwise
