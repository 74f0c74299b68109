#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "verbs.h"
#include "widthwise/base/error.h"
#include "widthwise/parameterization/classify_text.h"
#include "widthwise/study/question.h"

namespace widthwise::cli {

namespace {

struct Options : Question {
  bool json = false;
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

// "hidden_layers" is the option --hidden-layers.
std::string option_name(std::string member) {
  std::replace(member.begin(), member.end(), '_', '-');
  return "--" + member;
}

void classify_abc(const Options& options) {
  Outcome outcome;
  try {
    outcome = classify(options);
  } catch (const ConfigError& error) {
    throw ConfigError({"command line", option_name(error.place().key)}, error.expected(), error.got(), error.hint());
  }
  fmt::print("{}\n", options.json ? as_json(outcome).dump(2) : classify_text(outcome));
}

}  // namespace

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
  abc->add_option("--hidden-layers", options->hidden_layers, "L, the number of hidden layers")->capture_default_str();
  abc->add_option("--optimizer", options->optimizer, "The update rule (widthwise list optimizers)")
      ->capture_default_str();
  abc->add_option("--activation", options->activation, "The nonlinearity")->capture_default_str();
  abc->add_flag("--epsilon", options->epsilon, "Count epsilon, of the rules that have one, by its exponent e");
  abc->add_flag("--weight-decay", options->weight_decay, "Count weight decay by its exponent d");
  abc->add_flag("--json", options->json, "As JSON");
  abc->footer(
      "Example: widthwise classify abc --hidden-layers 3 --optimizer sgd --input=0,0,0 --hidden=1/2,0,0 "
      "--output=1/2,0,0");
  abc->callback([options] { classify_abc(*options); });
}

}  // namespace widthwise::cli
