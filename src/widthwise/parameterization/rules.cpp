#include "widthwise/parameterization/rules.h"

#include <fmt/format.h>

#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/parameterization/propagate.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {

namespace {

std::optional<Rational> exponent_of(const Size& size) {
  return size.zero() ? std::nullopt : std::optional(size.exponent());
}

std::string of_size(const std::optional<Rational>& exponent) {
  if (!exponent) return "exactly zero";
  return *exponent == 0 ? "of order one" : "of size n^(" + to_string(*exponent) + ")";
}

std::string by_size(const std::optional<Rational>& exponent) {
  if (!exponent) return "not at all";
  return *exponent == 0 ? "by order one" : "by n^(" + to_string(*exponent) + ")";
}

std::string rate_reason(const BlockRule& rule, bool orthogonal, OptimizerKind optimizer) {
  const std::optional<Rational>& first = rule.effective.c_first;
  const std::string rates = of_size(-first.value_or(rule.effective.c)) + (first ? " in the first update" : "");
  const std::string moves =
      first ? fmt::format("it moves it {}; later rates are {}", by_size(rule.move), of_size(-rule.effective.c))
            : fmt::format("a step moves it {}", by_size(rule.move));
  if (orthogonal) return fmt::format("Steps along orthogonal factors at rates {}: {}.", rates, moves);
  if (forgets_size(optimizer)) return fmt::format("Steps with entries {}, whatever the gradients: {}.", rates, moves);
  return fmt::format("Gradients {} at rates {}: {}.", of_size(rule.gradient), rates, moves);
}

std::string epsilon_reason(const BlockRule& rule) {
  if (!rule.has_epsilon) return {};
  const std::string epsilon = of_size(-rule.effective.e), gradients = of_size(rule.gradient);
  if (rule.gradient == -rule.effective.e) return fmt::format(" Epsilon is {}, as the gradients are.", epsilon);
  const bool above = !rule.gradient || *rule.gradient < -rule.effective.e;
  return fmt::format(" Epsilon is {} though gradients are {}: at very large widths it {}.", epsilon, gradients,
                     above ? "takes over" : "no longer matters");
}

std::string decay_reason(const BlockRule& rule, OptimizerKind optimizer) {
  const std::string share = rule.decay_share == Rational(0)
                                ? "the same share of the weight a step at every width"
                                : fmt::format("a share {} of the weight a step", of_size(rule.decay_share));
  if (!decay_is_divided(optimizer)) return fmt::format(" Decay takes {}.", share);
  const Rational pull = -(rule.effective.d + rule.effective.b);
  if (rule.gradient == pull)
    return fmt::format(" Decay times weight is {}, as the gradients are, and takes {}.", of_size(pull), share);
  const bool above = !rule.gradient || *rule.gradient < pull;
  return fmt::format(" Decay times weight is {} though gradients are {}{}, it takes {}.", of_size(pull),
                     of_size(rule.gradient), above ? ": at very large widths steps are all decay; before" : "", share);
}

// Rate times decay, divided by the gradient where decay goes through that division.
std::optional<Rational> decay_share(const BlockRule& rule, OptimizerKind optimizer) {
  const Rational product = -(rule.effective.c + rule.effective.d);
  if (!decay_is_divided(optimizer)) return product;
  if (!rule.gradient) return std::nullopt;
  return product - *rule.gradient;
}

std::string cell(const BlockRule& rule, const Rational& epsilon) {
  return rule.has_epsilon ? to_string(epsilon) : "-";
}

std::string cell(const std::optional<Rational>& exponent) {
  return exponent ? to_string(*exponent) : "-";
}

// Matrix by matrix, for there rates depend on it.
std::string integrable_rows(const std::string& scheme, int hidden_layers) {
  constexpr auto sgd = OptimizerKind::sgd;
  const Parameterization exponents = named_scheme(scheme, sgd, {hidden_layers, 1});
  const Propagation sizes = propagate(effective_network(exponents, sgd, hidden_layers, {}));
  std::string rows;
  for (int l = 1; l <= hidden_layers + 1; ++l) {
    const BlockExponents weight = effective_form(exponents.width.weight(l, hidden_layers), sgd);
    const BlockExponents bias = effective_form(exponents.width.bias(l, hidden_layers), sgd);
    const auto layer = static_cast<std::size_t>(l);
    rows += fmt::format(
        "| {} | W_{} | {} | {} | {} | {} | {} | {} | {} | {} |\n", scheme, l, to_string(weight.b),
        to_string(weight.c_first.value_or(weight.c)), to_string(weight.c), to_string(bias.c_first.value_or(bias.c)),
        to_string(bias.c), cell(exponent_of(sizes.initial.preactivation[layer])),
        cell(exponent_of(weight_gradient(sizes.initial, l))), cell(exponent_of(sizes.first.update[layer])));
  }
  return rows;
}

}  // namespace

