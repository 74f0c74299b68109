// States of a run that others start from: the weights and biases at a named moment, in effective form, kept in the
// record as arrays state/LABEL/W1, state/LABEL/b1, state/LABEL/W2, ... (training.save lists the labels).
//
//   init   before the first update          end   where the run ended, stopped early included
//   loss 0.5, margin 0   of gradient-flow: the first accepted step with that share of the initial loss, or with all
//   margins
//                        at least that large (training/flow_options.h); a run that never gets there has no such state
//
// A run that diverged has no end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/store/record.h"
#include "widthwise/study/grid.h"
#include "widthwise/training/flow_options.h"

namespace widthwise {

/// What a network has learned, in effective form (multipliers folded in): W_l, fan_out x fan_in, at l-1 for l = 1..L+1,
/// and b_l, 1 x fan_out, without entries where the layer has no bias.
template <class T>
struct Weights {
  std::vector<Matrix<T>> weight, bias;
};

template <class T>
Weights<T> weights_of(const Ensemble<T>& ensemble, Index member);
/// @throws ShapeError where they are of another architecture.
template <class T>
void set_weights(Ensemble<T>& ensemble, Index member, const Weights<T>& weights);

/// Puts a member's state of now into a record under `label`.
template <class T>
void save_state(RunRecord& record, const std::string& label, const Ensemble<T>& ensemble, Index member);
/// A saved state, in whichever precision it was saved. @throws StoreError where the record does not have that label,
/// naming those it has, or where its arrays are not what a run saves.
template <class T>
Weights<T> load_state(const RunRecord& record, const std::string& label);
/// The labels a record has, sorted.
std::vector<std::string> saved_labels(const RunRecord& record);

/// Whether the run saves a state of that label.
bool saves(const Configuration& run, const std::string& label);
/// @throws ConfigError (key only) for a label in training.save that such a run has no state for.
void check_saved_labels(const Configuration& run);
/// Those of its labels that are moments of a flow, in their order.
std::vector<Milestone> saved_milestones(const Configuration& run);

}  // namespace widthwise
