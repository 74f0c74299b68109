#include "widthwise/store/record.h"

#include <nlohmann/json.hpp>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

constexpr int deepest = 100;  // tables in tables; a configuration has two, and writing JSON out takes stack for each

/// The JSON of `text`; not an object where it is none, nested too deeply included.
nlohmann::json parse_shallow(const std::string& text) {
  bool too_deep = false;
  const auto look = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  auto parsed = nlohmann::json::parse(text, look, /*allow_exceptions=*/false);
  return too_deep ? nlohmann::json() : parsed;
}

void flatten(const nlohmann::json& value, const std::string& key, std::map<std::string, std::string>& out) {
  if (value.is_object() && !(value.empty() && !key.empty())) {
    for (const auto& [name, inner] : value.items())
      flatten(inner, key.empty() ? name : std::string(key).append(".").append(name), out);
  } else {
    out[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}

}  // namespace

std::map<std::string, std::string> flat_configuration(const RunRecord& record) {
  const auto parsed = parse_shallow(record.configuration);
  if (!parsed.is_object())
    throw StoreError("run " + record.identity, "a configuration that is a JSON object",
                     "'" + record.configuration.substr(0, 60) + "'");
  std::map<std::string, std::string> out;
  flatten(parsed, "", out);
  return out;
}

}  // namespace widthwise
