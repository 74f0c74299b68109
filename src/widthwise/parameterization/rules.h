// What a parameterization does to each block under an optimizer, and why: its exponents as written and of the effective
// weight W = n^-a w (gauge.h), with what comes of them. docs/rules.md is the table of the named ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/parameterization/outcome.h"

namespace widthwise {

struct BlockRule {
  std::string block;  // "input", "hidden", "output"
  BlockExponents written, effective;
  bool has_epsilon = false;  // gradient descent has none, nor has the orthogonal factor of a matrix

  // Sizes n^x at initialization and in a first step of first order in the rate; absent where exactly zero.
  std::optional<Rational> preactivation;  // W x
  std::optional<Rational> gradient;       // entries of the loss's gradient in W
  std::optional<Rational> move;           // (W_1 - W_0) x
  std::optional<Rational> decay_share;    // of W that a step's decay takes; epsilon, decay below gradients

  std::string reason;  // sentences, with these numbers
};

/// One entry a kind of block; hidden ones stand for all of W_2..W_L and are absent for L = 1.
/// @throws ConfigError as classify does.
std::vector<BlockRule> block_rules(const Parameterization& parameterization, const ClassifyRequest& request);

/// The exponents as a table, then the reasons; no newline at the end.
std::string rules_text(const std::vector<BlockRule>& rules);

/// standard, ntk, mup and mean-field under sgd, adam, adamw, rmsprop and muon: a Markdown table a scheme, three hidden
/// layers. Then one of all integrable schemes under sgd, relu, matrix by matrix.
std::string rules_table();

}  // namespace widthwise
