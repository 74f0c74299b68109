// What the loop knows of one member while it trains.
#pragma once

#include <span>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/network/propagation.h"
#include "widthwise/training/training.h"

namespace widthwise {

template <class T>
struct MemberRun {
  bool active = true;
  RunResult result;
  OutputScale scale;
  Matrix<T> initial_output;     // f(theta_0) on the training inputs, samples x outputs; empty where kappa = 0
  std::vector<double> losses;   // of the updates since the last probe
  LossHistory history;          // of the training loss
  std::int64_t probed_at = -1;  // step of the last probe
};

/// The first run of consecutive active members within [first, end); count 0 where none is left.
template <class T>
MemberRange next_active(std::span<const MemberRun<T>> runs, Index first, Index end) {
  const auto active = [runs](Index member) { return runs[static_cast<std::size_t>(member)].active; };
  while (first < end && !active(first)) ++first;
  Index last = first;
  while (last < end && active(last)) ++last;
  return {first, last - first};
}

}  // namespace widthwise
