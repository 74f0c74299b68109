#include "widthwise/store/reader.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "widthwise/store/rows.h"
#include "widthwise/store/schema.h"

namespace widthwise {
namespace fs = std::filesystem;

struct StoreReader::State {
  struct Row {
    std::int64_t row;
    std::string identity;
  };
  struct File {
    fs::path path;
    std::vector<Row> rows;  // in the order recorded
    std::optional<store::Database> database;
  };
  struct Location {
    std::size_t file;
    std::int64_t row;
    double recorded;
  };

  fs::path folder;
  std::vector<File> files;
  std::unordered_map<std::string, Location> index;
  std::vector<DuplicateRun> duplicates;
  std::vector<fs::path> busy;

  static constexpr std::size_t max_open = 64;  // connections, well below the usual limit on open files

  store::Database& open(File& file) {
    if (!file.database) {
      const auto is_open = [](const File& other) { return other.database.has_value(); };
      if (static_cast<std::size_t>(std::count_if(files.begin(), files.end(), is_open)) >= max_open) close_all();
      file.database.emplace(store::Database::for_reading(file.path));
    }
    return *file.database;
  }

  void close_all() {
    for (File& file : files) file.database.reset();
  }

  /// use(database), again with a fresh connection if a writer died in the middle of a commit since it was opened.
  template <class Use>
  auto with(File& file, Use&& use) {
    try {
      return use(open(file));
    } catch (const store::HotJournalError&) {
      file.database.reset();
      return use(open(file));
    }
  }

  RunRecord read(const Location& at, RecordParts parts) {
    return with(files[at.file], [&](store::Database& database) { return store::read_run(database, at.row, parts); });
  }

  void add(std::size_t file, Row row, double recorded) {
    const auto [found, is_new] = index.try_emplace(row.identity, Location{file, row.row, recorded});
    if (!is_new) {
      Location& kept = found->second;
      const bool earlier = std::tie(recorded, files[file].path) < std::tie(kept.recorded, files[kept.file].path);
      const std::size_t ignored = earlier ? kept.file : file;
      if (earlier) kept = {file, row.row, recorded};
      duplicates.push_back({row.identity, files[kept.file].path, files[ignored].path});
    }
    files[file].rows.push_back(std::move(row));
  }

  void read_new_rows(std::size_t file, store::Database& database) {
    if (!store::has_schema(database)) return;
    const std::int64_t last = files[file].rows.empty() ? 0 : files[file].rows.back().row;
    store::Statement query(database, "SELECT id, identity, recorded FROM runs WHERE id > ? ORDER BY id");
    // Collected first: a failure on the way must leave the index as it was.
    std::vector<std::pair<Row, double>> rows;
    for (query.bind(1, last); query.step();)
      rows.emplace_back(Row{query.integer(0), std::string(query.text(1))}, query.real(2));
    for (auto& [row, recorded] : rows) add(file, std::move(row), recorded);
  }

  void refresh() {
    const std::vector<fs::path> listed = store::store_files(folder);
    const auto vanished = [&](const File& file) {
      return !std::binary_search(listed.begin(), listed.end(), file.path);
    };
    if (std::any_of(files.begin(), files.end(), vanished)) {
      files.clear();
      index.clear();
      duplicates.clear();
    }
    close_all();
    busy.clear();
    for (const fs::path& path : listed) {
      const auto known = std::find_if(files.begin(), files.end(), [&](const File& file) { return file.path == path; });
      const auto file = static_cast<std::size_t>(known - files.begin());
      const bool is_new = known == files.end();
      if (is_new) files.push_back({path, {}, std::nullopt});
      try {
        with(files[file], [&](store::Database& database) { read_new_rows(file, database); });
      } catch (const store::BusyError&) {
        files[file].database.reset();
        busy.push_back(path);
      } catch (const StoreError&) {
        files[file].database.reset();
        if (fs::exists(path)) throw;   // a writer without runs removes its file
        if (is_new) files.pop_back();  // else it had no runs, and the next refresh finds it gone
      }
    }
  }
};

StoreReader::StoreReader(fs::path folder) : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
  refresh();
}

StoreReader::~StoreReader() = default;
StoreReader::StoreReader(StoreReader&&) noexcept = default;
StoreReader& StoreReader::operator=(StoreReader&&) noexcept = default;

void StoreReader::refresh() {
  state_->refresh();
}

std::size_t StoreReader::size() const {
  return state_->index.size();
}

bool StoreReader::contains(const std::string& identity) const {
  return state_->index.contains(identity);
}

std::set<std::string> StoreReader::identities() const {
  std::set<std::string> all;
  for (const auto& entry : state_->index) all.insert(entry.first);
  return all;
}

std::optional<RunRecord> StoreReader::load(const std::string& identity, RecordParts parts) const {
  const auto found = state_->index.find(identity);
  if (found == state_->index.end()) return std::nullopt;
  return state_->read(found->second, parts);
}

std::optional<std::string> StoreReader::load_array(const std::string& identity, const std::string& name) const {
  const auto found = state_->index.find(identity);
  if (found == state_->index.end()) return std::nullopt;
  return state_->with(state_->files[found->second.file],
                      [&](store::Database& database) { return store::read_array(database, found->second.row, name); });
}

void StoreReader::for_each(const std::function<void(const RunRecord&)>& visit, RecordParts parts) const {
  for (std::size_t file = 0; file < state_->files.size(); ++file)
    for (const State::Row& row : state_->files[file].rows) {
      const State::Location& at = state_->index.at(row.identity);
      if (at.file == file && at.row == row.row) visit(state_->read(at, parts));
    }
}

const std::vector<DuplicateRun>& StoreReader::duplicates() const {
  return state_->duplicates;
}

const std::vector<fs::path>& StoreReader::busy_files() const {
  return state_->busy;
}

const fs::path& StoreReader::folder() const {
  return state_->folder;
}

}  // namespace widthwise
