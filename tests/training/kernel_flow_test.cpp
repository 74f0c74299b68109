// Flows of frozen kernels against closed forms, an independent integrator, and the flow of the linearised network,
// which shares with them only the rule of acceptance.
#include "widthwise/training/kernel_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "training/training_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/kernel/empirical.h"
#include "widthwise/training/linearised_flow.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;
constexpr double inf = std::numeric_limits<double>::infinity();

// A kernel of P + M points with a spectrum of order P, its first P rows and columns for training.
struct Points {
  Index samples, others, outputs;
  Matrix<double> kernel, test_kernel, targets;
  explicit Points(Index samples_ = 12, Index others_ = 5, Index outputs_ = 1, bool signs = false)
      : samples(samples_), others(others_), outputs(outputs_) {
    const Matrix<double> x = testing::random_matrix<double>(samples + others, 2 * samples, 1);
    const Matrix<double> all = x * x.transpose() / 2;
    kernel = all.topLeftCorner(samples, samples);
    test_kernel = all.bottomLeftCorner(others, samples);
    targets = testing::random_matrix<double>(samples, outputs, 2);
    if (signs) targets = targets.unaryExpr([](double y) { return y < 0 ? -1.0 : 1.0; });
  }
  KernelFlowProblem problem() const { return {view(kernel), view(targets), {}, view(test_kernel), {}}; }
};

// s(K) v by eigenvectors.
Matrix<double> function_of(const Matrix<double>& kernel, const std::function<double(double)>& s,
                           const Matrix<double>& v) {
  const Eigen::SelfAdjointEigenSolver<Matrix<double>> solved(kernel);
  return solved.eigenvectors() * solved.eigenvalues().unaryExpr(s).asDiagonal() * solved.eigenvectors().transpose() * v;
}

FrozenFlowOptions centred(double alpha, double factor) {
  FrozenFlowOptions options;
  options.scale = {alpha, -alpha};
  options.objective_factor = factor;
  return options;
}

TEST(KernelFlow, OfSquaredLossIsTheExponentialWithAnErrorThatFallsLikeTheStep) {
  // Article: F = (1 - exp(-K t / P)) y, on other points K_test K^-1 F.
  const Points points(12, 5, 2);
  const auto loss = make_loss("squared");
  FrozenFlowOptions options = centred(7, 1.0 / 7);
  options.max_time = 1.3;
  options.rule.max_dout = inf;
  const Matrix<double> exact = function_of(
      points.kernel, [](double k) { return 1 - std::exp(-k * 1.3 / 12); }, points.targets);
  const Matrix<double> exact_test =
      points.test_kernel *
      function_of(
          points.kernel, [](double k) { return (1 - std::exp(-k * 1.3 / 12)) / k; }, points.targets);
  double before = 0;
  for (const double bound : {1e-4, 1e-6}) {
    options.rule.max_dgrad = bound;
    const KernelFlowResult result = follow_kernel_flow(points.problem(), *loss, options);
    EXPECT_EQ(result.status, RunStatus::finished);
    EXPECT_EQ(result.time, 1.3);
    const double error = (result.outputs - exact).norm() / exact.norm();
    EXPECT_LT(error, std::sqrt(bound));
    EXPECT_LT((result.test_outputs - exact_test).norm() / exact_test.norm(), 2 * std::sqrt(bound));
    EXPECT_LT((7 * points.kernel * result.duals - result.outputs).norm(), 1e-12 * result.outputs.norm());
    if (before > 0) {
      EXPECT_NEAR(before / error, 10, 2);
    }
    before = error;
  }
}

TEST(KernelFlow, StartsAtTheOutputsItIsGiven) {
  // Not centred, alpha = 1: g = y + exp(-K t / P) (g_0 - y); on other points g_0 + K_test K^-1 (g - g_0).
  const Points points;
  const Matrix<double> start = testing::random_matrix<double>(12, 1, 5),
                       test_start = testing::random_matrix<double>(5, 1, 6);
  KernelFlowProblem problem = points.problem();
  problem.initial = view(start);
  problem.test_initial = view(test_start);
  FrozenFlowOptions options;
  options.max_time = 2;
  options.rule.max_dgrad = 1e-7;
  const KernelFlowResult result = follow_kernel_flow(problem, *make_loss("squared"), options);
  const auto decay = [](double k) { return std::exp(-k * 2 / 12); };
  const Matrix<double> exact = points.targets + function_of(points.kernel, decay, start - points.targets);
  EXPECT_LT((result.outputs - exact).norm(), 1e-3 * exact.norm());
  const Matrix<double> exact_test =
      test_start + points.test_kernel * points.kernel.llt().solve(Matrix<double>(exact - start));
  EXPECT_LT((result.test_outputs - exact_test).norm(), 2e-3 * exact_test.norm());
}

