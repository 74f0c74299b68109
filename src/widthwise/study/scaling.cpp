#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/data/batches.h"
#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/run.h"
#include "widthwise/study/saved_state.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

Parameterization make_parameterization(const Configuration& configuration) {
  const OptimizerKind optimizer = parse_optimizer(configuration.text("training.optimizer"));
  const auto exponents = [&](const std::string& block) {
    const std::string key = "parameterization." + block;
    if (block == "hidden" && configuration.text(key) == "none") return BlockExponents{};  // there is none
    return parse_block_exponents(configuration.text(key), key);
  };
  const std::string& name = configuration.text("parameterization.name");
  SchemeFacts facts;
  if (depends_on_depth(name) && has_residual_sums(configuration.text("architecture.family")))
    throw ConfigError({{}, "parameterization.name"},
                      "a scheme whose exponents do not depend on the depth, for networks with residual sums",
                      name + ", whose exponents are those of networks without any",
                      "such as \"mup\"; or \"custom\", which has exponents of your own");
  if (depends_on_depth(name)) facts.hidden_layers = static_cast<int>(configuration.whole("architecture.hidden_layers"));
  if (depends_on_degree(name))
    facts.homogeneity =
        parse_homogeneity(configuration.text("parameterization.homogeneity"), *make_activation(configuration));
  Parameterization scheme = name == "custom"
                                ? custom_scheme(exponents("input"), exponents("hidden"), exponents("output"), optimizer)
                            : name == "two-layer" ? two_layer_scheme(two_layer_exponents(configuration))
                                                  : named_scheme(name, optimizer, facts);
  if (scheme.first_steps > 0) scheme.first_steps = configuration.whole("parameterization.first_steps");
  if (const std::string& first = configuration.text("parameterization.first_rates");
      name == "custom" && first != "none") {
    const std::string& biases = configuration.text("parameterization.first_bias_rates");
    set_first_rates(scheme, first, biases == "none" ? "" : biases, configuration.whole("parameterization.first_steps"));
  }
  if (const std::string& decay = configuration.text("parameterization.decay_exponents"); decay != "none")
    set_decay_exponents(scheme, decay);
  if (const std::string& rates = configuration.text("parameterization.depth_rate_exponents"); rates != "none")
    set_depth_rate_exponents(scheme, rates);
  scheme.init_mean = configuration.number("parameterization.init_mean");
  scheme.bias_std = configuration.number("parameterization.bias_std");
  scheme.reference_width = configuration.number("parameterization.reference_width");
  scheme.reference_depth = configuration.number("parameterization.reference_depth");
  return scheme;
}

TwoLayerExponents two_layer_exponents(const Configuration& configuration) {
  if (configuration.text("parameterization.name") != "two-layer")
    return two_layer_exponents(make_parameterization(configuration));
  return parse_two_layer(configuration.text("parameterization.q"), "parameterization.q");
}

OutputScale output_scale(const Configuration& configuration) {
  OutputScale scale{configuration.number("training.alpha"), configuration.number("training.kappa")};
  if (!configuration.toggle("parameterization.init_corrected")) return scale;
  const TwoLayerExponents exponents = two_layer_exponents(configuration);
  try {
    classify_two_layer(exponents, true);  // refuses where the correction is not comparable to later outputs
  } catch (const ConfigError& error) {
    throw ConfigError({{}, "parameterization.init_corrected"}, error.expected(), error.got(), error.hint());
  }
  const double nu = exponents.q_sigma.value() + 0.5;
  scale.kappa =
      std::pow(configuration.number("architecture.width") / configuration.number("parameterization.reference_width"),
               -nu) -
      1;
  return scale;
}

void check_two_layer(const Configuration& configuration) {
  const bool scheme = configuration.text("parameterization.name") == "two-layer";
  const bool corrected = configuration.toggle("parameterization.init_corrected");
  if (!scheme && !corrected) return;
  std::string what = scheme ? "parameterization.name = two-layer" : "parameterization.init_corrected";
  const auto refuse = [&what](const char* key, const std::string& expected, const std::string& got) {
    throw ConfigError({{}, key}, expected + ", for " + what, got);
  };
  if (scheme && configuration.text("parameterization.q") == "none")
    refuse("parameterization.q", "exponents \"q_sigma,q_a,q_w\"", "nothing");
  if (configuration.text("architecture.family") != "mlp")
    refuse("architecture.family", "mlp", configuration.text("architecture.family"));
  if (configuration.whole("architecture.hidden_layers") != 1)
    refuse("architecture.hidden_layers", "1", fmt::format("{}", configuration.whole("architecture.hidden_layers")));
  const std::string& optimizer = configuration.text("training.optimizer");
  if (forgets_size(parse_optimizer(optimizer)))
    refuse("training.optimizer", "gradient descent (sgd, momentum, gradient-flow)", optimizer);
  if (!corrected) return;
  what = "parameterization.init_corrected";
  for (const auto& [key, value] : {std::pair{"training.alpha", 1.0}, {"training.kappa", 0.0}})
    if (configuration.number(key) != value)
      refuse(key, fmt::format("{}", value), fmt::format("{}", configuration.number(key)));
  output_scale(configuration);
}

