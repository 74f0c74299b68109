#include "widthwise/observable/recorder.h"

#include <gmock/gmock.h>

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <set>

#include "matrices.h"
#include "widthwise/base/error.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/observable.h"
#include "widthwise/observable/times.h"

namespace widthwise {
namespace {

using ::testing::ElementsAre;
using Steps = std::vector<std::int64_t>;

Matrix<double> random_matrix(Index rows, Index cols, std::uint64_t seed) {
  Matrix<double> matrix(rows, cols);
  fill_normal(Key(seed), static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, matrix.data(),
              static_cast<std::size_t>(cols));
  return matrix;
}

Scaling scaling_of(const Architecture& network, double rate) {
  Scaling scaling;
  for (const Dense& layer : network.weight_matrices()) {
    TensorScaling weight;
    weight.effective_std = 1 / std::sqrt(static_cast<double>(layer.fan_in));
    weight.effective_rate = rate;
    scaling.weights.push_back(weight);
    scaling.biases.push_back(weight);
  }
  return scaling;
}

Architecture tanh_mlp(Index width) {
  FamilyOptions options;
  options.input_dimension = 5;
  options.outputs = 2;
  options.width = width;
  options.hidden_layers = 2;
  options.activation = "tanh";
  options.bias_input = options.bias_hidden = options.bias_output = true;
  return mlp(options);
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const ObservableInfo& info : known_observables()) names.push_back(info.name);
  return names;
}

class RecorderTest : public ::testing::Test {
 protected:
  MeasuredData<double> data() const {
    return {view(inputs),       view(targets),           view(test_inputs),
            view(test_targets), view(validation_inputs), view(validation_targets)};
  }
  RecorderOptions options(std::vector<std::string> names, Steps steps) const {
    return {std::move(names), loss, std::move(steps)};
  }
  Ensemble<double> network(const Architecture& architecture, std::vector<std::uint64_t> seeds = {1}, double rate = 0.3,
                           InitialWeights initial = InitialWeights::kept) const {
    std::vector<Member> members;
    for (const std::uint64_t seed : seeds) members.push_back({Key(seed), scaling_of(architecture, rate)});
    return Ensemble<double>(architecture, members, initial);
  }
  std::vector<RunResult> run(Ensemble<double>& ensemble, Recorder<double>& recorder, TrainingOptions training,
                             const Probe<double>& also = {}) const {
    return train<double>(ensemble, view(inputs), view(targets), *loss, training, recorder.probe_steps(),
                         [&](const TrainingState<double>& state) {
                           recorder(state);
                           if (also) also(state);
                         });
  }

  std::shared_ptr<const Loss> loss = make_loss("squared");
  const Matrix<double> inputs = random_matrix(12, 5, 10), targets = random_matrix(12, 2, 11);
  const Matrix<double> test_inputs = random_matrix(600, 5, 12), test_targets = random_matrix(600, 2, 13);
  const Matrix<double> validation_inputs = random_matrix(700, 5, 14), validation_targets = random_matrix(700, 2, 15);
};

double rms_of(const Matrix<double>& x) {
  return std::sqrt(x.array().square().mean());
}

/// A network's weights at one step, and its pass written out in Eigen: the slow reference.
struct Reference {
  std::vector<Matrix<double>> weights, biases, h, x;

  Reference(const Ensemble<double>& ensemble, Index member, const Matrix<double>& inputs) {
    x.push_back(inputs);
    for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
      const auto weight = ensemble.weight(member, layer), bias = ensemble.bias(member, layer);
      weights.emplace_back(Eigen::Map<const Matrix<double>>(weight.data, weight.rows, weight.cols));
      biases.emplace_back(Eigen::Map<const Matrix<double>>(bias.data, 1, bias.cols));
      h.emplace_back((x.back() * weights.back().transpose()).rowwise() + biases.back().row(0));
      x.emplace_back(h.back().array().tanh());
    }
  }
  const Matrix<double>& output() const { return h.back(); }

  /// sum over outputs k of slope_k df_k/dh^l, a row a sample, entry l - 1: the layers' deltas.
  std::vector<Matrix<double>> back(const Matrix<double>& slope) const {
    std::vector<Matrix<double>> delta(h.size());
    delta.back() = slope;
    for (std::size_t l = h.size() - 1; l > 0; --l)
      delta[l - 1] = (delta[l] * weights[l]).array() * (1 - x[l].array().square());
    return delta;
  }
};

