// Observables of the tangent kernel against Jacobians written out by backward passes, and when they are measured.
#include "widthwise/observable/kernel_observables.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <map>

#include "matrices.h"
#include "widthwise/base/error.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const ObservableInfo& info : known_observables())
    if (info.of_kernel) names.push_back(info.name);
  return names;
}

class KernelObservablesTest : public ::testing::Test {
 protected:
  static constexpr Index samples = 14, others = 9, outputs = 2;

  KernelObservablesTest() {
    FamilyOptions family;
    family.input_dimension = 5;
    family.outputs = outputs;
    family.width = 8;
    family.hidden_layers = 2;
    family.activation = "softplus";
    family.bias_input = family.bias_hidden = family.bias_output = true;
    architecture = mlp(family);
  }

  template <class T = double>
  Ensemble<T> network(const std::vector<double>& rates, const char* scheme = "ntk") const {
    std::vector<Member> members;
    for (std::size_t m = 0; m < rates.size(); ++m) {
      ScaleRequest request;
      request.width = 8;
      request.hidden_layers = 2;
      request.input_dimension = 5;
      request.learning_rate = rates[m];
      members.push_back({Key(3 + m), scale(named_scheme(scheme, OptimizerKind::sgd), request)});
    }
    return Ensemble<T>(architecture, members);
  }
  RecorderOptions options(std::vector<std::int64_t> steps, KernelMeasure kernels = {},
                          std::vector<std::string> names = kernel_names()) const {
    return {std::move(names), loss, std::move(steps), kernels};
  }
  MeasuredData<double> data() const { return {view(x), view(y), view(test_x), view(test_y)}; }

  // Rows: gradients by the trained w of the mean-over-outputs kernel, side by side; of one layer, or of all (0).
  Matrix<double> kernel(const Ensemble<double>& ensemble, Index member, const Matrix<double>& points,
                        Index only = 0) const {
    Matrix<double> sum = Matrix<double>::Zero(points.rows(), points.rows());
    Propagation<double> passes(ensemble, 1, 1);
    Parameters<double> gradient(ensemble.architecture(), 1);
    for (Index o = 0; o < outputs; ++o) {
      std::vector<Vector<double>> rows;
      for (Index n = 0; n < points.rows(); ++n) {
        const Matrix<double> one = points.row(n);
        passes.forward(ensemble, view(one), member);
        Matrix<double> seed = Matrix<double>::Zero(1, outputs);
        seed(0, o) = 1;
        passes.gradient(ensemble, member, view(std::as_const(seed)), gradient);
        std::vector<double> row;
        for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
          if (only != 0 && layer != only) continue;
          const auto l = static_cast<std::size_t>(layer - 1);
          const auto append = [&](View<const double> part, double multiplier) {
            for (Index i = 0; i < part.rows; ++i)
              for (Index j = 0; j < part.cols; ++j) row.push_back(multiplier * part(i, j));
          };
          append(gradient.weight(0, layer), ensemble.scaling(member).weights[l].multiplier);
          append(gradient.bias(0, layer), ensemble.scaling(member).biases[l].multiplier);
        }
        rows.emplace_back(Eigen::Map<const Vector<double>>(row.data(), static_cast<Index>(row.size())));
      }
      for (Index n = 0; n < points.rows(); ++n)
        for (Index m = 0; m < points.rows(); ++m)
          sum(n, m) += rows[static_cast<std::size_t>(n)].dot(rows[static_cast<std::size_t>(m)]) / outputs;
    }
    return sum;
  }

  Architecture architecture;
  std::shared_ptr<const Loss> loss = make_loss("squared");
  const Matrix<double> x = testing::random_matrix<double>(samples, 5, 1),
                       y = testing::random_matrix<double>(samples, outputs, 2);
  const Matrix<double> test_x = testing::random_matrix<double>(others, 5, 3),
                       test_y = testing::random_matrix<double>(others, outputs, 4);
};