std::vector<BlockRule> block_rules(const Parameterization& parameterization, const ClassifyRequest& request) {
  check(request);
  const int last = request.hidden_layers + 1;
  const EffectiveNetwork network =
      effective_network(parameterization, request.optimizer, request.hidden_layers, request.activation);
  const Propagation sizes = propagate(network);

  std::vector<BlockRule> rules;
  for (const auto& [block, layer] : {std::pair("input", 1), std::pair("hidden", 2), std::pair("output", last)}) {
    const bool hidden = block == std::string_view("hidden");
    if (hidden && request.hidden_layers == 1) continue;
    const bool orthogonal = hidden && network.muon;
    BlockRule rule;
    rule.block = block;
    rule.written = parameterization.width.weight(layer, request.hidden_layers);
    rule.effective = effective_form(rule.written, request.optimizer);
    rule.has_epsilon = forgets_size(request.optimizer) && !orthogonal;
    const auto l = static_cast<std::size_t>(layer);
    rule.preactivation = exponent_of(sizes.initial.preactivation[l]);
    rule.gradient = exponent_of(weight_gradient(sizes.initial, layer));
    rule.move = exponent_of(sizes.small_rate.update[l]);
    rule.decay_share = decay_share(rule, request.optimizer);
    rule.reason = fmt::format("Entries {} make {} {}. {}{}{}", of_size(-rule.effective.b),
                              layer == last ? "the output" : fmt::format("the preactivation W_{} x", layer),
                              of_size(rule.preactivation), rate_reason(rule, orthogonal, request.optimizer),
                              epsilon_reason(rule), decay_reason(rule, request.optimizer));
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string rules_text(const std::vector<BlockRule>& rules) {
  std::string text =
      "Exponents x of n^-x: multiplier a, initial size b, rate c, epsilon e, weight decay d; then of the effective "
      "weight.\n\n";
  text += fmt::format("  {:8}{:>6}{:>6}{:>6}{:>6}{:>6}  {:>8}{:>8}{:>9}{:>7}\n", "", "a", "b", "c", "e", "d", "size",
                      "rate", "epsilon", "decay");
  for (const BlockRule& rule : rules)
    text += fmt::format("  {:8}{:>6}{:>6}{:>6}{:>6}{:>6}  {:>8}{:>8}{:>9}{:>7}\n", rule.block,
                        to_string(rule.written.a), to_string(rule.written.b), to_string(rule.written.c),
                        cell(rule, rule.written.e), to_string(rule.written.d), to_string(rule.effective.b),
                        to_string(rule.effective.c), cell(rule, rule.effective.e), to_string(rule.effective.d));
  text += "\nBecause:\n";
  for (const BlockRule& rule : rules) text += fmt::format("  - {}: {}\n", rule.block, rule.reason);
  text.pop_back();
  return text;
}

std::string rules_table() {
  std::string table;
  for (const char* scheme : {"standard", "ntk", "mup", "mean-field"}) {
    table += fmt::format(
        "{}## {}\n\n| optimizer | block | a | b | c | e | d | size | rate | epsilon | decay | gradient | move | share "
        "|\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        table.empty() ? "" : "\n", scheme);
    for (const OptimizerKind optimizer :
         {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop, OptimizerKind::muon})
      for (const BlockRule& rule : block_rules(named_scheme(scheme, optimizer), {optimizer, 3, {}}))
        table +=
            fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                        optimizer_name(optimizer), rule.block, to_string(rule.written.a), to_string(rule.written.b),
                        to_string(rule.written.c), cell(rule, rule.written.e), to_string(rule.written.d),
                        to_string(rule.effective.b), to_string(rule.effective.c), cell(rule, rule.effective.e),
                        to_string(rule.effective.d), cell(rule.gradient), cell(rule.move), cell(rule.decay_share));
  }
  table +=
      "\n## integrable schemes\n\n| scheme | matrix | size | first rate | rate | bias: first rate | bias: rate | "
      "preactivation | gradient | first move |\n|---|---|---|---|---|---|---|---|---|---|\n";
  table += integrable_rows("integrable", 3);
  for (const Named& scheme : known_integrable_schemes()) table += integrable_rows(scheme.name, 3);
  return table;
}

}  // namespace widthwise