/// What a change of one layer's weights moves every output by: df_k/dh^l . (V x^{l-1}), an output at a time.
Matrix<double> moved_by(const Reference& now, std::size_t l, const Matrix<double>& change) {
  Matrix<double> moved(now.output().rows(), now.output().cols());
  for (Index k = 0; k < moved.cols(); ++k) {
    Matrix<double> slope = Matrix<double>::Zero(moved.rows(), moved.cols());
    slope.col(k).setOnes();
    moved.col(k) = (now.back(slope)[l].array() * (now.x[l] * change.transpose()).array()).rowwise().sum();
  }
  return moved;
}

double squared_loss(const Matrix<double>& output, const Matrix<double>& targets) {
  return 0.5 * (output - targets).squaredNorm() / static_cast<double>(targets.rows());
}

double share_wrong(const Matrix<double>& output, const Matrix<double>& targets) {
  double wrong = 0;
  for (Index i = 0; i < output.rows(); ++i) {
    Index said = 0, meant = 0;
    output.row(i).maxCoeff(&said);
    targets.row(i).maxCoeff(&meant);
    wrong += said != meant;
  }
  return wrong / static_cast<double>(output.rows());
}

/// Each sample's smallest y f (targets without a zero).
std::vector<double> margins_of(const Matrix<double>& output, const Matrix<double>& targets) {
  std::vector<double> margins;
  for (Index i = 0; i < output.rows(); ++i)
    margins.push_back((output.row(i).array() * targets.row(i).array()).minCoeff());
  return margins;
}

/// By Jacobi rotations, and sums of products for the measures that need no singular value.
void expect_ranks(const Trace& trace, const std::string& matrix, const std::string& layer, std::size_t point,
                  const Matrix<double>& m) {
  const Vector<double> values = Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues();
  const double floor = values[0] * 2.220446049250313e-16 * static_cast<double>(std::max(m.rows(), m.cols()));
  const Matrix<double> gram = m.transpose() * m;
  const auto near = [&](const char* measure, double expected) {
    EXPECT_NEAR(trace.values(matrix + measure + layer)[point], expected, 1e-9 * (1 + expected))
        << matrix << measure << layer << " " << point;
  };
  const bool zero = values[0] == 0;
  near("_rank", static_cast<double>((values.array() > floor).count()));
  near("_participation", zero ? 0 : std::pow(gram.trace(), 2) / gram.squaredNorm());
  near("_stable_rank", zero ? 0 : m.squaredNorm() / std::pow(values[0], 2));
}

