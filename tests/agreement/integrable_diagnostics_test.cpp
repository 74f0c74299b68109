// What diagnostics of layers say of integrable parameterizations: powers of the width by which units become alike, the
// input is hidden, weights move and initial weights are left behind, and ranks after one large step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agreement/integrable_networks.h"
#include "widthwise/loss/loss.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

using namespace integrable;

constexpr int seeds = 20;
constexpr double tolerance = 0.15;  // what widths 64..512 leave of corrections n^-1/2, and of 20 seeds

Recorder<double> followed(Ensemble<double>& ensemble, const Data& data, std::vector<std::string> names,
                          std::int64_t steps) {
  const auto loss = make_loss("squared");
  Recorder<double> recorder(ensemble, {std::move(names), loss, {0, steps}},
                            {view(data.inputs), view(data.targets), {}, {}});
  TrainingOptions options;
  options.steps = steps;
  train<double>(ensemble, view(data.inputs), view(data.targets), *loss, options, recorder.probe_steps(),
                std::ref(recorder));
  return recorder;
}

/// Slopes over the width of each series at step `step`, 0 or 1: means over seeds of slopes of logarithms.
std::map<std::string, double> slopes(const Model& model, const std::vector<std::string>& names, std::int64_t step) {
  std::map<std::string, std::vector<Point>> points;
  const Data data = data_of(5);
  for (const Index width : {Index{64}, Index{128}, Index{256}, Index{512}}) {
    Ensemble<double> ensemble = networks(model, width, seeds);
    const Recorder<double> recorder = followed(ensemble, data, names, step);
    for (Index m = 0; m < seeds; ++m)
      for (const auto& [name, values] : recorder.trace(m).series)
        points[name].push_back({static_cast<double>(width), std::to_string(m), values.back()});
  }
  std::map<std::string, double> means;
  for (const auto& [name, of] : points) {
    const Slopes fitted = log_log_slopes(of);
    EXPECT_EQ(fitted.seeds.size(), static_cast<std::size_t>(seeds)) << name;
    for (const auto& seed : fitted.seeds) means[name] += seed.slope / seeds;
  }
  return means;
}

std::string at(const char* name, int layer) {
  return std::string(name) + "." + std::to_string(layer);
}

// h_i = mean(x) + n^-1 sum_j N_ij x_j from layer 2 on: units differ by n^-1/2 of what they share. Under an odd phi the
// first layer, whose weights have no mean, has mean(x) ~ n^-1/2 only: units of layer 2 share no more than they differ
// by.
TEST(IntegrableDiagnostics, MeansMakeUnitsAlike) {
  for (const char* activation : {"relu", "tanh"}) {
    const auto found = slopes({"ip-non-centered", activation, 4, 1}, {"unit_spread"}, 0);
    const bool odd = activation == std::string("tanh");
    EXPECT_NEAR(found.at("unit_spread.2"), odd ? 0 : -0.5, tolerance) << activation;
    for (int l : {3, 4}) EXPECT_NEAR(found.at(at("unit_spread", l)), -0.5, tolerance) << activation << l;
  }
}

// h_l = v_l + n^-1 sum: each layer from the second on passes on n^-1/2 of what it sees of the input, beside biases of
// order one.
TEST(IntegrableDiagnostics, BiasesHideTheInput) {
  const auto found = slopes({"ip-bias", "tanh", 3, 1, true}, {"input_spread", "preactivation_magnitude"}, 0);
  for (int l = 1; l <= 4; ++l) {
    EXPECT_NEAR(found.at(at("input_spread", l)), -(l - 1) / 2.0, tolerance) << l;
    EXPECT_NEAR(found.at(at("preactivation_magnitude", l)), 0, tolerance) << l;
  }
}

// |dw| / |w_0| of the first update, w_0 of order one: delta^l ~ n^-1-(L-l)/2 and x^l ~ n^-(l-1)/2 leave n^-(L-2)/2 of
// hidden matrices, n^-(L-1)/2 of the first and the last.
TEST(IntegrableDiagnostics, FirstUpdatesOfSmallWeightsVanishWithDepth) {
  for (const int L : {2, 3, 4}) {
    const auto found = slopes({"integrable", "relu", L, 0.7}, {"weight_change"}, 1);
    for (int l = 1; l <= L + 1; ++l)
      EXPECT_NEAR(found.at(at("weight_change", l)), -(L - (l == 1 || l == L + 1 ? 1 : 2)) / 2.0, tolerance)
          << "L = " << L << ", layer " << l;
  }
}

