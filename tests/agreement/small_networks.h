// Small networks of three hidden layers at four widths, trained as a trial says, and slopes over the width of what is
// measured on them. What the slopes should be is a matter of the tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/data/load.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise::testing {

constexpr int hidden_layers = 3, seeds = 8;
constexpr Index dimension = 16, reference_width = 64;
inline const std::vector<Index> widths = {64, 128, 256, 512};

struct Trial {
  std::string scheme, activation;
  OptimizerKind optimizer;
  double rate;  // small: the first order in it is what the exponents of an unstable scheme speak of
  std::vector<double> weight_decays{};  // at the reference, one a layer; none: 0
};

/// Points (width, seed, value) by name.
using Points = std::map<std::string, std::vector<Point>>;

struct SmallData {
  Split split = load_data([] {
    DataOptions options;
    options.name = "gaussian";
    options.dimension = dimension;
    options.train = 32;
    return options;
  }());
  View<const double> inputs() const { return view(split.train.inputs); }
  View<const double> targets() const { return view(split.train.targets); }
};

/// Members 0, 1, ... have the seeds 0, 1, ...
inline std::vector<Member> members_of(const Trial& trial, Index width) {
  Parameterization scheme = named_scheme(trial.scheme, trial.optimizer);
  scheme.reference_width = reference_width;
  ScaleRequest request;
  request.optimizer = trial.optimizer;
  request.width = static_cast<double>(width);
  request.hidden_layers = hidden_layers;
  request.input_dimension = dimension;
  request.learning_rate = trial.rate;
  request.epsilon = 1e-14;
  request.weight_decay = trial.weight_decays.empty() ? 0 : 1;
  request.gains = default_gains(make_activation(trial.activation)->gain());
  std::vector<Member> members;
  Scaling scaling = scale(scheme, request);
  for (std::size_t l = 0; l < trial.weight_decays.size(); ++l)
    scaling.weights[l].effective_decay *= trial.weight_decays[l];
  for (int seed = 0; seed < seeds; ++seed) members.push_back({Key(static_cast<std::uint64_t>(seed)), scaling});
  return members;
}

inline Ensemble<double> networks(const Trial& trial, Index width, const std::vector<Member>& members) {
  FamilyOptions family;
  family.input_dimension = dimension;
  family.width = width;
  family.hidden_layers = hidden_layers;
  family.activation = trial.activation;
  return {mlp(family), members};
}

/// On the squared loss.
inline void train_all(Ensemble<double>& ensemble, OptimizerKind optimizer, int steps, const SmallData& data,
                      std::span<const std::int64_t> probe_steps = {}, const Probe<double>& probe = {}) {
  TrainingOptions options;
  options.optimizer = optimizer;
  options.steps = steps;
  for (const RunResult& result :
       train(ensemble, data.inputs(), data.targets(), *make_loss("squared"), options, probe_steps, probe))
    EXPECT_EQ(result.status, RunStatus::finished);
}

/// Every series of the observables after three steps, and with "initial." before the first.
inline Points measure(const Trial& trial, const std::vector<std::string>& observables) {
  const SmallData data;
  Points points;
  for (const Index width : widths) {
    Ensemble<double> ensemble = networks(trial, width, members_of(trial, width));
    Recorder<double> recorder(ensemble, {observables, make_loss("squared"), {0, 3}},
                              {data.inputs(), data.targets(), {}, {}});
    train_all(ensemble, trial.optimizer, 3, data, recorder.probe_steps(), std::ref(recorder));
    for (int seed = 0; seed < seeds; ++seed) {
      const Trace& trace = recorder.trace(seed);
      const auto point = [&](double value) { return Point{static_cast<double>(width), std::to_string(seed), value}; };
      for (const auto& [name, values] : trace.series) {
        points[name].push_back(point(trace.final_value(name)));
        points["initial." + name].push_back(point(trace.at_step(name, 0)));
      }
    }
  }
  return points;
}

/// Over the seeds, of the slope of log value over log width.
inline double mean_slope(const std::vector<Point>& points) {
  const Slopes slopes = log_log_slopes(points);
  EXPECT_EQ(slopes.seeds.size(), static_cast<std::size_t>(seeds));
  double sum = 0;
  for (const auto& seed : slopes.seeds) sum += seed.slope;
  return sum / static_cast<double>(slopes.seeds.size());
}

/// A parameter's part of a test's name.
inline std::string test_name(const std::string& scheme, OptimizerKind optimizer) {
  std::string name = scheme + "_" + std::string(optimizer_name(optimizer));
  for (char& letter : name)
    if (letter == '-') letter = '_';
  return name;
}

}  // namespace widthwise::testing