TEST_F(RecorderTest, AgreesWithTheDefinitionsWrittenOut) {
  Ensemble<double> ensemble = network(tanh_mlp(7));
  Recorder<double> recorder(ensemble, options(all_names(), {0, 1, 3}), data());
  EXPECT_THAT(recorder.probe_steps(), ElementsAre(0, 1, 2, 3));
  std::map<std::int64_t, Reference> on_train, on_test, on_validation;
  TrainingOptions training;
  training.steps = 3;
  run(ensemble, recorder, training, [&](const TrainingState<double>& state) {
    on_train.try_emplace(state.step, state.ensemble, 0, inputs);
    on_test.try_emplace(state.step, state.ensemble, 0, test_inputs);
    on_validation.try_emplace(state.step, state.ensemble, 0, validation_inputs);
  });
  const Trace& trace = recorder.trace(0);
  ASSERT_THAT(trace.step, ElementsAre(0, 1, 3));

  const Reference& start = on_train.at(0);
  for (std::size_t point = 0; point < trace.size(); ++point) {
    const Reference& now = on_train.at(trace.step[point]);
    const auto near = [&](const std::string& name, double expected) {
      EXPECT_NEAR(trace.values(name)[point], expected, 1e-12 * (1 + std::abs(expected))) << name << " " << point;
    };
    near("train_loss", squared_loss(now.output(), targets));
    near("train_error", share_wrong(now.output(), targets));
    const std::vector<double> margins = margins_of(now.output(), targets);
    near("smallest_margin", std::ranges::min(margins));
    near("margins_held", static_cast<double>(std::ranges::count_if(margins, [](double u) { return u >= 0; })) / 12);
    const Matrix<double>& tested = on_test.at(trace.step[point]).output();
    near("test_loss", squared_loss(tested, test_targets));  // 600 samples: goes through in blocks
    near("test_error", share_wrong(tested, test_targets));
    const Matrix<double>& validated = on_validation.at(trace.step[point]).output();
    near("validation_loss", squared_loss(validated, validation_targets));
    near("validation_error", share_wrong(validated, validation_targets));
    near("output_size", rms_of(now.output()));
    near("output_magnitude", now.output().cwiseAbs().mean());
    near("output_change", rms_of(now.output() - start.output()));
    near("chi", (now.output() - targets).cwiseAbs().mean());  // (f - y) / B of the mean loss, times B
    for (std::size_t l = 0; l < 3; ++l) {
      const std::string layer = "." + std::to_string(l + 1);
      const Matrix<double> change = now.weights[l] - start.weights[l];
      const double update = rms_of(now.x[l] * change.transpose());
      near("update" + layer, update);
      near("own_update" + layer, update / rms_of(start.x[l] * start.weights[l].transpose()));
      near("contribution" + layer, rms_of(moved_by(now, l, change)));
      const Matrix<double> slope = (now.output() - targets) / 12;  // of the mean squared loss
      near("gradient_size" + layer, rms_of(now.back(slope)[l].transpose() * now.x[l]));
      near("epsilon_ratio" + layer, 0);  // gradient descent has none
      near("decay_ratio" + layer, 0);
      near("weight_norm" + layer, now.weights[l].norm());
      near("preactivation_magnitude" + layer, now.h[l].cwiseAbs().mean());
      near("initial_part" + layer, (now.x[l] * start.weights[l].transpose()).cwiseAbs().mean());
      near("update_part" + layer, (now.x[l] * change.transpose()).cwiseAbs().mean());
      near("input_spread" + layer, rms_of(now.h[l].rowwise() - now.h[l].colwise().mean()));
      expect_ranks(trace, "initial_weight", layer, point, start.weights[l]);
      expect_ranks(trace, "weight_update", layer, point, change);
      near("weight_change" + layer, change.norm() / start.weights[l].norm());
      if (point > 0) {
        const Reference& before = on_train.at(trace.step[point] - 1);
        const Matrix<double> last = now.weights[l] - before.weights[l];
        near("last_update_norm" + layer, last.norm());
        near("last_update_part" + layer, (now.x[l] * last.transpose()).cwiseAbs().mean());
        expect_ranks(trace, "last_update", layer, point, last);
      } else {
        EXPECT_TRUE(std::isnan(trace.values("last_update_part" + layer)[0]));
        EXPECT_TRUE(std::isnan(trace.values("last_update_rank" + layer)[0]));
      }
      if (l == 2) continue;
      near("preactivation_size" + layer, rms_of(now.h[l]));
      near("preactivation_change" + layer, rms_of(now.h[l] - start.h[l]));
      near("feature_change" + layer, rms_of(now.x[l + 1] - start.x[l + 1]));
      const Vector<double> means = now.h[l].rowwise().mean();
      near("unit_spread" + layer, rms_of(now.h[l].colwise() - means) / std::sqrt(means.squaredNorm() / 12));
      std::set<Index> largest;
      for (Index i = 0; i < 12; ++i) {
        Index unit = 0;
        now.x[l + 1].row(i).maxCoeff(&unit);
        largest.insert(unit);
      }
      near("distinct_maxima" + layer, static_cast<double>(largest.size()));
      near("silent_units" + layer, 0);  // tanh is 0 nowhere else
      expect_ranks(trace, "preactivation", layer, point, now.h[l]);
      expect_ranks(trace, "preactivation_change", layer, point, now.h[l] - start.h[l]);
      expect_ranks(trace, "feature", layer, point, now.x[l + 1]);
    }
  }
  // Full batch, and the batch is the measured points: the loss of update k is the loss at step k.
  EXPECT_NEAR(trace.values("batch_loss")[1], trace.values("train_loss")[0], 1e-12);
  const double second = squared_loss(on_train.at(1).output(), targets);
  const double third = squared_loss(on_train.at(2).output(), targets);
  EXPECT_NEAR(trace.values("batch_loss")[2], (second + third) / 2, 1e-12);
  EXPECT_TRUE(std::isnan(trace.values("batch_loss")[0]));
}

