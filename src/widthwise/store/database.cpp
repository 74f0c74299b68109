#include "widthwise/store/database.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace widthwise::store {
namespace fs = std::filesystem;
namespace {

/// A commit holds the file for some milliseconds. SQLite's own waiting sleeps ever longer, and so misses the gaps
/// between the commits of a busy writer; this one does not. Gives up after 10 s.
int wait_for_file(void*, int attempt) {
  constexpr int milliseconds = 2;
  if (attempt > 10'000 / milliseconds) return 0;
  sqlite3_sleep(milliseconds);
  return 1;
}

bool disk_full(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

constexpr const char* nothing_changed = "what was recorded before is unchanged";

fs::path journal_of(const fs::path& file) {
  return file.string() + "-journal";
}

struct Stamp {
  std::uintmax_t size;
  fs::file_time_type time;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return {size, fs::last_write_time(file, error)};
}

/// Copies a file with its journal to a new temporary folder; returns the copy of the file.
fs::path private_copy(const fs::path& file) {
  std::string folder = (fs::temp_directory_path() / "widthwise-store-XXXXXX").string();
  if (!mkdtemp(folder.data())) throw StoreError(folder, "a temporary folder", std::strerror(errno));
  fs::path copy = fs::path(folder) / file.filename();
  // The journal first: should somebody else roll the file back meanwhile, rolling back our copy again does no harm. If
  // the journal is a different one afterwards, a new transaction began and the pair does not fit together.
  for (int attempt = 0; attempt < 5; ++attempt) {
    const Stamp before = stamp_of(journal_of(file));
    std::error_code no_journal;
    fs::copy_file(journal_of(file), journal_of(copy), fs::copy_options::overwrite_existing, no_journal);
    if (no_journal) fs::remove(journal_of(copy), no_journal);
    fs::copy_file(file, copy, fs::copy_options::overwrite_existing);
    for (const fs::path& mine : {copy, journal_of(copy)})
      fs::permissions(mine, fs::perms::owner_read | fs::perms::owner_write, no_journal);
    if (before == stamp_of(journal_of(file))) return copy;
  }
  fs::remove_all(folder);
  throw BusyError(file.string(), "a file that rests long enough to be read", "one that keeps changing");
}

}  // namespace

Statement::Statement(Database& database, const char* sql) : database_(database) {
  check(sqlite3_prepare_v2(database.connection_, sql, -1, &statement_, nullptr));
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  check(sqlite3_bind_double(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL, an empty view may hold one.
  const char* data = text.empty() ? "" : text.data();
  check(sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_, parameter, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  errno = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    sqlite3_reset(statement_);
    database_.fail(code);
  }
  return false;
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Database::Database(fs::path opened, fs::path named, int flags) : path_(std::move(named)) {
  const int code = sqlite3_open_v2(opened.c_str(), &connection_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (connection_) sqlite3_extended_result_codes(connection_, 1);
  try {
    if (code != SQLITE_OK) fail(code);
    sqlite3_busy_handler(connection_, wait_for_file, nullptr);
  } catch (...) {
    close();
    throw;
  }
}

Database::Database(Database&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

Database::~Database() {
  close();
}

void Database::close() noexcept {
  sqlite3_close_v2(std::exchange(connection_, nullptr));
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(std::exchange(temporary_, {}), ignored);
}

void Database::touch() {
  text("SELECT count(*) FROM sqlite_master");
}

Database Database::for_writing(const fs::path& path) {
  Database database(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  // cache_spill off: the file is locked for the commit alone, not while a large batch is being collected.
  database.text("PRAGMA journal_mode = DELETE");
  database.execute("PRAGMA synchronous = FULL; PRAGMA cache_spill = OFF; PRAGMA temp_store = MEMORY");
  database.touch();
  return database;
}

Database Database::for_reading(const fs::path& path) {
  try {
    Database database(path, path, SQLITE_OPEN_READONLY);
    database.touch();
    return database;
  } catch (const HotJournalError&) {
  }
  try {
    // SQLite rolls the journal back under an exclusive lock, which a living writer would not let it have.
    Database database(path, path, SQLITE_OPEN_READWRITE);
    database.touch();
    database.execute("PRAGMA query_only = ON");
    return database;
  } catch (const BusyError&) {
    throw;
  } catch (const StoreError&) {  // not ours to write: below
  }
  const fs::path copy = private_copy(path);
  try {
    Database database(copy, path, SQLITE_OPEN_READWRITE);
    database.temporary_ = copy.parent_path();
    database.touch();
    database.execute("PRAGMA query_only = ON");
    return database;
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(copy.parent_path(), ignored);
    throw;
  }
}

void Database::execute(const char* sql) {
  errno = 0;
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::optional<std::string> Database::text(const char* sql) {
  Statement statement(*this, sql);
  if (!statement.step()) return std::nullopt;
  return std::string(statement.text(0));
}

std::int64_t Database::last_row() const {
  return sqlite3_last_insert_rowid(connection_);
}

int Database::changes() const {
  return sqlite3_changes(connection_);
}

void Database::rollback() noexcept {
  if (connection_ && !sqlite3_get_autocommit(connection_))
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::fail(int code) const {
  const int last_error = errno;  // SQLite does not pass the cause of a failed commit on
  const std::string message = connection_ ? sqlite3_errmsg(connection_) : sqlite3_errstr(code);
  const int primary = code & 0xff;
  const bool from_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
  int error = connection_ && from_system ? sqlite3_system_errno(connection_) : 0;
  if (primary == SQLITE_IOERR && error == 0) error = last_error;
  // Refused for writing, SQLite tries for reading and reports what came of that.
  if (primary == SQLITE_CANTOPEN && access(path_.parent_path().empty() ? "." : path_.parent_path().c_str(), W_OK) != 0)
    error = errno;
  const std::string got = error != 0 ? message + " (" + std::strerror(error) + ")" : message;

  if (code == SQLITE_READONLY_ROLLBACK)
    throw HotJournalError(path_.string(), "a file at rest", "the journal of a process that died while writing");
  if (primary == SQLITE_FULL || disk_full(error))
    throw StoreError(path_.string(), "room for more runs", got,
                     std::string(nothing_changed) + "; free some space and run again");
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw BusyError(path_.string(), "no other process holding the file", got);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw StoreError(path_.string(), "a file and a folder this process may use", got, nothing_changed);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
      throw StoreError(path_.string(), "a SQLite file of runs", "a corrupt file (" + got + ")",
                       "no other file is harmed; move this one out of the folder and its runs will be made again");
    default:
      throw StoreError(path_.string(), "SQLite to succeed", got, nothing_changed);
  }
}

}  // namespace widthwise::store