TEST_F(KernelObservablesTest, AgreeWithTheDefinitionsWrittenOut) {
  for (const bool on_training : {false, true}) {
    Ensemble<double> ensemble = network({0.05, 0.1});
    Recorder<double> recorder(ensemble, options({0, 2, 5}, {7, on_training, true}), data());
    const Matrix<double> points = on_training ? x.topRows(7) : test_x.topRows(7),
                         labels = on_training ? y.topRows(7) : test_y.topRows(7);
    std::map<std::int64_t, std::vector<Matrix<double>>> seen;  // of member 1: all, then layers
    std::map<std::int64_t, Matrix<double>> outputs_seen;
    TrainingOptions training;
    training.steps = 5;
    const auto results = train<double>(ensemble, view(x), view(y), *loss, training, recorder.probe_steps(),
                                       [&](const TrainingState<double>& state) {
                                         recorder(state);
                                         for (Index layer = 0; layer <= 3 && state.member == 1; ++layer)
                                           seen[state.step].push_back(kernel(state.ensemble, 1, points, layer));
                                         if (state.member != 1) return;
                                         Propagation<double> passes(state.ensemble, 7, 1);
                                         passes.forward(state.ensemble, view(points), 1);
                                         Matrix<double>& out = outputs_seen[state.step];
                                         out.resize(7, outputs);
                                         for (Index i = 0; i < 7; ++i)
                                           for (Index o = 0; o < outputs; ++o) out(i, o) = passes.output(1)(i, o);
                                       });
    recorder.finish(ensemble, results);
    const Trace& trace = recorder.trace(1);
    ASSERT_EQ(trace.size(), 3U);
    const Matrix<double> start = seen.at(0)[0], wanted = labels * labels.transpose();
    for (std::size_t point = 0; point < 3; ++point) {
      const std::vector<Matrix<double>>& kernels = seen.at(trace.step[point]);
      const Matrix<double>& now = kernels[0];
      const auto near = [&](const std::string& name, double expected) {
        EXPECT_NEAR(trace.values(name)[point], expected, 1e-11 * (1 + std::abs(expected))) << name << ' ' << point;
      };
      near("kernel_change", (now - start).norm() / start.norm());
      near("kernel_norm", now.norm());
      near("kernel_trace", now.trace() / 7);
      near("kernel_ratio", now.diagonal().cwiseQuotient(start.diagonal()).mean());
      const Vector<double> sizes = outputs_seen.at(trace.step[point]).cwiseAbs().rowwise().mean();
      near("output_over_kernel", sizes.cwiseQuotient(now.diagonal()).mean());
      near("kernel_alignment", now.cwiseProduct(wanted).sum() / now.norm() / wanted.norm());
      const Eigen::SelfAdjointEigenSolver<Matrix<double>> solved(now);
      near("kernel_top_eigenvalue", solved.eigenvalues().maxCoeff());
      near("kernel_participation", now.trace() * now.trace() / solved.eigenvalues().squaredNorm());
      for (std::size_t l = 1; l <= 3; ++l) {
        const Matrix<double>& first = seen.at(0)[l];
        near("layer_kernel_change." + std::to_string(l), (kernels[l] - first).norm() / first.norm());
      }
      // Centred ones: with the rows and columns of zero-diagonal matrices.
      const auto covariance = [](Matrix<double> k, Matrix<double> l) {
        const double n = 7;
        k.diagonal().setZero();
        l.diagonal().setZero();
        return (k * l).trace() + k.sum() * l.sum() / (n - 1) / (n - 2) - 2 / (n - 2) * (k * l).sum();
      };
      const auto centred = [&](const Matrix<double>& k, const Matrix<double>& l) {
        return covariance(k, l) / std::sqrt(covariance(k, k) * covariance(l, l));
      };
      near("kernel_centred_alignment", centred(now, wanted));
      near("kernel_cka", centred(now, start));
    }
    EXPECT_EQ(trace.values("kernel_change")[0], 0);
    EXPECT_GT(trace.values("kernel_change")[2], 1e-3);
  }
}

TEST_F(KernelObservablesTest, WithOneOutputAlignmentIsTheQuadraticForm) {
  architecture.outputs = 1;
  FamilyOptions family;
  family.input_dimension = 5;
  family.width = 8;
  family.hidden_layers = 2;
  architecture = mlp(family);
  const Ensemble<double> ensemble = network({0.1});
  const Matrix<double> label = y.leftCols(1), test_label = test_y.leftCols(1);
  Recorder<double> recorder(ensemble, options({0}, {}, {"kernel_alignment"}),
                            {view(x), view(label), view(test_x), view(test_label)});
  recorder({ensemble, 0, 0, 0, {}, {}, {}});
  const Matrix<double> theta = tangent_kernel(ensemble, 0, view(test_x));
  const double form = (test_label.transpose() * theta * test_label)(0, 0) / theta.norm() / test_label.squaredNorm();
  EXPECT_NEAR(recorder.trace(0).final_value("kernel_alignment"), form, 1e-12);
}

TEST_F(KernelObservablesTest, AreMeasuredAtTheEndsOfEveryRun) {
  // Members that stop at different steps, where nobody meant to measure: the end is where each stopped.
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::flow}) {
    Ensemble<double> ensemble = network({0.05, 0.1});
    const std::vector<std::int64_t> steps = {0, 1, 2, 3, 4, 100000};
    Recorder<double> recorder(ensemble, options(steps), data()),
        all(ensemble, options(steps, {256, false, true}), data());
    TrainingOptions training;
    training.optimizer = optimizer;
    training.steps = 100000;
    training.target_loss = 0.7;
    const auto results = train<double>(ensemble, view(x), view(y), *loss, training, recorder.probe_steps(),
                                       [&](const TrainingState<double>& state) {
                                         recorder(state);
                                         all(state);
                                       });
    recorder.finish(ensemble, results);
    for (const Index member : {0, 1}) {
      const RunResult& result = results[static_cast<std::size_t>(member)];
      ASSERT_EQ(result.status, RunStatus::stopped);
      ASSERT_GT(result.step, 4);
      const Trace& trace = recorder.trace(member);
      EXPECT_EQ(trace.step.back(), result.step);
      for (const auto& [name, values] : trace.series) {
        ASSERT_EQ(values.size(), 6U);
        EXPECT_FALSE(std::isnan(values.front())) << name;
        EXPECT_FALSE(std::isnan(values.back())) << name;
        for (std::size_t point = 1; point < 5; ++point) EXPECT_TRUE(std::isnan(values[point])) << name;
        EXPECT_EQ(values.back(), all.trace(member).values(name).back()) << name;  // the same state
      }
    }
    EXPECT_NE(results[0].step, results[1].step);
  }
}