TEST_F(RecorderTest, EverySeriesIsNamedAsAnnounced) {
  const Ensemble<double> ensemble = network(tanh_mlp(4));
  Recorder<double> recorder(ensemble, options(all_names(), {0}), data());
  recorder({ensemble, 0, 0, 0, {}, {}, {}});
  std::vector<std::string> announced, recorded;
  for (const std::string& name : all_names())
    for (const std::string& series : observable_series(name, 2)) announced.push_back(series);
  for (const auto& entry : recorder.trace(0).series) recorded.push_back(entry.first);
  EXPECT_THAT(recorded, ::testing::UnorderedElementsAreArray(announced));
}

TEST_F(RecorderTest, NothingHasChangedAtStepZero) {
  const Ensemble<double> ensemble = network(tanh_mlp(9));
  Recorder<double> recorder(ensemble, options(all_names(), {0}), data());
  recorder({ensemble, 0, 0, 0, {}, {}, {}});
  for (const auto& [name, values] : recorder.trace(0).series) {
    const bool change = name.find("change") != std::string::npos || name.starts_with("weight_update") ||
                        name.starts_with("update") || name.starts_with("own") || name.starts_with("contribution");
    EXPECT_TRUE(!change || values[0] == 0.0) << name;  // exactly: the same numbers are subtracted
  }
}

TEST_F(RecorderTest, OneStepOfALinearModelHasAClosedForm) {
  // f = x W^T: one step of gradient descent adds -rate (f - y)^T x / samples to W, so the update of the output is
  // -rate x x^T (f - y) / samples, all known at initialization.
  Architecture linear;
  linear.family = "linear model";
  linear.input_dimension = 5;
  linear.outputs = 2;
  linear.width = 1;
  linear.layers = {Dense{5, 2, false, 1, Block::output}};
  Ensemble<double> ensemble = network(linear, {3}, 0.2);
  const auto weight = ensemble.weight(0, 1);
  const Matrix<double> start = Eigen::Map<const Matrix<double>>(weight.data, 2, 5);
  Recorder<double> recorder(ensemble, options({"update", "own_update", "output_change"}, {0, 1}), data());
  TrainingOptions training;
  training.steps = 1;
  run(ensemble, recorder, training);
  const Matrix<double> output = inputs * start.transpose();
  const Matrix<double> update = -0.2 / 12 * inputs * inputs.transpose() * (output - targets);
  EXPECT_NEAR(recorder.trace(0).final_value("update.1"), rms_of(update), 1e-12);
  EXPECT_NEAR(recorder.trace(0).final_value("own_update.1"), rms_of(update) / rms_of(output), 1e-12);
  EXPECT_NEAR(recorder.trace(0).final_value("output_change"), rms_of(update), 1e-12);  // a linear model: all is update
}

TEST_F(RecorderTest, EpsilonAndDecayAreComparedWithTheGradient) {
  const Architecture architecture = tanh_mlp(7);
  Scaling scaling = scaling_of(architecture, 0.1);
  for (TensorScaling& one : scaling.weights) {
    one.effective_epsilon = 1e-3;
    one.effective_decay = 0.02;
  }
  const std::vector<Member> members{{Key(1), scaling}};
  const Ensemble<double> ensemble(architecture, members);
  const Reference start(ensemble, 0, inputs);
  for (const OptimizerKind optimizer : {OptimizerKind::momentum, OptimizerKind::adam, OptimizerKind::adamw,
                                        OptimizerKind::rmsprop, OptimizerKind::muon}) {
    RecorderOptions of = options({"gradient_size", "epsilon_ratio", "decay_ratio"}, {0});
    of.optimizer = optimizer;
    of.alpha_convention = AlphaConvention::article;
    Recorder<double> recorder(ensemble, of, data());
    recorder({ensemble, 0, 0, 0, {2, 0}, {}, {}});
    // Of Loss(2 f) / 4 in f.
    const auto deltas = start.back((2 * start.output() - targets) / 12 * 2 / 4);
    for (std::size_t l = 0; l < 3; ++l) {
      const std::string layer = "." + std::to_string(l + 1);
      const double gradient = rms_of(deltas[l].transpose() * start.x[l]);
      const auto value = [&](const std::string& name) { return recorder.trace(0).values(name + layer)[0]; };
      EXPECT_NEAR(value("gradient_size"), gradient, 1e-14);
      const bool has_epsilon = forgets_size(optimizer) && !(optimizer == OptimizerKind::muon && l == 1);
      EXPECT_NEAR(value("epsilon_ratio"), has_epsilon ? 1e-3 / gradient : 0, 1e-12) << optimizer_name(optimizer);
      const bool divided = optimizer == OptimizerKind::adam || optimizer == OptimizerKind::rmsprop;
      EXPECT_NEAR(value("decay_ratio"), divided ? 0.02 * rms_of(start.weights[l]) / gradient : 0.1 * 0.02, 1e-12)
          << optimizer_name(optimizer);
    }
  }
}

