// The named parameterizations. Rows are (input, hidden, output); in brackets the Adam form where it differs.
//
//   name        a             b            c                            effective rate exponents
//   standard    0  0   0      0 1/2 1/2    0  0  0                      0  0 0      [0 0 0]
//   ntk         0  1/2 1/2    0 0   0      0  0  0   [1/2 1   1/2]      0  1 1      [1/2 3/2 1]
//   mup        -1/2 0  1/2    1/2 (all)    0  0  0   [1/2 1   1/2]     -1  0 1      [0 1 1]
//   mean-field  0  1/2 1      0 0   0     -1 -1 -1   [0   1/2 0  ]     -1  0 1      [0 1 1]
//   integrable  0  1   1      0 0   0     -1 -2 -1   [0   0   0  ]     -1  0 1      [0 1 1]
//
// Sources: Yang and Hu 2021; Golikov 2020; Hajjar, Chizat and Giraud 2021. mup and mean-field are one gauge orbit. The
// Adam forms are those of every rule whose steps forget the gradient's size (adam, adamw, rmsprop, muon). They keep
// what defines the scheme: ntk the largest rates that stay in the kernel regime, the others mup's effective rates.
// Under muon the hidden c is one less, except under standard: a step along an orthogonal factor has entries n^-1 times
// the rate (propagate.h), so that effective hidden exponents are 1/2 for ntk and 0, one constant rate, for mup,
// mean-field and integrable. standard keeps one rate everywhere, whatever the rule.
//
// Epsilon follows the gradient of features of order one: effective exponents (1/2, 1/2, 0) for ntk, (1, 1, 0) for mup,
// mean-field and integrable (under integrable gradients of a fresh deep network are smaller still: there keep epsilon
// tiny). Weight decay takes the same share of a weight per step at all widths: d = -c. Where it goes through Adam's or
// RMSProp's division with the gradient it is kept the same share of that instead, d = e - b: no step there takes more
// of a weight than rate over size, n^-(c-b), and a decay that tried to (d = e - c) would outgrow the gradient and turn
// every step into decay. Biases move with the preactivation. standard has one rate and one decay everywhere.
//
// Schemes that change after the first updates, or whose start is another: integrable_schemes.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/parameterization/exponents.h"

namespace widthwise {

/// What some schemes depend on beside the optimizer.
struct SchemeFacts {
  int hidden_layers = 0;               // L; 0: not known
  std::optional<int> homogeneity = 1;  // degree of the activation, or the one to reckon with
};

/// @throws ConfigError with key parameterization.name for an unknown name; those of integrable_schemes.h.
Parameterization named_scheme(std::string_view name, OptimizerKind optimizer, const SchemeFacts& facts = {});
/// All names, with a sentence each; and those of the table above alone.
std::vector<Named> known_schemes();
std::vector<Named> known_constant_schemes();

/// Exponents given by hand, epsilon and decay (e, d) among them; biases move with the preactivation.
Parameterization custom_scheme(const BlockExponents& input, const BlockExponents& hidden, const BlockExponents& output,
                               OptimizerKind optimizer);

/// Exponents d of weight decay, "input,hidden,output", in place of the scheme's own, which take the same share of a
/// weight per step at all widths; biases go with their block. @throws ConfigError (parameterization.decay_exponents).
void set_decay_exponents(Parameterization& scheme, std::string_view text);

/// Gives weights, and biases where not empty, first updates at rates of their own: "input,hidden,output", the exponents
/// c_first. Biases keep their rates otherwise. @throws ConfigError (parameterization.first_rates, .first_bias_rates).
void set_first_rates(Parameterization& scheme, std::string_view weights, std::string_view biases,
                     std::int64_t first_steps);

/// Gives rates, of biases and first updates too, the exponents "input,hidden,output" in depth.
/// @throws ConfigError (parameterization.depth_rate_exponents).
void set_depth_rate_exponents(Parameterization& scheme, std::string_view text);

/// Gives weights the decay exponents "input,hidden,output", d of the trained w as the scheme writes it. Those of biases
/// change by as much, so that a bias gains or loses the power of n that weights beside it do: with the scheme's own
/// exponents nothing changes. @throws ConfigError (parameterization.decay_exponents).
void set_decay_exponents(Parameterization& scheme, std::string_view weights);

}  // namespace widthwise
