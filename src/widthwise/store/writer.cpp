#include "widthwise/store/writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <random>

#include "widthwise/store/rows.h"
#include "widthwise/store/schema.h"

namespace widthwise {
namespace fs = std::filesystem;
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// host, process and a random number: the name is used again by nobody, also not by a later process of the same number.
std::string unique_worker() {
  char host[256] = "host";
  gethostname(host, sizeof host - 1);
  return fmt::format("{}-{}-{:08x}", host, getpid(), std::random_device{}());
}

std::string file_name(std::string worker) {
  if (worker.empty()) worker = unique_worker();
  std::replace_if(
      worker.begin(), worker.end(),
      [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.'; }, '_');
  return "runs-" + worker + ".sqlite";
}

}  // namespace

StoreWriter::StoreWriter(fs::path folder, std::string worker) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw StoreError(folder.string(), "a folder that can be created", error.message());
  for (const fs::path& other : store::store_files(folder)) {
    try {
      store::Database database = store::Database::for_reading(other);
      store::has_schema(database);
    } catch (const StoreError&) {
      if (fs::exists(other, error)) throw;  // a writer without runs removes its file
    }
  }
  file_ = folder / file_name(std::move(worker));
  const bool existed = fs::exists(file_, error);
  try {
    database_ = std::make_unique<store::Database>(store::Database::for_writing(file_));
    store::ensure_schema(*database_);
  } catch (...) {
    database_.reset();
    if (!existed) fs::remove(file_, error);
    throw;
  }
}

StoreWriter::~StoreWriter() {
  remove_if_empty();
}

StoreWriter::StoreWriter(StoreWriter&&) noexcept = default;

StoreWriter& StoreWriter::operator=(StoreWriter&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(database_, other.database_);
  return *this;
}

void StoreWriter::remove_if_empty() noexcept {
  if (!database_) return;
  try {
    const bool empty = database_->text("SELECT count(*) FROM runs") == "0";
    database_.reset();
    std::error_code ignored;
    if (empty) fs::remove(file_, ignored);
  } catch (...) {  // an empty file is harmless
  }
}

std::size_t StoreWriter::append(std::span<const RunRecord> records) {
  for (const RunRecord& record : records) store::require_valid(record, file_.string());
  std::size_t inserted = 0;
  database_->execute("BEGIN IMMEDIATE");
  try {
    for (const RunRecord& record : records)
      if (store::insert_run(*database_, record, now())) ++inserted;
    database_->execute("COMMIT");
  } catch (...) {
    database_->rollback();
    throw;
  }
  return inserted;
}

}  // namespace widthwise