TEST_F(RecorderTest, WithoutGradientsAStepTakesTheShareOfDecay) {
  // Inputs and targets of 0 leave no gradient, so that a step multiplies every weight by 1 - decay_ratio.
  const Architecture architecture = tanh_mlp(7);
  Scaling scaling = scaling_of(architecture, 0.1);
  for (TensorScaling& one : scaling.weights) one.effective_decay = 0.02;
  for (TensorScaling& one : scaling.biases) one.effective_std = 0;
  for (std::vector<TensorScaling>* all : {&scaling.weights, &scaling.biases})
    for (TensorScaling& one : *all) one.effective_epsilon = 1e-8;
  const std::vector<Member> members{{Key(1), scaling}};
  const Matrix<double> nothing = Matrix<double>::Zero(12, 5), no_targets = Matrix<double>::Zero(12, 2);
  for (const OptimizerKind optimizer :
       {OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adamw, OptimizerKind::muon}) {
    Ensemble<double> ensemble(architecture, members);
    RecorderOptions of = options({"decay_ratio", "weight_change"}, {0, 1});
    of.optimizer = optimizer;
    Recorder<double> recorder(ensemble, of, {view(nothing), view(no_targets), {}, {}});
    TrainingOptions training;
    training.optimizer = optimizer;
    training.steps = 1;
    train<double>(ensemble, view(nothing), view(no_targets), *loss, training, recorder.probe_steps(),
                  std::ref(recorder));
    for (const char* layer : {".1", ".2", ".3"}) {
      const Trace& trace = recorder.trace(0);
      EXPECT_NEAR(trace.final_value(std::string("weight_change") + layer),
                  trace.final_value(std::string("decay_ratio") + layer), 1e-12)
          << optimizer_name(optimizer);
    }
  }
}

TEST_F(RecorderTest, OfWeightsThatDropTheirStartUpdatesAreWhatIsLeft) {
  // Of hpz: after the first update W_1 is the update alone, so that h^2 = W x + b has no initial part.
  const Architecture architecture = tanh_mlp(7);
  Scaling scaling = scaling_of(architecture, 0.3), dropping = scaling;
  for (TensorScaling& one : dropping.weights) one.first_steps = 1, one.effective_first_rate = 0.3;
  dropping.weights[1].initial_share = 0.25;
  const std::vector<std::string> names{"initial_part",
                                       "update_part",
                                       "last_update_part",
                                       "weight_update_participation",
                                       "last_update_participation",
                                       "update",
                                       "own_update",
                                       "contribution",
                                       "last_update_norm"};
  const auto trace_of = [&](const Scaling& one, std::int64_t steps) {
    const std::vector<Member> members{{Key(1), one}};
    Ensemble<double> ensemble(architecture, members);
    Recorder<double> recorder(ensemble, options(names, {0, 1}), data());
    TrainingOptions training;
    training.steps = steps;
    run(ensemble, recorder, training);
    return recorder.trace(0);
  };
  const Trace kept = trace_of(scaling, 1), dropped = trace_of(dropping, 1);
  // One update, the same under both. Layer 2 reads the same features, layer 3 others.
  EXPECT_NEAR(dropped.final_value("initial_part.2"), 0.25 * kept.final_value("initial_part.2"), 1e-14);
  for (const char* name : {"update_part.2", "last_update_part.2", "weight_update_participation.2",
                           "last_update_participation.2", "update.2", "own_update.2", "last_update_norm.2"})
    EXPECT_NEAR(dropped.final_value(name), kept.final_value(name), 1e-12) << name;
  EXPECT_NEAR(dropped.final_value("update_part.2"), dropped.final_value("last_update_part.2"), 1e-14);
  EXPECT_NE(dropped.final_value("update_part.3"), kept.final_value("update_part.3"));
  // What an update of almost nothing moves the output by is almost nothing, whatever was dropped.
  for (TensorScaling& one : dropping.weights) one.effective_first_rate = 3e-9;
  EXPECT_LT(trace_of(dropping, 1).final_value("contribution.2"), 1e-7);
}

