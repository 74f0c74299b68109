#include <algorithm>
#include <ostream>
#include <set>

#include "widthwise/store/columns.h"
#include "widthwise/store/inspect.h"

namespace widthwise {
namespace {

/// A field as RFC 4180 has it: quoted where it holds a comma, a quote or a line break, quotes doubled.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// Fixed columns, then configuration keys, then finals, each sorted by name.
std::vector<std::string> header_of(const std::vector<RunRecord>& runs) {
  std::vector<std::string> header = store::fixed_columns();
  std::set<std::string> keys, finals;
  for (const RunRecord& run : runs) {
    for (const auto& entry : flat_configuration(run)) keys.insert(entry.first);
    for (const auto& entry : run.finals) finals.insert("final." + entry.first);
  }
  header.insert(header.end(), keys.begin(), keys.end());
  header.insert(header.end(), finals.begin(), finals.end());
  return header;
}

void write_line(std::ostream& out, const std::vector<std::string>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) out << (i ? "," : "") << field(fields[i]);
  out << "\r\n";
}

}  // namespace

std::size_t export_csv(const StoreReader& reader, std::ostream& out, std::span<const RunFilter> filters) {
  const std::vector<RunRecord> runs = list_runs(reader, filters);
  const std::vector<std::string> header = header_of(runs);
  write_line(out, header);
  for (const RunRecord& run : runs) {
    const auto columns = store::columns_of(run);
    std::vector<std::string> line;
    for (const std::string& name : header) {
      const auto found = columns.find(name);
      line.push_back(found == columns.end() ? "" : found->second);
    }
    write_line(out, line);
  }
  return runs.size();
}

}  // namespace widthwise
