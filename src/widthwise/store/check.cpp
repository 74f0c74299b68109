#include <map>

#include "widthwise/base/error.h"
#include "widthwise/data/npy.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/rows.h"
#include "widthwise/store/schema.h"

namespace widthwise {
namespace fs = std::filesystem;
namespace {

// The message without the file's name in front, which a problem has beside it.
std::string without(const fs::path& file, const std::string& message) {
  const std::string prefix = file.string() + ": ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

class Checker {
 public:
  void check_file(const fs::path& file) {
    try {
      store::Database database = store::Database::for_reading(file);
      if (!store::has_schema(database)) return;
      check_pages(database);
      check_belonging(database);
      check_runs(database);
    } catch (const Error& error) {
      problems.push_back({file, without(file, error.what())});
    }
  }

  std::vector<StoreProblem> problems;

 private:
  void check_pages(store::Database& database) {
    for (store::Statement query(database, "PRAGMA integrity_check"); query.step();)
      if (query.text(0) != "ok") problems.push_back({database.path(), std::string(query.text(0))});
  }

  void check_belonging(store::Database& database) {
    for (const std::string table : {"traces", "arrays"}) {
      const std::string sql = "SELECT run FROM " + table + " WHERE run NOT IN (SELECT id FROM runs)";
      for (store::Statement query(database, sql.c_str()); query.step();)
        problems.push_back(
            {database.path(), table + " of row " + std::to_string(query.integer(0)) + " belong to no run"});
    }
  }

  void check_runs(store::Database& database) {
    std::vector<std::int64_t> rows;
    for (store::Statement query(database, "SELECT id FROM runs ORDER BY id"); query.step();)
      rows.push_back(query.integer(0));
    for (const std::int64_t row : rows) {
      try {
        check_run(database, store::read_run(database, row, RecordParts::everything));
      } catch (const Error& error) {
        problems.push_back({database.path(), without(database.path(), error.what())});
      }
    }
  }

  void check_run(store::Database& database, const RunRecord& run) {
    flat_configuration(run);
    for (const auto& [name, bytes] : run.arrays) check_array(bytes, "run " + run.identity + ", array " + name);
    const auto [first, is_new] = seen_.try_emplace(run.identity, database.path());
    if (!is_new)
      problems.push_back({database.path(), "run " + run.identity + " is also in " + first->second.filename().string()});
  }

  static void check_array(const std::string& bytes, const std::string& place) {
    const std::string type = npy::read_header(bytes, place).type;
    if (type == "<f8") npy::decode<double>(bytes, place);
    if (type == "<f4") npy::decode<float>(bytes, place);
    if (type == "<i8") npy::decode<std::int64_t>(bytes, place);
  }

  std::map<std::string, fs::path> seen_;
};

}  // namespace

std::vector<StoreProblem> check_store(const fs::path& folder) {
  Checker checker;
  for (const fs::path& file : store::store_files(folder)) checker.check_file(file);
  return std::move(checker.problems);
}

}  // namespace widthwise