TEST(KernelFlow, OfSofthingeIsThatOfAFineRungeKutta) {
  // F' = -alpha factor K (dLoss/dF), dLoss/dF_n = -y_n / (1 + exp(20 (y_n F_n - 1))) / P.
  const Points points(10, 3, 1, true);
  constexpr double alpha = 3, factor = 0.5, time = 0.4;
  const auto speed = [&](const Matrix<double>& f) {
    Matrix<double> slope(10, 1);
    for (Index n = 0; n < 10; ++n) {
      const double y = points.targets(n, 0);
      slope(n, 0) = -y / (1 + std::exp(20 * (y * f(n, 0) - 1))) / 10;
    }
    return Matrix<double>(-alpha * factor * points.kernel * slope);
  };
  Matrix<double> f = Matrix<double>::Zero(10, 1);
  constexpr int steps = 20000;
  constexpr double dt = time / steps;
  for (int step = 0; step < steps; ++step) {
    const Matrix<double> a = speed(f), b = speed(f + dt / 2 * a), c = speed(f + dt / 2 * b), d = speed(f + dt * c);
    f += dt / 6 * (a + 2 * b + 2 * c + d);
  }
  ASSERT_GT(f.cwiseAbs().maxCoeff(), 1);  // some margins hold: the loss's bend was passed
  FrozenFlowOptions options = centred(alpha, factor);
  options.max_time = time;
  double before = 0;
  for (const double bound : {1e-5, 1e-7}) {
    options.rule.max_dgrad = bound;
    const KernelFlowResult result = follow_kernel_flow(points.problem(), *make_loss("softhinge"), options);
    const double error = (result.outputs - f).norm() / f.norm();
    EXPECT_LT(error, 2 * std::sqrt(bound));
    if (before > 0) {
      EXPECT_NEAR(before / error, 10, 3);
    }
    before = error;
  }
}

TEST(KernelFlow, ConventionsHaveOneTrajectoryAtMappedTimes) {
  // Times alpha factor t are the same; alpha a power of two, so to rounding even the steps are.
  const Points points(10, 3, 1, true);
  const auto loss = make_loss("softhinge");
  constexpr double alpha = 8;
  Matrix<double> expected, expected_test;
  std::int64_t steps = 0;
  for (const AlphaConvention convention : {AlphaConvention::none, AlphaConvention::article, AlphaConvention::code}) {
    FrozenFlowOptions options = centred(alpha, objective_factor(convention, alpha));
    const double clock = alpha * options.objective_factor;
    options.rule.first = 1 / clock;
    options.max_time = 0.5 / clock;
    const KernelFlowResult result = follow_kernel_flow(points.problem(), *loss, options);
    if (convention == AlphaConvention::none) {
      expected = result.outputs;
      expected_test = result.test_outputs;
      steps = result.control.accepted;
      continue;
    }
    EXPECT_EQ(result.control.accepted, steps);
    EXPECT_LT((result.outputs - expected).norm(), 1e-12 * expected.norm());
    EXPECT_LT((result.test_outputs - expected_test).norm(), 1e-12 * expected_test.norm());
  }
}

