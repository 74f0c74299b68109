// A network described once, as plain data: an ordered list of layer specs, with the choices it was built from kept
// beside it. A finite network and an infinite-width kernel both read the same list.
//
//   mlp:  h_0 = x,  z_l = W_l h_{l-1} + b_l,  h_l = phi(z_l),  l = 1..L,  f(x) = W_{L+1} h_L + b_{L+1}
//
// with W_1 (width x input_dimension) the input block, W_2..W_L (width x width) the hidden blocks, W_{L+1}
// (outputs x width) the output block. Nothing here has a scale: multipliers, initial sizes and rates are the business
// of parameterization.
//
// Residual mlps have L blocks of one branch each between a read-in and a readout that nothing goes around, L+2 weight
// matrices, and beta the scale of a branch:
//
//   activation-first  h^1 = W_1 x,  h^{l+1} = h^l + beta W_{l+1} phi(h^l),  f = W_{L+2} phi(h^{L+1})
//   matrix-first      h^1 = W_1 x,  h^{l+1} = h^l + beta phi(W_{l+1} h^l),  f = W_{L+2} h^{L+1}
//
// the first of them that of Bordelon, Noci, Li, Hanin and Pehlevan (2023), the second that of Yang, Yu, Zhu and Hayou
// (2023) without the mean subtracted in a branch: features of an activation whose mean is not 0 (relu) pile up there,
// with beta ~ L^(-1/2) like exp(c sqrt(L)). With activation linear both are the residual network of Bordelon and
// Pehlevan (2025).
//
// Convolutional networks hold images between their layers, `features` channels at each of height x width positions. A
// convolution is a weight matrix like any other, W (channels out x kernel area * channels in), applied to the patch of
// inputs under the kernel at every position of its output: column (i kernel_width + j) channels + c is kernel row i,
// column j, channel c. Weight matrices of a block scale with the width of the network, its number of channels.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// Which of the three kinds of weight matrix a layer holds: they scale differently with width.
enum class Block { input, hidden, output };
/// "input", "hidden" or "output".
std::string_view block_name(Block block);

/// z = W h + b with W (fan_out x fan_in); `layer` counts weight matrices, 1..L+1.
struct Dense {
  Index fan_in = 0, fan_out = 0;
  bool bias = false;
  int layer = 0;
  Block block = Block::hidden;
  /// Places the columns of W belong to, fan_in / area features at each: the kernel area of a convolution.
  Index area = 1;
  bool operator==(const Dense&) const = default;
};

/// Zeros around an image before a convolution.
struct Padding {
  Index top = 0, bottom = 0, left = 0, right = 0;
  bool operator==(const Padding&) const = default;
};
/// None ("VALID").
Padding valid_padding();
/// As much on every side.
Padding padding_of(Index pixels);
/// What makes an output of ceil(size / stride) on both sides, odd zeros at bottom and right ("SAME").
Padding same_padding(Index height, Index width, Index kernel_height, Index kernel_width, Index stride);

/// z = W * h + b, a convolution (cross-correlation: the kernel is not flipped).
struct Convolution {
  Index channels_in = 0, channels_out = 0;
  Index kernel_height = 1, kernel_width = 1, stride = 1;
  Padding padding;
  bool bias = false;
  int layer = 0;
  Block block = Block::hidden;
  /// Its weight matrix.
  Dense matrix() const;
  bool operator==(const Convolution&) const = default;
};

/// h = phi(z), entry by entry; `activation` and `parameter` as make_activation takes them (NaN: its default).
struct Pointwise {
  std::string activation;
  double parameter = std::numeric_limits<double>::quiet_NaN();
};

/// Means over windows of `window` x `window` positions, `stride` apart, without padding.
struct AveragePool {
  Index window = 2, stride = 2;
};
/// The mean over all positions.
struct GlobalPool {};
/// One row of all positions' features, position after position.
struct Flatten {};

struct Residual;
using LayerSpec = std::variant<Dense, Pointwise, Convolution, AveragePool, GlobalPool, Flatten, Residual>;

/// shortcut_scale * shortcut(h) + branch_scale * branch(h); an empty list is the identity.
struct Residual {
  std::vector<LayerSpec> branch, shortcut;
  double branch_scale = 1, shortcut_scale = 1;
};

/// How a row of inputs folds into an image: channel after channel, each row by row; all zero where it is none.
struct InputImage {
  Index height = 0, width = 0, channels = 0;
  bool operator==(const InputImage&) const = default;
};

/// A network as data. Built by the families below, or by hand: then check it with infer_shapes (shape.h).
struct Architecture {
  std::string family;
  /// hidden_layers: weight matrices but the readout.
  Index input_dimension = 0, outputs = 0, width = 0, hidden_layers = 0;
  std::string activation;
  double activation_parameter = std::numeric_limits<double>::quiet_NaN();
  bool bias_input = false, bias_hidden = false, bias_output = false;
  InputImage image;  // of networks that begin with a convolution or a pool
  std::vector<LayerSpec> layers;

