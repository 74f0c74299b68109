#include "widthwise/study/cost.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <mutex>

#include "widthwise/base/error.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/observable.h"
#include "widthwise/observable/rank_measures.h"
#include "widthwise/observable/times.h"
#include "widthwise/parameterization/optimizer.h"
#include "widthwise/study/data_options.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/kept_arrays.h"
#include "widthwise/study/limit_run.h"

namespace widthwise {

namespace {

constexpr double disk_overhead = 6000;  // of a record: configuration, provenance, indices

double series_count(const Configuration& configuration, Index hidden_layers) {
  double count = 0;
  for (const Value& name : configuration.at("measure.observables").list())
    count += static_cast<double>(observable_series(name.text(), hidden_layers).size());
  return count;
}

// Time over flops, relative to a wide layer: narrow products and the pointwise passes beside them cost more each.
double waste(double width) {
  return 1 + 48 / width;
}

}  // namespace

DataShape expected_shape(const Configuration& configuration) {
  if (is_deep_linear_run(configuration)) return {};  // no data are loaded
  static std::mutex mutex;
  static std::map<std::string, DataShape> known;
  const DataOptions options = data_options(configuration.values());
  const std::lock_guard lock(mutex);
  const auto [entry, fresh] = known.try_emplace(data_key(options));
  if (fresh) {
    try {
      entry->second = shape_of(options);
    } catch (...) {
      known.erase(entry);
      throw;
    }
  }
  return entry->second;
}

namespace {

// "HEIGHTxWIDTHxCHANNELS", or the shape of the data's own images.
InputImage input_image(const Configuration& configuration) {
  const std::string& text = configuration.text("architecture.image");
  if (text == "auto") {
    const ImageShape image = expected_shape(configuration).image;
    return {image.height, image.width, image.channels};
  }
  InputImage image;
  char beyond = 0;
  if (std::sscanf(text.c_str(), "%tdx%tdx%td%c", &image.height, &image.width, &image.channels, &beyond) != 3)
    throw ConfigError({{}, "architecture.image"}, "\"HEIGHTxWIDTHxCHANNELS\", such as \"28x28x1\", or \"auto\"",
                      "'" + text + "'");
  return image;
}

void add_image_options(const Configuration& configuration, FamilyOptions& options) {
  options.image = input_image(configuration);
  options.blocks = configuration.whole("architecture.blocks");
  options.convolutions = configuration.whole("architecture.convolutions");
  options.kernel = configuration.whole("architecture.kernel");
  options.padding = configuration.whole("architecture.padding");
  options.stride_first = configuration.toggle("architecture.stride_first");
  options.mix_angle = configuration.number("architecture.mix_angle");
}

// beta = beta_0 (L/L_ref)^-branch_exponent
double branch_scale(const Configuration& configuration) {
  return configuration.number("architecture.branch_scale") *
         std::pow(depth(configuration) / configuration.number("parameterization.reference_depth"),
                  -configuration.number("parameterization.branch_exponent"));
}

// Numbers a sample has between the layers, a third of what a pass keeps of it.
double numbers_between_layers(const Architecture& architecture) {
  if (is_chain(architecture.family)) return static_cast<double>((architecture.hidden_layers + 1) * architecture.width);
  const auto room = Propagation<float>::room(architecture);
  return static_cast<double>(room.numbers + room.patches) / 3;
}

}  // namespace

double depth(const Configuration& configuration) {
  const std::string& family = configuration.text("architecture.family");
  if (!reads_images(family)) return configuration.number("architecture.hidden_layers");
  if (!has_residual_sums(family)) return static_cast<double>(hidden_layers(configuration));
  const Index blocks = configuration.whole("architecture.blocks");
  return 3.0 * static_cast<double>(blocks == 0 ? 4 : blocks);
}

Index hidden_layers(const Configuration& configuration) {
  const std::string& family = configuration.text("architecture.family");
  if (is_chain(family)) return configuration.whole("architecture.hidden_layers");
  if (!reads_images(family)) return configuration.whole("architecture.hidden_layers") + 1;  // blocks and the read-in
  const DataShape shape = expected_shape(configuration);
  return make_architecture(configuration, shape.inputs, shape.outputs).hidden_layers;
}

Architecture make_architecture(const Configuration& configuration, Index inputs, Index outputs) {
  FamilyOptions options;
  options.input_dimension = inputs;
  options.outputs = outputs;
  options.width = configuration.whole("architecture.width");
  options.hidden_layers = configuration.whole("architecture.hidden_layers");
  const std::string& family = configuration.text("architecture.family");
  if (family != "deep-linear") {
    options.activation = configuration.text("architecture.activation");
    options.activation_parameter = configuration.number("architecture.activation_parameter");
  }
  options.bias_input = configuration.toggle("architecture.bias_input");
  options.bias_hidden = configuration.toggle("architecture.bias_hidden");
  options.bias_output = configuration.toggle("architecture.bias_output");
  if (reads_images(family)) add_image_options(configuration, options);
  if (has_residual_sums(family)) options.branch_scale = branch_scale(configuration);
  if (family == "residual-mlp") options.branch = parse_branch_order(configuration.text("architecture.branch"));
  return make_architecture(family, options);
}

std::vector<std::int64_t> measured_steps(const Configuration& configuration) {
  MeasurementTimes times;
  times.every = configuration.whole("measure.times.every");
  times.log = configuration.whole("measure.times.log");
  for (const Value& step : configuration.at("measure.times.at").list()) times.at.push_back(step.whole());
  return measurement_steps(times, configuration.whole("training.steps"));
}

namespace {

// Tangent kernels: of each two points, about as many operations as a layer has inputs and outputs; kept at the start.
void add_kernels(const Configuration& configuration, const Architecture& architecture, double moments, RunCost& cost) {
  double kernels = 0;
  for (const Value& name : configuration.at("measure.observables").list()) {
    const ObservableInfo& info = find_observable(name.text());
    if (info.of_kernel)
      kernels = std::max(kernels, info.per_layer() ? static_cast<double>(architecture.hidden_layers) + 2 : 1.0);
  }
  if (kernels == 0) return;
  const bool test = configuration.text("measure.kernel_set") != "train" && configuration.number("data.test") > 0;
  const double points =
      std::min(configuration.number("measure.kernel_points"),
               test ? configuration.number("data.test")
                    : std::min(configuration.number("measure.times.train_points"), configuration.number("data.train")));
  const double times = configuration.text("measure.kernel_times") == "all" ? moments : 2;
  double fans = 0;
  for (const Dense& layer : architecture.weight_matrices()) fans += static_cast<double>(layer.fan_in + layer.fan_out);
  const double passes = 3 * static_cast<double>(architecture.outputs) * flops_per_sample(architecture);
  cost.flops += times * points * (passes + points * fans);
  cost.memory += (configuration.text("training.dtype") == "float32" ? 4 : 8) * 2 * kernels * points * points;
}

// Singular values: about 4 longer shorter^2 operations, a tenth as fast as those of products. Of images at least that,
// since each position of one is a sample.
double rank_flops(const Configuration& configuration, const Architecture& architecture, double moments) {
  const auto svd = [](double a, double b) { return 40 * a * b * std::min(a, b); };
  const double samples =
      std::min(configuration.number("measure.times.train_points"), configuration.number("data.train"));
  double flops = 0;
  for (const RankedName& matrix : ranked_matrices()) {
    const bool asked = std::ranges::any_of(configuration.at("measure.observables").list(), [&](const Value& name) {
      return std::ranges::any_of(rank_measure_names(), [&](const RankMeasureName& measure) {
        return name.text() == matrix.stem + "_" + measure.ending;
      });
    });
    if (!asked) continue;
    double once = 0;
    for (const Dense& layer : architecture.weight_matrices())
      once += matrix.of_weights ? svd(static_cast<double>(layer.fan_in), static_cast<double>(layer.fan_out)) : 0;
    if (!matrix.of_weights)
      once = static_cast<double>(architecture.hidden_layers) * svd(samples, static_cast<double>(architecture.width));
    flops += matrix.matrix == RankedMatrix::initial_weight ? once : moments * once;
  }
  return flops;
}

// A backward pass for gradients; for what each layer contributes, a derivative of the outputs along it.
double passes_along_layers(const Configuration& configuration, const Architecture& architecture) {
  double passes = 0;
  bool gradients = false;
  for (const Value& name : configuration.at("measure.observables").list()) {
    const std::string& observable = name.text();
    if (observable == "contribution") passes += 2 * static_cast<double>(architecture.hidden_layers + 1);
    gradients =
        gradients || observable == "gradient_size" || observable == "epsilon_ratio" || observable == "decay_ratio";
  }
  return passes + (gradients ? 2 : 0);
}

}  // namespace

RunCost estimate_cost(const Configuration& configuration, Index inputs, Index outputs) {
  if (is_deep_linear_run(configuration)) {
    RunCost cost = deep_linear_cost(configuration);
    cost.disk = disk_overhead + 8 * 4 * static_cast<double>(measured_steps(configuration).size());
    return cost;
  }
  const Architecture architecture = make_architecture(configuration, inputs, outputs);
  const auto number = [&](const char* key) { return configuration.number(key); };
  const double samples = number("data.train");
  const double batch = number("training.batch") > 0 ? std::min(number("training.batch"), samples) : samples;
  const double points =
      std::min(number("measure.times.train_points"), samples) + number("data.test") + number("data.validation");
  // A measurement is a forward pass and about as much again for products with W_t - W_0.
  const double moments = static_cast<double>(measured_steps(configuration).size());
  // How many steps a flow takes is not known before: of the article's problems, some thousands.
  const bool flow = configuration.text("training.optimizer") == "gradient-flow";
  const double steps = flow ? std::min(number("training.steps"), 3000.0) : number("training.steps");

  RunCost cost;
  cost.flops =
      steps * batch * training_flops_per_sample(architecture) +
      (2 + passes_along_layers(configuration, architecture)) * moments * points * flops_per_sample(architecture);
  if (is_limit_run(configuration)) {
    const LimitCost limit = limit_cost(configuration, inputs);
    cost.flops = limit.flops;
    cost.memory = limit.memory;
  }
  if (configuration.text("training.optimizer") == "muon")  // five times three products a hidden matrix
    cost.flops += steps * 30 * std::pow(static_cast<double>(architecture.width), 3) *
                  static_cast<double>(architecture.hidden_layers - 1);
  add_kernels(configuration, architecture, moments, cost);
  cost.flops += rank_flops(configuration, architecture, moments);
  // A constant a step stands for its fixed expenses.
  cost.work = cost.flops * waste(static_cast<double>(architecture.width)) + 2e4 * steps;
  const double scalar = configuration.text("training.dtype") == "float32" ? 4 : 8;
  const OptimizerKind optimizer = parse_optimizer(configuration.text("training.optimizer"));
  const double copies = optimizer == OptimizerKind::sgd        ? 3
                        : optimizer == OptimizerKind::momentum ? 4
                        : optimizer == OptimizerKind::muon     ? 7
                                                               : 5;
  const double units = numbers_between_layers(architecture);
  // Points held out go through in blocks, which tells where a sample takes megabytes.
  const double held = reads_images(architecture.family)
                          ? std::max({batch, 256.0, std::min(number("measure.times.train_points"), samples)})
                          : std::max(batch, points);
  if (!is_limit_run(configuration) || needs_network(configuration))
    cost.memory += scalar * (copies * static_cast<double>(parameter_count(architecture)) + 3 * held * units);
  cost.disk = disk_overhead + 8 * moments * (2 + series_count(configuration, architecture.hidden_layers)) +
              kept_bytes(configuration, architecture);
  return cost;
}

}  // namespace widthwise
