#include "widthwise/parameterization/integrable_schemes.h"

#include <fmt/format.h>

#include <string>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

const Rational half(1, 2);

// (1 + p + ... + p^(terms-1)) / 2.
Rational half_of_powers(int degree, int terms) {
  Rational sum = 0, power = 1;
  for (int k = 0; k < terms; ++k) {
    sum += power;
    if (k + 1 < terms) power = power * degree;
  }
  return half * sum;
}

Parameterization from(std::string_view base, std::string_view name, OptimizerKind optimizer) {
  Parameterization scheme = named_scheme(base, optimizer);
  scheme.name = name;
  return scheme;
}

Parameterization with_first_rates(std::string_view name, OptimizerKind optimizer, const SchemeFacts& facts) {
  if (optimizer != OptimizerKind::sgd && optimizer != OptimizerKind::momentum)
    throw ConfigError({"", "training.optimizer"},
                      fmt::format("sgd or momentum, for {}, whose first rates follow the size of gradients", name),
                      std::string(optimizer_name(optimizer)));
  if (facts.hidden_layers < 1)
    throw ConfigError({"", "architecture.hidden_layers"},
                      fmt::format("the number of hidden layers, which the first rates of {} depend on", name), "none");
  Parameterization scheme = from("integrable", name, optimizer);
  scheme.first_steps = 1;
  scheme.width.output_bias.c_first = 0;
  return scheme;
}

// Of layers 2..L, each a block of its own: c_first(l).
template <class Exponent>
std::vector<BlockExponents> hidden_blocks(const BlockExponents& block, int hidden_layers, const Exponent& c_first) {
  std::vector<BlockExponents> layers(static_cast<std::size_t>(hidden_layers - 1), block);
  for (int l = 2; l <= hidden_layers; ++l) layers[static_cast<std::size_t>(l - 2)].c_first = c_first(l);
  return layers;
}

Parameterization large_first_rates(OptimizerKind optimizer, const SchemeFacts& facts) {
  if (!facts.homogeneity || *facts.homogeneity < 1)
    throw ConfigError({"", "parameterization.homogeneity"}, "a degree p with phi(s z) = s^p phi(z), for ip-llr",
                      "an activation without one", "1 is what the authors' code takes for every activation");
  const int L = facts.hidden_layers, p = *facts.homogeneity;
  Parameterization scheme = with_first_rates("ip-llr", optimizer, facts);
  const Rational g = half_of_powers(p, L);
  scheme.width.input.c_first = scheme.width.output.c_first = scheme.width.input_bias.c_first = -(half + g);
  scheme.width.hidden.c_first = -(Rational(1) + g);
  scheme.width.hidden_biases =
      hidden_blocks(scheme.width.hidden_bias, L, [&](int l) { return -(half + g - half_of_powers(p, l - 1)); });
  return scheme;
}

Parameterization with_biases(OptimizerKind optimizer, const SchemeFacts& facts) {
  const int L = facts.hidden_layers;
  Parameterization scheme = with_first_rates("ip-bias", optimizer, facts);
  scheme.bias_std = 1;
  scheme.width.input.c_first = scheme.width.input_bias.c_first = Rational(-(L + 1), 2);
  scheme.width.output.c_first = -1;
  scheme.width.hidden_layers = hidden_blocks(scheme.width.hidden, L, [L](int l) { return Rational(-(L - l + 4), 2); });
  scheme.width.hidden_biases =
      hidden_blocks(scheme.width.hidden_bias, L, [L](int l) { return Rational(-(L - l + 2), 2); });
  return scheme;
}

Parameterization non_centered(OptimizerKind optimizer, const SchemeFacts&) {
  Parameterization scheme = from("integrable", "ip-non-centered", optimizer);
  scheme.init_mean = 1;
  return scheme;
}

Parameterization hybrid(std::string_view name, OptimizerKind optimizer, InitialPart kept) {
  if (optimizer == OptimizerKind::flow)
    throw ConfigError({"", "training.optimizer"},
                      fmt::format("a rule with steps, for {}, which changes after the first", name),
                      std::string(optimizer_name(optimizer)));
  Parameterization scheme = from("mup", name, optimizer);
  scheme.first_steps = 1;
  scheme.hidden_start = kept;
  return scheme;
}

struct Row {
  const char* name;
  const char* sentence;
  Parameterization (*make)(OptimizerKind, const SchemeFacts&);
  bool of_depth = false, of_degree = false;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"ip-llr", "integrable with one large first step, after which features of every layer are of order one",
       large_first_rates, true, true},
      {"ip-bias", "integrable with initial biases of order one, unscaled, and large first rates", with_biases, true},
      {"ip-non-centered", "integrable with initial weights of a mean that is not 0: units of a layer become alike",
       non_centered},
      {"hp", "mup whose hidden matrices after the first update keep W_0 / sqrt(n): what ip-llr tends to",
       [](OptimizerKind optimizer, const SchemeFacts&) { return hybrid("hp", optimizer, InitialPart::over_root_n); }},
      {"hpz", "mup whose hidden matrices after the first update are the update alone, without W_0",
       [](OptimizerKind optimizer, const SchemeFacts&) { return hybrid("hpz", optimizer, InitialPart::dropped); }},
  };
  return table;
}

const Row* find(std::string_view name) {
  for (const Row& row : rows())
    if (name == row.name) return &row;
  return nullptr;
}

}  // namespace

std::optional<Parameterization> integrable_scheme(std::string_view name, OptimizerKind optimizer,
                                                  const SchemeFacts& facts) {
  const Row* row = find(name);
  return row == nullptr ? std::nullopt : std::optional(row->make(optimizer, facts));
}

std::vector<Named> known_integrable_schemes() {
  std::vector<Named> known;
  for (const Row& row : rows()) known.push_back({row.name, row.sentence});
  return known;
}

bool depends_on_depth(std::string_view scheme) {
  const Row* row = find(scheme);
  return row != nullptr && row->of_depth;
}

bool depends_on_degree(std::string_view scheme) {
  const Row* row = find(scheme);
  return row != nullptr && row->of_degree;
}

}  // namespace widthwise
