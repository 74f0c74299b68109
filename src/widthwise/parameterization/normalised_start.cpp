#include "widthwise/parameterization/normalised_start.h"

#include <cmath>

namespace widthwise {

void normalise_start(Scaling& scaling, const std::vector<double>& fan_in, int degree) {
  // log2 of the size of h~_l that rounding to powers of two leaves; the next layer sees its p-th power.
  double left = 0;
  int below = 0;
  for (std::size_t l = 0; l < scaling.weights.size(); ++l) {
    TensorScaling& weight = scaling.weights[l];
    const double size = (l == 0 ? 0 : degree * left) + std::log2(weight.effective_std * std::sqrt(fan_in[l]));
    weight.start = -static_cast<int>(std::lround(size));
    left = size + weight.start;
    weight.start_preactivation = weight.start + (l == 0 ? 0 : degree * below);
    below = weight.start_preactivation;
  }
  scaling.start_output = below;
  scaling.normalised_start = true;
  for (TensorScaling& weight : scaling.weights)
    weight.effective_first_rate = std::ldexp(weight.effective_first_rate, 2 * weight.start - scaling.start_output);
}

}  // namespace widthwise
