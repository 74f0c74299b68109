// The runs of a store as columns of numbers and texts, for programs that go on computing with them; for a file, see
// export_csv (inspect.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "widthwise/store/record.h"

namespace widthwise {

/// One value a run, in the type that all of them have: whole numbers, else numbers (NaN where a run has no value or the
/// text "none", an optional setting left unset), else texts (empty where it has none; true and false are texts).
struct RunColumn {
  using Values = std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;
  std::string name;
  Values values;
};

/// The columns of export_csv, in the same order: identity, status, last_step, seconds, reason, every configuration key,
/// every final value as final.NAME.
std::vector<RunColumn> run_table(std::span<const RunRecord> runs);

}  // namespace widthwise
