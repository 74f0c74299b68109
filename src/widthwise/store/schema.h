// The tables of a store file and the files of a store. Internal to store.
//
//   meta    key, value: format, and the widthwise version that created the file
//   runs    one row a run; provenance and finals as JSON
//   traces  run, names (JSON list of the series), step (NPY int64), time (NPY float64), value (NPY series x points)
//   arrays  run, name, npy
#pragma once

#include <filesystem>
#include <vector>

#include "widthwise/store/database.h"

namespace widthwise::store {

/// Files runs-*.sqlite of a folder, by name; none where there is no folder. @throws StoreError if it cannot be listed.
std::vector<std::filesystem::path> store_files(const std::filesystem::path& folder);

/// False for a file without any table, as a writer that was killed at its very start leaves it. @throws StoreError
/// where the file has another format than store_format, or is no store file.
bool has_schema(Database& database);
/// Creates the tables, in one transaction, unless they are there. @throws StoreError, also as has_schema.
void ensure_schema(Database& database);

}  // namespace widthwise::store