  /// The weight matrices, those of convolutions too, in order; entry l-1 is weight matrix l.
  std::vector<Dense> weight_matrices() const;
};

/// Bounds beyond which a description is taken for a mistake (ConfigError).
struct ArchitectureLimits {
  static constexpr Index dimension = Index{1} << 24;     // input_dimension, outputs, width
  static constexpr Index hidden_layers = 1000;           // depth L
  static constexpr Index layers = 4096;                  // entries of a hand-made list
  static constexpr std::int64_t parameters = 1LL << 32;  // 16 GiB in float32
};

/// Where the matrix of a residual mlp's branch is.
enum class BranchOrder { activation_first, matrix_first };
/// "activation-first" or "matrix-first". @throws ConfigError with key architecture.branch.
BranchOrder parse_branch_order(std::string_view name);

/// What a family is built from. Unset members take the family's default; the papers' models have no biases.
struct FamilyOptions {
  Index input_dimension = 0;  // features of one sample, >= 1
  Index outputs = 1;          // >= 1
  Index width = 0;            // n, >= 1
  Index hidden_layers = 1;    // L, >= 1; of residual-mlp the blocks
  std::optional<std::string> activation;
  double activation_parameter = std::numeric_limits<double>::quiet_NaN();
  std::optional<bool> bias_input, bias_hidden, bias_output;

  // Of cnn and wide-resnet.
  InputImage image{};
  Index blocks = 0;          // cnn: 2; wide-resnet: blocks of each of its three stages, 4. 0: these
  Index convolutions = 2;    // cnn: of a block, the first of them with stride 2
  Index kernel = 0;          // side of the filters; cnn: 5, wide-resnet: 3. 0: these
  Index padding = 1;         // cnn: zeros on each side
  bool stride_first = true;  // cnn: stride 2 in the first block too
  double mix_angle = 45;     // wide-resnet: degrees a, of cos(a) shortcut + sin(a) branch

  // Of wide-resnet and residual-mlp.
  double branch_scale = 1;                             // a factor on every branch; wide-resnet: besides the angle's
  BranchOrder branch = BranchOrder::activation_first;  // residual-mlp
};

/// Fully connected: activation relu and no biases unless asked. Throws ConfigError with the key architecture.<option>
/// (width, hidden_layers, ...) for a value out of bounds.
Architecture mlp(const FamilyOptions& options);
/// Blocks of convolutions with stride 2 in the first of each, phi after each, the mean over positions, a linear readout
/// (the CV of Geiger, Spigler, Jacot and Wyart 2020); hidden_layers follows from blocks and convolutions. @throws
/// ConfigError, and ShapeError for an image that shrinks below the kernel.
Architecture cnn(const FamilyOptions& options);
/// The wide residual network of Zagoruyko and Komodakis (2016) without batch normalization, as Geiger et al. (2020)
/// have it: a 3 x 3 convolution to 16 channels; three stages of `blocks` residual blocks with n = width, 2n, 4n times
/// 16 channels, the last two beginning with stride 2; block = phi, conv, phi, conv, the shortcut a 1 x 1 convolution
/// where the shape changes; phi, the mean over positions, a linear readout. Biases unless asked otherwise.
Architecture wide_resnet(const FamilyOptions& options);
/// The residual mlp of the equations above, beta = branch_scale: activation relu and no biases unless asked; its
/// hidden_layers is then L+1. @throws ConfigError as mlp, and architecture.branch_scale where that is not finite.
Architecture residual_mlp(const FamilyOptions& options);
/// The mlp with activation linear: W_{L+1} ... W_1 x, exactly solvable. Throws also where another activation is asked.
Architecture deep_linear(const FamilyOptions& options);

/// The family called `family`; ConfigError at architecture.family, with the nearest name, where there is none.
Architecture make_architecture(std::string_view family, const FamilyOptions& options);
/// All families, a sentence each.
std::vector<Named> known_families();
/// Whether networks of that family are chains of dense layers, L hidden ones and a readout: mlp, deep-linear.
bool is_chain(std::string_view family);
/// Whether they read images: cnn, wide-resnet.
bool reads_images(std::string_view family);
/// Whether they add branches to what goes around them: wide-resnet, residual-mlp. Theory has no exponents for those.
bool has_residual_sums(std::string_view family);

/// Trained numbers: weights and biases.
std::int64_t parameter_count(const Architecture& architecture);
/// Floating-point operations of one forward pass for one sample, counting a multiply-add as two and leaving out
/// pointwise work (O(width) where products are O(width^2)).
double flops_per_sample(const Architecture& architecture);
/// The same for one training step: forward, the gradient in every weight, and the gradient in every layer's input but
/// the first's.
double training_flops_per_sample(const Architecture& architecture);

}  // namespace widthwise