TEST_F(KernelObservablesTest, AreMeasuredWhereARunStopsAtAPlannedPoint) {
  // Its loss is below the target from the start: the one point is beginning and end. And at a later planned point.
  for (const double target : {1e3, 0.7}) {
    std::vector<std::int64_t> every;
    for (std::int64_t step = 0; step <= 1000; ++step) every.push_back(step);
    Ensemble<double> ensemble = network({0.05});
    Recorder<double> recorder(ensemble, options(every), data());
    TrainingOptions training;
    training.steps = 1000;
    training.target_loss = target;
    const auto results =
        train<double>(ensemble, view(x), view(y), *loss, training, recorder.probe_steps(), std::ref(recorder));
    ASSERT_EQ(results[0].status, RunStatus::stopped);
    recorder.finish(ensemble, results);
    for (const auto& [name, values] : recorder.trace(0).series) EXPECT_FALSE(std::isnan(values.back())) << name;
    EXPECT_EQ(recorder.trace(0).final_value("kernel_change") > 0, target < 1);
  }
}

TEST_F(KernelObservablesTest, OfADivergedRunHaveNoEnd) {
  Ensemble<double> ensemble = network({50});
  Recorder<double> recorder(ensemble, options({0, 1, 1000}), data());
  TrainingOptions training;
  training.steps = 1000;
  const auto results =
      train<double>(ensemble, view(x), view(y), *loss, training, recorder.probe_steps(), std::ref(recorder));
  ASSERT_EQ(results[0].status, RunStatus::diverged);
  recorder.finish(ensemble, results);
  EXPECT_TRUE(std::isnan(recorder.finals(0, true).at("kernel_change")));
  EXPECT_FALSE(std::isnan(recorder.trace(0).values("kernel_norm").front()));
}

TEST_F(KernelObservablesTest, SmallChangesAreNotLost) {
  // Of a network that moves by 1e-9 of its rate: to first order the change is linear in the rate, to eight digits of
  // it.
  double before = 0;
  for (const double rate : {1e-3, 1e-8}) {
    Ensemble<double> ensemble = network({rate});
    Recorder<double> recorder(ensemble, options({0, 1}, {}, {"kernel_change"}), data());
    TrainingOptions training;
    training.steps = 1;
    train<double>(ensemble, view(x), view(y), *loss, training, recorder.probe_steps(), std::ref(recorder));
    const double change = recorder.trace(0).final_value("kernel_change") / rate;
    if (before > 0) {
      EXPECT_NEAR(change / before, 1, 0.01);
    }
    before = change;
  }
}

TEST_F(KernelObservablesTest, InFloatsAgreeToTheirPrecision) {
  Ensemble<float> single = network<float>({0.1});
  Ensemble<double> exact = network({0.1});
  const Matrix<float> fx = x.cast<float>(), fy = y.cast<float>(), ftx = test_x.cast<float>(),
                      fty = test_y.cast<float>();
  Recorder<float> rough(single, options({0, 3}), {view(fx), view(fy), view(ftx), view(fty)});
  Recorder<double> fine(exact, options({0, 3}), data());
  TrainingOptions training;
  training.steps = 3;
  train<float>(single, view(fx), view(fy), *loss, training, rough.probe_steps(), std::ref(rough));
  train<double>(exact, view(x), view(y), *loss, training, fine.probe_steps(), std::ref(fine));
  for (const auto& [name, values] : fine.trace(0).series)
    EXPECT_NEAR(rough.trace(0).values(name).back(), values.back(), 1e-4 * (1 + std::abs(values.back()))) << name;
}

TEST_F(KernelObservablesTest, WithoutATestSetTakeTrainingPoints) {
  const Ensemble<double> ensemble = network({0.1});
  Recorder<double> recorder(ensemble, options({0}, {}, {"kernel_norm"}), {view(x), view(y), {}, {}});
  recorder({ensemble, 0, 0, 0, {}, {}, {}});
  EXPECT_NEAR(recorder.trace(0).final_value("kernel_norm"), kernel(ensemble, 0, x).norm(), 1e-11);
}

TEST_F(KernelObservablesTest, NeedAPoint) {
  const Ensemble<double> ensemble = network({0.1});
  EXPECT_THROW(Recorder<double>(ensemble, options({0}, {0}, {"kernel_norm"}), data()), ConfigError);
  EXPECT_NO_THROW(Recorder<double>(ensemble, options({0}, {0}, {"train_loss"}), data()));
}

}  // namespace
}  // namespace widthwise
