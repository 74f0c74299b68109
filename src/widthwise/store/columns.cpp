#include "widthwise/store/columns.h"

#include <fmt/format.h>

#include <cmath>

namespace widthwise::store {
namespace {

std::string number(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{}", value);
}

}  // namespace

const std::vector<std::string>& fixed_columns() {
  static const std::vector<std::string> columns = {"identity", "status", "last_step", "seconds", "reason"};
  return columns;
}

std::map<std::string, std::string> columns_of(const RunRecord& run) {
  std::map<std::string, std::string> columns = flat_configuration(run);
  for (const auto& [name, value] : run.finals) columns["final." + name] = number(value);
  for (const auto& [name, value] : run.provenance) columns["provenance." + name] = value;
  columns["identity"] = run.identity;
  columns["status"] = run.status;
  columns["last_step"] = std::to_string(run.last_step);
  columns["seconds"] = number(run.seconds);
  columns["reason"] = run.reason;
  return columns;
}

}  // namespace widthwise::store
