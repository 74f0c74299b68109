#include "widthwise/parameterization/scaling.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "widthwise/architecture/architecture.h"
#include "widthwise/base/error.h"

namespace widthwise {

namespace {

void require_positive(double value, const char* key) {
  if (!(value > 0) || !std::isfinite(value))
    throw ConfigError({"", key}, "a positive number", fmt::format("{}", value));
}

struct Ratios {
  double width, depth;
  double power(const Rational& in_width, const Rational& in_depth) const {
    return std::pow(width, -in_width.value()) * std::pow(depth, -in_depth.value());
  }
};

TensorScaling tensor(const ScaleRequest& request, const Ratios& ratio, const BlockExponents& width,
                     const BlockExponents& depth, double base_multiplier, double base_std) {
  TensorScaling t;
  t.multiplier = base_multiplier * ratio.power(width.a, depth.a);
  t.init_std = base_std * ratio.power(width.b, depth.b);
  t.rate = request.learning_rate * ratio.power(width.c, depth.c);
  t.epsilon = request.epsilon * ratio.power(width.e, depth.e);
  t.decay = request.weight_decay * ratio.power(width.d, depth.d);

  const double m = t.multiplier;
  const double rate_factor = forgets_size(request.optimizer) ? m : m * m;
  const double decay_factor = decay_of(request.optimizer) == Decay::decoupled ? m : m * m;
  t.effective_std = t.init_std * m;
  t.effective_rate = t.rate * rate_factor;
  t.effective_epsilon = t.epsilon / m;
  t.effective_decay = t.decay / decay_factor;
  t.effective_first_rate = request.learning_rate *
                           ratio.power(width.c_first.value_or(width.c), depth.c_first.value_or(depth.c)) * rate_factor;
  return t;
}

// Mean, and what happens after the first updates, of a weight matrix.
void add_start(const Parameterization& parameterization, const Ratios& ratio, const BlockExponents& width,
               const BlockExponents& depth, const MatrixShape& matrix, TensorScaling& t) {
  if (matrix.block != Block::input)
    t.effective_mean = parameterization.init_mean / matrix.fan_in * ratio.power(width.a + width.b, depth.a + depth.b);
  if (matrix.block != Block::hidden) return;
  if (parameterization.hidden_start == InitialPart::over_root_n) t.initial_share = 1 / std::sqrt(ratio.width);
  if (parameterization.hidden_start == InitialPart::dropped) t.initial_share = 0;
}

// With the fan-in at the reference width.
MatrixShape shape_of(const ScaleRequest& request, const Parameterization& parameterization, int layer,
                     int hidden_layers) {
  if (request.matrices.empty()) {
    if (layer == 1) return {request.input_dimension, Block::input};
    return {parameterization.reference_width, layer == hidden_layers + 1 ? Block::output : Block::hidden};
  }
  MatrixShape matrix = request.matrices[static_cast<std::size_t>(layer - 1)];
  if (matrix.block != Block::input) matrix.fan_in *= parameterization.reference_width / request.width;
  return matrix;
}

}  // namespace

InitGains default_gains(double activation_gain, BaseIn base_in) {
  return {1, activation_gain, base_in == BaseIn::init ? 1 : activation_gain};
}

BaseIn parse_base_in(std::string_view name) {
  if (name == "init") return BaseIn::init;
  if (name == "multiplier") return BaseIn::multiplier;
  throw ConfigError({"", "parameterization.base_in"}, "init or multiplier", "'" + std::string(name) + "'");
}

Scaling scale(const Parameterization& parameterization, const ScaleRequest& request) {
  require_positive(request.width, "architecture.width");
  require_positive(request.hidden_layers, "architecture.hidden_layers");
  require_positive(request.input_dimension, "architecture.input_dimension");
  require_positive(request.bias_multiplier, "parameterization.bias_multiplier");
  require_positive(parameterization.reference_width, "parameterization.reference_width");
  require_positive(parameterization.reference_depth, "parameterization.reference_depth");

  const int hidden_layers =
      request.matrices.empty() ? request.hidden_layers : static_cast<int>(request.matrices.size()) - 1;
  const double depth = request.depth > 0 ? request.depth : hidden_layers;
  const Ratios ratio{request.width / parameterization.reference_width, depth / parameterization.reference_depth};
  Scaling scaling;
  for (int layer = 1; layer <= hidden_layers + 1; ++layer) {
    const bool output = layer == hidden_layers + 1;
    const MatrixShape matrix = shape_of(request, parameterization, layer, hidden_layers);
    const double gain = layer == 1 ? request.gains.input : output ? request.gains.output : request.gains.hidden;
    const double base = gain / std::sqrt(matrix.fan_in);
    const bool in_init = request.base_in == BaseIn::init;
    // An input block behind the first scales like it: exponents are asked for by a layer of its kind.
    const int like = matrix.block == Block::input ? 1 : layer;
    scaling.weights.push_back(tensor(request, ratio, parameterization.width.weight(like, hidden_layers),
                                     parameterization.depth.weight(like, hidden_layers), in_init ? 1 : base,
                                     in_init ? base : 1));
    add_start(parameterization, ratio, parameterization.width.weight(like, hidden_layers),
              parameterization.depth.weight(like, hidden_layers), matrix, scaling.weights.back());
    scaling.biases.push_back(tensor(request, ratio, parameterization.width.bias(like, hidden_layers),
                                    parameterization.depth.bias(like, hidden_layers), request.bias_multiplier,
                                    parameterization.bias_std));
    for (auto* tensors : {&scaling.weights, &scaling.biases})
      tensors->back().first_steps = parameterization.first_steps;
  }
  return scaling;
}

}  // namespace widthwise
