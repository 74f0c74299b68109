// The named families: from a handful of options to a list of layers.
#include <fmt/format.h>

#include "widthwise/architecture/architecture.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

using Build = Architecture (*)(const FamilyOptions&);

struct FamilyRow {
  Named named;
  Build build;
};

const std::vector<FamilyRow>& families() {
  static const std::vector<FamilyRow> rows = {
      {{"mlp", "fully connected layers of one width with an activation between them"}, mlp},
      {{"deep-linear", "the mlp without activation: a product of matrices, exactly solvable"}, deep_linear},
  };
  return rows;
}

void check_range(const char* option, Index value, Index largest) {
  if (value < 1 || value > largest)
    throw ConfigError({"", fmt::format("architecture.{}", option)}, fmt::format("a whole number in 1..{}", largest),
                      fmt::format("{}", value));
}

// Parameters of the dense layers, in floating point: large enough widths overflow no integer, they are only refused.
void check_parameters(const FamilyOptions& options) {
  const auto n = static_cast<double>(options.width), depth = static_cast<double>(options.hidden_layers);
  const double count =
      n * (static_cast<double>(options.input_dimension) + static_cast<double>(options.outputs) + (depth - 1) * n);
  if (count > static_cast<double>(ArchitectureLimits::parameters))
    throw ConfigError(
        {"", "architecture.width"},
        fmt::format("a network of at most {} parameters (16 GiB in float32)", ArchitectureLimits::parameters),
        fmt::format("{} ({} hidden layers: {:.3g} parameters)", options.width, options.hidden_layers, count));
}

std::vector<LayerSpec> fully_connected(const Architecture& a) {
  std::vector<LayerSpec> layers;
  Index incoming = a.input_dimension;
  for (int l = 1; l <= a.hidden_layers; ++l) {
    const Block block = l == 1 ? Block::input : Block::hidden;
    layers.emplace_back(Dense{incoming, a.width, l == 1 ? a.bias_input : a.bias_hidden, l, block});
    layers.emplace_back(Pointwise{a.activation, a.activation_parameter});
    incoming = a.width;
  }
  layers.emplace_back(Dense{incoming, a.outputs, a.bias_output, static_cast<int>(a.hidden_layers) + 1, Block::output});
  return layers;
}

}  // namespace

Architecture mlp(const FamilyOptions& options) {
  check_range("input_dimension", options.input_dimension, ArchitectureLimits::dimension);
  check_range("outputs", options.outputs, ArchitectureLimits::dimension);
  check_range("width", options.width, ArchitectureLimits::dimension);
  check_range("hidden_layers", options.hidden_layers, ArchitectureLimits::hidden_layers);
  check_parameters(options);
  Architecture made;
  made.family = "mlp";
  made.input_dimension = options.input_dimension;
  made.outputs = options.outputs;
  made.width = options.width;
  made.hidden_layers = options.hidden_layers;
  made.activation = options.activation.value_or("relu");
  made.activation_parameter = options.activation_parameter;
  made.bias_input = options.bias_input.value_or(false);
  made.bias_hidden = options.bias_hidden.value_or(false);
  made.bias_output = options.bias_output.value_or(false);
  made.layers = fully_connected(made);
  infer_shapes(made);
  return made;
}

Architecture deep_linear(const FamilyOptions& options) {
  if (options.activation.value_or("linear") != "linear")
    throw ConfigError({"", "architecture.activation"}, "linear (the family is deep-linear)", *options.activation,
                      "use family = \"mlp\" for a network with activations");
  FamilyOptions linear = options;
  linear.activation = "linear";
  Architecture made = mlp(linear);
  made.family = "deep-linear";
  return made;
}

Architecture make_architecture(std::string_view family, const FamilyOptions& options) {
  for (const FamilyRow& row : families())
    if (row.named.name == family) return row.build(options);
  std::vector<std::string> names;
  for (const FamilyRow& row : families()) names.push_back(row.named.name);
  throw ConfigError({"", "architecture.family"}, "a family of networks", std::string(family),
                    unknown_name_hint(family, names));
}

std::vector<Named> known_families() {
  std::vector<Named> named;
  for (const FamilyRow& row : families()) named.push_back(row.named);
  return named;
}

}  // namespace widthwise
