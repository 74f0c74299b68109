// CSV tables, plain and gzip: as many finite inputs as rows and columns say, whatever the target and the header.
#include <cmath>

#include "target.h"
#include "widthwise/data/csv.h"

using namespace widthwise;

namespace {

void check(const CsvTable& table) {
  fuzz::require(table.inputs.rows() > 0 && table.inputs.cols() > 0, "at least one row and one input");
  fuzz::require(static_cast<std::size_t>(table.inputs.rows()) == table.targets.size(), "a target a row");
  fuzz::require(table.target >= 0 && table.target <= table.inputs.cols(), "the target is one of the columns");
  fuzz::require(table.columns.empty() || static_cast<Index>(table.columns.size()) == table.inputs.cols() + 1,
                "a name a column");
  fuzz::require(table.inputs.array().isFinite().all(), "finite inputs");
  for (const CsvTable::Cell& cell : table.targets) cell_number(cell.text);
  fuzz::answered([&] { table.refuse_target(table.targets.size() - 1, "something else"); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const char* target : {"", "1", "y"})
    for (const char* header : {"auto", "no"})
      fuzz::answered([&] { check(parse_csv({data, size}, "fuzz", {target, header})); });
  return 0;
}
