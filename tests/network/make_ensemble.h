// Small ensembles for tests, and random inputs.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "matrices.h"
#include "widthwise/architecture/architecture.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/network/ensemble.h"

namespace widthwise::testing {

struct Shape {
  Index inputs = 5, outputs = 3, width = 7, hidden_layers = 2;
  std::string activation = "tanh";
  bool bias = true;
};

inline Architecture architecture(const Shape& shape) {
  FamilyOptions options;
  options.input_dimension = shape.inputs;
  options.outputs = shape.outputs;
  options.width = shape.width;
  options.hidden_layers = shape.hidden_layers;
  options.activation = shape.activation;
  options.bias_input = options.bias_hidden = options.bias_output = shape.bias;
  return mlp(options);
}

/// Weights of deviation gain/sqrt(fan_in), biases of deviation `bias`, one rate for all.
inline Scaling scaling(const Architecture& network, double gain, double bias, double rate) {
  Scaling scaling;
  for (const Dense& layer : network.weight_matrices()) {
    TensorScaling weight, shift;
    weight.effective_std = gain / std::sqrt(static_cast<double>(layer.fan_in));
    shift.effective_std = bias;
    weight.effective_rate = shift.effective_rate = rate;
    scaling.weights.push_back(weight);
    scaling.biases.push_back(shift);
  }
  return scaling;
}

/// `count` members with keys seed, seed + 1, ... and slightly different gains and rates.
inline std::vector<Member> members(const Architecture& network, Index count, std::uint64_t seed = 3, double rate = 0.1,
                                   double bias = 0.3) {
  std::vector<Member> all;
  for (Index m = 0; m < count; ++m) {
    const double factor = 1 + 0.1 * static_cast<double>(m);
    all.push_back({Key(seed + static_cast<std::uint64_t>(m)), scaling(network, 1.2 * factor, bias, rate / factor)});
  }
  return all;
}

}  // namespace widthwise::testing
