#include "widthwise/study/cost.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "widthwise/observable/observable.h"
#include "widthwise/observable/times.h"
#include "widthwise/parameterization/optimizer.h"
#include "widthwise/study/data_options.h"
#include "widthwise/study/kept_arrays.h"

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
  return make_architecture(family, options);
}

std::vector<std::int64_t> measured_steps(const Configuration& configuration) {
  MeasurementTimes times;
  times.every = configuration.whole("measure.times.every");
  times.log = configuration.whole("measure.times.log");
  for (const Value& step : configuration.at("measure.times.at").list()) times.at.push_back(step.whole());
  return measurement_steps(times, configuration.whole("training.steps"));
}

RunCost estimate_cost(const Configuration& configuration, Index inputs, Index outputs) {
  const Architecture architecture = make_architecture(configuration, inputs, outputs);
  const auto number = [&](const char* key) { return configuration.number(key); };
  const double samples = number("data.train");
  const double batch = number("training.batch") > 0 ? std::min(number("training.batch"), samples) : samples;
  const double points =
      std::min(number("measure.times.train_points"), samples) + number("data.test") + number("data.validation");
  // A measurement is a forward pass and about as much again for products with W_t - W_0.
  const double moments = static_cast<double>(measured_steps(configuration).size());
  const double steps = number("training.steps");

  RunCost cost;
  cost.flops =
      steps * batch * training_flops_per_sample(architecture) + 2 * moments * points * flops_per_sample(architecture);
  if (configuration.text("training.optimizer") == "muon")  // five times three products a hidden matrix
    cost.flops += steps * 30 * std::pow(static_cast<double>(architecture.width), 3) *
                  static_cast<double>(architecture.hidden_layers - 1);
  // A constant a step stands for its fixed expenses.
  cost.work = cost.flops * waste(static_cast<double>(architecture.width)) + 2e4 * steps;
  const double scalar = configuration.text("training.dtype") == "float32" ? 4 : 8;
  const OptimizerKind optimizer = parse_optimizer(configuration.text("training.optimizer"));
  const double copies = optimizer == OptimizerKind::sgd        ? 3
                        : optimizer == OptimizerKind::momentum ? 4
                        : optimizer == OptimizerKind::muon     ? 7
                                                               : 5;
  const double units = static_cast<double>((architecture.hidden_layers + 1) * architecture.width);
  cost.memory =
      scalar * (copies * static_cast<double>(parameter_count(architecture)) + 3 * std::max(batch, points) * units);
  cost.disk = disk_overhead + 8 * moments * (2 + series_count(configuration, architecture.hidden_layers)) +
              kept_bytes(configuration, architecture);
  return cost;
}

}  // namespace widthwise
