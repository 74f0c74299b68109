// A parameterization of your own is a row of exponents: here mup with a readout that starts like the NTK's, so that its
// output at initialization is of order one. What does it lead to?
#include <fmt/format.h>

#include "widthwise/parameterization/outcome.h"
#include "widthwise/parameterization/scaling.h"
#include "widthwise/parameterization/schemes.h"

int main() {
  using namespace widthwise;
  const Rational half(1, 2);
  //                                 a      b     c
  const BlockExponents input{.a = -half, .b = half, .c = 0, .e = 0, .d = 0};
  const BlockExponents hidden{.a = 0, .b = half, .c = 0, .e = 0, .d = 0};
  const BlockExponents output{.a = half, .b = 0, .c = 0, .e = 0, .d = 0};
  Parameterization mine = custom_scheme(input, hidden, output, OptimizerKind::sgd);
  mine.name = "loud-mup";

  const Outcome outcome = classify(mine, {.optimizer = OptimizerKind::sgd, .hidden_layers = 3, .activation = {}});
  fmt::print("{}: {}\n", mine.name, outcome.outcome);
  for (const std::string& reason : outcome.reasons) fmt::print("  {}\n", reason);

  // The numbers it gives at one width: what a network is drawn with and trains at.
  ScaleRequest request;
  request.width = 256;
  request.hidden_layers = 3;
  request.input_dimension = 784;
  const Scaling scaling = scale(mine, request);
  for (std::size_t l = 0; l < scaling.weights.size(); ++l)
    fmt::print("W_{}: standard deviation {:.4g}, rate {:.4g}\n", l + 1, scaling.weights[l].effective_std,
               scaling.weights[l].effective_rate);

  // An output weight of size n^-1/2 aligned with features that move by order one adds n^(1/2) to the output.
  return outcome.outcome == "unstable" ? 0 : 1;
}
