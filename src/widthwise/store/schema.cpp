#include "widthwise/store/schema.h"

#include <algorithm>
#include <string>

#include "widthwise/store/record.h"

namespace widthwise::store {
namespace fs = std::filesystem;
namespace {

constexpr const char* tables = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  recorded REAL NOT NULL,        -- when, seconds since 1970 UTC
  configuration TEXT NOT NULL,   -- JSON
  provenance TEXT NOT NULL,      -- JSON
  status TEXT NOT NULL,
  last_step INTEGER NOT NULL,
  reason TEXT NOT NULL,
  seconds REAL,                  -- NULL where unknown
  finals TEXT NOT NULL           -- JSON, null for NaN
);
CREATE TABLE traces (run INTEGER PRIMARY KEY, names TEXT NOT NULL, step BLOB NOT NULL, time BLOB NOT NULL,
                     value BLOB NOT NULL);
CREATE TABLE arrays (run INTEGER NOT NULL, name TEXT NOT NULL, npy BLOB NOT NULL, PRIMARY KEY (run, name))
  WITHOUT ROWID;
)sql";

}  // namespace

std::vector<fs::path> store_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  if (!fs::exists(folder, error)) return files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("runs-") && name.ends_with(".sqlite")) files.push_back(entry->path());
  }
  if (error) throw StoreError(folder.string(), "a folder of runs", error.message());
  std::sort(files.begin(), files.end());
  return files;
}

bool has_schema(Database& database) {
  if (database.text("SELECT count(*) FROM sqlite_master") == "0") return false;
  const std::string file = database.path().string();
  if (database.text("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'") == "0")
    throw StoreError(file, "a store of runs", "a SQLite file of something else", "nothing was changed");
  const std::string format = database.text("SELECT value FROM meta WHERE key = 'format'").value_or("none");
  if (format != std::to_string(store_format))
    throw StoreError(file, "a store of format " + std::to_string(store_format), "format " + format,
                     "nothing was changed; use the version of widthwise that wrote it, or another folder");
  return true;
}

void ensure_schema(Database& database) {
  if (has_schema(database)) return;
  database.execute("BEGIN IMMEDIATE");
  try {
    if (!has_schema(database)) {
      database.execute(tables);
      Statement(database, "INSERT INTO meta VALUES ('format', ?)").bind(1, std::to_string(store_format)).step();
    }
    database.execute("COMMIT");
  } catch (...) {
    database.rollback();
    throw;
  }
}

}  // namespace widthwise::store
