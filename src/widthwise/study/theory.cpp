#include "widthwise/study/theory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/crossover.h"
#include "widthwise/parameterization/outcome.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/scheme.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

constexpr double least_kernel_change = 0.3;  // at alpha* (Geiger et al. 2020, their bisection)

// Observables the outcome engine has exponents for; of those it leaves out where they vanish exactly.
constexpr std::array<const char*, 9> named{"output_size",          "output_change", "preactivation_size",
                                           "preactivation_change", "update",        "own_update",
                                           "feature_change",       "contribution",  "gradient_size"};

// How many updates the value comes after: 0, 1, or 2 for "several".
int updates_before(const ValueName& name, double steps) {
  using Point = ValueName::Point;
  double step = steps;
  if (name.point == Point::initial) step = 0;
  if (name.point == Point::at_step || name.point == Point::at_time) step = name.argument;
  return step < 1 ? 0 : step < 2 ? 1 : 2;
}

std::string theory_name(const Configuration& configuration, const Quantity& quantity) {
  if (quantity.is_optimum()) {
    if (quantity.optimum == "training.learning_rate") return "optimal_learning_rate";
    throw ConfigError({{}, "prediction.of.optimum"}, "training.learning_rate, the one optimum theory speaks of",
                      fmt::format("'{}'", quantity.optimum));
  }
  ValueName value;
  try {
    value = parse_value_name(quantity.value);
  } catch (const ConfigError&) {
    throw ConfigError({{}, "prediction.of"}, "a value of a trace, which theory has an exponent for",
                      fmt::format("'{}', a derived quantity", quantity.value), "give a number and its source instead");
  }
  const std::string observable = value.series.substr(0, value.series.find('.'));
  if (std::ranges::find(named, observable) == named.end())
    throw ConfigError({{}, "prediction.of"},
                      fmt::format("an observable theory has exponents for: {}", fmt::join(named, ", ")),
                      fmt::format("'{}'", observable), "give a number and its source instead");
  constexpr std::array<const char*, 3> when{"initial.", "first.", ""};
  return when.at(static_cast<std::size_t>(updates_before(value, configuration.number("training.steps")))) +
         value.series;
}

// What is asked of the engine for runs like these.
ClassifyRequest request_of(const Configuration& configuration) {
  if (configuration.text("start.run") != "none")
    throw ConfigError({{}, "prediction.exponent"}, "runs that begin at their initialization, of which theory speaks",
                      "runs that start from others", "give a number and its source instead");
  if (measures_first_rates(configuration))
    throw ConfigError({{}, "prediction.exponent"}, "first rates that are powers of the width, of which theory speaks",
                      "\"theory\", for parameterization.calibration = \"full\"",
                      "give a number and its source instead");
  // A convolutional network is an mlp of as many weight matrices, whose width is the number of channels.
  if (const std::string& family = configuration.text("architecture.family"); has_residual_sums(family))
    throw ConfigError({{}, "prediction.exponent"}, "a number: theory has no exponents of residual sums",
                      fmt::format("\"theory\", for family = \"{}\"", family));
  ClassifyRequest request;
  request.optimizer = parse_optimizer(configuration.text("training.optimizer"));
  request.hidden_layers = static_cast<int>(hidden_layers(configuration));
  request.activation = activation_facts(*make_activation(configuration));
  return request;
}

}  // namespace

TheoryAnswer ask_theory(const Configuration& configuration, const Quantity& quantity) {
  const ClassifyRequest request = request_of(configuration);
  const Outcome outcome = classify(make_parameterization(configuration), request);

  TheoryAnswer answer;
  const std::string name = theory_name(configuration, quantity);
  const auto found = outcome.predictions.find(name);
  if (found != outcome.predictions.end()) {
    answer.exponent = found->second.value();
    answer.reasons.push_back(fmt::format("{} ~ n^{}", name, to_string(found->second)));
  } else {
    answer.reasons.push_back(fmt::format("{} has no exponent here: it is exactly zero, or nothing is learnt", name));
  }
  answer.reasons.push_back("outcome: " + outcome.outcome);
  answer.reasons.insert(answer.reasons.end(), outcome.reasons.begin(), outcome.reasons.end());
  return answer;
}

TheoryAnswer ask_theory(const Configuration& configuration, const SearchSpec& search) {
  if (search.bisect != "training.alpha" || search.until != "final.kernel_change")
    throw ConfigError({{}, "prediction.of"},
                      "a search of training.alpha until final.kernel_change is a number, of which theory speaks",
                      fmt::format("one of {} until {}", search.bisect, search.until),
                      "give a number and its source instead");
  TheoryAnswer answer;
  const bool stops =
      !std::isnan(configuration.number("training.stop_margin")) || configuration.number("training.target_loss") > 0;
  if (!stops) {
    answer.reasons.emplace_back("alpha* is of networks that are trained until a margin or a loss is reached");
  } else if (search.equals < least_kernel_change) {
    answer.reasons.push_back(
        fmt::format("a kernel's change of {:g} lies on the lazy side, where it falls both like n^(-1/2)/alpha and "
                    "1/alpha^2: from {:g} "
                    "up alpha* has one exponent",
                    search.equals, least_kernel_change));
  } else if (const auto x = crossover_exponent(make_parameterization(configuration), request_of(configuration))) {
    answer.exponent = x->value();
    answer.reasons.push_back(
        fmt::format("alpha* ~ n^{}: there, at the largest stable rates, outputs and features both "
                    "move by order one",
                    to_string(*x)));
  } else {
    answer.reasons.emplace_back("there is no alpha at which outputs and features both move by order one");
  }
  return answer;
}

}  // namespace widthwise
