// Infinite-width limits of networks of one hidden layer without biases under gradient descent (Golikov 2020), for every
// dynamically stable scaling of f = sigma sum_r a_r phi(w_r . x):
//
//   sigma = sigma* rho^q_sigma,  rates of a and w: rate_a rho^q_a, rate_w rho^q_w,  rho = width / reference width d*
//
// (a of unit variance, w of deviation `input_std`; classify_two_layer says which limit it is). With dL/df the gradient
// of the mean loss, one step is that of discrete gradient descent,
//
//   constant kernel   F(x) <- F(x) - sum_i K(x, x_i) dL/df_i            F_0 = g0 where the initial output stays, else 0
//   mean field        a_m <- a_m - rate_a sigma* sum_i dL/df_i phi(w_m . x_i),  w_m likewise, for particles (a_m, w_m);
//                     F(x) = sigma* d* mean_m a_m phi(w_m . x)
//
//   K(x, x') = sigma*^2 d* (rate_a E phi phi + rate_w (x . x') E phi' phi')             of the layers that dominate
//   g0 ~ GP(0, sigma*^2 d* E phi(w . x) phi(w . x'))
//
// and logits of a network of that width are F rho^kappa (at step 0: g0 rho^nu). dL/df is taken where logits go as the
// width grows: at 0 (linear), at F (logistic), or far out with F's signs (perceptron, for losses whose slope is
// bounded). Of rates that differ so far that a layer forgets its start (s_a > 0 or s_w > 0), a or w starts at 0, and of
// w only phi'(w_0 . x) acts in the first step. A corrected network (init_corrected) has logits g0 + F.
//
// Not for: more layers, biases, other rules than gradient descent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "widthwise/base/key.h"
#include "widthwise/limit/problem.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/parameterization/exponents.h"
#include "widthwise/parameterization/two_layer.h"

namespace widthwise {

/// Training and other points together: of a Gaussian process drawn whole, and of a kernel.
inline constexpr Index most_limit_points = 1 << 14;

/// The network at its reference width, where all scalings coincide.
struct TwoLayerReference {
  double width = 1;                 // d*
  double sigma = 1, input_std = 1;  // deviations of the output weights and of the entries of w
  double rate_a = 1, rate_w = 1;    // of a = output weight / sigma, and of w
  InitLaw law = InitLaw::normal;    // of a and w; kernels take w . x to be Gaussian
};

struct TwoLayerOptions {
  TwoLayerExponents exponents;
  bool init_corrected = false;
  TwoLayerReference reference;
  Index particles = 1 << 14;
  bool antithetic = true;  // particles in pairs (a, w), (-a, w): then F starts at 0 exactly
  Key key;                 // of g0 and the particles
  /// g0 on the training points, then on the others, where it is known (of a network followed path by path): else drawn.
  std::optional<Vector<double>> initial_output;
};

/// What moves: F on any of the points given.
class LimitEngine {
 public:
  virtual ~LimitEngine() = default;
  /// F on the training points; on those of `rows`.
  virtual Vector<double> training_output() = 0;
  virtual Vector<double> training_output(std::span<const std::uint32_t> rows) = 0;
  virtual Vector<double> other_output() = 0;
  /// One step; gradient[k] is dL/df of training point rows[k].
  virtual void step(std::span<const std::uint32_t> rows, std::span<const double> gradient) = 0;
};

class TwoLayerLimit {
 public:
  /// @throws ConfigError (parameterization.*) where the scaling is not stable or its activation not linear far out
  /// where it must be, (training.loss) for a loss with another slope where logits grow, (limit.particles); ShapeError
  /// where arrays do not fit, or have more than one output.
  TwoLayerLimit(const LimitProblem& problem, TwoLayerOptions options);

  std::int64_t step() const { return step_; }
  const TwoLayerClass& limit() const { return class_; }
  /// Logits of a network are F (width / d*)^exponent: nu at step 0, kappa after it.
  double exponent() const;
  /// F at this step.
  Vector<double> training_output();
  Vector<double> other_output();
  /// One update on the training points `rows`.
  void advance(std::span<const std::uint32_t> rows);

 private:
  /// `moved` of the engine, after step 0, as logits: g0 added where it stays and is not in it (a corrected network).
  Vector<double> logits(const Vector<double>& moved, const Vector<double>& initial) const;

  LimitProblem problem_;
  TwoLayerOptions options_;
  TwoLayerClass class_;
  Vector<double> initial_;  // g0: training points, others
  std::unique_ptr<LimitEngine> engine_;
  std::int64_t step_ = 0;
};

}  // namespace widthwise
