// A network described once, as plain data: an ordered list of layer specs, with the choices it was built from kept
// beside it. A finite network and an infinite-width kernel both read the same list.
//
//   mlp:  h_0 = x,  z_l = W_l h_{l-1} + b_l,  h_l = phi(z_l),  l = 1..L,  f(x) = W_{L+1} h_L + b_{L+1}
//
// with W_1 (width x input_dimension) the input block, W_2..W_L (width x width) the hidden blocks, W_{L+1}
// (outputs x width) the output block. Nothing here has a scale: multipliers, initial sizes and rates are the business
// of parameterization.
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
  bool operator==(const Dense&) const = default;
};

/// h = phi(z), entry by entry; `activation` and `parameter` as make_activation takes them (NaN: its default).
struct Pointwise {
  std::string activation;
  double parameter = std::numeric_limits<double>::quiet_NaN();
};

using LayerSpec = std::variant<Dense, Pointwise>;

/// A network as data. Built by the families below, or by hand: then check it with infer_shapes (shape.h).
struct Architecture {
  std::string family;
  Index input_dimension = 0, outputs = 0, width = 0, hidden_layers = 0;
  std::string activation;
  double activation_parameter = std::numeric_limits<double>::quiet_NaN();
  bool bias_input = false, bias_hidden = false, bias_output = false;
  std::vector<LayerSpec> layers;

  /// The dense layers in order; entry l-1 is weight matrix l.
  std::vector<Dense> dense() const;
};

/// Bounds beyond which a description is taken for a mistake (ConfigError).
struct ArchitectureLimits {
  static constexpr Index dimension = Index{1} << 24;     // input_dimension, outputs, width
  static constexpr Index hidden_layers = 1000;           // depth L
  static constexpr Index layers = 4096;                  // entries of a hand-made list
  static constexpr std::int64_t parameters = 1LL << 32;  // 16 GiB in float32
};

/// What a family is built from. Unset members take the family's default; the papers' models have no biases.
struct FamilyOptions {
  Index input_dimension = 0;  // features of one sample, >= 1
  Index outputs = 1;          // >= 1
  Index width = 0;            // n, >= 1
  Index hidden_layers = 1;    // L, >= 1
  std::optional<std::string> activation;
  double activation_parameter = std::numeric_limits<double>::quiet_NaN();
  std::optional<bool> bias_input, bias_hidden, bias_output;
};

/// Fully connected: activation relu and no biases unless asked. Throws ConfigError with the key architecture.<option>
/// (width, hidden_layers, ...) for a value out of bounds.
Architecture mlp(const FamilyOptions& options);
/// The mlp with activation linear: W_{L+1} ... W_1 x, exactly solvable. Throws also where another activation is asked.
Architecture deep_linear(const FamilyOptions& options);

/// The family called `family`; ConfigError at architecture.family, with the nearest name, where there is none.
Architecture make_architecture(std::string_view family, const FamilyOptions& options);
/// All families, a sentence each.
std::vector<Named> known_families();

/// Trained numbers: weights and biases.
std::int64_t parameter_count(const Architecture& architecture);
/// Floating-point operations of one forward pass for one sample, counting a multiply-add as two and leaving out
/// pointwise work (O(width) where products are O(width^2)).
double flops_per_sample(const Architecture& architecture);
/// The same for one training step: forward, the gradient in every weight, and the gradient in every layer's input but
/// the first's.
double training_flops_per_sample(const Architecture& architecture);

}  // namespace widthwise