TEST(KernelFlow, OneKernelForAllOutputsIsABlockDiagonalOne) {
  const Points points(6, 2, 3);
  const auto blown_up = [](const Matrix<double>& k) {
    Matrix<double> out = Matrix<double>::Zero(k.rows() * 3, k.cols() * 3);
    for (Index i = 0; i < k.rows(); ++i)
      for (Index j = 0; j < k.cols(); ++j)
        for (Index o = 0; o < 3; ++o) out(i * 3 + o, j * 3 + o) = k(i, j);
    return out;
  };
  const Matrix<double> kernel = blown_up(points.kernel), test = blown_up(points.test_kernel);
  FrozenFlowOptions options = centred(1, 1);
  options.max_time = 3;
  const auto loss = make_loss("squared");
  const KernelFlowResult one = follow_kernel_flow(points.problem(), *loss, options);
  const KernelFlowResult all =
      follow_kernel_flow({view(kernel), view(points.targets), {}, view(test), {}}, *loss, options);
  EXPECT_LT((one.outputs - all.outputs).norm(), 1e-12 * one.outputs.norm());
  EXPECT_LT((one.test_outputs - all.test_outputs).norm(), 1e-12 * one.test_outputs.norm());
  EXPECT_LT((one.duals - all.duals).norm(), 1e-12 * one.duals.norm());
}

TEST(KernelFlow, StopsWhereAsked) {
  const Points points(10, 3, 1, true);
  const auto loss = make_loss("softhinge");
  FrozenFlowOptions options = centred(1, 1);
  options.stopping.margin = 1;
  std::vector<double> losses;
  KernelFlowResult result =
      follow_kernel_flow(points.problem(), *loss, options, {.seen = [&](const FrozenFlowState& state) {
                           EXPECT_EQ(state.step, static_cast<std::int64_t>(losses.size()));
                           losses.push_back(state.loss);
                         }});
  EXPECT_EQ(result.status, RunStatus::stopped);
  EXPECT_THAT(result.reason, HasSubstr("all margins"));
  EXPECT_GE((result.outputs.array() * points.targets.array()).minCoeff(), 1);
  // At F = 0 the loss is log(1 + exp(20)) / 20, and it falls: every step goes down the gradient.
  EXPECT_NEAR(losses.front(), 1, 1e-9);
  EXPECT_TRUE(std::ranges::is_sorted(losses, std::greater<>()));
  EXPECT_EQ(result.control.accepted, static_cast<std::int64_t>(losses.size()) - 1);
  EXPECT_GT(result.control.refused, 0);  // dt = 1 is too far at first

  options = centred(1, 1);
  options.target_loss = 0.5;
  result = follow_kernel_flow(points.problem(), *loss, options);
  EXPECT_LE(result.loss, 0.5);
  EXPECT_THAT(result.reason, HasSubstr("reached the target 0.5"));

  options.target_loss = 0;
  options.steps = 7;
  result = follow_kernel_flow(points.problem(), *loss, options);
  EXPECT_EQ(result.status, RunStatus::finished);
  EXPECT_EQ(result.control.accepted, 7);

  options.steps = 1000000;
  options.max_seconds = 1e-9;
  EXPECT_THAT(follow_kernel_flow(points.problem(), *loss, options).reason, HasSubstr("s had passed"));
  options.max_seconds = inf;

  request_interrupt();
  EXPECT_EQ(follow_kernel_flow(points.problem(), *loss, options).status, RunStatus::interrupted);
  request_interrupt(false);

  const Matrix<double> nothing = Matrix<double>::Zero(10, 1);  // at its targets from the start
  KernelFlowProblem problem = points.problem();
  problem.targets = view(nothing);
  EXPECT_THAT(follow_kernel_flow(problem, *make_loss("squared"), options).reason, HasSubstr("exactly 0"));

  options.divergence_cap = 0.5;
  EXPECT_EQ(follow_kernel_flow(points.problem(), *loss, options).status, RunStatus::diverged);
}