// After the large step features are of order one and no longer those that W_0 sums at random to n^-1/2 in hidden
// layers: hidden layers live by their updates. The readout's W_0 is correlated with the features it has made.
TEST(IntegrableDiagnostics, HiddenLayersLiveByTheirUpdates) {
  const auto llr = slopes({"ip-llr", "relu", 3, 1.5}, {"initial_part", "update_part"}, 1);
  const auto mup = slopes({"mup", "relu", 3, 1.5}, {"initial_part", "update_part"}, 1);
  for (int l = 1; l <= 4; ++l) {
    EXPECT_NEAR(llr.at(at("initial_part", l)), l == 2 || l == 3 ? -0.5 : 0, tolerance) << l;
    EXPECT_NEAR(mup.at(at("initial_part", l)), 0, tolerance) << l;
    EXPECT_NEAR(llr.at(at("update_part", l)), 0, tolerance) << l;
    EXPECT_NEAR(mup.at(at("update_part", l)), 0, tolerance) << l;
  }
}

// The hybrids start as mup: one update is the same, what they leave of W_0 in hidden layers is its share n^-1/2, or
// nothing.
TEST(IntegrableDiagnostics, HybridsLeaveTheirInitialWeights) {
  const std::vector<std::string> names{"initial_part", "update_part", "last_update_part"};
  const Data data = data_of(5);
  std::map<std::string, Trace> traces;
  for (const char* scheme : {"mup", "hp", "hpz"}) {
    Ensemble<double> ensemble = networks({scheme, "relu", 3, 1.5}, 100, 1);
    traces[scheme] = followed(ensemble, data, names, 1).trace(0);
  }
  // Layer 2 reads the features of a first layer that is mup's.
  const double whole = traces["mup"].final_value("initial_part.2");
  EXPECT_NEAR(traces["hp"].final_value("initial_part.2"), whole / 10, 1e-12);
  EXPECT_EQ(traces["hpz"].final_value("initial_part.2"), 0);
  for (const char* scheme : {"hp", "hpz"})
    for (const char* part : {"update_part.2", "last_update_part.2"})
      EXPECT_NEAR(traces[scheme].final_value(part), traces["mup"].final_value(part), 1e-12) << scheme << part;
}

// A gradient on one sample is delta x': of rank one in every layer, whatever the measure.
TEST(IntegrableDiagnostics, OneSampleMovesOneDirection) {
  // Not the numerical rank: W_t - W_0 carries the rounding of W_0, which is of full rank.
  const std::vector<std::string> names{"weight_update_participation", "weight_update_stable_rank"};
  for (const char* scheme : {"ip-llr", "mup"}) {
    Ensemble<double> ensemble = networks({scheme, "relu", 3, 0.7}, 48, 1);
    const Recorder<double> recorder = followed(ensemble, data_of(2, 1), names, 1);
    for (const auto& [name, values] : recorder.trace(0).series) EXPECT_NEAR(values.back(), 1, 1e-12) << scheme << name;
  }
}

// One large step leaves each layer fewer directions than the one below it, down to about one; relu by itself, at
// initialization, leaves more.
TEST(IntegrableDiagnostics, RanksFallWithTheLayerAfterALargeStep) {
  constexpr int L = 6, networks_seen = 5;
  constexpr Index points = 64;
  Data data = data_of(7, points);
  data.inputs = 2 * (data.inputs.array() - 1);  // N(0, 1), classified by the sign of the first
  for (Index i = 0; i < points; ++i) data.targets(i, 0) = data.inputs(i, 0) > 0 ? 1 : -1;
  Ensemble<double> ensemble = networks({"ip-llr", "relu", L, 1.5}, 256, networks_seen);
  const Recorder<double> recorder = followed(ensemble, data, {"preactivation_participation"}, 1);
  const auto directions = [&](int layer, std::size_t point) {
    double mean = 0;
    for (int m = 0; m < networks_seen; ++m)
      mean += recorder.trace(m).values(at("preactivation_participation", layer))[point] / networks_seen;
    return mean;
  };
  for (int l = 1; l < L; ++l) EXPECT_GT(directions(l, 1), directions(l + 1, 1)) << l;
  for (int l = 2; l <= L; ++l) EXPECT_LT(directions(l, 1), directions(l, 0)) << l;
  EXPECT_GT(directions(1, 1), 5);  // of ten inputs
  EXPECT_LT(directions(L, 1), 1.5);
}

}  // namespace
}  // namespace widthwise
