// Runs that train as one ensemble: the same in everything but seed.init, learning rate and what else each member of an
// ensemble has of its own. Groups are the unit of claim, checkpoint and commit.
//
// The grouping depends on the runs alone, never on the machine or on what is already done: processes that share a study
// thus agree on the groups, and so on the claims.
#pragma once

#include <string>
#include <vector>

#include "widthwise/study/grid.h"

namespace widthwise {

struct RunGroup {
  std::string id;  // hash of the identities
  std::vector<Configuration> runs;
  double work = 0, flops = 0, disk = 0;  // sums of the runs' costs
};

struct GroupLimits {
  double memory = 512e6;     // bytes of a group
  double most_work = 4e10;   // flops of a group: about a second of a core
  double least_groups = 64;  // work of a group is at most this share of all work, ...
  double least_work = 5e9;   // ... but never forced below this
  std::size_t most_members = 64;
};

/// Whether a setting may differ between the members of one ensemble.
bool is_member_key(const std::string& key);

/// All runs in groups, the one with most work first. Duplicate identities must have been removed.
std::vector<RunGroup> group_runs(std::vector<Configuration> runs, const GroupLimits& limits = {});

}  // namespace widthwise
