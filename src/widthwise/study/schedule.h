// Runs a study: what the store does not have yet is grouped into ensembles, the largest first, and spread over workers.
// Every finished group is recorded in one transaction right away, so that a stop at any time, kill -9 included, loses
// at most the groups under way. Several processes, on one machine or many, may run one study into one store: each group
// is claimed by one of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise {

struct RunOptions {
  std::filesystem::path store;     // folder; made if missing
  std::filesystem::path data_dir;  // where data sets are looked for first; may be empty
  int threads = 0;                 // 0: one a physical core
  bool yes = false;                // consent to more than runs_without_consent runs
  bool quiet = false;              // no progress
  double claim_timeout = 60;       // seconds after which a silent process's claims are retaken
};

/// A sweep's share of the work.
struct SweepPlan {
  std::string sweep;
  std::uint64_t runs = 0, done = 0;
  double flops = 0;         // of what is to do
  std::uint64_t ahead = 0;  // of a search: how many runs it may still make beside those, at most
};

/// What run_study would do: `run --dry-run`.
struct Plan {
  std::vector<SweepPlan> sweeps;
  std::uint64_t runs = 0, done = 0, groups = 0;  // distinct runs; groups to train
  std::uint64_t ahead = 0;                       // runs that searches may still make beside those, at most
  double flops = 0;
  double seconds = 0;  // estimate on this machine, from a short measured rate
  double bytes = 0;    // estimate of what the store will grow by
  int threads = 0;
};

struct Summary {
  std::uint64_t runs = 0;       // distinct runs of the study
  std::uint64_t found = 0;      // recorded before this call
  std::uint64_t done = 0;       // recorded by this call
  std::uint64_t elsewhere = 0;  // recorded meanwhile by other processes
  std::uint64_t diverged = 0;   // of those done by this call
  double seconds = 0;
};

/// @throws ConfigError for a mistake in the study, also where there are too many runs without consent.
Plan plan_study(const Study& study, const RunOptions& options);

/// Runs whatever is missing. @throws Interrupted after Ctrl-C, with everything finished recorded; ConfigError,
/// DataError, StoreError.
Summary run_study(const Study& study, const RunOptions& options);

}  // namespace widthwise
