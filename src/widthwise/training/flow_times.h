// When a flow passes what theory speaks of, interpolated between accepted steps (the article read such times off logged
// steps, some hundred apart late in training):
//
//   half_time     loss = half of the initial loss (the article's t_{L/2})
//   linear_time   |F_t - F_0 - t V| = 1/2 |t V|, V = dF/dt at t = 0: the output leaves the line it started along (t_1).
//                 Lazy networks leave it when their loss is used up, others when their kernel has grown.
//
// F are the trained outputs on all training samples, |.| their Euclidean norm. NaN until passed.
#pragma once

#include <limits>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/view.h"
#include "widthwise/training/flow_options.h"

namespace widthwise {

/// Everything that must be kept to go on as if never stopped.
struct PassedTimes {
  double half_time = std::numeric_limits<double>::quiet_NaN();
  double linear_time = std::numeric_limits<double>::quiet_NaN();
  double initial_loss = std::numeric_limits<double>::quiet_NaN();
  double last_time = 0, last_loss = std::numeric_limits<double>::quiet_NaN();  // of the last accepted step
  double last_deviation = 0;                                                   // |F - F_0 - t V| / |t V| there
  std::vector<bool> milestones;                                                // which were passed
};

template <class T>
class FlowTimes {
 public:
  FlowTimes() = default;
  /// `velocity` is V, of the shape of the outputs, or without rows where it is not known (then no linear_time).
  FlowTimes(double initial_loss, Matrix<T> initial_outputs, Matrix<T> velocity, std::size_t milestones);

  /// Takes in an accepted step; the milestones passed by it, by their place in `milestones`.
  std::vector<std::size_t> step(double time, double loss, double smallest_margin, View<const T> outputs,
                                const std::vector<Milestone>& milestones);
  const PassedTimes& passed() const { return passed_; }
  void restore(PassedTimes passed) { passed_ = std::move(passed); }

 private:
  double deviation(double time, View<const T> outputs) const;

  PassedTimes passed_;
  Matrix<T> initial_, velocity_;
};

extern template class FlowTimes<float>;
extern template class FlowTimes<double>;

}  // namespace widthwise
