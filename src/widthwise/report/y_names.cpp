#include "widthwise/report/y_names.h"

#include <algorithm>
#include <cctype>

namespace widthwise::report {
namespace {

// Length of the beginning that all names share, up to and with a dot.
std::size_t shared_prefix(const std::vector<std::string>& names) {
  std::size_t length = names.front().size();
  for (const std::string& name : names) {
    const auto ends = std::mismatch(name.begin(), name.end(), names.front().begin(), names.front().end());
    length = std::min(length, static_cast<std::size_t>(ends.first - name.begin()));
  }
  const std::size_t dot = length == 0 ? std::string::npos : names.front().rfind('.', length - 1);
  return dot == std::string::npos ? 0 : dot + 1;
}

bool is_count(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

}  // namespace

QuantityNames short_names(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  if (names.size() == 1) return {names.front(), {""}, false};
  const std::size_t prefix = shared_prefix(names);
  QuantityNames result;
  if (prefix > 0) result.shared = names.front().substr(0, prefix - 1);
  for (const std::string& name : names) result.labels.push_back(name.substr(prefix));
  result.layers = prefix > 0 && std::all_of(result.labels.begin(), result.labels.end(), is_count);
  return result;
}

}  // namespace widthwise::report
