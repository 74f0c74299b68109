// The texts and arrays of one record, in a store that SQLite finds sound: JSON of the configuration, provenance and
// finals, the trace's names and arrays. The input holds them one behind the other, divided by lines "--".
#include <array>
#include <string>

#include "target.h"
#include "widthwise/store/columns.h"
#include "widthwise/store/database.h"
#include "widthwise/store/rows.h"
#include "widthwise/store/schema.h"

using namespace widthwise;

namespace {

enum Field { configuration, provenance, finals, names, step, time_points, values, array, fields };

std::array<std::string_view, fields> divided(std::string_view input) {
  constexpr std::string_view line = "\n--\n";
  std::array<std::string_view, fields> parts;
  for (std::string_view& part : parts) {
    part = input.substr(0, input.find(line));
    input.remove_prefix(std::min(input.size(), part.size() + line.size()));
  }
  return parts;
}

void insert(store::Database& database, const std::array<std::string_view, fields>& parts) {
  store::Statement(database, "INSERT INTO runs VALUES (1, 'id', 0.0, ?, ?, 'finished', 1, '', 0.0, ?)")
      .bind(1, parts[configuration])
      .bind(2, parts[provenance])
      .bind(3, parts[finals])
      .step();
  store::Statement(database, "INSERT INTO traces VALUES (1, ?, ?, ?, ?)")
      .bind(1, parts[names])
      .bind_blob(2, parts[step])
      .bind_blob(3, parts[time_points])
      .bind_blob(4, parts[values])
      .step();
  store::Statement(database, "INSERT INTO arrays VALUES (1, 'a', ?)").bind_blob(1, parts[array]).step();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static store::Database database = [] {
    store::Database fresh = store::Database::for_writing(":memory:");
    store::ensure_schema(fresh);
    return fresh;
  }();
  database.execute("DELETE FROM runs; DELETE FROM traces; DELETE FROM arrays");
  insert(database, divided(fuzz::as_text({data, size})));
  fuzz::answered([&] {
    const RunRecord record = store::read_run(database, 1, RecordParts::everything);
    for (const auto& [name, series] : record.trace.series)
      fuzz::require(series.size() == record.trace.step.size(), "series as long as the trace");
    store::columns_of(record);
    store::require_valid(record, "fuzz");
  });
  return 0;
}
