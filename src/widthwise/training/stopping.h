// When a member may stop before its last step. Looked at before updates, from what is known there:
//
//   margin     full batch: before every update, from the outputs at hand; mini-batches: at the end of every epoch, by a
//              forward pass over all training samples. The member stops where at least the share of samples has a
//              margin (loss/margin.h) of the trained output that is at least `margin`.
//   patience   the training loss L (full batch: the loss of the step; mini-batches: the mean over the updates of an
//              epoch, known at its end) has not fallen below (1 - min_improvement) times the lowest L that counted as
//              an improvement, for at least `patience` steps. The first L is one.
//
// Functions of the member's own history alone, so that a member stops at the same step however it is grouped.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "widthwise/linalg/view.h"

namespace widthwise {

struct Stopping {
  double margin = std::numeric_limits<double>::quiet_NaN();  // NaN: never
  double share = 1;                                          // of the samples that must hold it, in (0, 1]
  std::int64_t patience = 0;                                 // steps; 0: never
  double min_improvement = 1e-4;                             // relative, in [0, 1)

  bool by_margin() const { return margin == margin; }
};

/// @throws ConfigError (training.stop_margin, .stop_share, .patience, .min_improvement) for a number out of range.
void check_stopping(const Stopping& stopping);

/// Whether enough of these outputs, samples x outputs, hold the margin. A sample whose margin is NaN does not.
template <class T>
bool margins_hold(const Stopping& stopping, View<const T> outputs, View<const T> targets);

/// Why a member stopped then.
std::string margin_reason(const Stopping& stopping);

/// What patience has seen of one member.
class LossHistory {
 public:
  /// Takes L at `step`; whether patience is at an end.
  bool exhausted(const Stopping& stopping, double loss, std::int64_t step) {
    if (loss < (1 - stopping.min_improvement) * best_) {
      best_ = loss;
      best_step_ = step;
    }
    return step - best_step_ >= stopping.patience;
  }
  double best() const { return best_; }
  std::int64_t best_step() const { return best_step_; }

  double epoch_sum = 0;  // of the batch losses of this epoch so far

 private:
  double best_ = std::numeric_limits<double>::infinity();
  std::int64_t best_step_ = 0;
};

}  // namespace widthwise
