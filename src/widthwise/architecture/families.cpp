// The named families: from a handful of options to a list of layers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "widthwise/architecture/architecture.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

using Build = Architecture (*)(const FamilyOptions&);

struct FamilyRow {
  Named named;
  Build build;
  bool images = false, sums = false;
};

const std::vector<FamilyRow>& families() {
  static const std::vector<FamilyRow> rows = {
      {{"mlp", "fully connected layers of one width with an activation between them"}, mlp},
      {{"cnn", "blocks of convolutions, the mean over positions, a linear readout; width is the number of channels"},
       cnn,
       true},
      {{"wide-resnet",
        "the wide residual network without batch normalization; width is its widening factor, channels are 16, 32 and "
        "64 "
        "times that"},
       wide_resnet,
       true,
       true},
      {{"residual-mlp",
        "fully connected residual blocks of one width between a read-in and a readout; depth is the number of blocks"},
       residual_mlp,
       false,
       true},
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
void check_parameters(const FamilyOptions& options, Index square_matrices) {
  const auto n = static_cast<double>(options.width);
  const double count = n * (static_cast<double>(options.input_dimension) + static_cast<double>(options.outputs) +
                            static_cast<double>(square_matrices) * n);
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

// What a fully connected family starts from.
Architecture dense_network(const char* family, const FamilyOptions& options, Index square_matrices) {
  check_range("input_dimension", options.input_dimension, ArchitectureLimits::dimension);
  check_range("outputs", options.outputs, ArchitectureLimits::dimension);
  check_range("width", options.width, ArchitectureLimits::dimension);
  check_range("hidden_layers", options.hidden_layers, ArchitectureLimits::hidden_layers);
  check_parameters(options, square_matrices);
  Architecture made;
  made.family = family;
  made.input_dimension = options.input_dimension;
  made.outputs = options.outputs;
  made.width = options.width;
  made.hidden_layers = options.hidden_layers;
  made.activation = options.activation.value_or("relu");
  made.activation_parameter = options.activation_parameter;
  made.bias_input = options.bias_input.value_or(false);
  made.bias_hidden = options.bias_hidden.value_or(false);
  made.bias_output = options.bias_output.value_or(false);
  return made;
}

}  // namespace

Architecture mlp(const FamilyOptions& options) {
  Architecture made = dense_network("mlp", options, options.hidden_layers - 1);
  made.layers = fully_connected(made);
  infer_shapes(made);
  return made;
}

BranchOrder parse_branch_order(std::string_view name) {
  if (name == "activation-first") return BranchOrder::activation_first;
  if (name == "matrix-first") return BranchOrder::matrix_first;
  throw ConfigError({"", "architecture.branch"}, "activation-first or matrix-first", "'" + std::string(name) + "'",
                    unknown_name_hint(name, {"activation-first", "matrix-first"}));
}

Architecture residual_mlp(const FamilyOptions& options) {
  if (!std::isfinite(options.branch_scale))
    throw ConfigError({"", "architecture.branch_scale"}, "a finite number", fmt::format("{}", options.branch_scale));
  Architecture made = dense_network("residual-mlp", options, options.hidden_layers);
  made.hidden_layers = options.hidden_layers + 1;
  const bool activation_first = options.branch == BranchOrder::activation_first;
  const Pointwise phi{made.activation, made.activation_parameter};
  int layer = 1;
  made.layers.emplace_back(Dense{made.input_dimension, made.width, made.bias_input, layer, Block::input});
  for (Index block = 0; block < options.hidden_layers; ++block) {
    const Dense matrix{made.width, made.width, made.bias_hidden, ++layer, Block::hidden};
    Residual sum;
    sum.branch = activation_first ? std::vector<LayerSpec>{phi, matrix} : std::vector<LayerSpec>{matrix, phi};
    sum.branch_scale = options.branch_scale;
    made.layers.emplace_back(std::move(sum));
  }
  if (activation_first) made.layers.emplace_back(phi);
  made.layers.emplace_back(Dense{made.width, made.outputs, made.bias_output, ++layer, Block::output});
  infer_shapes(made);
  return made;
}

namespace {

// What a convolutional family starts from.
Architecture image_network(const char* family, const FamilyOptions& options, bool bias) {
  const InputImage& image = options.image;
  if (image.height < 1 || image.width < 1 || image.channels < 1)
    throw ConfigError({"", "architecture.image"}, fmt::format("images, for family = \"{}\"", family),
                      "samples that are none", "set architecture.image = \"HEIGHTxWIDTHxCHANNELS\"");
  if (image.height * image.width * image.channels != options.input_dimension)
    throw ConfigError({"", "architecture.image"}, fmt::format("an image of {} numbers", options.input_dimension),
                      fmt::format("{}x{}x{}", image.height, image.width, image.channels));
  check_range("outputs", options.outputs, ArchitectureLimits::dimension);
  check_range("width", options.width, ArchitectureLimits::dimension);
  Architecture made;
  made.family = family;
  made.image = image;
  made.input_dimension = options.input_dimension;
  made.outputs = options.outputs;
  made.width = options.width;
  made.activation = options.activation.value_or("relu");
  made.activation_parameter = options.activation_parameter;
  made.bias_input = options.bias_input.value_or(bias);
  made.bias_hidden = options.bias_hidden.value_or(bias);
  made.bias_output = options.bias_output.value_or(bias);
  return made;
}

// Puts convolutions into lists, their weight matrices numbered as they come.
class Convolutions {
 public:
  explicit Convolutions(const Architecture& made) : made_{made} {}

  void add(std::vector<LayerSpec>& list, Index in, Index out, Index kernel, Index stride, Index padding, Block block) {
    Convolution one;
    one.channels_in = in;
    one.channels_out = out;
    one.kernel_height = one.kernel_width = kernel;
    one.stride = stride;
    one.padding = padding_of(padding);
    one.layer = ++count_;
    one.bias = count_ == 1 ? made_.bias_input : made_.bias_hidden;
    one.block = block;
    list.emplace_back(one);
  }
  void add_phi(std::vector<LayerSpec>& list) const {
    list.emplace_back(Pointwise{made_.activation, made_.activation_parameter});
  }
  /// The mean over positions and the readout; the network is then whole.
  void finish(Architecture& made, Index channels) {
    made.hidden_layers = count_;
    made.layers.emplace_back(GlobalPool{});
    made.layers.emplace_back(Dense{channels, made.outputs, made.bias_output, count_ + 1, Block::output});
    infer_shapes(made);
  }

 private:
  const Architecture& made_;
  int count_ = 0;
};

}  // namespace

Architecture cnn(const FamilyOptions& options) {
  const Index blocks = options.blocks == 0 ? 2 : options.blocks, kernel = options.kernel == 0 ? 5 : options.kernel;
  Architecture made = image_network("cnn", options, false);
  check_range("blocks", blocks, 100);
  check_range("convolutions", options.convolutions, 100);
  check_range("kernel", kernel, 1024);
  if (options.padding < 0 || options.padding >= kernel)
    throw ConfigError({"", "architecture.padding"},
                      fmt::format("a number of zeros in 0..{}, below the kernel", kernel - 1),
                      fmt::format("{}", options.padding));
  Convolutions convolutions(made);
  Index channels = options.image.channels;
  for (Index block = 0; block < blocks; ++block)
    for (Index i = 0; i < options.convolutions; ++i) {
      const bool strides = i == 0 && (block > 0 || options.stride_first);
      convolutions.add(made.layers, channels, made.width, kernel, strides ? 2 : 1, options.padding,
                       block == 0 && i == 0 ? Block::input : Block::hidden);
      convolutions.add_phi(made.layers);
      channels = made.width;
    }
  convolutions.finish(made, channels);
  return made;
}

Architecture wide_resnet(const FamilyOptions& options) {
  constexpr Index stem = 16;
  const Index blocks = options.blocks == 0 ? 4 : options.blocks, kernel = options.kernel == 0 ? 3 : options.kernel;
  Architecture made = image_network("wide-resnet", options, true);
  check_range("blocks", blocks, 100);
  check_range("kernel", kernel, 1024);
  if (kernel % 2 == 0)
    throw ConfigError({"", "architecture.kernel"}, "an odd side, so that padding keeps the size of images",
                      fmt::format("{}", kernel));
  if (!std::isfinite(options.mix_angle) || !std::isfinite(options.branch_scale))
    throw ConfigError({"", "architecture.mix_angle"}, "finite numbers",
                      fmt::format("{} and a branch_scale of {}", options.mix_angle, options.branch_scale));
  const double angle = options.mix_angle * std::numbers::pi / 180;
  Convolutions convolutions(made);
  convolutions.add(made.layers, options.image.channels, stem, kernel, 1, kernel / 2, Block::input);
  Index channels = stem;
  for (const Index times : {1, 2, 4})
    for (Index block = 0; block < blocks; ++block) {
      const Index out = stem * times * made.width, stride = block == 0 && times > 1 ? 2 : 1;
      // What reads the stem has a fan-in that no width changes.
      const Block kind = times == 1 && block == 0 ? Block::input : Block::hidden;
      Residual sum;
      convolutions.add_phi(sum.branch);
      convolutions.add(sum.branch, channels, out, kernel, 1, kernel / 2, kind);
      convolutions.add_phi(sum.branch);
      convolutions.add(sum.branch, out, out, kernel, stride, kernel / 2, Block::hidden);
      if (channels != out || stride != 1) convolutions.add(sum.shortcut, channels, out, 1, stride, 0, kind);
      sum.shortcut_scale = std::cos(angle);
      sum.branch_scale = options.branch_scale * std::sin(angle);
      made.layers.emplace_back(sum);
      channels = out;
    }
  convolutions.add_phi(made.layers);
  convolutions.finish(made, channels);
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

bool is_chain(std::string_view family) {
  return std::ranges::any_of(
      families(), [&](const FamilyRow& row) { return row.named.name == family && !row.images && !row.sums; });
}

bool reads_images(std::string_view family) {
  return std::ranges::any_of(families(), [&](const FamilyRow& row) { return row.named.name == family && row.images; });
}

bool has_residual_sums(std::string_view family) {
  return std::ranges::any_of(families(), [&](const FamilyRow& row) { return row.named.name == family && row.sums; });
}

std::vector<Named> known_families() {
  std::vector<Named> named;
  for (const FamilyRow& row : families()) named.push_back(row.named);
  return named;
}

}  // namespace widthwise
