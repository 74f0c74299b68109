// One thread's part of training: takes a block of members through consecutive steps with its own buffers.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/training/member_run.h"
#include "widthwise/training/update_rule.h"

namespace widthwise {

/// What all workers share and none changes.
template <class T>
struct Problem {
  View<const T> inputs, targets;  // of all training samples
  const Loss& loss;
  const TrainingOptions& options;
  std::chrono::steady_clock::time_point start;
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
};

/// Consecutive steps with the rows of their batches.
struct Segment {
  std::int64_t from = 0, to = 0;
  Index batch = 0;
  std::int64_t epoch = 1;           // steps of an epoch; 1 for full batches
  std::vector<std::uint32_t> rows;  // of step from, from + 1, ...; empty: all samples in their own order
};

template <class T>
class Worker {
 public:
  Worker(const Ensemble<T>& ensemble, const Problem<T>& problem, const UpdateRule<T>& rule, Index batch, Index members);

  /// Updates the active members of `block` through all steps of `segment`; members that diverge or stop become
  /// inactive, their result filled in.
  void train(Ensemble<T>& ensemble, UpdateRule<T>& rule, std::span<MemberRun<T>> runs, MemberRange block,
             const Segment& segment);
  /// Only looks at the state before step segment.from: members may diverge there, nothing is updated.
  void look(const Ensemble<T>& ensemble, std::span<MemberRun<T>> runs, MemberRange block, const Segment& segment);
  /// f(theta) of one member on all training inputs.
  Matrix<T> outputs(const Ensemble<T>& ensemble, Index member);

 private:
  void take_batch(const Segment& segment, std::int64_t step);
  /// `start_output`: log2 of what f was multiplied with, of a normalised start.
  void judge(MemberRun<T>& run, Index member, std::int64_t step, int start_output = 0);
  void scale_output(const MemberRun<T>& run, Index member, int start_output, View<T> trained) const;
  void leave_vanished(const Ensemble<T>& ensemble, MemberRun<T>& run, Index member, std::int64_t step) const;
  void stop_by_margin(MemberRun<T>& run, View<const T> outputs, std::int64_t step, int start_output = 0);
  void stop_by_margin(const Ensemble<T>& ensemble, std::span<MemberRun<T>> runs, MemberRange block, std::int64_t step);
  void stop_by_patience(MemberRun<T>& run, const Segment& segment, std::int64_t step) const;

  const Problem<T>& problem_;
  Propagation<T> propagation_;
  Matrix<T> batch_inputs_, batch_targets_;
  Matrix<T> trained_;                    // outputs on all samples, to look at margins
  View<const T> inputs_, targets_;       // of the current batch
  std::span<const std::uint32_t> rows_;  // of the current batch; empty: all
  AlignedArray<T> scratch_;
};

extern template class Worker<float>;
extern template class Worker<double>;

}  // namespace widthwise
