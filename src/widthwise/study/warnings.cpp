#include "widthwise/study/warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/parameterization/outcome.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/derived.h"
#include "widthwise/study/limit_run.h"
#include "widthwise/study/scheme.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

// A run as theory sees it.
struct Asked {
  std::string scheme, activation;
  Parameterization exponents;
  ClassifyRequest request;

  std::string where() const {
    return fmt::format("{} with {} hidden layer{}", scheme, request.hidden_layers,
                       request.hidden_layers == 1 ? "" : "s");
  }
};

std::string power(const std::optional<Rational>& exponent) {
  return exponent ? "n^(" + to_string(*exponent) + ")" : "exactly 0";
}

std::optional<Rational> of(const Outcome& outcome, const std::string& name) {
  const auto found = outcome.predictions.find(name);
  return found == outcome.predictions.end() ? std::nullopt : std::optional(found->second);
}

// The largest move of a preactivation or the output in the first update.
Rational largest_first_update(const Outcome& outcome, int hidden_layers) {
  Rational largest = of(outcome, "first.update.1").value_or(0);
  for (int l = 2; l <= hidden_layers + 1; ++l)
    largest = std::max(largest, of(outcome, fmt::format("first.update.{}", l)).value_or(largest));
  return largest;
}

void add_uncentred(const Asked& asked, std::vector<std::string>& out) {
  if (asked.request.activation.centred) return;
  ClassifyRequest centred = asked.request;
  centred.activation.centred = true;
  const Outcome own = classify(asked.exponents, asked.request), other = classify(asked.exponents, centred);
  std::vector<std::string> changes;
  if (own.outcome != other.outcome)
    changes.push_back(fmt::format("the outcome is {}, not {}", own.outcome, other.outcome));
  for (const auto& [name, words] : {std::pair("initial.output_size", "f_0 is"),
                                    std::pair("first.output_change", "the first update changes the output by")}) {
    const auto one = of(own, name), without = of(other, name);
    if (one != without) changes.push_back(fmt::format("{} {}, not {}", words, power(one), power(without)));
  }
  if (changes.empty()) return;
  out.push_back(fmt::format("phi(0) != 0 for {}: features do not vanish with the width. Under {} {}.", asked.activation,
                            asked.where(), fmt::join(changes, ", ")));
  if (asked.exponents.first_steps == 0 || own.stable) return;
  const Rational excess = largest_first_update(own, asked.request.hidden_layers);
  if (excess > 0)
    out.back() += fmt::format(" Its first rates are too large, by n^({}) in some layer.", to_string(excess));
}

void add_degree(const Asked& asked, const std::string& homogeneity, std::vector<std::string>& out) {
  const std::optional<int>& own = asked.request.activation.homogeneity;
  if (homogeneity == "own" || !asked.request.activation.centred || own == std::stoi(homogeneity)) return;
  const Outcome outcome = classify(asked.exponents, asked.request);
  const auto after = of(outcome, "first.output_size");
  if (after == Rational(0) && outcome.stable) return;
  const std::string what =
      own ? fmt::format("parameterization.homogeneity = {} is not the degree {} of {}", homogeneity, *own,
                        asked.activation)
          : fmt::format("{} has no degree of homogeneity, parameterization.homogeneity = {} is one", asked.activation,
                        homogeneity);
  out.push_back(fmt::format("{}: after the first update of {} the output is {}{}.", what, asked.where(), power(after),
                            outcome.stable ? ", not of order one" : " and the outcome unstable"));
}

void add_decay(const Asked& asked, std::vector<std::string>& out) {
  ClassifyRequest counted = asked.request;
  counted.weight_decay = true;
  const Outcome outcome = classify(asked.exponents, counted);
  const bool divided = decay_is_divided(asked.request.optimizer);
  for (int l = 1; l <= asked.request.hidden_layers + 1; ++l) {
    const auto ratio = of(outcome, fmt::format("initial.decay_ratio.{}", l));
    if (!ratio || *ratio <= 0) continue;
    out.push_back(
        fmt::format("Weight decay of W_{}, under {}: {} grows as n^({}).", l, asked.where(),
                    divided ? "what it adds to the gradient, over that," : "the share of the weight it takes in a step",
                    to_string(*ratio)));
    return;
  }
}

bool is_integrable(const std::string& scheme) {
  return scheme == "integrable" ||
         std::ranges::any_of(known_integrable_schemes(), [&](const Named& row) { return row.name == scheme; });
}

// No warning depends on a seed, and grids of them are large.
Sweep of_one_draw(Sweep sweep) {
  for (Axis& axis : sweep.axes)
    if (is_seed_axis(axis.key) && tied_axes(sweep, axis.key).empty()) axis.values.resize(1);
  return sweep;
}

}  // namespace

std::vector<std::string> warnings(const Configuration& run) {
  std::vector<std::string> out;
  if (has_residual_sums(run.text("architecture.family")) || is_limit_run(run)) return out;
  const std::string& scheme = run.text("parameterization.name");
  const bool decays = run.number("training.weight_decay") > 0 && run.text("parameterization.decay_exponents") != "none";
  if (!is_integrable(scheme) && !decays) return out;
  const auto activation = make_activation(run);
  const Asked asked{scheme,
                    std::string(activation->name()),
                    make_parameterization(run),
                    {parse_optimizer(run.text("training.optimizer")), static_cast<int>(hidden_layers(run)),
                     activation_facts(*activation)}};
  const bool by_exponents = !measures_first_rates(run);  // else a layer's update is as large as calibration makes it
  if (is_integrable(scheme) && by_exponents) add_uncentred(asked, out);
  if (depends_on_degree(scheme) && by_exponents) add_degree(asked, run.text("parameterization.homogeneity"), out);
  if (decays) add_decay(asked, out);
  return out;
}

std::vector<std::string> warnings(const Study& study) {
  std::vector<std::string> out;
  std::set<std::string> said;
  for (const Sweep& sweep : study.sweeps)
    for (const GridPoint& point : expand(study, of_one_draw(sweep)))
      for (std::string& sentence : warnings(point.configuration))
        if (said.insert(sentence).second) out.push_back(std::move(sentence));
  return out;
}

}  // namespace widthwise