TEST_F(RecorderTest, UnitsThatAreNeverAwakeAreSilent) {
  FamilyOptions shape;
  shape.input_dimension = 5;
  shape.outputs = 2;
  shape.width = 6;
  shape.hidden_layers = 1;
  shape.activation = "relu";
  Ensemble<double> ensemble = network(mlp(shape));
  const View<double> weight = ensemble.weight(0, 1);
  for (Index unit : {1, 4})
    for (Index j = 0; j < 5; ++j) weight(unit, j) = 0;  // h = 0 on all samples
  Recorder<double> recorder(ensemble, options({"silent_units", "feature_rank"}, {0}), data());
  recorder({ensemble, 0, 0, 0, {}, {}, {}});
  EXPECT_DOUBLE_EQ(recorder.trace(0).values("silent_units.1")[0], 2.0 / 6);
  EXPECT_LE(recorder.trace(0).values("feature_rank.1")[0], 4);
}

TEST_F(RecorderTest, NumericalRankFollowsItsTolerance) {
  Ensemble<double> ensemble = network(tanh_mlp(7));
  const View<double> weight = ensemble.weight(0, 2);
  for (Index i = 0; i < 7; ++i)
    for (Index j = 0; j < 7; ++j) weight(i, j) = i == j ? std::pow(10.0, -2.0 * static_cast<double>(i)) : 0;
  ensemble.make_initial();
  for (const auto& [tolerance, rank] : std::map<double, double>{{1e-7, 4}, {1e-3, 2}, {0, 7}}) {
    RecorderOptions of = options({"initial_weight_rank"}, {0});
    of.rank_tolerance = tolerance;
    Recorder<double> recorder(ensemble, of, data());
    recorder({ensemble, 0, 0, 0, {}, {}, {}});
    EXPECT_EQ(recorder.trace(0).values("initial_weight_rank.2")[0], rank) << tolerance;
  }
}

TEST_F(RecorderTest, SizesOfIndependentUnitsDoNotDependOnWidth) {
  // With |x|^2 = d = 5, weights and biases of variance 1/d, every unit of h^1 is N(0, s^2) for each sample, s^2 = 1 +
  // 1/5: the mean square over n independent units has deviation at most s^2 sqrt(2/n), its root s/2 sqrt(2/n), at any
  // width.
  Matrix<double> sphere = inputs;
  for (Index i = 0; i < sphere.rows(); ++i) sphere.row(i) *= std::sqrt(5.0) / sphere.row(i).norm();
  for (const Index width : {64, 512, 2048}) {
    const Ensemble<double> ensemble = network(tanh_mlp(width));
    Recorder<double> recorder(ensemble, options({"preactivation_size"}, {0}),
                              {view(std::as_const(sphere)), view(targets), {}, {}});
    recorder({ensemble, 0, 0, 0, {}, {}, {}});
    const double size = std::sqrt(1.2), five_sigma = 5 * size / 2 * std::sqrt(2 / static_cast<double>(width));
    EXPECT_NEAR(recorder.trace(0).final_value("preactivation_size.1"), size, five_sigma) << width;
  }
}

TEST_F(RecorderTest, AMemberOfAnEnsembleLeavesTheTraceItWouldAlone) {
  TrainingOptions training;
  training.steps = 6;
  training.batch = 4;
  Ensemble<double> together = network(tanh_mlp(8), {1, 2, 3});
  Recorder<double> recorder(together, options(all_names(), {0, 2, 6}), data());
  run(together, recorder, training);
  for (const std::uint64_t seed : {1, 2, 3}) {
    Ensemble<double> alone = network(tanh_mlp(8), {seed});
    Recorder<double> single(alone, options(all_names(), {0, 2, 6}), data());
    run(alone, single, training);
    for (const auto& [name, values] : single.trace(0).series)
      for (std::size_t point = 0; point < values.size(); ++point) {
        const double other = recorder.trace(static_cast<Index>(seed) - 1).values(name)[point];
        // Up to the order of sums: first layers may be one stacked product.
        EXPECT_TRUE((std::isnan(other) && std::isnan(values[point])) || std::abs(other - values[point]) < 1e-10)
            << name;
      }
  }
}

