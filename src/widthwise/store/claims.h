// Who computes which batch of runs, so that several processes (on one machine or many) share a store without doing work
// twice. A claim is a file claims/<batch>.json, created exclusively, holding host, process and the process's start; its
// modification time is the heartbeat, renewed by a thread of the owner.
//
// A claim is stale when its heartbeat is older than `stale_after` (or as far in the future, as after a clock was set
// back), or at once when its owner ran on this machine and is gone. Stale claims are retaken under a lock that the
// kernel frees with its holder, so that of many takers exactly one wins; ages are read from the file system's own
// clock, so machines need not agree on the time.
//
// Claims keep work from being repeated, not records from being doubled: that is the reader's part. After a claim is
// won, refresh the reader before computing, since the previous owner may have recorded the batch and released it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace widthwise {

struct ClaimOptions {
  std::chrono::duration<double> heartbeat{10};    // seconds between renewals
  std::chrono::duration<double> stale_after{60};  // age of the last renewal from which a claim counts as abandoned
};

/// What a claim file says.
struct ClaimInfo {
  std::string batch, host;
  std::int64_t process = 0;
  double age = 0;      // seconds since the last heartbeat
  bool stale = false;  // would be retaken by try_claim
};

class Claims {
 public:
  /// Claims in the store `folder` (created if need be) for this process. @throws StoreError where it cannot be written,
  /// ConfigError unless 0 < heartbeat < stale_after.
  explicit Claims(std::filesystem::path folder, ClaimOptions options = {});
  /// Releases what is still held.
  ~Claims();
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  /// True if the batch is now this object's: it was free or stale. False if somebody else works at it, or this object
  /// already does. Batch ids are file names: letters, digits, '-', '_', '.'. @throws StoreError where the folder cannot
  /// be written.
  bool try_claim(const std::string& batch);
  /// Whether the batch is still this object's: a process that was stopped for longer than `stale_after` may have lost
  /// it.
  bool holds(const std::string& batch) const;
  /// Gives the batch back, done or not; nothing happens if it is not held (any more).
  void release(const std::string& batch);

  /// All claims of the store, anybody's.
  std::vector<ClaimInfo> list() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace widthwise
