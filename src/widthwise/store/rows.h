// A RunRecord as rows of a store file, and back. Internal to store.
#pragma once

#include <cstdint>

#include "widthwise/store/database.h"
#include "widthwise/store/record.h"

namespace widthwise::store {

/// Writes one record inside the caller's transaction. Returns false, writing nothing, if its identity is there already.
bool insert_run(Database& database, const RunRecord& record, double recorded);

/// Reads the run with that row id. @throws StoreError where it is not there, or does not parse.
RunRecord read_run(Database& database, std::int64_t row, RecordParts parts);

/// @throws StoreError naming the run if the record cannot be stored: no identity, a configuration that is no JSON
/// object, a trace whose series do not fit its steps, an array that is no NPY.
void require_valid(const RunRecord& record, const std::string& file);

}  // namespace widthwise::store