TEST(KernelFlow, SaysWhatItCannotUse) {
  const Points points(6, 2, 1, true);
  const auto loss = make_loss("softhinge");
  const FrozenFlowOptions good = centred(1, 1);
  const auto key = [&](auto change) -> std::string {
    FrozenFlowOptions options = good;
    change(options);
    try {
      follow_kernel_flow(points.problem(), *loss, options);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return "no error";
  };
  EXPECT_EQ(key([](auto& o) { o.scale.alpha = 0; }), "training.alpha");
  EXPECT_EQ(key([](auto& o) { o.scale.kappa = inf; }), "training.kappa");
  EXPECT_EQ(key([](auto& o) { o.objective_factor = 0; }), "training.alpha_convention");
  EXPECT_EQ(key([](auto& o) { o.rule.max_dgrad = -1; }), "training.max_dgrad");
  EXPECT_EQ(key([](auto& o) { o.max_time = 0; }), "training.max_time");
  EXPECT_EQ(key([](auto& o) { o.max_seconds = 0; }), "training.max_seconds");
  EXPECT_EQ(key([](auto& o) { o.steps = -1; }), "training.steps");
  EXPECT_EQ(key([](auto& o) { o.target_loss = -1; }), "training.target_loss");
  EXPECT_EQ(key([](auto& o) { o.divergence_cap = 0; }), "training.divergence_cap");
  EXPECT_EQ(key([](auto& o) { o.stopping.share = 2; }), "training.stop_share");

  const Matrix<double> other = testing::random_matrix<double>(5, 6, 1),
                       values = testing::random_matrix<double>(6, 1, 1);
  KernelFlowProblem problem = points.problem();
  problem.kernel = view(other);
  EXPECT_THROW(follow_kernel_flow(problem, *loss, good), ShapeError);
  problem = points.problem();
  problem.test_kernel = view(points.targets);
  EXPECT_THROW(follow_kernel_flow(problem, *loss, good), ShapeError);
  problem = points.problem();
  problem.initial = view(other);
  EXPECT_THROW(follow_kernel_flow(problem, *loss, good), ShapeError);
  problem = points.problem();
  problem.test_initial = view(other);
  EXPECT_THROW(follow_kernel_flow(problem, *loss, good), ShapeError);
  problem = points.problem();
  problem.targets = view(values);  // softhinge needs signs
  EXPECT_THROW(follow_kernel_flow(problem, *loss, good), ConfigError);
  Matrix<double> broken = points.kernel;
  broken(1, 2) = std::nan("");
  problem = points.problem();
  problem.kernel = view(std::as_const(broken));
  EXPECT_THROW(follow_kernel_flow(problem, *loss, good), DataError);
}

class Linearised : public ::testing::Test {
 protected:
  testing::Data data = testing::small_data(14);
  Matrix<double> others = testing::random_matrix<double>(6, 6, 9);
  Architecture network = testing::small_mlp(16, true, "softplus");
  Ensemble<double> ensemble{network, testing::members_with_rates(network, {0.4, 0.3})};
  std::shared_ptr<const Loss> loss = make_loss("squared");

  KernelFlowResult by_kernel(const FrozenFlowOptions& options) const {
    return follow_tangent_kernel<double>(ensemble, 1, view(data.inputs), view(data.targets), view(others), *loss,
                                         options);
  }
  LinearisedFlowResult<double> by_weights(const FrozenFlowOptions& options, Index chunk = 0) const {
    return follow_linearised<double>(ensemble, 1, view(data.inputs), view(data.targets), view(others), *loss, options,
                                     chunk);
  }
};

TEST_F(Linearised, TakesTheStepsOfItsKernelWhereOnlyOutputsJudge) {
  // With dgrad unbounded both flows accept the same steps, so that they agree to rounding: J (rate J^T u) = K u.
  for (const double kappa : {0.0, -2.0}) {
    FrozenFlowOptions options;
    options.scale = {2, kappa};
    options.rule.max_dgrad = inf;
    options.rule.max_dout = 0.02;
    options.max_time = 2;
    const KernelFlowResult dual = by_kernel(options);
    const auto primal = by_weights(options);
    EXPECT_EQ(primal.control.accepted, dual.control.accepted);
    EXPECT_GT(primal.control.accepted, 20);
    EXPECT_LT((primal.outputs - dual.outputs).norm(), 1e-11 * dual.outputs.norm());
    EXPECT_LT((primal.test_outputs - dual.test_outputs).norm(), 1e-11 * dual.test_outputs.norm());
    EXPECT_NEAR(primal.loss, dual.loss, 1e-11);
  }
}

TEST_F(Linearised, IsTheFlowOfItsKernelWithinTheErrorOfIntegration) {
  // Both go to g = y + exp(-K t / P) (g_0 - y), each with steps of its own, judged in another space.
  const Index n = data.inputs.rows();
  const Matrix<double> kernel = tangent_kernel<double>(ensemble, 1, view(data.inputs), {TangentShare::rate});
  const Matrix<double> cross =
      tangent_kernel<double>(ensemble, 1, view(others), view(data.inputs), {TangentShare::rate});
  constexpr double time = 3;
  Propagation<double> passes(ensemble, n, 1);
  const auto flat = [](const Matrix<double>& m) {
    return Matrix<double>(Eigen::Map<const Matrix<double>>(m.data(), m.size(), 1));
  };
  passes.forward(ensemble, view(data.inputs), 1);
  const Matrix<double> start = flat(testing::matrix_of(passes.output(1))), wanted = flat(data.targets);
  passes.forward(ensemble, view(others), 1);
  const Matrix<double> test_start = flat(testing::matrix_of(passes.output(1)));
  const double samples = static_cast<double>(n);
  const Matrix<double> exact =
      wanted + function_of(
                   kernel, [=](double k) { return std::exp(-k * time / samples); }, start - wanted);
  const Matrix<double> exact_test =
      test_start + cross * function_of(
                               kernel, [=](double k) { return std::expm1(-k * time / samples) / k; }, start - wanted);
  FrozenFlowOptions options;
  options.max_time = time;
  std::vector<double> before;
  for (const double bound : {1e-4, 1e-6}) {
    options.rule.max_dgrad = bound;
    const KernelFlowResult dual = by_kernel(options);
    const auto primal = by_weights(options);
    EXPECT_NE(primal.control.accepted, dual.control.accepted);
    EXPECT_LT((primal.outputs - dual.outputs).norm(), std::sqrt(bound) * dual.outputs.norm());
    EXPECT_LT((primal.test_outputs - dual.test_outputs).norm(), std::sqrt(bound) * dual.test_outputs.norm());
    const std::vector<double> errors = {(flat(dual.outputs) - exact).norm(), (flat(primal.outputs) - exact).norm(),
                                        (flat(dual.test_outputs) - exact_test).norm(),
                                        (flat(primal.test_outputs) - exact_test).norm()};
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i] / errors[i], 10, 2.5) << i;
    before = errors;
  }
}

