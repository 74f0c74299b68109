// The loop: probes, stopping, divergence, the trained output, and that nothing depends on how members are shared out.
#include "widthwise/training/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "training/training_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/data/batches.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

using testing::Data;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Training : public ::testing::Test {
 protected:
  Training() { options.steps = 10; }
  std::vector<RunResult> run(Ensemble<double>& ensemble, std::span<const std::int64_t> steps = {},
                             const Probe<double>& probe = {}) {
    return train<double>(ensemble, view(std::as_const(data.inputs)), view(std::as_const(data.targets)), *loss, options,
                         steps, probe);
  }
  Ensemble<double> ensemble(const std::vector<double>& rates) const {
    return Ensemble<double>(network, testing::members_with_rates(network, rates));
  }
  double full_loss(const Ensemble<double>& trained, Index member) const {
    Propagation<double> propagation(trained, data.inputs.rows());
    propagation.forward(trained, view(data.inputs), member);
    return loss->value(propagation.output(member), view(data.targets));
  }

  Data data = testing::small_data();
  Architecture network = testing::small_mlp();
  std::shared_ptr<const Loss> loss = make_loss("squared");
  TrainingOptions options;
};

TEST_F(Training, ProbesSeeTheStateBeforeTheUpdateFromInitializationToTheEnd) {
  auto trained = ensemble({0.1, 0.2});
  const auto untouched = trained;
  std::vector<std::pair<std::int64_t, Index>> calls;
  std::vector<double> batch_losses, seen;
  const std::vector<std::int64_t> steps = {0, 1, 4, 99};  // 99 is beyond the end: ignored
  run(trained, steps, [&](const TrainingState<double>& state) {
    calls.emplace_back(state.step, state.member);
    EXPECT_EQ(state.time, static_cast<double>(state.step));
    if (state.step == 0) {
      EXPECT_EQ(testing::distance(state.ensemble, state.member, untouched, state.member), 0);
    }
    if (state.member != 1) return;
    batch_losses.insert(batch_losses.end(), state.batch_losses.begin(), state.batch_losses.end());
    EXPECT_EQ(batch_losses.size(), static_cast<std::size_t>(state.step));
    seen.push_back(full_loss(state.ensemble, 1));
  });
  const std::vector<std::pair<std::int64_t, Index>> expected = {{0, 0}, {0, 1}, {1, 0},  {1, 1},
                                                                {4, 0}, {4, 1}, {10, 0}, {10, 1}};
  EXPECT_EQ(calls, expected);
  // With the full batch the loss of update k is that of the state before update k, which a probe at k sees.
  EXPECT_NEAR(seen[0], batch_losses[0], 1e-12);
  EXPECT_NEAR(seen[1], batch_losses[1], 1e-12);
  EXPECT_NEAR(seen[2], batch_losses[4], 1e-12);
  EXPECT_LT(seen[3], seen[0]);
}

TEST_F(Training, AProbeChangesNothing) {
  auto probed = ensemble({0.1, 0.2}), plain = ensemble({0.1, 0.2});
  const std::vector<std::int64_t> steps = {0, 3, 7};
  options.batch = 6;
  run(probed, steps, [](const TrainingState<double>&) {});
  const auto results = run(plain);
  for (Index m = 0; m < 2; ++m) EXPECT_EQ(testing::distance(probed, m, plain, m), 0);
  EXPECT_EQ(results[0].status, RunStatus::finished);
  EXPECT_EQ(results[0].step, 10);
  EXPECT_EQ(results[0].reason, "");
}

TEST_F(Training, AMemberOfAnEnsembleTrainsAsItWouldAlone) {
  // Stacked products may round differently: equal to 1e-12 after ten steps, not bitwise.
  const std::vector<double> rates = {0.05, 0.1, 0.2, 0.4, 0.15};
  for (const Named& optimizer : known_update_rules()) {
    options.optimizer = parse_optimizer(optimizer.name);
    options.batch = 7;
    const auto members = testing::members_with_rates(network, rates);
    Ensemble<double> together(network, members);
    run(together);
    for (Index m = 0; m < 5; ++m) {
      Ensemble<double> alone(network, std::span(members).subspan(static_cast<std::size_t>(m), 1));
      run(alone);
      // Muon multiplies rounding by some hundreds a step where singular values are small.
      const double tolerance = options.optimizer == OptimizerKind::muon ? 1e-9 : 1e-12;
      EXPECT_LT(testing::distance(together, m, alone, 0), tolerance) << optimizer.name;
    }
  }
}

