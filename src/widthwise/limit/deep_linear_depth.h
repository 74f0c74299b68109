// Residual deep linear networks of infinitely many blocks, beta = beta_0 / sqrt(L) (Bordelon and Pehlevan 2025): the
// theory of L, 2 L and 4 L blocks, extrapolated in 1/L by Richardson's rule twice, so that errors fall like L^-3. Its
// equations in continuous depth (dF/dtau = beta_0^2 (F q F + m) and kin) are those of infinitely many links.
#pragma once

#include <array>
#include <vector>

#include "widthwise/limit/deep_linear_theory.h"

namespace widthwise {

class InfiniteDepthTheory {
 public:
  static constexpr int least_blocks = 12;  // L

  /// @param model hidden_layers is not read; residual_branch is beta_0. @throws ConfigError as DeepLinearTheory, and
  /// (limit.residual_branch) where there is none.
  explicit InfiniteDepthTheory(const DeepLinearModel& model);

  std::int64_t times() const { return static_cast<std::int64_t>(test_.size()); }
  void step();
  const std::vector<double>& test_loss() const { return test_; }
  const std::vector<double>& train_loss() const { return train_; }
  /// What the second extrapolation changed of the test loss, relative to it: a bound of its error, at each time.
  const std::vector<double>& error() const { return error_; }

  static double bytes(const DeepLinearModel& model, double times);
  static double flops(const DeepLinearModel& model, double times);

 private:
  std::vector<DeepLinearTheory> depths_;
  std::vector<double> test_, train_, error_;
};

}  // namespace widthwise
