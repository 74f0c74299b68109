// Outcome: where exponents lead a network as its width n grows, at a fixed number of steps.
//
//   unstable  a preactivation or the output grows with width, at initialization or in some step
//   stuck     stable, yet the output does not move: preactivations vanish at initialization, so the network starts
//             beside a stationary point; with a_1+b_1 = 0 and a_l+b_l = 1/2 the same rates would have moved it
//   trivial   stable, the output does not move because the rates are too small
//   kernel    the output moves by order one, no feature does: the network becomes linear in its parameters
//   feature   the output moves by order one and so do some layer's features (relative to their size)
//
// Decided by carrying sizes n^x forward and backward step by step until they repeat (propagate.h), not by the published
// inequalities, whose premises many exponents violate; where those hold the two agree, and the inequalities serve as
// reasons. Assumed: initial weights of mean zero and no biases unless the parameterization has them, targets and
// loss slopes of order one, generic data (no cancellations), and few samples beside the width; where they are not
// counted (below), an epsilon below the gradients and no weight decay. Features that shrink by weight decay alone are
// not said to be learnt. The depth L is fixed; depth exponents play no role.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "widthwise/parameterization/activation_facts.h"
#include "widthwise/parameterization/exponents.h"
#include "widthwise/parameterization/rational.h"

namespace widthwise {

struct ClassifyRequest {
  OptimizerKind optimizer = OptimizerKind::sgd;
  int hidden_layers = 1;  // L, 1..1000
  ActivationFacts activation;
  bool epsilon = false, weight_decay = false;  // whether the rule has them, scaling by the exponents e and d
};

struct Outcome {
  std::string outcome;                // one of the five words
  bool stable = true;                 // nothing grows with width
  bool trivial = false;               // stuck or trivial
  std::optional<std::string> regime;  // "kernel" or "feature" where that is the outcome

  /// r_l: a layer's own update moves its preactivation by n^-r_l where features start of order one; r = min over
  /// hidden preactivations l <= L. From the inequalities: not to be trusted where the reasons say their premise fails.
  Rational r;
  std::vector<Rational> r_per_layer;            // entry l-1, l = 1..L+1
  std::map<std::string, Rational> r_per_block;  // input, hidden (its smallest; absent for L = 1), output

  std::vector<std::string> reasons;  // a sentence each, the decisive one first
  std::vector<std::string> start;    // those of them on first updates, and on a start that is not centred

  /// Observable -> x where its rms is of size n^x; an observable that is exactly zero is absent. l = 1..L+1:
  ///   initial.output_size, initial.preactivation_size.l (l <= L)
  ///   update.l                  (W_t - W_0) x_t                   own_update.l   the same over W_0 x_0
  ///   preactivation_change.l    h_t - h_0, l <= L                 preactivation_size.l    h_t, l <= L
  ///   feature_change.l          x_t - x_0, l <= L                 output_change, output_size
  ///   contribution.l            what W_l - W_0 moves the output by, to first order: tr (df/dh_l)^T (W_t - W_0) x_t;
  ///                             absent where preactivations start vanishing
  ///   gradient_size.l           dLoss/dW_l, effective         epsilon_ratio.l    epsilon over that, where counted
  ///   decay_ratio.l             where counted: of adam and rmsprop what weight decay adds to the gradient over that,
  ///                             of others the share of W_l that it takes in a step
  /// after several steps, and the same with "first." after exactly one; the last three also with "initial.". Where the
  /// outcome is unstable there is no such exponent; then the former are those of first order in the rate, as runs at a
  /// small rate show before growth has fed back into itself, while "first." keeps the rate fixed. optimal_learning_rate
  /// is x where n^x is the largest factor on all rates that keeps the network stable, absent where it then still does
  /// not learn.
  std::map<std::string, Rational> predictions;
};

/// @throws ConfigError (architecture.hidden_layers, architecture.activation) where out of range.
void check(const ClassifyRequest& request);

/// @throws ConfigError as check, and where the exponents have another number of layers.
Outcome classify(const Parameterization& parameterization, const ClassifyRequest& request);

}  // namespace widthwise
