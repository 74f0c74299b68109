// Appends records to a store. A store is a folder; each worker process writes its own file runs-<worker>.sqlite there,
// so no two processes ever wait for each other's writes, and readers merge all files (reader.h).
//
// Durability: every append is one transaction with SQLite's rollback journal and synchronous = FULL. After a crash or
// kill -9 at any instant a batch is there whole or not at all, and earlier batches are intact, also after power loss. A
// write-ahead log would commit faster, but it needs shared memory between processes and so excludes network file
// systems; one commit a second hides the difference.
//
// One writer belongs to one thread at a time and must not be carried across fork().
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "widthwise/store/record.h"

namespace widthwise {

namespace store {
class Database;
}

class StoreWriter {
 public:
  /// Opens (creating the folder if need be) the file of `worker`; without a name, one that no other process has: host,
  /// process, time. @throws StoreError where the folder cannot be written, or any file of the store has another format.
  explicit StoreWriter(std::filesystem::path folder, std::string worker = {});
  /// Removes the file again if nothing was ever recorded in it.
  ~StoreWriter();
  StoreWriter(StoreWriter&&) noexcept;
  StoreWriter& operator=(StoreWriter&&) noexcept;

  /// Records all, or none, of `records` in one transaction and returns how many were new: an identity already in this
  /// writer's file is left as it is. @throws StoreError (full disk, read-only, corrupt file, a configuration that is no
  /// JSON object); nothing recorded before is then changed, and the same append may be tried again.
  std::size_t append(std::span<const RunRecord> records);

  const std::filesystem::path& file() const { return file_; }

 private:
  void remove_if_empty() noexcept;

  std::filesystem::path file_;
  std::unique_ptr<store::Database> database_;
};

}  // namespace widthwise
