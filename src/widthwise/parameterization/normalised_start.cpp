#include "widthwise/parameterization/normalised_start.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "widthwise/base/error.h"

namespace widthwise {

void normalise_start(Scaling& scaling, const std::vector<int>& powers, int degree) {
  constexpr std::int64_t most = 1000000;
  std::int64_t below = 0;
  for (std::size_t l = 0; l < scaling.weights.size(); ++l) {
    below = powers[l] + (l == 0 ? 0 : degree * below);
    if (std::abs(below) > most)
      throw ConfigError({"", "architecture.hidden_layers"},
                        fmt::format("layers whose sizes at initialization are above 2^-{}", most),
                        fmt::format("2^{} at layer {}", -below, l + 1));
    scaling.weights[l].start = powers[l];
    scaling.weights[l].start_preactivation = static_cast<int>(below);
  }
  scaling.start_output = static_cast<int>(below);
  scaling.normalised_start = true;
  for (TensorScaling& weight : scaling.weights)
    weight.effective_first_rate = std::ldexp(weight.effective_first_rate, 2 * weight.start - scaling.start_output);
}

}  // namespace widthwise
