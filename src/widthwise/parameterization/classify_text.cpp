#include "widthwise/parameterization/classify_text.h"

#include <fmt/format.h>

#include <set>

namespace widthwise {

namespace {

using Predictions = std::map<std::string, Rational>;

// One line an observable: its exponents for l = 1, 2, ...; one column where it has no layers.
std::string line(const Predictions& predictions, const std::string& name) {
  std::string text = fmt::format("  {:28}", name);
  if (predictions.contains(name)) return text + fmt::format("{:>8}", to_string(predictions.at(name)));
  for (int l = 1; predictions.contains(fmt::format("{}.{}", name, l)); ++l)
    text += fmt::format("{:>8}", to_string(predictions.at(fmt::format("{}.{}", name, l))));
  return text;
}

// Names without their layer, in order.
std::set<std::string> observables(const Predictions& predictions) {
  std::set<std::string> names;
  for (const auto& [name, exponent] : predictions) {
    const auto dot = name.rfind('.');
    const bool layered = dot != std::string::npos && name.find_first_not_of("0123456789", dot + 1) == std::string::npos;
    names.insert(layered ? name.substr(0, dot) : name);
  }
  return names;
}

}  // namespace

std::string classify_text(const Outcome& outcome) {
  std::string text = fmt::format("outcome: {}", outcome.outcome);
  if (outcome.trivial && outcome.outcome == "stuck") text += " (stable, and trivial: the output does not move)";
  text += "\n\nBecause:\n";
  for (const std::string& reason : outcome.reasons) text += "  - " + reason + "\n";
  text += "\nPredicted exponents x (size n^x), layers 1, 2, ... from left to right:\n";
  for (const std::string& name : observables(outcome.predictions)) text += line(outcome.predictions, name) + "\n";
  if (!outcome.stable)
    text += "\nUnstable: exponents without \"first.\" or \"initial.\" are those of first order in the rate.\n";
  text.pop_back();
  return text;
}

}  // namespace widthwise