TEST_F(RecorderTest, RedrawnInitialWeightsGiveTheSameTrace) {
  TrainingOptions training;
  training.steps = 3;
  Ensemble<double> kept = network(tanh_mlp(8)), forgotten = network(tanh_mlp(8), {1}, 0.3, InitialWeights::forgotten);
  Recorder<double> a(kept, options({"update", "weight_change"}, {0, 3}), data());
  Recorder<double> b(forgotten, options({"update", "weight_change"}, {0, 3}), data());
  run(kept, a, training);
  run(forgotten, b, training);
  EXPECT_EQ(a.trace(0).series, b.trace(0).series);  // bitwise: redrawn from the same key
}

TEST_F(RecorderTest, ACentredModelIsZeroAtInitialization) {
  Ensemble<double> ensemble = network(tanh_mlp(8), {1}, 0.01);
  Recorder<double> recorder(ensemble, options({"output_size", "output_change", "train_loss", "test_loss"}, {0, 3}),
                            data());
  TrainingOptions training;
  training.steps = 3;
  training.alpha = 3;
  training.kappa = -3;
  Matrix<double> start, end;
  run(ensemble, recorder, training, [&](const TrainingState<double>& state) {
    (state.step == 0 ? start : end) = Reference(state.ensemble, 0, test_inputs).output();
  });
  const Trace& trace = recorder.trace(0);
  EXPECT_EQ(trace.values("output_size")[0], 0.0);
  // An output of 0 has loss 1/2 mean |y|^2.
  EXPECT_NEAR(trace.values("train_loss")[0], squared_loss(Matrix<double>::Zero(12, 2), targets), 1e-12);
  EXPECT_NEAR(trace.values("test_loss")[0], squared_loss(Matrix<double>::Zero(600, 2), test_targets), 1e-12);
  EXPECT_NEAR(trace.values("test_loss")[1], squared_loss(3 * (end - start), test_targets), 1e-12);
  // From 0 on, the output is its change.
  EXPECT_NEAR(trace.values("output_size")[1], trace.values("output_change")[1], 1e-12);
}

// Held are the margins that the loss asks for, of the trained output: all once its loss is 0.
TEST_F(RecorderTest, MarginsAreHeldWhereTheLossSaysSo) {
  Matrix<double> labels = targets.leftCols(1).unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
  FamilyOptions family;
  family.input_dimension = 5;
  family.width = 64;
  family.hidden_layers = 1;
  const Architecture architecture = mlp(family);
  const auto hinge = make_loss("hinge", {.margin = 0.7});
  Ensemble<double> ensemble = network(architecture, {1}, 0.2);
  Recorder<double> recorder(ensemble, {{"smallest_margin", "margins_held", "train_loss"}, hinge, {0, 5, 2000}},
                            {view(inputs), view(std::as_const(labels)), {}, {}});
  TrainingOptions training;
  training.steps = 2000;
  training.alpha = 2;
  training.kappa = -2;
  std::vector<Matrix<double>> outputs;
  train<double>(ensemble, view(inputs), view(std::as_const(labels)), *hinge, training, recorder.probe_steps(),
                [&](const TrainingState<double>& state) {
                  recorder(state);
                  Propagation<double> passes(state.ensemble, 12);
                  passes.forward(state.ensemble, view(inputs));
                  outputs.push_back(testing::matrix_of(passes.output(0)));
                });
  const Trace& trace = recorder.trace(0);
  ASSERT_EQ(trace.size(), 3U);
  for (std::size_t point = 0; point < 3; ++point) {
    const std::vector<double> margins = margins_of(2 * (outputs[point] - outputs[0]), labels);
    EXPECT_NEAR(trace.values("smallest_margin")[point], std::ranges::min(margins), 1e-12);
    const auto held = std::ranges::count_if(margins, [](double u) { return u >= 0.7; });
    EXPECT_DOUBLE_EQ(trace.values("margins_held")[point], static_cast<double>(held) / 12);
  }
  EXPECT_EQ(trace.values("margins_held")[0], 0);  // the centred output is 0
  EXPECT_EQ(trace.values("margins_held")[2], 1);
  EXPECT_EQ(trace.values("train_loss")[2], 0);
}