TEST_F(Training, ResultsDoNotDependOnThreads) {
  // Two threads share the members in other blocks, and so in other stacked products: equal to rounding.
  const std::vector<double> rates = {0.05, 0.1, 0.2, 0.4, 0.15, 0.3};
  auto one = ensemble(rates), two = ensemble(rates);
  options.batch = 8;
  {
    const ThreadScope scope(1);
    run(one);
  }
  {
    const ThreadScope scope(2);
    run(two);
  }
  for (Index m = 0; m < 6; ++m) EXPECT_LT(testing::distance(one, m, two, m), 1e-12);
}

TEST_F(Training, TheSameCallGivesTheSameBits) {
  auto first = ensemble({0.1, 0.3}), second = ensemble({0.1, 0.3});
  options.batch = 8;
  run(first);
  run(second);
  for (Index m = 0; m < 2; ++m) EXPECT_EQ(testing::distance(first, m, second, m), 0);
}

TEST_F(Training, AnotherBatchKeyIsAnotherOrder) {
  auto first = ensemble({0.1}), second = ensemble({0.1});
  options.batch = 8;
  run(first);
  options.batch_key = Key(99);
  run(second);
  EXPECT_GT(testing::distance(first, 0, second, 0), 1e-4);
}

TEST_F(Training, FloatFollowsDouble) {
  // Ten steps at a stable rate keep the rounding of float near 1e-7 times the number of operations in a chain.
  auto exact = ensemble({0.1});
  Ensemble<float> single(network, testing::members_with_rates(network, {0.1}));
  run(exact);
  const Matrix<float> inputs = data.inputs.cast<float>(), targets = data.targets.cast<float>();
  train<float>(single, view(inputs), view(targets), *loss, options);
  for (Index l = 1; l <= 3; ++l)
    EXPECT_LT((testing::matrix_of(single.weight(0, l)).cast<double>() - testing::matrix_of(exact.weight(0, l)))
                  .cwiseAbs()
                  .maxCoeff(),
              1e-5);
}

TEST_F(Training, DivergenceIsRecordedAndTheOthersGoOn) {
  // Squared loss on relu with a rate far above 2 / curvature grows by a factor a step until the cap.
  network = testing::small_mlp(12, true, "relu");
  auto trained = ensemble({0.05, 1e3, 0.1, 1e4});
  auto calm = ensemble({0.05, 0.07, 0.1, 0.11});
  std::vector<int> last_calls(4, 0);
  const std::vector<std::int64_t> steps = {0};
  const auto results = run(trained, steps, [&](const TrainingState<double>& state) {
    last_calls[static_cast<std::size_t>(state.member)] = static_cast<int>(state.step);
  });
  for (const std::size_t m : {1u, 3u}) {
    EXPECT_EQ(results[m].status, RunStatus::diverged);
    EXPECT_GT(results[m].step, 0);
    EXPECT_LT(results[m].step, 10);
    EXPECT_NE(results[m].reason.find("cap"), std::string::npos) << results[m].reason;
    EXPECT_EQ(last_calls[m], 0);  // not probed again
  }
  run(calm);
  for (const Index m : {0, 2}) {
    EXPECT_EQ(results[static_cast<std::size_t>(m)].status, RunStatus::finished);
    EXPECT_EQ(last_calls[static_cast<std::size_t>(m)], 10);
    EXPECT_LT(testing::distance(trained, m, calm, m), 1e-12);
  }
}

TEST_F(Training, DivergenceByTheLastUpdateIsSeen) {
  options.steps = 1;
  auto trained = ensemble({1e9});
  const auto results = run(trained);
  EXPECT_EQ(results[0].status, RunStatus::diverged);
  EXPECT_EQ(results[0].step, 1);
}