TEST_F(Linearised, DoesNotDependOnHowSamplesAreChunked) {
  FrozenFlowOptions options;
  options.max_time = 1;
  const auto whole = by_weights(options);
  for (const Index chunk : {1, 5}) {
    const auto parts = by_weights(options, chunk);
    EXPECT_EQ(parts.control.accepted, whole.control.accepted);
    EXPECT_LT((parts.outputs - whole.outputs).norm(), 1e-12 * whole.outputs.norm());
    EXPECT_LT((parts.test_outputs - whole.test_outputs).norm(), 1e-12 * whole.test_outputs.norm());
  }
}

TEST_F(Linearised, OfAConvolutionalNetworkIsTheFlowOfItsKernelToo) {
  FamilyOptions options;
  options.image = {9, 9, 1};
  options.input_dimension = 81;
  options.outputs = 2;
  options.width = 3;
  options.blocks = 1;
  options.activation = "softplus";
  options.bias_input = options.bias_hidden = options.bias_output = true;
  const Architecture cnn = make_architecture("cnn", options);
  const Ensemble<double> images(cnn, testing::members_with_rates(cnn, {0.4}));
  const Matrix<double> x = testing::random_matrix<double>(8, 81, 1), y = testing::random_matrix<double>(8, 2, 2),
                       rest = testing::random_matrix<double>(3, 81, 3);
  FrozenFlowOptions flow;
  flow.rule.max_dgrad = inf;
  flow.rule.max_dout = 0.02;
  flow.max_time = 1;
  const KernelFlowResult dual = follow_tangent_kernel<double>(images, 0, view(x), view(y), view(rest), *loss, flow);
  for (const Index chunk : {0, 3}) {
    const auto primal = follow_linearised<double>(images, 0, view(x), view(y), view(rest), *loss, flow, chunk);
    EXPECT_EQ(primal.control.accepted, dual.control.accepted);
    EXPECT_LT((primal.outputs - dual.outputs).norm(), 1e-11 * dual.outputs.norm());
    EXPECT_LT((primal.test_outputs - dual.test_outputs).norm(), 1e-11 * dual.test_outputs.norm());
  }
}

