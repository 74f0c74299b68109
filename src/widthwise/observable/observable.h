// What can be measured on a network while it trains. With x^0 the inputs, h^l = W_l x^{l-1} + b_l, x^l = phi(h^l),
// f the output, subscripts 0 and t for initialization and now, and rms over samples and units,
//
//   output_size        rms f_t                      output_change        rms(f_t - f_0)
//   output_magnitude   mean |f_t|
//   preactivation_size rms h^l_t                    preactivation_change rms(h^l_t - h^l_0)
//   feature_change     rms(x^l_t - x^l_0)           update               rms((W_t - W_0) x^{l-1}_t)
//   own_update         update / rms(W_0 x^{l-1}_0)
//   smallest_margin    min over samples of the margin u (loss/margin.h)
//   margins_held       share of samples with u >= m, the loss's margin, 0 where it has none
//   weight_norm        |W_t|_F                      weight_change        |W_t - W_0|_F / |W_0|_F
//   last_update_norm   |W_t - W_{t-1}|_F                 displacement    |w_t - w_0| / |w_0|, w all of W / multiplier
//   contribution       rms of (df/dtheta)(W_t - W_0), W of one layer: what its own update moves the output by, to first
//                      order around the weights now
//   gradient_size      rms of the entries of G = dObjective/dW_l on the measured training points
//   epsilon_ratio      epsilon / gradient_size; 0 where the rule has no epsilon
//   decay_ratio        what weight decay does to W_l: where it is added to a gradient whose size is forgotten (adam,
//                      rmsprop), rms(decay W_t) / gradient_size; elsewhere the share rate * decay that a step takes off
//                      W_l at the full rate (of momentum the first; of gradient flow, a unit of time)
//   preactivation_magnitude  mean |h^l_t|, l = 1..L+1        initial_part    mean |W_0 x^{l-1}_t|
//   update_part        mean |(W_t - W_0) x^{l-1}_t|      last_update_part   mean |(W_t - W_{t-1}) x^{l-1}_t|
//   chi                mean |B dLoss/df| over B samples and outputs, f the trained output
//   unit_spread        sqrt(mean_samples var_units h^l / mean_samples (mean_units h^l)^2): 0 where units are alike,
//                      infinite where their means are 0, NaN where all h^l are
//   input_spread       sqrt(mean_units var_samples h^l), l = 1..L+1: 0 where h does not depend on the input
//   distinct_maxima    how many units are the largest x^l of some sample (of equal ones the first)
//   silent_units       share of units with x^l = 0 on all samples
//
// (Hajjar, Chizat and Giraud 2021), and of six matrices M three measures of rank (rank_measures.h), M_rank,
// M_participation and M_stable_rank: initial_weight (W_0), weight_update (W_t - W_0), last_update (W_t - W_{t-1}),
// preactivation (h^l_t, samples x units), preactivation_change (h^l_t - h^l_0), feature (x^l_t). Singular values are
// found at every measured time (of W_0 once), in some tenths of a second for 1024 x 1024. All three measures are 0 of a
// matrix that is 0, and NaN of one with entries that are not finite. In float32 updates of relative size 1e-7 are
// rounding, of full rank; the default tolerance leaves that out. In convolutional networks a sample is one position of
// one.
//
// Under hp and hpz, which drop a share of W_0 after the first updates, "W_0" in what speaks of updates (update,
// own_update, contribution, update_part, weight_update) and in initial_part is what is left of it, and last updates are
// without what was dropped. In weight_change and displacement W_0 is what was drawn: there the drop is a change.
//
// and of gradient flow (training/flow.h), with F the trained output on all training samples:
//
//   step_size          dt of the last accepted step      half_time       when the loss was half of the initial one
//   gradient_step      dgrad of it                       linear_time     when F had left its tangent by half of it
//   output_step        dout of it                        preactivation_speed  rms dh^l/dt
//   accepted_steps, refused_steps, forced_steps          so far
//
// and of the tangent kernel Theta_t (kernel_observables.h) on N points with targets y, with the similarities of
// kernel/similarity.h:
//
//   kernel_change      |Theta_t - Theta_0|_F / |Theta_0|_F        layer_kernel_change   the same of each layer's part
//   kernel_norm        |Theta_t|_F                                kernel_trace          mean of its diagonal
//   kernel_ratio       mean of Theta_t(x, x) / Theta_0(x, x)
//   output_over_kernel mean of |f_t(x)| / Theta_t(x, x)
//   kernel_alignment   y' Theta_t y / (|Theta_t|_F |y|^2); of several outputs <Theta_t, y y'> / (|Theta_t|_F |y y'|_F)
//   kernel_centred_alignment  unbiased centred alignment of Theta_t with y y'      kernel_cka   that with Theta_0
//   kernel_top_eigenvalue     the largest of Theta_t
//   kernel_participation      (tr Theta_t)^2 / tr Theta_t^2
//
// In residual networks l numbers weight matrices: h^l is W_l times what it reads, of a branch without its scale and
// what goes around it, and x^l is h^l where no activation is right behind. The readout is numbered last.
//
// W are effective weights, multipliers folded in. rms = sqrt(mean of squares) has no power of width in it: a quantity
// whose entries stay of order 1 as the width grows stays of order 1.
//
// At step 0 every change and update is exactly 0, batch_loss and last_update_norm are NaN: no update was made.
// own_update and weight_change of a layer that starts at 0 are infinite, ratios to a gradient that is 0 infinite or
// NaN. The losses and errors, and everything of the output, are of the trained output alpha f(theta) + kappa f(theta_0)
// (recorder.h).
//
// Adding one: a row in observable.cpp and its formula in formulas.cpp (of layers: layer_diagnostics.cpp; of kernels:
// kernel_observables.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/linalg/view.h"

namespace widthwise {

struct ObservableInfo {
  enum class Layers {
    none,    // one series, named as the observable
    hidden,  // l = 1..L
    all      // l = 1..L+1
  };
  std::string name, sentence;
  Layers layers = Layers::none;
  bool needs_test_set = false;
  bool needs_validation_set = false;
  bool needs_flow = false;      // training by gradient-flow
  bool of_kernel = false;       // kernel_observables.h
  bool needs_previous = false;  // the weights of the step before

  bool per_layer() const { return layers != Layers::none; }
};

/// All observables, in the order a reader would ask for them.
const std::vector<ObservableInfo>& known_observables();
/// @throws ConfigError (measure.observables) with the nearest name.
const ObservableInfo& find_observable(std::string_view name);

/// What an observable is proportional to: where a start is measured in normalised variables
/// (parameterization/normalised_start.h), by what its value is to be divided. Shares, ranks and losses: nothing.
enum class ProportionalTo { nothing, output, preactivation, gradient, weight };
ProportionalTo proportional_to(std::string_view observable);

/// Names of the series an observable leaves in the trace of a network of `hidden_layers` = L hidden layers:
/// "train_loss", or "own_update.1" ... "own_update.4". @throws as find_observable.
std::vector<std::string> observable_series(std::string_view name, Index hidden_layers);

}  // namespace widthwise
