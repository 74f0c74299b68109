// Reads a store: all files runs-*.sqlite of a folder as one set of runs. May be used while any number of processes
// write.
//
// A reader changes nothing, with one exception that SQLite asks for: where a writer was killed in the middle of a
// commit, its journal must be rolled back before the file can be read. The reader does that once the owner's locks are
// gone; in a folder it may not write, it rolls back a private copy instead.
//
// A reader belongs to one thread at a time and must not be carried across fork().
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "widthwise/store/record.h"

namespace widthwise {

/// One identity recorded twice, as can happen after a crash: `kept` is used, `ignored` is not.
struct DuplicateRun {
  std::string identity;
  std::filesystem::path kept, ignored;
};

class StoreReader {
 public:
  /// Reads the identities. A folder that is not there is a store without runs.
  /// @throws StoreError for a file that is corrupt, of another format, or cannot be opened.
  explicit StoreReader(std::filesystem::path folder);
  ~StoreReader();
  StoreReader(StoreReader&&) noexcept;
  StoreReader& operator=(StoreReader&&) noexcept;

  /// Takes in what was recorded since. @throws as the constructor.
  void refresh();

  std::size_t size() const;
  bool contains(const std::string& identity) const;
  std::set<std::string> identities() const;

  /// The run of that identity, if recorded. @throws StoreError where its record is corrupt.
  std::optional<RunRecord> load(const std::string& identity, RecordParts parts = RecordParts::everything) const;
  /// The bytes of one array of that run; nothing where there is no such run or no such array.
  std::optional<std::string> load_array(const std::string& identity, const std::string& name) const;
  /// Calls `visit` for every run: file by file, in the order recorded. Summaries unless asked for more.
  void for_each(const std::function<void(const RunRecord&)>& visit, RecordParts parts = RecordParts::summary) const;

  /// Identities found more than once; the first one recorded is the one used.
  const std::vector<DuplicateRun>& duplicates() const;
  /// Files whose newest runs could not be seen at the last refresh since their writer held them for more than ten
  /// seconds; the runs seen earlier stay.
  const std::vector<std::filesystem::path>& busy_files() const;
  const std::filesystem::path& folder() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace widthwise
