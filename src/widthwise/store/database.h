// One SQLite connection and its statements, with errors that say which file, what was expected and what came. Internal
// to store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "widthwise/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace widthwise::store {

/// Another process held the file for longer than the time we wait.
class BusyError : public StoreError {
  using StoreError::StoreError;
};
/// A read-only connection met the journal of a writer that died in the middle of a commit.
class HotJournalError : public StoreError {
  using StoreError::StoreError;
};

class Database;

/// A prepared statement. Parameters are numbered from 1, columns from 0. Texts and blobs bound are not copied: they
/// must stay until the statement is reset; columns are valid until the next step.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);

  /// True while there is a row. @throws StoreError.
  bool step();
  /// Ready to run again; bindings stay.
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  void check(int code) const;
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  /// Opens, creating it if need be, for appending: rollback journal, synchronous = FULL. @throws StoreError.
  static Database for_writing(const std::filesystem::path& path);
  /// Opens for reading; rolls back the journal of a dead writer, in a private copy where this process may not write.
  /// @throws StoreError, BusyError.
  static Database for_reading(const std::filesystem::path& path);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  /// Runs statements without results.
  void execute(const char* sql);
  /// First column of the first row.
  std::optional<std::string> text(const char* sql);
  std::int64_t last_row() const;
  /// Rows changed by the last statement.
  int changes() const;
  /// Undoes an open transaction, if there is one; never throws.
  void rollback() noexcept;

  /// The file as the user knows it (not the private copy).
  const std::filesystem::path& path() const { return path_; }
  /// Throws what `code` means here.
  [[noreturn]] void fail(int code) const;

 private:
  friend class Statement;
  Database(std::filesystem::path opened, std::filesystem::path named, int flags);
  /// Reads the file's head, so that a lock, a journal or a corrupt head show.
  void touch();
  void close() noexcept;

  sqlite3* connection_ = nullptr;
  std::filesystem::path path_;
  std::filesystem::path temporary_;  // folder of the private copy, removed at the end; empty otherwise
};

}  // namespace widthwise::store
