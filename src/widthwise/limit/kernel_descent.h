// Gradient descent with a kernel that does not change: F(x) <- F(x) - sum_i K(x, x_i) dL/df_i. Internal to this room.
#pragma once

#include "widthwise/limit/two_layer.h"

namespace widthwise {

class KernelDescent final : public LimitEngine {
 public:
  /// @param kernel (training points, then others) x training points @param start F before the first step
  KernelDescent(Matrix<double> kernel, Vector<double> start);

  Vector<double> training_output() override { return output_.head(kernel_.cols()); }
  Vector<double> training_output(std::span<const std::uint32_t> rows) override;
  Vector<double> other_output() override { return output_.tail(kernel_.rows() - kernel_.cols()); }
  void step(std::span<const std::uint32_t> rows, std::span<const double> gradient) override;

 private:
  Matrix<double> kernel_;
  Vector<double> output_;
};

}  // namespace widthwise
