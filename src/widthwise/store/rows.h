// A RunRecord as rows of a store file, and back. Internal to store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "widthwise/store/database.h"
#include "widthwise/store/record.h"

namespace widthwise::store {

/// Writes one record inside the caller's transaction. Returns false, writing nothing, if its identity is there already.
bool insert_run(Database& database, const RunRecord& record, double recorded);

/// Reads the run with that row id. @throws StoreError where it is not there, or does not parse.
RunRecord read_run(Database& database, std::int64_t row, RecordParts parts);

/// One array of that run, if it has it. @throws StoreError where the file is corrupt.
std::optional<std::string> read_array(Database& database, std::int64_t row, const std::string& name);

/// @throws StoreError naming the run if the record cannot be stored: no identity, a configuration that is no JSON
/// object, a trace whose series do not fit its steps, an array that is no NPY.
void require_valid(const RunRecord& record, const std::string& file);

}  // namespace widthwise::store
