#include "widthwise/parameterization/schemes.h"

#include <algorithm>
#include <array>
#include <string>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/integrable_schemes.h"

namespace widthwise {

namespace {

using Triple = std::array<Rational, 3>;  // input, hidden, output

const Rational half(1, 2);

struct Row {
  const char* name;
  const char* sentence;
  Triple a, b, c, adam_c;
  Triple adam_epsilon;    // of the effective weight: e - a
  bool one_rate = false;  // everywhere, biases included
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"standard",
       "initial sizes 1/sqrt(fan in), one rate everywhere: what frameworks do by default",
       {0, 0, 0},
       {0, half, half},
       {0, 0, 0},
       {0, 0, 0},
       {0, 0, 0},
       true},
      {"ntk",
       "tangent-kernel parameterization: wide networks become linear in their parameters (Jacot et al. 2018)",
       {0, half, half},
       {0, 0, 0},
       {0, 0, 0},
       {half, 1, half},
       {half, half, 0}},
      {"mup",
       "maximal update: every layer learns features at every width (Yang and Hu 2021)",
       {-half, 0, half},
       {half, half, half},
       {0, 0, 0},
       {half, 1, half},
       {1, 1, 0}},
      {"mean-field",
       "mup written with initial weights of order one; with one hidden layer the mean-field limit",
       {0, half, 1},
       {0, 0, 0},
       {-1, -1, -1},
       {0, half, 0},
       {1, 1, 0}},
      {"integrable",
       "1/n in every layer with mean-field rates (Hajjar, Chizat and Giraud 2021): deep ones are stuck",
       {0, 1, 1},
       {0, 0, 0},
       {-1, -2, -1},
       {0, 0, 0},
       {1, 1, 0}},
  };
  return table;
}

BlockExponents block(const Row& row, std::size_t i, OptimizerKind optimizer) {
  BlockExponents exponents;
  exponents.a = row.a[i];
  exponents.b = row.b[i];
  exponents.c = forgets_size(optimizer) ? row.adam_c[i] : row.c[i];
  if (forgets_size(optimizer)) exponents.e = row.adam_epsilon[i] + row.a[i];
  if (optimizer == OptimizerKind::muon && i == 1 && !row.one_rate) exponents.c -= 1;
  return exponents;
}

// Decay takes the same share of a weight per step at all widths; where it is divided with the gradient, which scales as
// epsilon, it stays the same share of that.
Rational decay_exponent(const BlockExponents& block, OptimizerKind optimizer) {
  return decay_is_divided(optimizer) ? block.e - block.b : -block.c;
}

// One a block.
Triple parse_three(std::string_view text, std::string_view key) {
  if (std::ranges::count(text, ',') != 2)
    throw ConfigError({"", std::string(key)}, "exponents of the input, hidden and output block such as -2,-5/2,-2",
                      "'" + std::string(text) + "'");
  const BlockExponents read = parse_block_exponents(text, key);
  return {read.a, read.b, read.c};
}

void set_first(std::string_view text, std::string_view key, const std::array<BlockExponents*, 3>& blocks) {
  const Triple exponents = parse_three(text, key);
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i]->c_first = exponents[i];
}

}  // namespace

Parameterization named_scheme(std::string_view name, OptimizerKind optimizer, const SchemeFacts& facts) {
  for (const Row& row : rows()) {
    if (name != row.name) continue;
    Parameterization scheme =
        custom_scheme(block(row, 0, optimizer), block(row, 1, optimizer), block(row, 2, optimizer), optimizer);
    scheme.name = row.name;
    if (row.one_rate) scheme.width.input_bias = scheme.width.hidden_bias = scheme.width.output_bias = {};
    for (BlockExponents* exponents : {&scheme.width.input, &scheme.width.hidden, &scheme.width.output,
                                      &scheme.width.input_bias, &scheme.width.hidden_bias, &scheme.width.output_bias})
      if (!row.one_rate) exponents->d = decay_exponent(*exponents, optimizer);
    return scheme;
  }
  if (auto scheme = integrable_scheme(name, optimizer, facts)) return *scheme;
  std::vector<std::string> names;
  for (const Named& known : known_schemes()) names.push_back(known.name);
  throw ConfigError({"", "parameterization.name"}, "a parameterization", "'" + std::string(name) + "'",
                    unknown_name_hint(name, names));
}

std::vector<Named> known_constant_schemes() {
  std::vector<Named> known;
  for (const Row& row : rows()) known.push_back({row.name, row.sentence});
  return known;
}

std::vector<Named> known_schemes() {
  std::vector<Named> known = known_constant_schemes();
  for (const Named& scheme : known_integrable_schemes()) known.push_back(scheme);
  return known;
}

Parameterization custom_scheme(const BlockExponents& input, const BlockExponents& hidden, const BlockExponents& output,
                               OptimizerKind optimizer) {
  Parameterization scheme;
  scheme.width.input = input;
  scheme.width.hidden = hidden;
  scheme.width.output = output;
  move_biases_with_preactivations(scheme.width, optimizer);
  return scheme;
}

void set_first_rates(Parameterization& scheme, std::string_view weights, std::string_view biases,
                     std::int64_t first_steps) {
  scheme.first_steps = first_steps;
  set_first(weights, "parameterization.first_rates", {&scheme.width.input, &scheme.width.hidden, &scheme.width.output});
  if (!biases.empty())
    set_first(biases, "parameterization.first_bias_rates",
              {&scheme.width.input_bias, &scheme.width.hidden_bias, &scheme.width.output_bias});
}

void set_decay_exponents(Parameterization& scheme, std::string_view weights) {
  const Triple exponents = parse_three(weights, "parameterization.decay_exponents");
  Exponents& width = scheme.width;
  const auto set = [](const Rational& d, BlockExponents& block, std::vector<BlockExponents>& layers,
                      BlockExponents& bias, std::vector<BlockExponents>& layer_biases) {
    const Rational change = d - block.d;
    block.d = d;
    bias.d += change;
    for (BlockExponents& layer : layers) layer.d = d;
    for (BlockExponents& layer : layer_biases) layer.d += change;
  };
  std::vector<BlockExponents> none;
  set(exponents[0], width.input, none, width.input_bias, none);
  set(exponents[1], width.hidden, width.hidden_layers, width.hidden_bias, width.hidden_biases);
  set(exponents[2], width.output, none, width.output_bias, none);
}

void set_depth_rate_exponents(Parameterization& scheme, std::string_view text) {
  const Triple exponents = parse_three(text, "parameterization.depth_rate_exponents");
  Exponents& depth = scheme.depth;
  depth.input.c = depth.input_bias.c = exponents[0];
  depth.hidden.c = depth.hidden_bias.c = exponents[1];
  depth.output.c = depth.output_bias.c = exponents[2];
}

}  // namespace widthwise
