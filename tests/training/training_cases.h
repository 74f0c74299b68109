// Small problems to train on, shared by the tests of training.
#pragma once

#include <cmath>
#include <vector>

#include "matrices.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/network/propagation.h"
#include "widthwise/training/training.h"

namespace widthwise::testing {

inline Architecture small_mlp(Index width = 12, bool bias = true, std::string activation = "tanh") {
  FamilyOptions options;
  options.input_dimension = 6;
  options.outputs = 2;
  options.width = width;
  options.hidden_layers = 2;
  options.activation = activation;
  options.bias_input = options.bias_hidden = options.bias_output = bias;
  return mlp(options);
}

/// f = W x: one weight matrix, no activation, so that training is a linear recursion.
inline Architecture linear_model(Index inputs, Index outputs) {
  Architecture model;
  model.family = "linear model";
  model.input_dimension = inputs;
  model.outputs = outputs;
  model.width = 1;
  model.layers = {Dense{inputs, outputs, false, 1, Block::output}};
  return model;
}

/// Deviation 1/sqrt(fan_in), one rate, epsilon and decay for all tensors; the biases' rate is half of that, so that
/// mixing them up shows.
inline Scaling plain_scaling(const Architecture& network, double rate, double epsilon = 1e-8, double decay = 0) {
  Scaling scaling;
  for (const Dense& layer : network.weight_matrices()) {
    TensorScaling weight;
    weight.effective_std = 1 / std::sqrt(static_cast<double>(layer.fan_in));
    weight.effective_rate = rate;
    weight.effective_epsilon = epsilon;
    weight.effective_decay = decay;
    TensorScaling bias = weight;
    bias.effective_std = 0.1;
    bias.effective_rate = rate / 2;
    scaling.weights.push_back(weight);
    scaling.biases.push_back(bias);
  }
  return scaling;
}

inline std::vector<Member> members_with_rates(const Architecture& network, const std::vector<double>& rates,
                                              double decay = 0) {
  std::vector<Member> members;
  for (std::size_t m = 0; m < rates.size(); ++m)
    members.push_back({Key(5 + m), plain_scaling(network, rates[m], 1e-8, decay)});
  return members;
}

struct Data {
  Matrix<double> inputs, targets;
};
inline Data small_data(Index samples = 20) {
  return {random_matrix<double>(samples, 6, 1), random_matrix<double>(samples, 2, 2)};
}

/// Largest difference between all trained numbers of two members.
template <class T>
double distance(const Ensemble<T>& a, Index member_a, const Ensemble<T>& b, Index member_b) {
  double most = 0;
  for (Index l = 1; l <= a.layers(); ++l) {
    most = std::max<double>(
        most, (matrix_of(a.weight(member_a, l)) - matrix_of(b.weight(member_b, l))).cwiseAbs().maxCoeff());
    if (a.bias(member_a, l).data)
      most = std::max<double>(most,
                              (matrix_of(a.bias(member_a, l)) - matrix_of(b.bias(member_b, l))).cwiseAbs().maxCoeff());
  }
  return most;
}

}  // namespace widthwise::testing
