// Gradient flow against closed forms, and against the acceptance rule written down plainly.
#include "widthwise/training/flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "training/training_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/loss/margin.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/checkpoint.h"

namespace widthwise {
namespace {

using testing::Data;
using ::testing::HasSubstr;

constexpr double inf = std::numeric_limits<double>::infinity();

Data signs_data(Index samples, Index features, std::uint64_t seed = 3) {
  Data data{testing::random_matrix<double>(samples, features, seed), Matrix<double>(samples, 1)};
  for (Index i = 0; i < samples; ++i) data.targets(i, 0) = i % 2 == 0 ? 1 : -1;
  return data;
}

Architecture net(Index inputs, Index width, Index hidden, const std::string& activation, bool bias = false) {
  FamilyOptions options;
  options.input_dimension = inputs;
  options.width = width;
  options.hidden_layers = hidden;
  options.activation = activation;
  options.bias_input = options.bias_hidden = options.bias_output = bias;
  return mlp(options);
}

TrainingOptions flow_options(double alpha = 1) {
  TrainingOptions options;
  options.optimizer = OptimizerKind::flow;
  options.steps = 1'000'000;
  options.alpha = alpha;
  options.kappa = -alpha;
  return options;
}

class Flow : public ::testing::Test {
 protected:
  std::vector<RunResult> follow(Ensemble<double>& ensemble, const Data& data, const TrainingOptions& options,
                                std::span<const std::int64_t> steps = {}, const Probe<double>& probe = {},
                                const FlowHooks<double>& hooks = {}) const {
    return train<double>(ensemble, view(std::as_const(data.inputs)), view(std::as_const(data.targets)), *loss, options,
                         steps, probe, hooks);
  }
  Matrix<double> outputs(const Ensemble<double>& ensemble, const Data& data, Index member = 0) const {
    Propagation<double> propagation(ensemble, data.inputs.rows());
    propagation.forward(ensemble, view(data.inputs), member);
    return testing::matrix_of(propagation.output(member));
  }
  std::shared_ptr<const Loss> loss = make_loss("squared");
};

// One weight w on one sample x = 1, target y, squared loss, rate r: w' = -r (w - y), so w = y + (w_0 - y) exp(-r t).
class OneWeight : public Flow {
 protected:
  OneWeight() {
    data.inputs = Matrix<double>::Constant(1, 1, 1);
    data.targets = Matrix<double>::Constant(1, 1, 2);
  }
  Ensemble<double> ensemble(double rate) const {
    const Architecture model = testing::linear_model(1, 1);
    return Ensemble<double>(model, testing::members_with_rates(model, {rate}));
  }
  Data data;
};

TEST_F(OneWeight, FollowsTheExponentialWithAnErrorThatFallsLikeTheStep) {
  TrainingOptions options = flow_options();
  options.kappa = 0;
  options.flow.max_time = 1.5;
  options.flow.rule.max_dout = inf;
  double before = 0;
  for (const double bound : {1e-4, 1e-6}) {
    auto trained = ensemble(0.7);
    const double start = trained.weight(0, 1)(0, 0);
    options.flow.rule.max_dgrad = bound;
    double time = 0;
    const std::vector<std::int64_t> steps = {0};
    const auto results = follow(trained, data, options, steps, [&](const auto& state) { time = state.time; });
    EXPECT_EQ(results[0].status, RunStatus::finished);
    EXPECT_EQ(time, options.flow.max_time);
    const double exact = 2 + (start - 2) * std::exp(-0.7 * 1.5);
    const double error = std::abs(trained.weight(0, 1)(0, 0) - exact);
    EXPECT_LT(error, std::sqrt(bound) * std::abs(start - 2));
    // Euler is of first order, and the bound on dgrad is one on the square of the step.
    if (before > 0) {
      EXPECT_NEAR(before / error, 10, 2);
    }
    before = error;
  }
}

TEST_F(OneWeight, TimesAreThoseOfTheExponential) {
  // Centred, F = w - w_0 starts at 0: loss (F - 2)^2 / 2 halves at exp(-2 r t) = 1/2; F leaves its tangent by half of
  // it where (s - 1 + exp(-s)) / s = 1/2 at s = r t: s = 1.59362.
  auto trained = ensemble(0.7);
  TrainingOptions options = flow_options();
  options.flow.rule.max_dgrad = 1e-7;
  options.flow.max_time = 4;
  double half = 0, linear = 0;
  const std::vector<std::int64_t> steps = {0};
  follow(trained, data, options, steps, [&](const TrainingState<double>& state) {
    half = state.flow->times.half_time;
    linear = state.flow->times.linear_time;
  });
  EXPECT_NEAR(half, std::log(2.0) / 2 / 0.7, 1e-3);
  EXPECT_NEAR(linear, 1.59362 / 0.7, 1e-3);
}

TEST_F(OneWeight, MomentumIsThatOfADampedOscillator) {
  // tau w'' + w' + r (w - y) = 0 from rest: roots of tau s^2 + s + r; overdamped, since where the gradient passes
  // through 0 it changes by more than any share of itself.
  auto trained = ensemble(0.7);
  const double start = trained.weight(0, 1)(0, 0), tau = 0.3, rate = 0.7, t = 2;
  TrainingOptions options = flow_options();
  options.kappa = 0;
  options.flow.tau = tau;
  options.flow.max_time = t;
  options.flow.rule.max_dgrad = 1e-8;
  follow(trained, data, options);
  const double root = std::sqrt(1 - 4 * tau * rate), slow = (-1 + root) / (2 * tau), fast = (-1 - root) / (2 * tau);
  const double exact = 2 + (start - 2) * (fast * std::exp(slow * t) - slow * std::exp(fast * t)) / (fast - slow);
  EXPECT_NEAR(trained.weight(0, 1)(0, 0), exact, 2e-3 * std::abs(start - 2));
}

TEST_F(OneWeight, MomentumOfNoTimeIsNone) {
  TrainingOptions options = flow_options();
  options.flow.max_time = 1;
  auto plain = ensemble(0.7), heavy = ensemble(0.7);
  follow(plain, data, options);
  options.flow.tau = 1e-9;  // exp(-dt / tau) = 0
  follow(heavy, data, options);
  EXPECT_LT(testing::distance(plain, 0, heavy, 0), 1e-14);
}

TEST_F(OneWeight, MomentumThatGrowsWithTimeIsThatOfItsEquation) {
  auto trained = ensemble(0.7);
  const double start = trained.weight(0, 1)(0, 0), mu = 2, rate = 0.7, end = 1;
  TrainingOptions options = flow_options();
  options.kappa = 0;
  options.flow.tau = -mu;
  options.flow.max_time = end;
  options.flow.rule.max_dgrad = 1e-8;
  options.flow.rule.first = 1e-4;
  follow(trained, data, options);
  // v' = -(mu/t)(v + r (w - y)), w' = v. With u = w - y: u'' + (mu/t) u' + (mu/t) r u = 0, regular at 0 with u'(0) = -r
  // u(0): power series u = sum c_k t^k, k (k + mu - 1) c_k = -mu r c_{k-1}.
  double term = start - 2, series = term, power = 1;
  for (int k = 1; k < 60; ++k) {
    term *= -mu * rate / (k * (k + mu - 1));
    power *= end;
    series += term * power;
  }
  EXPECT_NEAR(trained.weight(0, 1)(0, 0), 2 + series, 2e-3 * std::abs(start - 2));
}

TEST_F(OneWeight, DecayPullsToTheShiftedMinimum) {
  const Architecture model = testing::linear_model(1, 1);
  Ensemble<double> trained(model, testing::members_with_rates(model, {0.7}, 0.5));
  TrainingOptions options = flow_options();
  options.kappa = 0;
  options.flow.max_time = 40;
  follow(trained, data, options);
  EXPECT_NEAR(trained.weight(0, 1)(0, 0), 2 / 1.5, 1e-6);  // w - 2 + 0.5 w = 0
}

// The rule of the article, section 1.4, for one member, with nothing shared.
struct PlainFlow {
  std::int64_t accepted = 0, refused = 0;
  double time = 0;
  Matrix<double> outputs;
};
PlainFlow plain_flow(Ensemble<double>& network, const Data& data, const Loss& loss, const TrainingOptions& options) {
  const Index samples = data.inputs.rows();
  Propagation<double> propagation(network, samples);
  Parameters<double> gradient(network.architecture(), 1), next(network.architecture(), 1);
  propagation.forward(network, view(data.inputs), 0);
  const Matrix<double> initial = testing::matrix_of(propagation.output(0));
  const auto look = [&](Parameters<double>& g) {
    propagation.forward(network, view(data.inputs), 0);
    Matrix<double> f = options.alpha * (testing::matrix_of(propagation.output(0)) - initial), d = f;
    loss.gradient(view(std::as_const(f)), view(data.targets), view(d));
    d *= options.alpha;
    propagation.gradient(network, 0, view(std::as_const(d)), g);
    return f;
  };
  const auto dot = [&](const Parameters<double>& a, const Parameters<double>& b) {
    double sum = 0;
    for (Index l = 1; l <= network.layers(); ++l)
      sum += network.scaling(0).weights[static_cast<std::size_t>(l - 1)].effective_rate *
             testing::matrix_of(a.weight(0, l)).cwiseProduct(testing::matrix_of(b.weight(0, l))).sum();
    return sum;
  };
  PlainFlow result;
  result.outputs = look(gradient);
  double dt = 1;
  while (smallest_margin(view(std::as_const(result.outputs)), view(data.targets)) < 1 && result.accepted < 20000) {
    const Ensemble<double> kept = network;
    for (Index l = 1; l <= network.layers(); ++l) {
      const double rate = network.scaling(0).weights[static_cast<std::size_t>(l - 1)].effective_rate;
      for (Index i = 0; i < network.weight(0, l).rows; ++i)
        for (Index j = 0; j < network.weight(0, l).cols; ++j)
          network.weight(0, l)(i, j) -= dt * rate * gradient.weight(0, l)(i, j);
    }
    const Matrix<double> outputs = look(next);
    const double dout = (outputs - result.outputs).cwiseAbs().maxCoeff();
    const double gg = dot(gradient, gradient), nn = dot(next, next);
    const double dgrad = (gg - 2 * dot(gradient, next) + nn) / std::sqrt(gg * nn);
    if (dgrad < options.flow.rule.max_dgrad && dout < options.flow.rule.max_dout) {
      ++result.accepted;
      result.time += dt;
      result.outputs = outputs;
      gradient = next;
      if (dgrad < options.flow.rule.max_dgrad / 2 && dout < options.flow.rule.max_dout / 2) dt *= 1.1;
    } else {
      ++result.refused;
      network = kept;
      dt /= 10;
    }
  }
  return result;
}

class NetFlow : public Flow {
 protected:
  NetFlow() { loss = make_loss("softhinge"); }
  Data data = signs_data(24, 5);
  Architecture network = net(5, 16, 2, "softplus");
};

TEST_F(NetFlow, AcceptsAndRefusesWhatTheArticlesRuleDoes) {
  for (const double alpha : {0.3, 30.0}) {
    TrainingOptions options = flow_options(alpha);
    options.stopping.margin = 1;
    options.flow.rule.max_dgrad = 1e-3;
    const auto members = testing::members_with_rates(network, {0.5});
    Ensemble<double> trained(network, members), plain(network, members);
    double time = 0;
    StepControl::State counts;
    const std::vector<std::int64_t> steps = {0};
    const auto results = follow(trained, data, options, steps, [&](const TrainingState<double>& state) {
      time = state.time;
      counts = state.flow->control;
    });
    const PlainFlow expected = plain_flow(plain, data, *loss, options);
    EXPECT_EQ(results[0].status, RunStatus::stopped);
    EXPECT_EQ(results[0].step, expected.accepted);
    EXPECT_EQ(counts.refused, expected.refused);
    EXPECT_NEAR(time / expected.time, 1, 1e-12);
    EXPECT_LT(testing::distance(trained, 0, plain, 0), 1e-9);
  }
}

TEST_F(NetFlow, MembersWithStepsOfTheirOwnAreThoseOfSingleRuns) {
  TrainingOptions options = flow_options();
  options.stopping.margin = 1;
  options.flow.rule.max_dgrad = 1e-3;
  const std::vector<double> alphas = {0.1, 3, 100};
  const auto members = testing::members_with_rates(network, {0.5, 0.2, 1});
  for (const double alpha : alphas) options.output_scales.push_back({alpha, -alpha});
  for (const int count : {1, 2}) {
    const ThreadScope scope(count);
    Ensemble<double> together(network, members);
    const auto results = follow(together, data, options);
    for (std::size_t m = 0; m < members.size(); ++m) {
      TrainingOptions alone = options;
      alone.output_scales = {options.output_scales[m]};
      Ensemble<double> single(network, std::span(members).subspan(m, 1));
      const auto result = follow(single, data, alone);
      EXPECT_EQ(results[m].step, result[0].step);
      EXPECT_LT(testing::distance(together, static_cast<Index>(m), single, 0), 1e-10);
    }
  }
}

TEST_F(NetFlow, BothConventionsHaveOneTrajectory) {
  // The article's 1/sqrt(h) readout with Loss / alpha^2, and the code's 1/h readout with Loss / alpha at
  // alpha_code = sqrt(h) alpha_article: F is the same at t_article = alpha_code t_code / h.
  const double h = 16, alpha = 0.5, alpha_code = std::sqrt(h) * alpha;
  const auto run = [&](const char* scheme, AlphaConvention convention, double alpha_given, double first) {
    ScaleRequest request;
    request.width = h;
    request.hidden_layers = 2;
    request.input_dimension = 5;
    request.optimizer = OptimizerKind::flow;
    Ensemble<double> trained(network,
                             std::vector<Member>{{Key(7), scale(named_scheme(scheme, OptimizerKind::flow), request)}});
    TrainingOptions options = flow_options(alpha_given);
    options.alpha_convention = convention;
    options.stopping.margin = 1;
    options.flow.rule.first = first;
    const Matrix<double> before = outputs(trained, data);
    const auto results = follow(trained, data, options);
    return std::pair{Matrix<double>(alpha_given * (outputs(trained, data) - before)), results[0].step};
  };
  const auto [article, steps] = run("ntk", AlphaConvention::article, alpha, alpha_code);
  const auto [code, code_steps] = run("mean-field", AlphaConvention::code, alpha_code, 1);
  EXPECT_EQ(steps, code_steps);
  EXPECT_GT(steps, 10);
  EXPECT_LT((article - code).cwiseAbs().maxCoeff(), 1e-9);
}

TEST_F(NetFlow, TrainedOutputIsExactlyZeroAtTheStartAndPreciseWhereAlphaIsLarge) {
  TrainingOptions options = flow_options(1e7);
  options.alpha_convention = AlphaConvention::code;
  options.stopping.margin = 1;
  Ensemble<double> trained(network, testing::members_with_rates(network, {0.5}));
  std::vector<double> losses;
  FlowHooks<double> hooks;
  hooks.milestone = [&](const TrainingState<double>& state, std::size_t) { losses.push_back(state.time); };
  const auto results = follow(trained, data, options, {}, {}, hooks);
  EXPECT_EQ(results[0].status, RunStatus::stopped) << results[0].reason;
  // softhinge at F = 0: log(1 + e^20) / 20, which no rounding of f may change.
  options.steps = 0;
  Ensemble<double> untouched(network, testing::members_with_rates(network, {0.5}));
  const auto start = follow(untouched, data, options);
  const Matrix<double> zero = Matrix<double>::Zero(24, 1);
  EXPECT_DOUBLE_EQ(start[0].last_batch_loss, loss->value(view(zero), view(data.targets)));
}

TEST_F(NetFlow, MilestonesAreTheFirstStatesPastTheirMarks) {
  TrainingOptions options = flow_options(2);
  options.stopping.margin = 1;
  options.flow.milestones = {
      {Milestone::Kind::loss, 0.5}, {Milestone::Kind::margin, 0.0}, {Milestone::Kind::margin, 0.5}};
  Ensemble<double> trained(network, testing::members_with_rates(network, {0.5}));
  const Matrix<double> initial = outputs(trained, data);
  std::vector<std::size_t> reached;
  double half = 0, time_at_half = 0;
  FlowHooks<double> hooks;
  hooks.milestone = [&](const TrainingState<double>& state, std::size_t which) {
    reached.push_back(which);
    const Matrix<double> f = 2 * (outputs(state.ensemble, data) - initial);
    const double least = smallest_margin(view(f), view(data.targets));
    if (which == 0) {
      EXPECT_LE(loss->value(view(f), view(data.targets)), 0.5 * 1.0000000002);
      half = state.flow->times.half_time;
      time_at_half = state.time;
    }
    if (which == 1) {
      EXPECT_GE(least, 0);
    }
    if (which == 2) {
      EXPECT_GE(least, 0.5);
    }
  };
  follow(trained, data, options, {}, {}, hooks);
  EXPECT_THAT(reached, ::testing::UnorderedElementsAre(0u, 1u, 2u));
  EXPECT_GT(half, 0);
  EXPECT_LE(half, time_at_half);
}

// A kink: the gradient jumps whatever the step, so that the rule divides dt for ever.
TEST_F(Flow, AKinkIsStuckUnlessThereIsAFloor) {
  loss = make_loss("hinge");  // its own slope jumps where a margin reaches 1
  Data data = signs_data(12, 4);
  const Architecture network = net(4, 8, 1, "relu");
  TrainingOptions options = flow_options(1);
  options.stopping.margin = 1;
  options.flow.rule.max_dgrad = 1e-4;
  Ensemble<double> stuck(network, testing::members_with_rates(network, {0.5}));
  const auto first = follow(stuck, data, options);
  EXPECT_EQ(first[0].status, RunStatus::stopped);
  EXPECT_THAT(first[0].reason, HasSubstr("stuck at time"));
  EXPECT_THAT(first[0].reason, HasSubstr("training.step_floor"));

  options.flow.rule.floor = 1e-3;
  Ensemble<double> forced(network, testing::members_with_rates(network, {0.5}));
  std::int64_t counted = 0;
  const std::vector<std::int64_t> steps = {0};
  const auto second = follow(forced, data, options, steps,
                             [&](const TrainingState<double>& state) { counted = state.flow->control.forced; });
  EXPECT_EQ(second[0].status, RunStatus::stopped);
  EXPECT_THAT(second[0].reason, HasSubstr("margins"));
  EXPECT_GT(counted, 0);
}

TEST_F(NetFlow, ResumesFromAnyCheckpointToTheSameBits) {
  TrainingOptions options = flow_options();
  options.stopping.margin = 1;
  for (const double alpha : {0.1, 3.0}) options.output_scales.push_back({alpha, -alpha});
  for (const double tau : {0.0, 0.5}) {
    options.flow.tau = tau;
    const auto members = testing::members_with_rates(network, {0.5, 0.2});
    Ensemble<double> whole(network, members), resumed(network, members);
    std::vector<std::string> kept(2);
    int calls = 0;
    FlowHooks<double> keep;
    keep.checkpoint_seconds = 0;
    keep.checkpoint = [&](Index member, const FlowCheckpoint<double>& state) {
      if (++calls <= 2) kept[static_cast<std::size_t>(member)] = to_bytes(state);
    };
    options.steps = 400;
    const auto expected = follow(
        whole, data, options, std::vector<std::int64_t>{0, 5, 40}, [](const auto&) {}, keep);
    std::vector<std::optional<FlowCheckpoint<double>>> read(2);
    FlowHooks<double> resume;
    resume.resume = [&](Index member) -> const FlowCheckpoint<double>* {
      const auto m = static_cast<std::size_t>(member);
      if (kept[m].empty()) return nullptr;
      read[m] = checkpoint_from_bytes<double>(kept[m]);
      return &*read[m];
    };
    ASSERT_GE(calls, 1);
    const auto results = follow(resumed, data, options, {}, {}, resume);
    for (Index m = 0; m < 2; ++m) {
      const auto i = static_cast<std::size_t>(m);
      EXPECT_EQ(testing::distance(whole, m, resumed, m), 0);
      EXPECT_EQ(results[i].step, expected[i].step);
      EXPECT_EQ(results[i].last_batch_loss, expected[i].last_batch_loss);
    }
  }
}

TEST_F(NetFlow, DamagedCheckpointsAreErrors) {
  FlowCheckpoint<double> state;
  state.weights = {1, 2, 3};
  state.gradient = {4, 5, 6};
  state.outputs = Matrix<double>::Constant(2, 1, 7);
  state.passed.milestones = {true, false};
  state.time = 0.25;
  const std::string bytes = to_bytes(state);
  const auto read = checkpoint_from_bytes<double>(bytes);
  EXPECT_EQ(read.weights, state.weights);
  EXPECT_EQ(read.outputs, state.outputs);
  EXPECT_EQ(read.time, 0.25);
  EXPECT_EQ(read.passed.milestones, state.passed.milestones);
  for (const std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] ^= 1;
    EXPECT_THROW(checkpoint_from_bytes<double>(damaged), DataError);
    EXPECT_THROW(checkpoint_from_bytes<double>(std::string_view(bytes).substr(0, at)), DataError);
  }
  EXPECT_THROW(checkpoint_from_bytes<float>(bytes), DataError);
}

TEST_F(NetFlow, OptionsWithoutMeaningAreRefused) {
  Ensemble<double> trained(network, testing::members_with_rates(network, {0.5}));
  const auto refused = [&](auto change, const char* key) {
    TrainingOptions options = flow_options();
    change(options);
    try {
      follow(trained, data, options);
      ADD_FAILURE() << key;
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.place().key, key);
    }
  };
  refused([](TrainingOptions& o) { o.batch = 4; }, "training.batch");
  refused([](TrainingOptions& o) { o.flow.temperature = -1; }, "training.temperature");
  refused([](TrainingOptions& o) { o.flow.max_time = 0; }, "training.max_time");
  refused([](TrainingOptions& o) { o.flow.temperature = o.flow.tau = 1; }, "training.tau");
  refused([](TrainingOptions& o) { o.flow.least_batch = 0; }, "training.least_batch");
  refused([](TrainingOptions& o) { o.flow.most_batch = 2, o.flow.least_batch = 3; }, "training.most_batch");
  refused(
      [](TrainingOptions& o) {
        o.alpha_convention = AlphaConvention::code;
        o.alpha = -1;
      },
      "training.alpha");
  EXPECT_THROW(parse_milestone("loss 1.5"), ConfigError);
  EXPECT_THROW(parse_milestone("half"), ConfigError);
  EXPECT_EQ(parse_milestone("margin -1"), (Milestone{Milestone::Kind::margin, -1}));
}

