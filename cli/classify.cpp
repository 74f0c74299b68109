#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "classify.h"
#include "verbs.h"
#include "widthwise/parameterization/classify_text.h"
#include "widthwise/study/question.h"

namespace widthwise::cli {

namespace {

struct Options : Question {
  bool json = false, explain = false, rules = false;
};

template <class Map>
nlohmann::json texts(const Map& rationals) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : rationals) object[name] = to_string(value);
  return object;
}

nlohmann::json as_json(const Outcome& outcome) {
  return {{"outcome", outcome.outcome},
          {"stable", outcome.stable},
          {"trivial", outcome.trivial},
          {"regime", outcome.regime ? nlohmann::json(*outcome.regime) : nlohmann::json(nullptr)},
          {"r", to_string(outcome.r)},
          {"r_per_block", texts(outcome.r_per_block)},
          {"reasons", outcome.reasons},
          {"predictions", texts(outcome.predictions)}};
}

nlohmann::json as_json(const std::optional<Rational>& exponent) {
  return exponent ? nlohmann::json(to_string(*exponent)) : nlohmann::json(nullptr);
}

nlohmann::json as_json(const BlockExponents& block, bool has_epsilon) {
  nlohmann::json exponents = {
      {"a", to_string(block.a)}, {"b", to_string(block.b)}, {"c", to_string(block.c)}, {"d", to_string(block.d)}};
  exponents["e"] = as_json(has_epsilon ? std::optional(block.e) : std::nullopt);
  return exponents;
}

nlohmann::json as_json(const std::vector<BlockRule>& rules) {
  nlohmann::json blocks = nlohmann::json::object();
  for (const BlockRule& rule : rules)
    blocks[rule.block] = {{"written", as_json(rule.written, rule.has_epsilon)},
                          {"effective", as_json(rule.effective, rule.has_epsilon)},
                          {"preactivation", as_json(rule.preactivation)},
                          {"gradient", as_json(rule.gradient)},
                          {"move", as_json(rule.move)},
                          {"decay_share", as_json(rule.decay_share)},
                          {"reason", rule.reason}};
  return blocks;
}

std::string answer(const Options& options) {
  if (options.explain) {
    const std::vector<BlockRule> rules = block_rules(options);
    return options.json ? as_json(rules).dump(2) : rules_text(rules);
  }
  const Outcome outcome = classify(options);
  return options.json ? as_json(outcome).dump(2) : classify_text(outcome);
}

void classify_abc(const Options& options) {
  if (options.rules) {
    fmt::print("{}", rules_table());
    return;
  }
  try {
    fmt::print("{}\n", answer(options));
  } catch (const ConfigError& error) {
    throw about_option(error);
  }
}

}  // namespace

ConfigError about_option(const ConfigError& error) {
  const std::string& key = error.place().key;
  std::string option = "--" + key.substr(key.rfind('.') + 1);
  std::replace(option.begin(), option.end(), '_', '-');
  return {{"command line", option}, error.expected(), error.got(), error.hint()};
}

void add_classify(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("classify", "What exponents lead to as the width grows, and why");
  verb->require_subcommand(1);
  verb->footer("Example: widthwise classify abc --scheme mup --hidden-layers 3 --optimizer adam");
  auto* abc = verb->add_subcommand("abc",
                                   "Exponents a, b, c a block: multiplier n^-a, initial size n^-b, rate n^-c; also e, "
                                   "d: epsilon n^-e, weight decay n^-d");
  auto options = std::make_shared<Options>();
  abc->add_option("--scheme", options->scheme, "A named parameterization (widthwise list schemes)");
  abc->add_option("--input", options->input, "a,b,c or a,b,c,e,d of the input block, for example 0,0,0");
  abc->add_option("--hidden", options->hidden, "The same of the hidden blocks, for example 1/2,0,0");
  abc->add_option("--output", options->output, "The same of the output block");
  abc->add_option("--first-rates", options->first_rates,
                  "With those, exponents c of the input, hidden and output block in the first update");
  abc->add_option("--homogeneity", options->homogeneity,
                  "The degree in the first rates of ip-llr; own: the activation's")
      ->capture_default_str();
  abc->add_option("--hidden-layers", options->hidden_layers, "L, the number of hidden layers")->capture_default_str();
  abc->add_option("--optimizer", options->optimizer, "The update rule (widthwise list optimizers)")
      ->capture_default_str();
  abc->add_option("--activation", options->activation, "The nonlinearity")->capture_default_str();
  abc->add_flag("--epsilon", options->epsilon, "Count epsilon, of the rules that have one, by its exponent e");
  abc->add_flag("--weight-decay", options->weight_decay, "Count weight decay by its exponent d");
  auto* const explain =
      abc->add_flag("--explain", options->explain, "The exponents block by block, as written and effective, and why");
  abc->add_flag("--rules", options->rules, "The table of docs/rules.md: named schemes under every rule, as Markdown");
  for (const char* const other : {"--epsilon", "--weight-decay", "--rules"}) explain->excludes(abc->get_option(other));
  abc->add_flag("--json", options->json, "As JSON");
  abc->footer(
      "Example: widthwise classify abc --hidden-layers 3 --optimizer sgd --input=0,0,0 --hidden=1/2,0,0 "
      "--output=1/2,0,0");
  abc->callback([options] { classify_abc(*options); });
  add_classify_two_layer(*verb);
}

}  // namespace widthwise::cli
