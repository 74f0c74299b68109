// Diagnostics of layers where recorder_test.cpp does not go: networks of images, gradient flow, runs that diverge,
// weights that are drawn again.
#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "matrices.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/rank_measures.h"
#include "widthwise/observable/recorder.h"

namespace widthwise {
namespace {

using testing::matrix_of;
using testing::random_matrix;

constexpr Index samples = 9;

std::vector<std::string> diagnostics() {
  std::vector<std::string> names{"preactivation_magnitude", "initial_part", "update_part",
                                 "last_update_part",        "unit_spread",  "input_spread",
                                 "distinct_maxima",         "silent_units"};
  for (const RankedName& matrix : ranked_matrices())
    for (const RankMeasureName& measure : rank_measure_names()) names.push_back(matrix.stem + "_" + measure.ending);
  return names;
}

Ensemble<double> network(const Architecture& architecture, double rate, InitialWeights initial = InitialWeights::kept) {
  Scaling scaling;
  for (const Dense& layer : architecture.weight_matrices()) {
    TensorScaling weight;
    weight.effective_std = 1 / std::sqrt(static_cast<double>(layer.fan_in));
    weight.effective_rate = rate;
    scaling.weights.push_back(weight);
    scaling.biases.push_back(weight);
  }
  const std::vector<Member> members{{Key(1), scaling}};
  return Ensemble<double>(architecture, members, initial);
}

Architecture perceptron() {
  FamilyOptions options;
  options.input_dimension = 5;
  options.width = 6;
  options.hidden_layers = 2;
  options.activation = "tanh";
  options.bias_input = options.bias_hidden = true;
  return mlp(options);
}

Architecture images() {
  FamilyOptions options;
  options.image = {8, 8, 2};
  options.kernel = 3;
  options.input_dimension = 128;
  options.width = 5;
  options.activation = "relu";
  options.blocks = 2;
  options.bias_input = options.bias_hidden = true;
  return make_architecture("cnn", options);
}

/// Weights, what they read (patches of images) and h of every layer at one step.
struct Seen {
  std::vector<Matrix<double>> weights, inputs, preactivations;
  Seen(const Ensemble<double>& ensemble, const Matrix<double>& x) {
    Propagation<double> passes(ensemble, x.rows(), 1);
    passes.forward(ensemble, view(x), 0);
    for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
      weights.push_back(matrix_of(ensemble.weight(0, layer)));
      inputs.push_back(matrix_of(passes.input(0, layer)));
      preactivations.push_back(matrix_of(passes.preactivation(0, layer)));
    }
  }
};

double mean_magnitude(const Matrix<double>& x) {
  return x.cwiseAbs().mean();
}

double participation(const Matrix<double>& m) {
  const Vector<double> squares = Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues().array().square();
  return squares.sum() * squares.sum() / squares.squaredNorm();
}

struct Followed {
  Trace trace;
  std::map<std::int64_t, Seen> seen;
  RunResult result;
};

Followed follow(Ensemble<double> ensemble, const TrainingOptions& training, std::vector<std::int64_t> steps) {
  const Matrix<double> x = random_matrix<double>(samples, ensemble.architecture().input_dimension, 3);
  const Matrix<double> y = random_matrix<double>(samples, 1, 4);
  Recorder<double> recorder(ensemble, {diagnostics(), make_loss("squared"), std::move(steps)},
                            {view(x), view(y), {}, {}});
  Followed followed;
  const auto results = train<double>(ensemble, view(x), view(y), *make_loss("squared"), training,
                                     recorder.probe_steps(), [&](const TrainingState<double>& state) {
                                       recorder(state);
                                       followed.seen.try_emplace(state.step, state.ensemble, x);
                                     });
  recorder.finish(ensemble, results);
  followed.trace = recorder.trace(0);
  followed.result = results.front();
  return followed;
}

void expect_parts(const Followed& run, double tolerance) {
  const Trace& trace = run.trace;
  ASSERT_GE(trace.size(), 3U);
  for (std::size_t point = 0; point < trace.size(); ++point) {
    const Seen &now = run.seen.at(trace.step[point]), &start = run.seen.at(0);
    for (std::size_t l = 0; l < now.weights.size(); ++l) {
      const auto near = [&](const char* name, double expected) {
        const std::string series = std::string(name) + "." + std::to_string(l + 1);
        EXPECT_NEAR(trace.values(series)[point], expected, tolerance * (1 + expected)) << series << " " << point;
      };
      const auto part = [&](const Matrix<double>& v) { return mean_magnitude(now.inputs[l] * v.transpose()); };
      near("preactivation_magnitude", mean_magnitude(now.preactivations[l]));
      near("initial_part", part(start.weights[l]));
      near("update_part", part(now.weights[l] - start.weights[l]));
      near("initial_weight_participation", participation(start.weights[l]));
      if (point == 0) continue;
      near("weight_update_participation", participation(now.weights[l] - start.weights[l]));
      const Matrix<double> last = now.weights[l] - run.seen.at(trace.step[point] - 1).weights[l];
      near("last_update_part", part(last));
      near("last_update_participation", participation(last));
    }
  }
}

// What a convolution reads are patches; a sample of h is one position.
TEST(LayerDiagnostics, OfConvolutionsAreOfTheirPatches) {
  TrainingOptions training;
  training.steps = 4;
  const Followed run = follow(network(images(), 0.02), training, {0, 1, 4});
  expect_parts(run, 1e-10);
  const Matrix<double>& h = run.seen.at(4).preactivations[1];
  EXPECT_GT(h.rows(), samples);
  EXPECT_NEAR(run.trace.final_value("preactivation_participation.2"), participation(h), 1e-10);
  const double spread = std::sqrt((h.rowwise() - h.colwise().mean()).array().square().mean());
  EXPECT_NEAR(run.trace.final_value("input_spread.2"), spread, 1e-12);
}

// The last update is the last accepted step.
TEST(LayerDiagnostics, OfGradientFlowAreOfItsSteps) {
  TrainingOptions training;
  training.optimizer = OptimizerKind::flow;
  training.steps = 6;
  const Followed run = follow(network(perceptron(), 1), training, {0, 2, 6});
  expect_parts(run, 1e-8);  // steps are small beside the weights, whose rounding is theirs
  EXPECT_GT(run.trace.final_value("last_update_part.1"), 0);
}

// Divergence is a result also where matrices are no longer finite and have no singular values.
TEST(LayerDiagnostics, OfARunThatDivergesAreNoErrors) {
  TrainingOptions training;
  training.steps = 20;
  training.divergence_cap = 1e300;
  for (const char* activation : {"relu", "tanh"}) {
    FamilyOptions options;
    options.input_dimension = 5;
    options.width = 6;
    options.hidden_layers = 2;
    options.activation = activation;
    Followed run;
    ASSERT_NO_THROW(run = follow(network(mlp(options), 1e200), training, {0, 1, 2, 3, 4, 20})) << activation;
    EXPECT_EQ(run.result.status, RunStatus::diverged);
    EXPECT_GE(run.trace.values("preactivation_rank.2")[0], 1);
  }
}

TEST(LayerDiagnostics, AreTheSameOfWeightsThatAreDrawnAgain) {
  TrainingOptions training;
  training.steps = 3;
  const Followed kept = follow(network(perceptron(), 0.3), training, {0, 1, 3});
  const Followed drawn = follow(network(perceptron(), 0.3, InitialWeights::forgotten), training, {0, 1, 3});
  for (const auto& [name, values] : kept.trace.series)
    for (std::size_t point = 0; point < values.size(); ++point)
      if (point > 0 || !std::isnan(values[point])) {
        EXPECT_EQ(drawn.trace.values(name)[point], values[point]) << name;
      }
}

// Of ten classes an output of 0 gives each a tenth: slopes of 0.9 and nine times 0.1, for every sample, whatever the
// number of samples.
TEST(LayerDiagnostics, SlopesOfTheLossAreThoseOfOneSample) {
  FamilyOptions options;
  options.input_dimension = 5;
  options.outputs = 10;
  options.width = 6;
  options.hidden_layers = 2;
  Ensemble<double> ensemble = network(mlp(options), 0.1);
  const View<double> readout = ensemble.weight(0, 3);
  for (Index i = 0; i < 10; ++i) std::fill_n(readout.row(i), 6, 0.0);
  for (const Index points : {1, 7}) {
    const Matrix<double> x = random_matrix<double>(points, 5, 3);
    Matrix<double> y = Matrix<double>::Zero(points, 10);
    for (Index i = 0; i < points; ++i) y(i, i) = 1;
    Recorder<double> recorder(ensemble, {{"chi"}, make_loss("cross-entropy"), {0}},
                              {view(std::as_const(x)), view(std::as_const(y)), {}, {}});
    recorder({ensemble, 0, 0, 0, {}, {}, {}});
    EXPECT_NEAR(recorder.trace(0).values("chi")[0], (0.9 + 9 * 0.1) / 10, 1e-15);
  }
}

// A layer whose units all follow one of them has spread 0; h = 0 everywhere has none.
TEST(LayerDiagnostics, UnitsThatAreAlikeHaveNoSpread) {
  FamilyOptions options;
  options.input_dimension = 5;
  options.width = 6;
  options.hidden_layers = 2;
  Ensemble<double> ensemble = network(mlp(options), 0.1);
  const View<double> first = ensemble.weight(0, 1), second = ensemble.weight(0, 2);
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 5; ++j) first(i, j) = first(0, j);
    for (Index j = 0; j < 6; ++j) second(i, j) = 0;
  }
  ensemble.make_initial();
  const Followed run = follow(std::move(ensemble), TrainingOptions(), {0});
  EXPECT_NEAR(run.trace.values("unit_spread.1")[0], 0, 1e-7);  // to rounding of squares
  EXPECT_TRUE(std::isnan(run.trace.values("unit_spread.2")[0]));
  EXPECT_EQ(run.trace.values("distinct_maxima.1")[0], 1);
  EXPECT_EQ(run.trace.values("preactivation_rank.1")[0], 1);
  EXPECT_EQ(run.trace.values("preactivation_rank.2")[0], 0);
  EXPECT_EQ(run.trace.values("preactivation_change_stable_rank.1")[0], 0);  // nothing has changed
}

}  // namespace
}  // namespace widthwise
