// Flows under way, kept beside a store: a file a run, checkpoints/<identity>, replaced as a whole every minute or when
// interrupted, and removed when the run is recorded. Whoever takes the run up again goes on from there to the result an
// uninterrupted run has, whichever runs it is grouped with.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "widthwise/numerics/trace.h"
#include "widthwise/training/checkpoint.h"

namespace widthwise {

/// A run under way: its flow, and what was measured so far.
template <class T>
struct RunCheckpoint {
  FlowCheckpoint<T> flow;
  Trace trace;
  std::map<std::string, std::string> saved;  // arrays of states saved so far (saved_state.h)
};

class Checkpoints {
 public:
  /// Without a store nothing is kept, and nothing found.
  Checkpoints() = default;
  explicit Checkpoints(const std::filesystem::path& store) : folder_{store / "checkpoints"} {}

  bool keeps() const { return !folder_.empty(); }
  /// What is kept of a run. A damaged file, or one of another version, is said on standard error and removed: then the
  /// run begins anew.
  template <class T>
  std::optional<RunCheckpoint<T>> find(const std::string& identity) const;
  /// A file that cannot be written costs the checkpoint, not the run; that is said on standard error, once a process.
  template <class T>
  void keep(const std::string& identity, const RunCheckpoint<T>& checkpoint) const;
  void remove(const std::string& identity) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace widthwise
