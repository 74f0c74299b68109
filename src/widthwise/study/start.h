// Runs that do not begin where they are drawn (start.run, start.at): each member of an ensemble is put into a saved
// state of a recorded run, its parent.
//
// What observables compare with, and f(theta_0) of the trained output alpha f(theta) + kappa f(theta_0), stay those of
// the initialization that the first run of the chain was drawn at; with start.recentre the state begun at takes its
// place, as if it had been drawn. Optimizers begin afresh: only weights are handed on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widthwise/network/ensemble.h"
#include "widthwise/store/record.h"
#include "widthwise/study/group.h"

namespace widthwise {

class StoreReader;

/// By identity: the parents of runs with their arrays, and the first run of each chain.
using Ancestors = std::map<std::string, RunRecord>;

/// What the runs of a group need to begin. @throws ConfigError (start.run) where a parent is not recorded.
Ancestors ancestors_of(const RunGroup& group, const StoreReader& reader);

/// Whether a run begins at the state of another.
bool starts_elsewhere(const Configuration& run);
/// Why a run cannot begin: its parent diverged before that state; "" if it can. @throws ConfigError (start.run) where
/// the parent is not among `ancestors`.
std::string why_not_started(const Configuration& run, const Ancestors& ancestors);

/// Puts all members where f(theta_0) is taken, and calls that their initial weights.
template <class T>
void place_at_initialization(Ensemble<T>& ensemble, const RunGroup& group, const Ancestors& ancestors);
/// Puts all members where their runs begin; whether that is anywhere else.
template <class T>
bool place_at_start(Ensemble<T>& ensemble, const RunGroup& group, const Ancestors& ancestors);

/// The settings a record was made with. @throws StoreError, ConfigError where this version does not know them.
Configuration configuration_of(const RunRecord& record);

}  // namespace widthwise
