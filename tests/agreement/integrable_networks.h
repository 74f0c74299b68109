// Networks of the integrable schemes at any width: widths are absolute (reference width 1) and inputs 1 + N(0, 1)/2, so
// that nothing cancels by centring.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/base/key.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/scheme.h"

namespace widthwise::integrable {

constexpr Index dimension = 10, samples = 8;

struct Model {
  std::string scheme, activation;
  int hidden_layers;
  double rate;
  bool bias = false;
};

struct Data {
  Matrix<double> inputs, targets, tests;
};
inline Data data_of(std::uint64_t seed, Index rows = samples) {
  Data data{Matrix<double>(rows, dimension), Matrix<double>::Ones(rows, 1), Matrix<double>(samples, dimension)};
  const auto fill = [&](Matrix<double>& x, const char* name) {
    fill_normal<double>(Key(seed).split(name), static_cast<std::size_t>(x.rows()), dimension, 0.5, x.data(), dimension);
    x.array() += 1;
  };
  fill(data.inputs, "train");
  fill(data.tests, "test");
  return data;
}

inline Scaling scaling_of(const Model& model, Index width) {
  const auto activation = make_activation(model.activation);
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.hidden_layers = model.hidden_layers;
  request.input_dimension = dimension;
  request.learning_rate = model.rate;
  request.gains = default_gains(activation->gain());
  request.gains.input = activation->gain();
  // Where an activation has no degree, 1: that of all that are linear beside 0.
  const SchemeFacts facts{model.hidden_layers, activation->homogeneity_degree().value_or(1)};
  return scale(named_scheme(model.scheme, OptimizerKind::sgd, facts), request);
}

/// Members have the seeds 0, 1, ...
inline Ensemble<double> networks(const Model& model, Index width, int seeds) {
  FamilyOptions family;
  family.input_dimension = dimension;
  family.width = width;
  family.hidden_layers = model.hidden_layers;
  family.activation = model.activation;
  family.bias_input = family.bias_hidden = family.bias_output = model.bias;
  std::vector<Member> members;
  for (int seed = 0; seed < seeds; ++seed)
    members.push_back({Key(static_cast<std::uint64_t>(seed)), scaling_of(model, width)});
  return {mlp(family), members};
}

}  // namespace widthwise::integrable