TEST_F(RecorderTest, Float32AgreesWithFloat64ToRounding) {
  const Architecture architecture = tanh_mlp(32);
  const std::vector<Member> members = {{Key(1), scaling_of(architecture, 0.3)}};
  Ensemble<float> single(architecture, members);
  Ensemble<double> reference(architecture, members);
  const Matrix<float> x = inputs.cast<float>(), y = targets.cast<float>();
  const Steps steps = {0, 10};
  Recorder<float> a(single, {{"train_loss", "own_update", "feature_change"}, loss, steps}, {view(x), view(y), {}, {}});
  Recorder<double> b(reference, {{"train_loss", "own_update", "feature_change"}, loss, steps}, data());
  TrainingOptions training;
  training.steps = 10;
  train<float>(single, view(x), view(y), *loss, training, a.probe_steps(), std::ref(a));
  run(reference, b, training);
  // Ten updates rounded to 6e-8 each, changes of order 0.1 of the weights: relative errors of some 1e-6.
  for (const auto& [name, value] : b.finals(0)) EXPECT_NEAR(a.finals(0).at(name), value, 2e-5 * value) << name;
}

TEST_F(RecorderTest, AStopWhereOnlyWeightsWereNotedIsStillMeasured) {
  const Ensemble<double> ensemble = network(tanh_mlp(4));
  Recorder<double> recorder(ensemble, options({"train_loss", "last_update_norm"}, {0, 3}), data());
  EXPECT_THAT(recorder.probe_steps(), ElementsAre(0, 2, 3));
  recorder({ensemble, 0, 0, 0, {}, {}, {}});
  recorder({ensemble, 0, 2, 2, {}, {}, {}});
  EXPECT_THAT(recorder.trace(0).step, ElementsAre(0));
  RunResult stopped;
  stopped.status = RunStatus::stopped;
  stopped.step = 2;
  recorder.finish(ensemble, std::vector{stopped});
  recorder.finish(ensemble, std::vector{stopped});  // once
  EXPECT_THAT(recorder.trace(0).step, ElementsAre(0, 2));
}

TEST_F(RecorderTest, FinalsOfADivergedRunAreNaN) {
  Ensemble<double> ensemble = network(tanh_mlp(4), {1}, 1e9);
  Recorder<double> recorder(ensemble, options({"train_loss", "update"}, {0, 1, 50}), data());
  TrainingOptions training;
  training.steps = 50;
  const auto results = run(ensemble, recorder, training);
  ASSERT_EQ(results[0].status, RunStatus::diverged);
  EXPECT_LT(recorder.trace(0).step.back(), 50);
  for (const auto& [name, value] : recorder.finals(0, true)) EXPECT_TRUE(std::isnan(value)) << name;
  EXPECT_EQ(recorder.finals(0, true).size(), 4U);
}

TEST_F(RecorderTest, RefusesWhatCannotBeMeasured) {
  const Ensemble<double> ensemble = network(tanh_mlp(4));
  const MeasuredData<double> no_test = {view(inputs), view(targets), {}, {}};
  EXPECT_THROW(Recorder<double>(ensemble, options({"test_loss"}, {0}), no_test), ConfigError);
  EXPECT_THROW(Recorder<double>(ensemble, options({"sharpness"}, {0}), data()), ConfigError);
  EXPECT_THROW(Recorder<double>(ensemble, options({"update", "update"}, {0}), data()), ConfigError);
  EXPECT_THROW(Recorder<double>(ensemble, options({"update"}, {}), data()), ConfigError);
  EXPECT_THROW(Recorder<double>(ensemble, options({"update"}, {0}), {view(targets), view(targets), {}, {}}),
               ShapeError);
  Matrix<double> holed = inputs;
  holed(1, 2) = std::nan("");
  EXPECT_THROW(Recorder<double>(ensemble, options({"update"}, {0}), {view(holed), view(targets), {}, {}}), DataError);
  Recorder<double> late(ensemble, options({"update"}, {0, 2}), data());
  EXPECT_THROW(late({ensemble, 0, 2, 2, {}, {}, {}}), Error);
}

}  // namespace
}  // namespace widthwise
