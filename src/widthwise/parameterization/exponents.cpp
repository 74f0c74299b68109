#include "widthwise/parameterization/exponents.h"

#include <array>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr std::array<std::string_view, 3> kOptimizers = {"sgd", "momentum", "adam"};

BlockExponents bias_beside(const BlockExponents& weight, bool input, OptimizerKind optimizer) {
  BlockExponents bias;
  const Rational multiplier = optimizer == OptimizerKind::adam ? weight.a : weight.a + weight.a;
  bias.c = multiplier + weight.c - (input ? 0 : 1);
  bias.e = weight.e - weight.a;
  return bias;
}

}  // namespace

std::string_view optimizer_name(OptimizerKind optimizer) {
  return kOptimizers[static_cast<std::size_t>(optimizer)];
}

OptimizerKind parse_optimizer(std::string_view name) {
  for (std::size_t i = 0; i < kOptimizers.size(); ++i)
    if (name == kOptimizers[i]) return static_cast<OptimizerKind>(i);
  throw ConfigError({"", "training.optimizer"}, "an optimizer", "'" + std::string(name) + "'",
                    unknown_name_hint(name, {kOptimizers.begin(), kOptimizers.end()}));
}

InitLaw parse_init_law(std::string_view name) {
  if (name == "normal") return InitLaw::normal;
  if (name == "uniform") return InitLaw::uniform;
  throw ConfigError({"", "parameterization.init_law"}, "normal or uniform", "'" + std::string(name) + "'",
                    unknown_name_hint(name, {"normal", "uniform"}));
}

const BlockExponents& Exponents::weight(int layer, int hidden_layers_count) const {
  if (layer == 1) return input;
  if (layer == hidden_layers_count + 1) return output;
  if (hidden_layers.empty()) return hidden;
  if (hidden_layers.size() != static_cast<std::size_t>(hidden_layers_count - 1))
    throw ConfigError({"", "parameterization.hidden_layers"},
                      std::to_string(hidden_layers_count - 1) + " entries, one a hidden matrix",
                      std::to_string(hidden_layers.size()));
  return hidden_layers[static_cast<std::size_t>(layer - 2)];
}

const BlockExponents& Exponents::bias(int layer, int hidden_layers_count) const {
  if (layer == 1) return input_bias;
  return layer == hidden_layers_count + 1 ? output_bias : hidden_bias;
}

void move_biases_with_preactivations(Exponents& exponents, OptimizerKind optimizer) {
  exponents.input_bias = bias_beside(exponents.input, true, optimizer);
  exponents.hidden_bias = bias_beside(exponents.hidden, false, optimizer);
  exponents.output_bias = bias_beside(exponents.output, false, optimizer);
}

BlockExponents parse_exponent_triple(std::string_view text, std::string_view key) {
  std::array<std::string_view, 3> parts;
  std::string_view rest = text;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto comma = rest.find(',');
    const bool last = i == 2;
    if ((comma == std::string_view::npos) != last)
      throw ConfigError({"", std::string(key)}, "three exponents a,b,c such as 1/2,0,0", "'" + std::string(text) + "'");
    parts[i] = rest.substr(0, comma);
    if (!last) rest.remove_prefix(comma + 1);
  }
  BlockExponents block;
  block.a = parse_rational(parts[0], key);
  block.b = parse_rational(parts[1], key);
  block.c = parse_rational(parts[2], key);
  return block;
}

}  // namespace widthwise
