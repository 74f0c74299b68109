// Dynamical mean-field theory of deep linear networks (deep_linear_model.h): what losses do at D, N, P -> infinity.
//
// Exact and without iteration: all matrices of the theory are lower triangular in time, so a sweep from the readout
// down, the data, and a sweep up give their rows at one time from rows before it. A longer horizon extends a shorter
// one, to the last bit. A step at time t costs O((L + modes) t^2).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "widthwise/limit/deep_linear_model.h"

namespace widthwise {

namespace deep_linear_theory {
class HiddenStack;
class InputBlock;
}  // namespace deep_linear_theory

class DeepLinearTheory {
 public:
  /// @throws ConfigError as check_deep_linear.
  explicit DeepLinearTheory(const DeepLinearModel& model);
  ~DeepLinearTheory();
  DeepLinearTheory(DeepLinearTheory&&) noexcept;
  DeepLinearTheory& operator=(DeepLinearTheory&&) noexcept;

  /// Times whose losses are known: 0 at first.
  std::int64_t times() const { return time_; }
  /// Adds time `times()`, the state before update times().
  void step();

  /// Entry t is at time t, before update t; both with the noise of labels, without the half.
  const std::vector<double>& test_loss() const { return test_; }
  const std::vector<double>& train_loss() const { return train_; }
  /// C_g^1(t, t) and C_s(t, t), means over neurons of g^1 squared and over inputs of the signal squared, summed over
  /// outputs.
  const std::vector<double>& gradient_size() const { return gradient_; }
  const std::vector<double>& signal_size() const { return signal_; }

  /// Bytes that `times` times take.
  static double bytes(const DeepLinearModel& model, double times);
  /// Multiplications and additions of them.
  static double flops(const DeepLinearModel& model, double times);

 private:
  DeepLinearModel model_;
  std::unique_ptr<deep_linear_theory::HiddenStack> stack_;
  std::unique_ptr<deep_linear_theory::InputBlock> input_;
  std::int64_t time_ = 0;
  std::vector<double> test_, train_, gradient_, signal_;
};

/// sum over layers of the squared responses at step 0, the slope of the lazy limit: L + 1, or of a residual network
/// (1 + beta^2)^(L-1) (2 (1 + beta^2) + L beta^2).
double lazy_kernel(const DeepLinearModel& model);

}  // namespace widthwise