TEST_F(Training, NotANumberInTheWeightsIsADivergenceAtTheFirstStep) {
  auto trained = ensemble({0.1});
  trained.weight(0, 3)(1, 2) = std::nan("");
  const auto results = run(trained);
  EXPECT_EQ(results[0].status, RunStatus::diverged);
  EXPECT_EQ(results[0].step, 0);
}

TEST_F(Training, TheCentredOutputStartsAtZero) {
  // kappa = -alpha: g = alpha (f - f_0) = 0 at step 0 exactly, so the first loss is that of zero outputs and the first
  // update is -eta alpha J^T dLoss/dg at g = 0.
  options.alpha = 3;
  options.kappa = -3;
  options.batch = 5;
  options.steps = 1;
  auto trained = ensemble({0.1});
  const auto before = trained;
  std::vector<double> first;
  const std::vector<std::int64_t> steps = {0};
  const auto probe = [&](const TrainingState<double>& state) {
    first.insert(first.end(), state.batch_losses.begin(), state.batch_losses.end());
    ASSERT_EQ(state.initial_output.rows, 20);
    Propagation<double> propagation(before, 20);
    propagation.forward(before, view(std::as_const(data.inputs)));
    EXPECT_LT(
        (testing::matrix_of(state.initial_output) - testing::matrix_of(propagation.output(0))).cwiseAbs().maxCoeff(),
        1e-14);
    EXPECT_EQ(state.output_scale.kappa, -3);
  };
  run(trained, steps, probe);
  const Batches batches(20, 5, options.batch_key);
  Matrix<double> inputs(5, 6), targets(5, 2);
  for (Index i = 0; i < 5; ++i) {
    inputs.row(i) = data.inputs.row(batches.rows(0)[static_cast<std::size_t>(i)]);
    targets.row(i) = data.targets.row(batches.rows(0)[static_cast<std::size_t>(i)]);
  }
  const Matrix<double> zero = Matrix<double>::Zero(5, 2);
  Matrix<double> slope(5, 2);
  EXPECT_NEAR(first.at(0), loss->gradient(view(zero), view(std::as_const(targets)), view(slope)), 1e-14);
  slope *= 3;
  Propagation<double> propagation(before, 5);
  propagation.forward(before, view(std::as_const(inputs)));
  Parameters<double> gradient(network, 1);
  propagation.gradient(before, 0, view(std::as_const(slope)), gradient);
  for (Index l = 1; l <= 3; ++l) {
    const Matrix<double> expected =
        testing::matrix_of(before.weight(0, l)) - 0.1 * testing::matrix_of(gradient.weight(0, l));
    EXPECT_LT((testing::matrix_of(trained.weight(0, l)) - expected).cwiseAbs().maxCoeff(), 1e-13);
  }
}

TEST_F(Training, OutputScalesAreEachMembersOwn) {
  const auto members = testing::members_with_rates(network, {0.1, 0.1});
  Ensemble<double> both(network, members), plain(network, std::span(members).first(1)),
      scaled(network, std::span(members).last(1));
  options.output_scales = {{1, 0}, {2, -2}};
  run(both);
  options.output_scales.clear();
  run(plain);
  options.alpha = 2;
  options.kappa = -2;
  run(scaled);
  EXPECT_LT(testing::distance(both, 0, plain, 0), 1e-12);
  EXPECT_LT(testing::distance(both, 1, scaled, 0), 1e-12);
}

