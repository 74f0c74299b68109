// Deep linear networks whose width N, samples P and inputs D grow together, and how they are trained (Bordelon and
// Pehlevan 2025, arXiv 2502.02531). x has independent components of variance lambda_k; teacher w, y = w . x / sqrt(D)
// + noise eps; all weights start as N(0, 1); nu = N/D, alpha = P/D or B/D.
//
//   h^1 = W^0 x / sqrt(D),  h^{l+1} = W^l h^l / sqrt(N),               f = sqrt(D) / (gamma_0 N) w . h^L
//   residual: h^{l+1} = h^l + beta W^l h^l / sqrt(N), l = 1..L,        f = sqrt(D) / (gamma_0 N) w . h^{L+1}
//
// Gradient descent on half the mean squared residual Delta = y - f, every parameter at the rate eta gamma_0^2 N. Losses
// are told without the half: test_loss = E (w . x / sqrt(D) - f)^2 + noise^2, train_loss = mean Delta^2.
//
// gamma_0 (the richness) of order one over widths is mup or mean field; 1 / sqrt(nu) is the tangent-kernel scaling.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// Components of the inputs, by kind: a share `weight` of them has this variance lambda and squared target w^2.
struct DeepLinearSpectrum {
  std::vector<double> variance{1.0}, target_squared{1.0}, weight{1.0};
  std::size_t modes() const { return variance.size(); }
};

/// The same P samples at every step; B new ones at each; or all of the distribution.
enum class DeepLinearData { repeated, one_pass, population };
/// "repeated", "one-pass" or "population". @throws ConfigError (limit.data).
DeepLinearData parse_deep_linear_data(const std::string& name);

struct DeepLinearModel {
  static constexpr double infinite = std::numeric_limits<double>::infinity();

  int hidden_layers = 1;                  // L, or residual blocks
  std::optional<double> residual_branch;  // beta; none: not residual
  double learning_rate = 0.1;             // eta
  double richness = 1;                    // gamma_0
  double width_ratio = infinite;          // nu
  double sample_ratio = infinite;         // alpha; of one-pass alpha_B
  double noise = 0;                       // sigma, of the labels
  DeepLinearData data = DeepLinearData::repeated;
  double momentum = 0;   // heavy ball: m <- momentum m + update
  bool centred = false;  // f - f_0 in place of f
  DeepLinearSpectrum spectrum;
  /// Of each hidden layer, nu_l = N_l / D, where they differ (width_ratio is then not read); not of residual networks:
  /// h^{l+1} = W^l h^l / sqrt(N_l), f = sqrt(D) / (gamma_0 N_L) w . h^L, every rate eta gamma_0^2 N_L.
  std::vector<double> width_ratios;
  /// Correlations of C teachers, w^2 of a mode times this; of none there is one. Losses are summed over outputs.
  Matrix<double> outputs;
  /// The same of each mode apart, w^2 in it, where modes differ (target_squared and outputs are then not read).
  std::vector<Matrix<double>> mode_outputs;
  /// Factor on the rate at each step; none: 1.
  std::function<double(std::int64_t)> rate_factor;

  Index output_count() const;
  /// Correlations of the teachers in a mode, w^2 in them.
  Matrix<double> targets(std::size_t mode) const;
  /// nu_l, l = 1, ..., and of the last layer.
  double layer_ratio(int layer) const;
  double last_ratio() const { return layer_ratio(hidden_layers); }
  double rate(std::int64_t step) const { return learning_rate * (rate_factor ? rate_factor(step) : 1.0); }
  /// States h that follow each other: L, or L + 1 of a residual network.
  int states() const { return hidden_layers + (residual_branch ? 1 : 0); }
};

/// @throws ConfigError (limit.<member>) for what no network can have: ratios, rates and richness that are not above 0,
/// noise below 0, correlations of outputs that are none, momentum outside [0, 1), lists of a spectrum that differ in
/// length, weights that do not sum to 1.
void check_deep_linear(const DeepLinearModel& model);

}  // namespace widthwise
