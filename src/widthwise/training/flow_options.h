// How gradient flow is followed (flow.h).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/linalg/view.h"
#include "widthwise/numerics/step_control.h"

namespace widthwise {

/// A moment of a flow at which to hand out the state: the first accepted step with loss <= value * initial loss, or
/// with all margins >= value.
struct Milestone {
  enum class Kind { loss, margin };
  Kind kind = Kind::loss;
  double value = 0.5;
  bool operator==(const Milestone&) const = default;
};
/// "loss 0.5", "margin 0".
std::string milestone_name(const Milestone& milestone);
/// @throws ConfigError (training.save) for another text, or a share of the loss outside of (0, 1).
Milestone parse_milestone(std::string_view text);

struct FlowOptions {
  StepRule rule;
  double max_time = std::numeric_limits<double>::infinity();  // at which the flow ends, exactly
  double tau = 0;          // time of momentum; 0: none; < 0: a time growing as t / (-tau)
  double temperature = 0;  // of sampling noise; 0: the flow of all samples
  Index least_batch = 1;   // samples of a batch, where temperature > 0
  Index most_batch = 0;    // 0: all
  std::vector<Milestone> milestones;
};

/// @throws ConfigError (training.max_dgrad, .max_dout, .first_step, .step_floor, .max_time, .tau, .temperature,
/// .least_batch, .most_batch) where a number is out of range or two do not go together.
void check_flow(const FlowOptions& options);

}  // namespace widthwise