// d(alpha f)/dt = -Theta dLoss/dg alpha^2 at initialization, of the objective over alpha^2 without the alpha^2: rates
// so small that one step is a derivative (relative error 1e-6 from the second order in rate / alpha).
TEST_F(Training, ByTheArticlesConventionTheVelocityOfTheOutputDoesNotDependOnAlpha) {
  options.steps = 1;
  const auto velocity = [&](double alpha, AlphaConvention convention) {
    options.alpha = alpha;
    options.kappa = -alpha;
    options.alpha_convention = convention;
    const double rate = 1e-6 * (convention == AlphaConvention::article ? alpha : 1 / alpha);
    auto trained = ensemble({rate});
    const auto output = [&] {
      Propagation<double> propagation(trained, 20);
      propagation.forward(trained, view(std::as_const(data.inputs)));
      return testing::matrix_of(propagation.output(0));
    };
    const Matrix<double> before = output();
    run(trained);
    return Matrix<double>((output() - before) * (alpha / rate));
  };
  const Matrix<double> one = velocity(1, AlphaConvention::none);
  for (const double alpha : {1e-3, 1.0, 1e3}) {
    const Matrix<double> article = velocity(alpha, AlphaConvention::article);
    EXPECT_LT((article - one).norm(), 1e-5 * one.norm()) << alpha;
    const Matrix<double> plain = velocity(alpha, AlphaConvention::none);
    EXPECT_LT((plain - alpha * alpha * one).norm(), 1e-5 * alpha * alpha * one.norm()) << alpha;
  }
}

// The same steps by hand: gradient of the mean loss at g = alpha (f - f_0), over alpha; recorded losses are those of g.
TEST_F(Training, TheArticlesConventionByHand) {
  const double alpha = 0.3, rate = 0.02;
  data.targets = data.targets.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
  loss = make_loss("softhinge");
  options.output_scales = {{alpha, -alpha}};
  options.alpha_convention = AlphaConvention::article;
  options.steps = 12;
  network = testing::small_mlp(12, false);
  auto trained = ensemble({rate}), by_hand = ensemble({rate});
  std::vector<double> losses;
  const std::vector<std::int64_t> steps = {12};
  run(trained, steps,
      [&](const TrainingState<double>& state) { losses.assign(state.batch_losses.begin(), state.batch_losses.end()); });
  Propagation<double> propagation(by_hand, 20);
  Matrix<double> initial, slope(20, 2);
  for (std::size_t step = 0; step < 12; ++step) {
    propagation.forward(by_hand, view(std::as_const(data.inputs)));
    const Matrix<double> f = testing::matrix_of(propagation.output(0));
    if (step == 0) initial = f;
    const Matrix<double> g = alpha * (f - initial);
    EXPECT_NEAR(losses.at(step), loss->gradient(view(g), view(std::as_const(data.targets)), view(slope)), 1e-13);
    slope /= alpha;
    Parameters<double> gradient(network, 1);
    propagation.gradient(by_hand, 0, view(std::as_const(slope)), gradient);
    for (Index l = 1; l <= 3; ++l) {
      const View<double> weight = by_hand.weight(0, l);
      const View<const double> down = std::as_const(gradient).weight(0, l);
      for (Index i = 0; i < weight.rows; ++i)
        for (Index j = 0; j < weight.cols; ++j) weight(i, j) -= rate * down(i, j);
    }
  }
  EXPECT_LT(testing::distance(trained, 0, by_hand, 0), 1e-12);
  EXPECT_LT(losses.back(), losses.front());
}

TEST_F(Training, AMemberStopsAtItsTargetLoss) {
  options.steps = 2000;
  auto trained = ensemble({0.2, 1e-6});
  const double start = full_loss(trained, 0);
  options.target_loss = start / 2;
  std::vector<std::int64_t> last(2, -1);
  const auto results = run(trained, {}, [&](const TrainingState<double>& state) {
    last[static_cast<std::size_t>(state.member)] = state.step;
  });
  EXPECT_EQ(results[0].status, RunStatus::stopped);
  EXPECT_LE(full_loss(trained, 0), start / 2);  // the state of the step that stopped it, not updated any more
  EXPECT_EQ(last[0], results[0].step);
  EXPECT_GT(results[0].step, 0);
  EXPECT_LT(results[0].step, 2000);
  EXPECT_EQ(results[1].status, RunStatus::finished);
  EXPECT_EQ(last[1], 2000);
}

TEST_F(Training, WallTimeStopsAllMembersAtOneStep) {
  options.steps = 1'000'000'000;
  options.max_seconds = 0.1;
  auto trained = ensemble({0.01, 0.02});
  int final_probes = 0;
  const auto results = run(trained, {}, [&](const TrainingState<double>&) { ++final_probes; });
  EXPECT_EQ(results[0].status, RunStatus::stopped);
  EXPECT_EQ(results[0].step, results[1].step);
  EXPECT_GE(results[0].seconds, 0.1);
  EXPECT_EQ(final_probes, 2);
}

