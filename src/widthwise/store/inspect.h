// Looking into a store: lists of runs by key=value, the runs as a CSV table, and the check of a whole folder.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/store/reader.h"
#include "widthwise/store/record.h"

namespace widthwise {

/// One condition on a run: KEY = VALUE, also != < <= > >=. KEY is a configuration key (architecture.width), identity
/// (the value may be its beginning), status, reason, last_step, seconds, final.SERIES or provenance.NAME. Two numbers
/// are compared as numbers ("64" equals "64.0"), anything else as text, which is equal or not but has no order.
struct RunFilter {
  enum class Relation { equal, unequal, less, at_most, greater, at_least };
  std::string key;
  Relation relation = Relation::equal;
  std::string value;

  /// "architecture.width=64", "final.train_loss<0.1". @throws ConfigError (command line) where there is no relation or
  /// no key, or no number behind < <= > >=.
  static RunFilter parse(std::string_view text);
  /// Whether the run meets it; a run without that key does not, whatever the relation.
  bool matches(const RunRecord& run) const;
};

/// Summaries of all runs that meet every filter, in the order recorded. @throws ConfigError naming the nearest known
/// key for a key that no run of a store with runs has.
std::vector<RunRecord> list_runs(const StoreReader& reader, std::span<const RunFilter> filters = {});

/// Writes the runs as CSV (RFC 4180, a header, one line a run): identity, status, last_step, seconds, reason, every
/// configuration key, every final value as final.NAME. A key a run does not have is empty, NaN is "nan". Returns the
/// number of runs.
std::size_t export_csv(const StoreReader& reader, std::ostream& out, std::span<const RunFilter> filters = {});

/// One thing wrong with a file of a store, in a sentence.
struct StoreProblem {
  std::filesystem::path file;
  std::string what;
};

/// Reads everything in the folder: SQLite's own integrity check, format, JSON, traces and arrays that parse and fit
/// each other, rows that belong to no run, identities recorded twice. Empty where all is well. Never throws for what a
/// file holds. @throws StoreError if the folder cannot be listed.
std::vector<StoreProblem> check_store(const std::filesystem::path& folder);

}  // namespace widthwise