// Sampling noise: a linear model with noisy targets settles around the minimum with a variance proportional to T.
TEST_F(Flow, TemperatureSetsTheNoise) {
  const Index samples = 400;
  Data data{Matrix<double>::Constant(samples, 1, 1), testing::random_matrix<double>(samples, 1, 9)};
  const double minimum = data.targets.mean();
  const double spread = (data.targets.array() - minimum).square().mean();
  const Architecture model = testing::linear_model(1, 1);
  const int members = 40;
  TrainingOptions options = flow_options();
  options.kappa = 0;
  options.flow.rule.max_dgrad = options.flow.rule.max_dout = inf;
  options.flow.rule.growth = 1;  // steps of one size
  options.flow.max_time = 8;
  const auto variance = [&](double temperature) {
    options.flow.temperature = temperature;
    options.flow.most_batch = 20;  // sets the first dt: T B / (1 - B/P)
    Ensemble<double> trained(model, testing::members_with_rates(model, std::vector<double>(members, 1.0)));
    follow(trained, data, options);
    double sum = 0;
    for (Index m = 0; m < members; ++m) sum += std::pow(trained.weight(m, 1)(0, 0) - minimum, 2);
    return sum / members;
  };
  // Steps dt w' = -(w - batch mean): Var = dt^2 s^2 / B (1 - B/P) / (1 - (1 - dt)^2) ~ T s^2 / 2, as dt / B (1 - B/P) =
  // T for batches of distinct samples. 40 members know it to 22 %; four of those are allowed.
  for (const double temperature : {0.01, 0.002}) {
    const double dt = temperature * 20 / 0.95;
    const double expected = temperature * spread / (2 - dt);
    EXPECT_NEAR(variance(temperature) / expected, 1, 4 * std::sqrt(2.0 / members));
  }
}

TEST_F(NetFlow, TemperatureEndsWhereAllMarginsHold) {
  for (Index i = 0; i < data.inputs.rows(); ++i) data.targets(i, 0) = data.inputs(i, 0) > 0 ? 1 : -1;  // an easy rule
  TrainingOptions options = flow_options(2);
  options.stopping.margin = 1;
  options.flow.temperature = 1e-4;
  options.steps = 50'000;
  options.flow.rule.max_dgrad = inf;  // of one sample's gradient that dies away, no step keeps a share
  Ensemble<double> trained(network, testing::members_with_rates(network, {0.5})), again = trained;
  const Matrix<double> initial = outputs(trained, data);
  const auto results = follow(trained, data, options);
  EXPECT_EQ(results[0].status, RunStatus::stopped) << results[0].reason;
  const Matrix<double> f = 2 * (outputs(trained, data) - initial);
  EXPECT_GE(smallest_margin(view(f), view(data.targets)), 1);
  follow(again, data, options);
  EXPECT_EQ(testing::distance(trained, 0, again, 0), 0);  // the same key, the same batches
}

}  // namespace
}  // namespace widthwise