TEST_F(Training, AnInterruptEndsTraining) {
  options.steps = 1'000'000'000;
  auto trained = ensemble({0.01});
  const std::vector<std::int64_t> steps = {0, 3};
  const auto results = run(trained, steps, [](const TrainingState<double>& state) {
    if (state.step == 3) request_interrupt();
  });
  request_interrupt(false);
  EXPECT_EQ(results[0].status, RunStatus::interrupted);
  EXPECT_GT(results[0].step, 3);
  EXPECT_LT(results[0].step, 1'000'000'000);
}

TEST_F(Training, NoStepsIsALookAtInitialization) {
  options.steps = 0;
  auto trained = ensemble({0.1});
  int calls = 0;
  const std::vector<std::int64_t> steps = {0};
  const auto results =
      run(trained, steps, [&](const TrainingState<double>& state) { calls += state.step == 0 ? 1 : 100; });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(results[0].status, RunStatus::finished);
}

TEST_F(Training, RefusesDataThatDoNotFitAndOptionsOutOfRange) {
  auto trained = ensemble({0.1, 0.2});
  const Data good = data;
  data.targets.conservativeResize(19, 2);
  EXPECT_THROW(run(trained), ShapeError);
  data = good;
  data.inputs.conservativeResize(20, 5);
  EXPECT_THROW(run(trained), ShapeError);
  data = good;
  loss = make_loss("cross-entropy");
  EXPECT_NO_THROW(run(trained));
  options.steps = -1;
  EXPECT_THROW(run(trained), ConfigError);
  options.steps = 1;
  options.divergence_cap = 0;
  EXPECT_THROW(run(trained), ConfigError);
  options.divergence_cap = 1e6;
  options.output_scales.resize(1);
  EXPECT_THROW(run(trained), ShapeError);
  options.output_scales.clear();
  options.batch = -3;
  EXPECT_THROW(run(trained), ConfigError);
}

TEST_F(Training, DataThatAreNotFiniteAreAMistakeNotADivergence) {
  const Data good = data;
  for (const double odd : {std::nan(""), HUGE_VAL}) {
    for (Matrix<double> Data::*part : {&Data::inputs, &Data::targets}) {
      data = good;
      (data.*part)(19, 1) = odd;
      auto trained = ensemble({0.1});
      const auto untouched = trained;
      EXPECT_THROW(run(trained), DataError);
      EXPECT_EQ(testing::distance(trained, 0, untouched, 0), 0);
    }
  }
}

TEST_F(Training, LossesOfSignsRefuseOtherTargets) {
  auto trained = ensemble({0.1});
  data.targets = data.targets.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
  for (const Named& named : known_losses()) {
    loss = make_loss(named.name);
    EXPECT_NO_THROW(run(trained)) << named.name;
    for (const double other : {0.0, 0.5}) {
      const double kept = std::exchange(data.targets(17, 1), other);
      if (loss->needs_signs()) {
        EXPECT_THAT([&] { run(trained); }, ThrowsMessage<ConfigError>(HasSubstr("output 1 of sample 17")));
      } else {
        EXPECT_NO_THROW(run(trained)) << named.name;
      }
      data.targets(17, 1) = kept;
    }
  }
}

TEST_F(Training, TheArticlesConventionNeedsAPositiveAlpha) {
  auto trained = ensemble({0.1, 0.1});
  options.alpha_convention = AlphaConvention::article;
  for (const double alpha : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    options.alpha = alpha;
    EXPECT_THAT([&] { run(trained); }, ThrowsMessage<ConfigError>(HasSubstr("training.alpha")));
    options.output_scales = {{1, 0}, {alpha, 0}};
    EXPECT_THROW(run(trained), ConfigError);
    options.output_scales.clear();
  }
  options.alpha = 2;
  EXPECT_NO_THROW(run(trained));
}

}  // namespace
}  // namespace widthwise
