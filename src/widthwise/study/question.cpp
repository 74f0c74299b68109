#include "widthwise/study/question.h"

#include "widthwise/activation/activation.h"
#include "widthwise/base/error.h"
#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

Parameterization parameterization(const Question& question, OptimizerKind optimizer) {
  const bool triples = !question.input.empty() || !question.hidden.empty() || !question.output.empty();
  if (!question.scheme.empty()) {
    if (triples) throw ConfigError({{}, "scheme"}, "either scheme or input, hidden, output", "both");
    if (!question.first_rates.empty())
      throw ConfigError({{}, "first_rates"}, "input, hidden and output beside it", "scheme = " + question.scheme);
    SchemeFacts facts{question.hidden_layers};
    if (depends_on_degree(question.scheme))
      facts.homogeneity = parse_homogeneity(question.homogeneity, *make_activation(question.activation));
    return named_scheme(question.scheme, optimizer, facts);
  }
  if (question.input.empty() || question.output.empty() || (question.hidden.empty() && question.hidden_layers > 1))
    throw ConfigError({{}, "scheme"}, "scheme, or exponents a,b,c or a,b,c,e,d for input, hidden and output",
                      triples ? "only some of the three" : "neither",
                      "example: input 0,0,0, hidden 1/2,0,0, output 1/2,0,0");
  Parameterization scheme =
      custom_scheme(parse_block_exponents(question.input, "input"),
                    question.hidden.empty() ? BlockExponents{} : parse_block_exponents(question.hidden, "hidden"),
                    parse_block_exponents(question.output, "output"), optimizer);
  if (!question.first_rates.empty()) set_first_rates(scheme, question.first_rates, "", 1);
  return scheme;
}

// A setting by its name here: "architecture.hidden_layers" is hidden_layers, "parameterization.name" is scheme.
std::string member(const std::string& key) {
  return key == "parameterization.name" ? "scheme" : key.substr(key.rfind('.') + 1);
}

// What `ask` answers of the parameterization and request that the question names.
template <class Ask>
auto answer(const Question& question, const Ask& ask) {
  try {
    const OptimizerKind optimizer = parse_optimizer(question.optimizer);
    const ClassifyRequest request{optimizer, question.hidden_layers,
                                  activation_facts(*make_activation(question.activation)), question.epsilon,
                                  question.weight_decay};
    return ask(parameterization(question, optimizer), request);
  } catch (const ConfigError& error) {
    throw ConfigError({{}, member(error.place().key)}, error.expected(), error.got(), error.hint());
  }
}

}  // namespace

Outcome classify(const Question& question) {
  return answer(question, [](const Parameterization& exponents, const ClassifyRequest& request) {
    return classify(exponents, request);
  });
}

std::vector<BlockRule> block_rules(const Question& question) {
  return answer(question, [](const Parameterization& exponents, const ClassifyRequest& request) {
    return block_rules(exponents, request);
  });
}

}  // namespace widthwise
