// The values of a run by the names filters and tables know them by. Internal to store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widthwise/store/record.h"

namespace widthwise::store {

/// Columns every run has, in the order a table shows them.
const std::vector<std::string>& fixed_columns();

/// All values of a run as text: the fixed columns, configuration keys, final.NAME and provenance.NAME. Numbers are
/// written so that reading them gives the same number; NaN is "nan".
std::map<std::string, std::string> columns_of(const RunRecord& run);

}  // namespace widthwise::store
