#include "widthwise/store/rows.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "widthwise/data/npy.h"

namespace widthwise::store {
namespace {

using Json = nlohmann::json;

/// Text from anywhere: bytes that are not UTF-8 are replaced, never refused.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_json(const std::map<std::string, double>& finals) {
  Json json = Json::object();
  for (const auto& [name, value] : finals) json[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  return dump(json);
}

std::map<std::string, double> finals_from(std::string_view text) {
  std::map<std::string, double> finals;
  const Json parsed = Json::parse(text);
  for (const auto& [name, value] : parsed.items())
    finals[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  return finals;
}

void insert_trace(Database& database, std::int64_t run, const Trace& trace) {
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& [name, series] : trace.series) {
    names.push_back(name);
    values.insert(values.end(), series.begin(), series.end());
  }
  const std::string names_json = dump(Json(names));
  const std::string step = npy::encode(trace.step), time = npy::encode(trace.time);
  const std::string value =
      npy::encode<double>(values, {static_cast<std::int64_t>(names.size()), static_cast<std::int64_t>(trace.size())});
  Statement(database, "INSERT INTO traces VALUES (?, ?, ?, ?, ?)")
      .bind(1, run)
      .bind(2, names_json)
      .bind_blob(3, step)
      .bind_blob(4, time)
      .bind_blob(5, value)
      .step();
}

Trace read_trace(Database& database, std::int64_t run) {
  Statement row(database, "SELECT names, step, time, value FROM traces WHERE run = ?");
  row.bind(1, run);
  Trace trace;
  if (!row.step()) return trace;
  const auto names = Json::parse(row.text(0)).get<std::vector<std::string>>();
  trace.step = npy::decode<std::int64_t>(row.blob(1), "step of the trace").values;
  trace.time = npy::decode<double>(row.blob(2), "time of the trace").values;
  const auto value = npy::decode<double>(row.blob(3), "values of the trace");
  const std::size_t points = trace.step.size();
  if (value.values.size() != names.size() * points)
    throw Error("a trace of " + std::to_string(names.size()) + " series and " + std::to_string(points) +
                " points has " + std::to_string(value.values.size()) + " values");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto first = value.values.begin() + static_cast<std::ptrdiff_t>(i * points);
    trace.series[names[i]].assign(first, first + static_cast<std::ptrdiff_t>(points));
  }
  trace.check();
  return trace;
}

RunRecord read_summary(Database& database, std::int64_t row) {
  Statement query(database,
                  "SELECT identity, configuration, provenance, status, last_step, reason, seconds, finals FROM runs "
                  "WHERE id = ?");
  query.bind(1, row);
  if (!query.step()) throw Error("row " + std::to_string(row) + " is gone");
  RunRecord record;
  record.identity = query.text(0);
  record.configuration = query.text(1);
  record.provenance = Json::parse(query.text(2)).get<std::map<std::string, std::string>>();
  record.status = query.text(3);
  record.last_step = query.integer(4);
  record.reason = query.text(5);
  record.seconds = query.real(6);
  record.finals = finals_from(query.text(7));
  return record;
}

}  // namespace

void require_valid(const RunRecord& record, const std::string& file) {
  const auto fail = [&](const char* expected, const std::string& got) {
    throw StoreError(file + ": run '" + record.identity + "'", expected, got, "nothing was recorded");
  };
  if (record.identity.empty()) fail("an identity", "none");
  if (!Json::parse(record.configuration, nullptr, false).is_object())
    fail("a configuration that is a JSON object", "'" + record.configuration.substr(0, 60) + "'");
  try {
    record.trace.check();
    for (const auto& [name, bytes] : record.arrays) npy::read_header(bytes, name);
  } catch (const Error& error) {
    fail("a trace and arrays that are whole", error.what());
  }
}

bool insert_run(Database& database, const RunRecord& record, double recorded) {
  const std::string provenance = dump(Json(record.provenance)), finals = to_json(record.finals);
  Statement insert(database, "INSERT OR IGNORE INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, record.identity)
      .bind(2, recorded)
      .bind(3, record.configuration)
      .bind(4, provenance)
      .bind(5, record.status)
      .bind(6, record.last_step)
      .bind(7, record.reason)
      .bind(8, record.seconds)
      .bind(9, finals)
      .step();
  if (database.changes() == 0) return false;
  const std::int64_t run = database.last_row();
  if (!record.trace.empty()) insert_trace(database, run, record.trace);
  for (const auto& [name, bytes] : record.arrays)
    Statement(database, "INSERT INTO arrays VALUES (?, ?, ?)").bind(1, run).bind(2, name).bind_blob(3, bytes).step();
  return true;
}

RunRecord read_run(Database& database, std::int64_t row, RecordParts parts) {
  try {
    RunRecord record = read_summary(database, row);
    if (parts != RecordParts::summary) record.trace = read_trace(database, row);
    if (parts == RecordParts::everything) {
      Statement arrays(database, "SELECT name, npy FROM arrays WHERE run = ?");
      for (arrays.bind(1, row); arrays.step();) record.arrays[std::string(arrays.text(0))] = arrays.blob(1);
    }
    return record;
  } catch (const StoreError&) {
    throw;
  } catch (const std::exception& error) {  // JSON, NPY, shapes: what the file holds is not what a writer writes
    throw StoreError(database.path().string(), "a whole record in row " + std::to_string(row), error.what(),
                     "move this file out of the folder and its runs will be made again");
  }
}

std::optional<std::string> read_array(Database& database, std::int64_t row, const std::string& name) {
  Statement array(database, "SELECT npy FROM arrays WHERE run = ? AND name = ?");
  array.bind(1, row).bind(2, name);
  if (!array.step()) return std::nullopt;
  return std::string(array.blob(0));
}

}  // namespace widthwise::store
