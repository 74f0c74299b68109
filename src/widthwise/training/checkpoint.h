// Everything a member's flow needs to go on as if it had never stopped, and that as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/numerics/step_control.h"
#include "widthwise/training/flow_times.h"
#include "widthwise/training/stopping.h"

namespace widthwise {

template <class T>
struct FlowCheckpoint {
  StepControl::State control;
  double time = 0, dt = 0, dgrad = 0, dout = 0;  // t, and of the last accepted step
  double loss = 0, gradient_norm = 0;
  PassedTimes passed;
  LossHistory history;
  double seconds = 0;  // wall time used so far
  Matrix<T> outputs;   // trained F on the samples of the last step
  // All weights and biases, layer by layer; velocity without entries where there is no momentum.
  std::vector<T> weights, gradient, velocity;
  // With a temperature (flow_member.h).
  std::vector<std::uint32_t> rows;
  Index fresh = 0, since_look = 0;
  double paid = 0;
  std::int64_t draws = 0;
};

/// Bytes of this machine's order, with a checksum.
template <class T>
std::string to_bytes(const FlowCheckpoint<T>& checkpoint);
/// @throws DataError where the bytes are not what to_bytes wrote for this T.
template <class T>
FlowCheckpoint<T> checkpoint_from_bytes(std::string_view bytes);

}  // namespace widthwise
