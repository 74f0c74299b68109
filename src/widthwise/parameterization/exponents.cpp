#include "widthwise/parameterization/exponents.h"

#include <algorithm>
#include <array>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

// A step of all entries of a weight by n^-q moves the preactivation by n^(reach - q), for features of order one.
BlockExponents bias_beside(const BlockExponents& weight, int reach, OptimizerKind optimizer) {
  BlockExponents bias;
  const Rational multiplier = forgets_size(optimizer) ? weight.a : weight.a + weight.a;
  bias.c = multiplier + weight.c - reach;
  bias.e = weight.e - weight.a;
  return bias;
}

const BlockExponents& of_hidden_layer(const std::vector<BlockExponents>& layers, int layer, int hidden_layers) {
  if (layers.size() != static_cast<std::size_t>(hidden_layers - 1))
    throw ConfigError({"", "parameterization.hidden_layers"},
                      std::to_string(hidden_layers - 1) + " entries, one a hidden matrix",
                      std::to_string(layers.size()));
  return layers[static_cast<std::size_t>(layer - 2)];
}

}  // namespace

InitLaw parse_init_law(std::string_view name) {
  if (name == "normal") return InitLaw::normal;
  if (name == "uniform") return InitLaw::uniform;
  throw ConfigError({"", "parameterization.init_law"}, "normal or uniform", "'" + std::string(name) + "'",
                    unknown_name_hint(name, {"normal", "uniform"}));
}

const BlockExponents& Exponents::weight(int layer, int hidden_layers_count) const {
  if (layer == 1) return input;
  if (layer == hidden_layers_count + 1) return output;
  return hidden_layers.empty() ? hidden : of_hidden_layer(hidden_layers, layer, hidden_layers_count);
}

const BlockExponents& Exponents::bias(int layer, int hidden_layers_count) const {
  if (layer == 1) return input_bias;
  if (layer == hidden_layers_count + 1) return output_bias;
  return hidden_biases.empty() ? hidden_bias : of_hidden_layer(hidden_biases, layer, hidden_layers_count);
}

void move_biases_with_preactivations(Exponents& exponents, OptimizerKind optimizer) {
  exponents.input_bias = bias_beside(exponents.input, 0, optimizer);
  exponents.hidden_bias = bias_beside(exponents.hidden, optimizer == OptimizerKind::muon ? 0 : 1, optimizer);
  exponents.output_bias = bias_beside(exponents.output, 1, optimizer);
}

BlockExponents parse_block_exponents(std::string_view text, std::string_view key) {
  BlockExponents block;
  const std::array<Rational*, 5> exponents = {&block.a, &block.b, &block.c, &block.e, &block.d};
  const auto count = static_cast<std::size_t>(std::ranges::count(text, ',')) + 1;
  if (count != 3 && count != exponents.size())
    throw ConfigError({"", std::string(key)}, "exponents a,b,c such as 1/2,0,0, or a,b,c,e,d such as 0,1/2,1,1,-1",
                      "'" + std::string(text) + "'");
  for (std::size_t i = 0; i < count; ++i) {
    const auto comma = text.find(',');
    *exponents[i] = parse_rational(text.substr(0, comma), key);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return block;
}

}  // namespace widthwise
