// Sizes of everything in a wide network during its first steps, as powers of the width n. In effective form layer l has
// initial entries n^-s_l and a rate n^-q_l; with loss gradients of order one, random independent inputs and no biases,
//
//   forward    h_l = W_l x_{l-1},  x_l = phi(h_l)
//   backward   D_l = df/dh_l = phi'(h_l) * W_{l+1}^T D_{l+1}
//   update     dW_l = -n^-q_l D_l x_{l-1}^T            (Adam's kin: entries of size n^-q_l with the signs of that)
//
// Muon moves a hidden matrix by n^-q U V^T, the orthogonal factor of the momentum of such products: its rank is at most
// the number of samples seen, its singular values are of order one, and U and V lie in the spans of the D and the x.
// Unit vectors spread over n entries have entries n^{-1/2}, so those of U V^T are n^-1, and |U V^T x| = |x|: aligned
// with D and x exactly as Adam's step is. It is thus an Adam step with q_l = a_l + c_l + 1, and that is how it is
// carried.
//
// each product with its alignment, as the tensor-program rules have it:
//   W_0 x, W_0^T D, hidden    sum of n independent terms: n^{1/2}
//   dW x, dW^T D              inner products <x_s, x_t>, <D_s, D_t> of correlated vectors: n
//   W_0 dx, hidden            n^{1/2}; the part correlated through D contributes the same power
//   W_0 dx, output            n, for the part of dx that came back through W_0 itself (an even activation: what of it
//                             is odd in W_0)
// Vanishing preactivations are carried on, not rejected.
//
// Epsilon and weight decay, where a network has them: of Adam's step a part g / (g + decay W + epsilon) follows the
// gradient g. Decay takes a share of W_l in every step,
//
//   sgd, decoupled                       rate * decay
//   Adam's kin, decay in the gradient    rate * decay / (g + decay W + epsilon)
//
// which moves the preactivation along W_0 x, not along what came back from above.
//
// First updates at rates of their own: every update counts by its own rate. Of W_0 in hidden matrices what a
// parameterization drops after them is gone from the products above; h_t - h_0 then has it in it, at no gradient's
// doing, updates have not. A mean of the weights sums coherently, W_0 x and W_0^T D by n; of the x of an odd phi only
// where they are no sum of random signs. Initial biases, where counted, are a size beside W_0 x, and their updates
// n^-q_b D. Internal to this room; see outcome.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/parameterization/activation_facts.h"
#include "widthwise/parameterization/exponents.h"
#include "widthwise/parameterization/size.h"

namespace widthwise {

/// A network in effective form: W_l = n^-init * O(1) entries, rate n^-rate (of entries: Muon's hidden ones one more);
/// entry l-1 for l = 1..L+1.
struct EffectiveBias {
  Rational init, rate, first_rate;
};
struct EffectiveLayer {
  Rational init, rate;
  std::optional<Rational> epsilon = {};      // n^-epsilon, beside the gradient; none: nothing, or below it
  std::optional<Rational> decay = {};        // n^-decay W is added to the gradient of a rule that forgets its size
  std::optional<Rational> decay_share = {};  // n^-decay_share W is taken off W in a step
  std::optional<Rational> first_rate = {};   // n^-first_rate, of the first updates; none: rate
  std::optional<Rational> mean = {};         // entries of W have the mean n^-mean besides
  std::optional<EffectiveBias> bias = {};    // none: not counted
};
struct EffectiveNetwork {
  std::vector<EffectiveLayer> layers;
  bool adam = false;  // steps forget the gradient's size
  bool muon = false;  // and those of hidden matrices are orthogonal factors
  ActivationFacts activation;
  int first_steps = 0;  // updates at first rates
  InitialPart hidden_start = InitialPart::kept;
  Rational output_alignment = 1;  // the power of n in W_0 dx at the output; 1/2 assumes no alignment there

  int hidden_layers() const { return static_cast<int>(layers.size()) - 1; }
};
/// What is counted of the rule beside its rate.
struct Counted {
  bool epsilon = false, decay = false;
};
EffectiveNetwork effective_network(const Parameterization& parameterization, OptimizerKind optimizer, int hidden_layers,
                                   const ActivationFacts& activation, Counted counted = {});

/// Sizes at one step; entry l for l = 1..L+1 (0 is the input), the output is layer L+1 of `preactivation`.
struct Sizes {
  std::vector<Size> preactivation, preactivation_change;           // rms h_t; rms (h_t - h_0)
  std::vector<Size> feature, feature_change;                       // rms x_t; rms (x_t - x_0)
  std::vector<Size> update;                                        // rms (W_t - W_0) x_t
  std::vector<Size> backward;                                      // rms D
  std::vector<Size> driven_update, driven, driven_feature_change;  // of the changes above what gradients did
  std::vector<Size> contribution;                                  // rms tr(D^T (W_t - W_0) x_t)
  std::vector<Size> gradient;                                      // rms D x^T
  std::vector<Size> epsilon_ratio;                                 // epsilon / gradient
  std::vector<Size> decay_ratio, decay_share;  // decay W / gradient, else the share; what a step takes of W
  bool operator==(const Sizes&) const = default;
};

/// Entries of the loss's gradient in the effective weight of a layer.
inline Size weight_gradient(const Sizes& sizes, int layer) {
  const auto l = static_cast<std::size_t>(layer);
  return sizes.backward[l] * sizes.feature[l - 1];
}

struct Propagation {
  Sizes initial, first, last;  // before any update, after one, and when exponents repeat (or growth was seen)
  Sizes small_rate;            // first order in the rate: nothing has grown enough yet to feed back
  bool stable = true;
  int unstable_step = 0;  // where not stable: when and what grew, "" where exponents rise without end
  std::string unstable_what;
  Rational unstable_exponent;
};

/// Before any update.
Sizes initial_sizes(const EffectiveNetwork& network);
Propagation propagate(const EffectiveNetwork& network);

}  // namespace widthwise
