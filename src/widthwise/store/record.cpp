#include "widthwise/store/record.h"

#include <nlohmann/json.hpp>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

void flatten(const nlohmann::json& value, const std::string& key, std::map<std::string, std::string>& out) {
  if (value.is_object() && !(value.empty() && !key.empty())) {
    for (const auto& [name, inner] : value.items()) flatten(inner, key.empty() ? name : key + "." + name, out);
  } else {
    out[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}

}  // namespace

std::map<std::string, std::string> flat_configuration(const RunRecord& record) {
  const auto parsed = nlohmann::json::parse(record.configuration, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object())
    throw StoreError("run " + record.identity, "a configuration that is a JSON object",
                     "'" + record.configuration.substr(0, 60) + "'");
  std::map<std::string, std::string> out;
  flatten(parsed, "", out);
  return out;
}

}  // namespace widthwise