TEST_F(Linearised, IsWhereALazyNetworkGoes) {
  // Centred, by the article's convention, weights move by 1/alpha: the network differs from its linearisation by that
  // order, as does its way from alpha v.
  double before = 0;
  for (const double alpha : {30.0, 300.0}) {
    FrozenFlowOptions options;
    options.scale = {alpha, -alpha};
    options.objective_factor = 1 / alpha;
    options.max_time = 2;
    options.rule.max_dgrad = inf;
    options.rule.max_dout = 0.01;
    const auto lazy = by_weights(options);
    Ensemble<double> trained = ensemble;
    TrainingOptions training;
    training.optimizer = OptimizerKind::flow;
    training.steps = 1000000;
    training.alpha = alpha;
    training.kappa = -alpha;
    training.alpha_convention = AlphaConvention::article;
    training.flow.rule = options.rule;
    training.flow.max_time = options.max_time;
    train<double>(trained, view(std::as_const(data.inputs)), view(std::as_const(data.targets)), *loss, training);
    double way = 0, apart = 0;
    for (Index l = 1; l <= trained.layers(); ++l) {
      const Matrix<double> moved = testing::matrix_of(trained.weight(1, l)) - testing::matrix_of(ensemble.weight(1, l));
      way += moved.squaredNorm();
      apart += (moved - testing::matrix_of(lazy.displacement.weight(0, l))).squaredNorm();
    }
    const double share = std::sqrt(apart / way);
    EXPECT_LT(share, 5 / alpha);
    if (before > 0) {
      EXPECT_NEAR(before / share, 10, 3);
    }
    before = share;
  }
}

TEST_F(Linearised, InFloatsAgreesToTheirPrecision) {
  FrozenFlowOptions options;
  options.max_time = 1;
  const auto expected = by_weights(options);
  const Ensemble<float> single(network, testing::members_with_rates(network, {0.4, 0.3}));
  const Matrix<float> inputs = data.inputs.cast<float>(), rest = others.cast<float>();
  const auto primal =
      follow_linearised<float>(single, 1, view(inputs), view(std::as_const(data.targets)), view(rest), *loss, options);
  const auto dual = follow_tangent_kernel<float>(single, 1, view(inputs), view(std::as_const(data.targets)), view(rest),
                                                 *loss, options);
  EXPECT_LT((primal.outputs - expected.outputs).norm(), 1e-3 * expected.outputs.norm());
  EXPECT_LT((dual.test_outputs - expected.test_outputs).norm(), 1e-2 * expected.test_outputs.norm());
}

TEST_F(Linearised, SaysWhatItCannotUse) {
  const FrozenFlowOptions options;
  const auto follow = [&](Index member, const Matrix<double>& x, const Matrix<double>& y, const Matrix<double>& rest) {
    return follow_linearised<double>(ensemble, member, view(x), view(y), view(rest), *loss, options);
  };
  const Matrix<double> narrow = testing::random_matrix<double>(14, 5, 1),
                       few = testing::random_matrix<double>(13, 2, 1);
  EXPECT_THROW(follow(2, data.inputs, data.targets, others), ShapeError);
  EXPECT_THROW(follow(0, narrow, data.targets, others), ShapeError);
  EXPECT_THROW(follow(0, data.inputs, few, others), ShapeError);
  EXPECT_THROW(follow(0, data.inputs, data.targets, narrow), ShapeError);
  Matrix<double> broken = data.inputs;
  broken(3, 1) = std::nan("");
  EXPECT_THROW(follow(0, broken, data.targets, others), DataError);
  EXPECT_THROW(follow(0, data.inputs, data.targets, broken), DataError);
  EXPECT_THROW(
      follow_tangent_kernel<double>(ensemble, 0, view(std::as_const(broken)), view(std::as_const(data.targets)),
                                    view(std::as_const(others)), *loss, options),
      DataError);
  EXPECT_THROW(follow_tangent_kernel<double>(ensemble, 0, view(std::as_const(data.inputs)), view(few),
                                             view(std::as_const(others)), *loss, options),
               ShapeError);
  EXPECT_THROW(
      follow_tangent_kernel<double>(ensemble, 0, view(std::as_const(data.inputs)), view(std::as_const(data.targets)),
                                    view(std::as_const(others)), *loss, options, 1000),
      ConfigError);
}

}  // namespace
}  // namespace widthwise
