// Exponents: how each kind of tensor of a network scales with width (and with depth).
//
//   W = n^-a w      w_0 ~ n^-b      rate n^-c      Adam's epsilon n^-e      weight decay n^-d
//
// for the blocks input (W_1), hidden (W_2..W_L) and output (W_{L+1}), and for their biases. They are the exponents of
// *ratios to a reference*: value = base (n/n_ref)^-exponent (L/L_ref)^-depth_exponent, so networks of every
// parameterization coincide at n = n_ref, L = L_ref; n_ref = 1 gives the absolute powers of the papers. What the base
// values are says scaling.h. The first updates may have rates n^-c_first of their own, and after them hidden matrices
// may lose part of what they started as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "widthwise/parameterization/optimizer.h"
#include "widthwise/parameterization/rational.h"

namespace widthwise {

/// Exponents of one block; a positive one shrinks with width.
struct BlockExponents {
  Rational a, b, c;                      // multiplier, initial size, rate
  Rational e, d;                         // Adam's epsilon, weight decay
  std::optional<Rational> c_first = {};  // rate of the first updates; none: c
  bool operator==(const BlockExponents&) const = default;
};

/// One scale (width or depth) of a whole network.
struct Exponents {
  BlockExponents input, hidden, output;
  std::vector<BlockExponents> hidden_layers;  // entry l-2 is W_l, l = 2..L, where hidden blocks differ; else empty
  BlockExponents input_bias, hidden_bias, output_bias;
  std::vector<BlockExponents> hidden_biases;  // entry l-2 is that of layer l, as hidden_layers

  /// Of weight matrix `layer`, 1..L+1, of a network of L = hidden_layers_count hidden layers.
  /// @throws ConfigError (parameterization.hidden_layers) where entries are given but not L-1 of them.
  const BlockExponents& weight(int layer, int hidden_layers_count) const;
  const BlockExponents& bias(int layer, int hidden_layers_count) const;
};

/// The law of initial weights, mean 0 and the deviation of the scaling: N(0, std^2), or uniform on +-sqrt(3) std.
enum class InitLaw { normal, uniform };
/// "normal" or "uniform". @throws ConfigError with key parameterization.init_law.
InitLaw parse_init_law(std::string_view name);

/// What stays of W_0 in hidden matrices W_2..W_L after the first updates: all of it, W_0 / sqrt(n), or nothing.
enum class InitialPart { kept, over_root_n, dropped };

struct Parameterization {
  std::string name = "custom";
  InitLaw init_law = InitLaw::normal;
  Exponents width, depth;
  double reference_width = 1, reference_depth = 1;
  std::int64_t first_steps = 0;  // updates at the rates c_first, before `hidden_start` acts
  InitialPart hidden_start = InitialPart::kept;
  double init_mean = 0;  // of fan-in times W at the reference, of all weights but those of the input block
  double bias_std = 0;   // deviation of initial biases at the reference
};

/// The bias exponents with which a bias moves by as much as the weights beside it move the preactivation: with
/// features of order one, hidden and output c_bias = 2a + c - 1 (sgd) or a + c - 1 (where steps forget the gradient's
/// size), input the same without -1 and so are Muon's hidden ones, whose step moves the preactivation by n^-(a+c); and
/// epsilon that of the effective weight, e - a. Multiplier, initial size and decay do not depend on width.
void move_biases_with_preactivations(Exponents& exponents, OptimizerKind optimizer);

/// Reads "a,b,c" (each as parse_rational), for example "1/2,0,0", where e and d are 0, or all of "a,b,c,e,d".
/// @throws ConfigError naming `key`.
BlockExponents parse_block_exponents(std::string_view text, std::string_view key);

}  // namespace widthwise
