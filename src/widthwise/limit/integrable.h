// The infinite-width limit of hybrids of muP and integrable parameterizations (HPZ, HP, IP-LLR; Hajjar, Chizat and
// Giraud 2021) without biases under gradient descent: networks of L hidden layers whose step 0 is that of muP,
//
//   W^1 ~ N(0, input_variance),  W^l ~ N(0, hidden_variance / n),  f = V . x^L / n with V ~ N(0, output_variance),
//   rates eta_1 n, eta_l, eta_{L+1} / n
//
// and from whose hidden matrices W^2..W^L the initial part is gone (HPZ) or vanishes with the width from step 1 on.
// With it go the fluctuations that couple neurons: the limit is a cloud of independent particles a layer, each with its
// history, that meet in averages alone (layered_cloud.h), for any depth and any loss. f_0 = 0; the first step's
// covariances are exact (kernel/activation_kernel.h).
//
// Of relu there are two limits from step 2 on where L > 1: a unit that was 0 on the whole first batch stays so for ever
// in HPZ (plain), but in HP and IP-LLR the sign of its vanishing preactivation can wake it up (revived).
//
// Error: of order M^(-1/2) by chance, 1/M in the mean. Copies of all signs and matched moments of the first draw make
// it some ten times smaller than that of independent draws; several clouds tell its size by chance.
//
// Not for: muP itself beyond one hidden layer, whose hidden matrices stay Gaussian.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/limit/layered_cloud.h"
#include "widthwise/limit/problem.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {

struct IntegrableOptions {
  int hidden_layers = 2;  // L
  double input_variance = 1, hidden_variance = 1, output_variance = 1;
  /// rates[t][l - 1] of step t and layer l = 1..L+1; the last of them from there on.
  std::vector<std::vector<double>> rates;
  Index particles = 1 << 14;  // M, in each layer of each cloud
  int clouds = 4;
  bool antithetic = true;  // particles in fours (h, g), (-h, g), (h, -g), (-h, -g): M is a multiple of 4
  bool matched = true;     // the first draw's sample covariances are those of its law, exactly
  bool revived = false;    // of relu in more than one layer; others have one limit
  Key key;
};

/// Points x outputs: the mean over clouds and its standard error, NaN where there is none: of one cloud, or where
/// clouds differ by more than 10 % of the mean (root mean squares over points).
struct CloudOutput {
  Matrix<double> mean, error;
};

class IntegrableLimit {
 public:
  /// @throws ConfigError (architecture.hidden_layers, parameterization, training.learning_rate, limit.particles,
  /// limit.clouds) for a number out of range; ShapeError where arrays do not fit.
  IntegrableLimit(const LimitProblem& problem, IntegrableOptions options);

  std::int64_t step() const { return step_; }
  /// f at this step.
  CloudOutput training_output();
  CloudOutput other_output();
  /// One update on the training points `rows`, of any number. @throws ConfigError (limit.particles) in the first step
  /// where there are too few to match moments; ShapeError for no rows, or rows that are not there.
  void advance(std::span<const std::uint32_t> rows);
  /// Share of particles of layer L that were 0 on the whole last batch, the mean over clouds; 0 before the first step.
  double dead_share() const;
  /// What makes the numbers doubtful, as sentences: nearly all units dead; no error bar.
  std::vector<std::string> warnings();

 private:
  CloudOutput output(View<const double> points);

  LimitProblem problem_;
  IntegrableOptions options_;
  Matrix<double> points_;  // training points, others, in the basis of their span
  std::vector<LayeredCloud> clouds_;
  std::int64_t step_ = 0;
};

}  // namespace widthwise
