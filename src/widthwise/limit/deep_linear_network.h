// Finite deep linear networks (deep_linear_model.h) by what gradient descent does to them: one vector, the signal
// s = (sqrt(D)/P) X^T Delta, passes through the network a step, and every weight matrix changes by a rank-one matrix. A
// step costs O(P D + N D + L N^2) where a network trained sample by sample costs O(P L N^2).
//
//   h^1 = W^0 s / sqrt(D),  h^{l+1} = W^l h^l / sqrt(N),   g^L = w,  g^l = W^lT g^{l+1} / sqrt(N)
//   W^0 += (eta gamma_0 / sqrt(D)) g^1 s^T,  W^l += (eta gamma_0 / sqrt(N)) g^{l+1} h^lT,  w += eta gamma_0 h^L
//
// (residual ones with the shortcut and beta; sqrt(N_l) and N_L where widths differ; of C outputs the sum over them, C
// vectors passing through). Of one pass, s is drawn, not its samples: given v = w - b, x . v of a sample is normal and
// what of s is orthogonal to Lambda^(1/2) v depends on the samples through Delta^T Delta alone, so C (D + 2 B) normal
// numbers make an s of exactly its law.
#pragma once

#include <cstdint>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/limit/deep_linear_model.h"
#include "widthwise/linalg/rank_one.h"

namespace widthwise {

/// How a model is made finite: N = nu D and P = alpha D, to the nearest whole number.
struct DeepLinearSizes {
  Index inputs = 0, samples = 0, outputs = 1;  // D, P or B, C; samples 0: population
  std::vector<Index> widths;                   // N_1, ..., one a state
};
/// @throws ConfigError (limit.dimension, limit.width_ratio, limit.sample_ratio) where one would be 0, or too large.
DeepLinearSizes deep_linear_sizes(const DeepLinearModel& model, Index dimension);

template <class T>
class DeepLinearNetwork {
 public:
  /// Draws weights from key.split("weights") and data from key.split("data"). The first inputs are those of the first
  /// mode; teachers are fixed, of exactly the correlations of their mode, one alone of components sqrt(w^2). @throws
  /// ConfigError as check_deep_linear and deep_linear_sizes.
  DeepLinearNetwork(const DeepLinearModel& model, Index dimension, Key key);

  std::int64_t step_count() const { return step_; }
  /// Losses of the state as it is: the test loss over all of the distribution, the training loss on the samples (of one
  /// pass and population: the test loss).
  double test_loss();
  double train_loss();
  /// Means over neurons of g^1 squared and over inputs of s squared, as the theory's C_g^1(t, t) and C_s(t, t).
  double gradient_size();
  double signal_size();
  /// One update of all weights.
  void step();

  const DeepLinearSizes& sizes() const { return sizes_; }
  /// Weights as they are: W^0 (N x D), W^1, ... and w; samples (P x D) and their labels, of repeated data.
  const std::vector<PaddedMatrix<T>>& weights();
  const std::vector<T>& readout(Index output = 0) const { return readout_[static_cast<std::size_t>(output)]; }
  const PaddedMatrix<T>& samples() const { return samples_; }
  const std::vector<T>& labels(Index output = 0) const { return labels_[static_cast<std::size_t>(output)]; }

  /// Bytes of one, and multiplications and additions of a step.
  static double bytes(const DeepLinearModel& model, const DeepLinearSizes& sizes);
  static double step_flops(const DeepLinearModel& model, const DeepLinearSizes& sizes);

 private:
  using Vectors = std::vector<std::vector<T>>;  // one an output

  void draw_teachers();
  void draw_samples();
  void look();  // fields of the state: gradients, b, residuals, the signal
  void move_with_momentum();
  void pass_down(std::size_t layer, const Vectors& x, Vectors& y);  // y = W^T x, after what W waits for
  void draw_signal();
  double test_error() const;

  DeepLinearModel model_;
  DeepLinearSizes sizes_;
  Key key_;
  std::vector<T> variance_;  // of each input
  Vectors teacher_;
  std::vector<PaddedMatrix<T>> weights_;  // W^0, ..., W^{L-1}, or W^L of a residual network
  Vectors readout_;
  PaddedMatrix<T> samples_;
  Vectors labels_;
  // Updates wait for the next pass over their matrix: left (rows) and right (columns) factors, and their momenta.
  std::vector<Vectors> left_, right_;
  std::vector<PaddedMatrix<T>> moving_;  // of heavy ball alone
  Vectors moving_readout_;
  bool pending_ = false, seen_ = false;
  // Of the state that was looked at.
  std::vector<Vectors> gradients_;  // g^1, g^2, ...
  Vectors predictor_, initial_, residuals_, signal_;
  double test_ = 0, train_ = 0;
  std::int64_t step_ = 0;
};

extern template class DeepLinearNetwork<float>;
extern template class DeepLinearNetwork<double>;

}  // namespace widthwise
