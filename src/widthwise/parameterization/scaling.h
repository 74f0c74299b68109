// Scaling: the numbers a parameterization gives at one width and depth.
//
//   value = base (n/n_ref)^-exponent (L/L_ref)^-depth_exponent
//
// Bases, that is the values at the reference: multiplier 1; initial deviation gain / sqrt(fan_in at n_ref), where
// fan_in is the input dimension for the input block and n_ref for the others; rate = learning_rate; epsilon; weight
// decay. Biases start at 0 unless the parameterization has a bias_std; its init_mean adds init_mean / (fan_in at n_ref)
// to the entries of W at the reference, which scales like their deviation. With BaseIn::multiplier the base gain /
// sqrt(fan_in) is the multiplier's and initial deviations have base 1, as the papers on tangent kernels write their
// networks: the same start, but effective rates that are gain^2 / fan_in times as large. Networks work in effective
// form, W = multiplier * w:
//
//                 std       rate             epsilon       decay
//   sgd, momentum std * m   rate * m^2       epsilon / m   decay / m^2     (gradient in w is m times that in W)
//   adam, rmsprop std * m   rate * m         epsilon / m   decay / m^2     (decay in the gradient, as for sgd)
//   adamw, muon   std * m   rate * m         epsilon / m   decay / m       (decoupled: rate * decay is kept)
//
// With this effective_decay, one step multiplies W by 1 - effective_rate * effective_decay under sgd, momentum (its
// first), adamw and muon; under adam and rmsprop effective_decay * W is added to the gradient. In the first updates, at
// rates of their own, decay takes the share of later ones.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "widthwise/parameterization/exponents.h"

namespace widthwise {

/// The numbers of one weight matrix or bias vector.
struct TensorScaling {
  double multiplier = 1, init_std = 0, rate = 0, epsilon = 0, decay = 0;                     // of the trainable w
  double effective_std = 0, effective_rate = 0, effective_epsilon = 0, effective_decay = 0;  // of W = multiplier * w
  double effective_mean = 0;                                                                 // of initial W
  std::int64_t first_steps = 0;                                                              // updates at
  double effective_first_rate = 0;                                                           // this rate; after them
  double initial_share = 1;  // this share of the initial W stays
  // Of normalised starts (normalised_start.h): log2 of s_l and S_l; effective_first_rate is then that of s_l W.
  int start = 0, start_preactivation = 0;

  double effective_rate_at(std::int64_t update) const {
    return update < first_steps ? effective_first_rate : effective_rate;
  }
};

/// Of all tensors; index l-1 for layer l = 1..L+1. A layer without bias has an entry all the same.
struct Scaling {
  std::vector<TensorScaling> weights, biases;
  bool normalised_start = false;
  int start_output = 0;  // log2 of S_{L+1}
};

/// Where the base gain / sqrt(fan_in) of a weight matrix sits.
enum class BaseIn { init, multiplier };
/// "init" or "multiplier". @throws ConfigError with key parameterization.base_in.
BaseIn parse_base_in(std::string_view name);

/// Factors on 1/sqrt(fan_in) at the reference.
struct InitGains {
  double input = 1, hidden = 1, output = 1;
};
/// Input 1, hidden the activation's gain (relu: sqrt 2), output 1: for |x|^2 = input_dimension every preactivation has
/// second moment 1. The input is no activation's output, hence its 1; the readout's 1 is the papers' convention, but
/// where the base is the multiplier's, they divide the activation by its root mean square, for every layer that reads
/// it.
InitGains default_gains(double activation_gain, BaseIn base_in = BaseIn::init);

enum class Block;  // architecture/architecture.h

/// One weight matrix at the width asked for: the fan-in of input blocks does not change with the width, that of others
/// is proportional to it.
struct MatrixShape {
  double fan_in = 1;
  Block block{};
};

/// What a scaling is asked for.
struct ScaleRequest {
  OptimizerKind optimizer = OptimizerKind::sgd;
  double width = 1;       // n > 0
  int hidden_layers = 1;  // L >= 1
  double depth = 0;       // what the depth exponents scale with; 0: hidden_layers
  double input_dimension = 1;
  double learning_rate = 1;
  double epsilon = 1e-8;    // of Adam and its kin, at the reference
  double weight_decay = 0;  // of weights and biases, at the reference
  double bias_multiplier = 1;
  InitGains gains;
  BaseIn base_in = BaseIn::init;
  /// All weight matrices of networks that are no mlp (channels of convolutions are their width); empty: those of one.
  /// gains.input is of the first alone.
  std::vector<MatrixShape> matrices{};
};

/// @throws ConfigError (architecture.width, architecture.hidden_layers, architecture.input_dimension,
/// parameterization.reference_width, ...) where a number is not positive and finite.
Scaling scale(const Parameterization& parameterization, const ScaleRequest& request);

}  // namespace widthwise