std::shared_ptr<const Activation> make_activation(const Configuration& configuration) {
  if (configuration.text("architecture.family") == "deep-linear") return make_activation("linear");
  return make_activation(configuration.text("architecture.activation"),
                         configuration.number("architecture.activation_parameter"));
}

Schedule make_schedule(const Configuration& configuration) {
  const Batches batches(configuration.whole("data.train"), configuration.whole("training.batch"), Key(0));
  return {.shape = parse_schedule(configuration.text("training.schedule")),
          .warmup_steps = configuration.whole("training.warmup_steps"),
          .final_rate = configuration.number("training.final_rate"),
          .switch_step = configuration.whole("training.switch_step"),
          .switch_factor = configuration.number("training.switch_factor"),
          .epoch_steps = batches.steps_per_epoch(),
          .epoch_factor = configuration.number("training.epoch_factor")};
}

FlowOptions flow_options(const Configuration& configuration) {
  const auto or_none = [&](const char* key) {
    const double number = configuration.number(key);
    return std::isnan(number) ? std::numeric_limits<double>::infinity() : number;
  };
  FlowOptions options;
  options.rule.max_dgrad = or_none("training.max_dgrad");
  options.rule.max_dout = or_none("training.max_dout");
  options.rule.first = configuration.number("training.first_step");
  options.rule.floor = configuration.number("training.step_floor");
  options.max_time = or_none("training.max_time");
  options.tau = configuration.number("training.tau");
  options.temperature = configuration.number("training.temperature");
  options.least_batch = configuration.whole("training.least_batch");
  options.most_batch = configuration.whole("training.most_batch");
  options.milestones = saved_milestones(configuration);
  return options;
}

std::shared_ptr<const Loss> make_loss(const Configuration& configuration) {
  LossParameters parameters;
  const auto relevant = [&](const char* key) { return is_relevant(key_spec(key), configuration.values()); };
  if (relevant("training.loss_beta")) parameters.beta = configuration.number("training.loss_beta");
  if (relevant("training.loss_margin")) parameters.margin = configuration.number("training.loss_margin");
  return make_loss(configuration.text("training.loss"), parameters);
}

ActivationFacts activation_facts(const Activation& activation) {
  ActivationFacts facts;
  facts.homogeneity = activation.homogeneity_degree();
  facts.centred = activation.centred();
  facts.bounded = activation.bounded();
  facts.linear = facts.homogeneity == 1 && activation.kinks().empty();
  const std::vector<double> kinks = activation.kinks();
  facts.kink_at_zero = !facts.homogeneity && std::ranges::find(kinks, 0.0) != kinks.end();
  facts.flat_at_zero = !facts.homogeneity && activation.slope_at_zero() == 0 && activation.slope_right_of_zero() == 0;
  // Six points tell: no function is even or odd at them by accident.
  const auto reflected_times = [&](double sign) {
    return std::ranges::all_of(std::array{0.1, 0.5, 1.0, 1.7, 3.0, 10.0}, [&](double z) {
      const double value = activation.value(z);
      return std::abs(value - sign * activation.value(-z)) <= 1e-12 * std::abs(value);
    });
  };
  facts.even = reflected_times(1);
  facts.odd = reflected_times(-1);
  return facts;
}

Scaling make_scaling(const Configuration& configuration, Index inputs, double width) {
  ScaleRequest request;
  request.optimizer = parse_optimizer(configuration.text("training.optimizer"));
  request.width = width;
  request.hidden_layers = static_cast<int>(configuration.whole("architecture.hidden_layers"));
  request.depth = depth(configuration);
  if (!is_chain(configuration.text("architecture.family")))
    for (const Dense& matrix : make_architecture(configuration, inputs, 1).weight_matrices())
      request.matrices.push_back({static_cast<double>(matrix.fan_in), matrix.block});
  // Weights are as large as those of the features as they were.
  request.input_dimension = static_cast<double>(
      configuration.text("data.basis") == "span" ? expected_shape(configuration).own_inputs : inputs);
  request.learning_rate = configuration.number("training.learning_rate");
  request.epsilon = configuration.number("training.epsilon");
  request.weight_decay = configuration.number("training.weight_decay");
  const double gain = configuration.number("parameterization.init_gain");
  const auto activation = make_activation(configuration);
  request.base_in = parse_base_in(configuration.text("parameterization.base_in"));
  request.bias_multiplier = configuration.number("parameterization.bias_multiplier");
  request.gains = std::isnan(gain) ? default_gains(activation->gain(), request.base_in) : InitGains{gain, gain, gain};
  return scale(make_parameterization(configuration), request);
}

Scaling make_scaling(const Configuration& configuration, Index inputs) {
  return make_scaling(configuration, inputs, configuration.number("architecture.width"));
}

}  // namespace widthwise
