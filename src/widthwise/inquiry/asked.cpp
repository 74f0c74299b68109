#include "widthwise/inquiry/asked.h"

#include <fmt/format.h>

#include <set>

#include "widthwise/base/error.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/fields.h"

namespace widthwise {

void refuse(const std::string& option, const std::string& expected, const std::string& got) {
  throw ConfigError({{}, option}, expected, got);
}

Study read_network_study(const std::filesystem::path& file, const std::string& variant,
                         const std::vector<std::pair<std::string, std::string>>& settings) {
  Study study = read_study(file, variant, settings);
  const auto kind = study.base.find("limit.kind");
  if (kind != study.base.end() && is_deep_linear_kind(to_text(kind->second)))
    throw ConfigError({file_and_line(file.string(), kind->second.line), "limit.kind"},
                      "a network with an architecture and data, to ask this of", to_text(kind->second),
                      "architecture.family = \"deep-linear\" is one; `widthwise transfer` takes theories too");
  return study;
}

Configuration configured(const Settings& base, const std::filesystem::path& file) {
  try {
    return Configuration(base);
  } catch (const ConfigError& error) {
    if (!error.place().file.empty()) throw;
    throw error.in_file(file.empty() ? "command line" : file.string());
  }
}

std::vector<std::string> sentences_on_sweeps(const Study& study, const Settings& base, const Configuration& asked,
                                             const std::function<bool(const std::string&)>& ours) {
  std::set<std::string> left;
  for (const Sweep& sweep : study.sweeps) {
    for (const auto& [key, value] : sweep.set) left.insert(key);
    for (const Axis& axis : sweep.axes) left.insert(axis.key);
  }
  std::vector<std::string> out;
  for (const std::string& key : left)
    if (!base.contains(key) && !key.starts_with("seed.") && !key.starts_with("measure.") && !ours(key))
      out.push_back(fmt::format("Only sweeps of the file set {}; asked of {}.", key, to_text(asked.at(key))));
  return out;
}

}  // namespace widthwise
