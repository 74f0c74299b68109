// Diagnostics of integrable parameterizations against theory: powers of the width, and what relu does to ranks.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/loss/loss.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

constexpr Index dimension = 10, samples = 8;

struct Case {
  std::string scheme, activation;
  int hidden_layers;
  double rate = 1;
  bool bias = false;
  Index outputs = 1;
  double input_mean = 1;
};

Ensemble<double> networks(const Case& one, Index width, int seeds) {
  const auto activation = make_activation(one.activation);
  FamilyOptions family;
  family.input_dimension = dimension;
  family.outputs = one.outputs;
  family.width = width;
  family.hidden_layers = one.hidden_layers;
  family.activation = one.activation;
  family.bias_input = family.bias_hidden = family.bias_output = one.bias;
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.hidden_layers = one.hidden_layers;
  request.input_dimension = dimension;
  request.learning_rate = one.rate;
  request.gains = default_gains(activation->gain());
  const SchemeFacts facts{one.hidden_layers, activation->homogeneity_degree().value_or(1)};
  const Scaling scaling = scale(named_scheme(one.scheme, OptimizerKind::sgd, facts), request);
  std::vector<Member> members;
  for (int seed = 0; seed < seeds; ++seed) members.push_back({Key(static_cast<std::uint64_t>(seed)), scaling});
  return {mlp(family), members};
}

/// Final values of every member after so many updates on inputs mean + N(0, 1)/2, sample i with target 1 at output i.
std::vector<std::map<std::string, double>> measured(const Case& one, Index width, int seeds, std::int64_t steps,
                                                    std::vector<std::string> observables) {
  Matrix<double> inputs(samples, dimension);
  Matrix<double> targets = Matrix<double>::Zero(samples, one.outputs);
  for (Index i = 0; i < samples; ++i) targets(i, i % one.outputs) = 1;
  fill_normal<double>(Key(7).split("inputs"), samples, dimension, 0.5, inputs.data(), dimension);
  inputs.array() += one.input_mean;
  Ensemble<double> ensemble = networks(one, width, seeds);
  const std::shared_ptr<const Loss> loss = make_loss("squared");
  Recorder<double> recorder(ensemble, {std::move(observables), loss, {0, steps}},
                            {view(inputs), view(targets), {}, {}});
  TrainingOptions training;
  training.steps = steps;
  train<double>(ensemble, view(inputs), view(targets), *loss, training, recorder.probe_steps(), std::ref(recorder));
  std::vector<std::map<std::string, double>> out;
  for (Index m = 0; m < ensemble.size(); ++m) out.push_back(recorder.finals(m));
  return out;
}

/// Slope of the geometric mean over draws in the width.
double slope(const Case& one, const std::string& observable, const std::string& layer, std::int64_t steps) {
  std::vector<double> x, y;
  for (const Index width : {32, 64, 128, 256}) {
    double sum = 0;
    const auto all = measured(one, width, 16, steps, {observable});
    for (const auto& values : all) sum += std::log(values.at(observable + "." + layer));
    x.push_back(std::log(static_cast<double>(width)));
    y.push_back(sum / static_cast<double>(all.size()));
  }
  return fit_line(x, y).slope;
}

// Weights of mean 1/n: h of a unit is the mean feature plus a sum of n independent terms of size 1/n.
TEST(IntegrableDiagnostics, UnitsBecomeAlikeUnderAMean) {
  for (const char* layer : {"2", "3"})
    EXPECT_NEAR(slope({"ip-non-centered", "relu", 3}, "unit_spread", layer, 0), -0.5, 0.1) << layer;
  EXPECT_NEAR(slope({"ip-non-centered", "relu", 3}, "unit_spread", "1", 0), 0.5, 0.15)
      << "no mean in the first layer: that over n independent units is of size n^-1/2";
}

// Every hidden matrix of entries 1/n hands on n^-1/2 of what differs between inputs; biases are of order one.
TEST(IntegrableDiagnostics, BiasesHideTheInput) {
  for (int l = 1; l <= 4; ++l)
    EXPECT_NEAR(slope({"ip-bias", "tanh", 3, 1, true}, "input_spread", std::to_string(l), 0), -(l - 1) / 2.0, 0.15)
        << l;
}

// The first update of the trained w = n^a W, a = 0, 1, 1: n^-(L-1)/2 in the first and last layer, n^-(L-2)/2 between.
TEST(IntegrableDiagnostics, TrainablesHardlyMoveUnderNaiveRates) {
  for (const int hidden_layers : {3, 4})
    for (int l = 1; l <= hidden_layers + 1; ++l) {
      const bool end = l == 1 || l == hidden_layers + 1;
      // Norms of a matrix: sqrt(entries) of them, n each way inside, n^(1/2) at the ends; and W = n^-a w.
      const double expected = -(hidden_layers - (end ? 1 : 2)) / 2.0 + (end ? 0.5 : 1) - (l == 1 ? 0 : 1);
      EXPECT_NEAR(slope({"integrable", "tanh", hidden_layers}, "last_update_norm", std::to_string(l), 1), expected,
                  0.15)
          << hidden_layers << " " << l;
    }
}

// Eight inputs that are nearly orthogonal, each with a target of its own: the update of W_6 is a sum of eight rank-one
// terms with orthogonal deltas, so that it has the participation of the Gram matrix of the features x^5. Under relu
// their correlations grow from 0 by the arc-cosine map to 0.75, and 64 / ((1 + 7 * 0.75)^2 + 7 * 0.25^2) = 1.6. tanh is
// linear where preactivations vanish and keeps them: 8 / (1 + 8/10) = 4.4, that of eight normal vectors in ten
// dimensions.
TEST(IntegrableDiagnostics, OneLargeStepLeavesReluOneDirection) {
  const auto participation = [](const char* activation) {
    const auto all = measured({"ip-llr", activation, 6, 1, false, 8, 0}, 256, 4, 1, {"weight_update_participation"});
    double sum = 0;
    for (const auto& values : all) sum += values.at("weight_update_participation.6");
    return sum / static_cast<double>(all.size());
  };
  EXPECT_LT(participation("relu"), 2.2);
  EXPECT_GT(participation("tanh"), 3.5);
}

}  // namespace
}  // namespace widthwise
