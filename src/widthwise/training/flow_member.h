// What a flow knows of one member.
#pragma once

#include <cstdint>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/numerics/step_control.h"
#include "widthwise/training/flow_times.h"
#include "widthwise/training/stopping.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// What one pass over the samples found of a state.
template <class T>
struct FlowLook {
  Matrix<T> outputs;         // trained F on the samples looked at
  double loss = 0;           // mean over them
  double gradient_norm = 0;  // sqrt(sum of rate |G|^2)
  double dout = 0;           // largest |F - F before|
  bool refused = false;      // dout alone was too much: the gradient was not computed
};

/// alpha f + kappa f_0, as a difference first: 0 at theta_0 where centred, and exact where alpha is large and f has
/// hardly moved.
template <class T>
T trained(const OutputScale& scale, T f, T initial) {
  const T alpha = static_cast<T>(scale.alpha);
  return scale.kappa == 0 ? alpha * f : static_cast<T>(scale.alpha + scale.kappa) * initial + alpha * (f - initial);
}

template <class T>
struct FlowMember {
  bool active = true;
  bool waits = false;  // for its probe, before it may go on
  RunResult result;
  OutputScale scale;
  Matrix<T> initial_output;  // f(theta_0) on the training inputs, samples x outputs
  StepControl control{StepRule{}};
  double time = 0;
  FlowLook<T> now, trial;
  bool at_base = true;  // the ensemble holds the accepted weights, not a refused trial
  double tried = 0;     // the dt of the trial, then of the last accepted step
  double dgrad = 0, dout = 0;
  FlowTimes<T> times;
  LossHistory history;
  std::vector<std::size_t> reached;  // milestones whose state must be handed out
  std::int64_t probed_at = -1;

  // With a temperature: the batch (empty: all samples), how many of its samples are new, what time the samples drawn so
  // far have paid for, permutations drawn, samples since all were last looked at.
  std::vector<std::uint32_t> rows;
  Index fresh = 0;
  double paid = 0;
  std::int64_t draws = 0;
  Index since_look = 0;

  std::int64_t step() const { return control.state().accepted; }
};

}  // namespace widthwise
