// Stopping by margin and by patience, on f = W x with x_s = sqrt(N) a_s e_s for sample s of N = number of features and
// W_0 = 0: samples do not interact, and under the full batch (f_s - y_s) is multiplied by 1 - eta a_s^2 every step, so
// that every margin and every loss is known.
#include "widthwise/training/stopping.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "training/training_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

constexpr Index samples = 8;
constexpr double N = samples;

class Stop : public ::testing::Test {
 protected:
  Stop() {
    options.steps = 1000;
    scale_inputs({1, 1, 1, 1, 1, 1, 1, 1});
    targets.resize(samples, 1);
    for (Index s = 0; s < samples; ++s) targets(s, 0) = s % 2 == 0 ? 1 : -1;
  }
  void scale_inputs(const std::vector<double>& a) {
    inputs = Matrix<double>::Zero(samples, samples);
    for (Index s = 0; s < samples; ++s) inputs(s, s) = std::sqrt(N) * a[static_cast<std::size_t>(s)];
  }
  Ensemble<double> ensemble(const std::vector<double>& rates) const {
    const Architecture model = testing::linear_model(samples, 1);
    auto members = testing::members_with_rates(model, rates);
    for (Member& member : members) member.scaling.weights[0].effective_std = 0;
    return Ensemble<double>(model, members);
  }
  std::vector<RunResult> run(Ensemble<double>& trained, std::span<const std::int64_t> steps = {},
                             const Probe<double>& probe = {}) {
    return train<double>(trained, view(std::as_const(inputs)), view(std::as_const(targets)), *make_loss("squared"),
                         options, steps, probe);
  }
  std::vector<RunResult> run(const std::vector<double>& rates) {
    auto trained = ensemble(rates);
    return run(trained);
  }

  Matrix<double> inputs, targets;
  TrainingOptions options;
};

// The first k with 1 - q^k >= margin.
std::int64_t steps_to(double margin, double q) {
  std::int64_t k = 0;
  while (1 - std::pow(q, static_cast<double>(k)) < margin) ++k;
  return k;
}

// The first step patience ends at, from the loss L(i) known at step i * every, i = first, first + 1, ...
template <class Loss>
std::int64_t steps_of_patience(const Loss& loss, int first, std::int64_t every, std::int64_t patience, double share) {
  double best = loss(first);
  std::int64_t best_step = first * every;
  for (int i = first + 1;; ++i) {
    if (loss(i) < (1 - share) * best) best = loss(i), best_step = i * every;
    if (i * every - best_step >= patience) return i * every;
  }
}

TEST_F(Stop, AtTheMarginOfAllSamplesEachMemberAtItsOwnStep) {
  options.stopping.margin = 0.7;
  const std::vector<double> rates = {0.1, 0.25, 0.02, 1e-5};
  auto trained = ensemble(rates);
  std::vector<std::int64_t> last(4, -1);
  const auto results = run(trained, {}, [&](const TrainingState<double>& state) {
    last[static_cast<std::size_t>(state.member)] = state.step;
  });
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_EQ(results[m].status, RunStatus::stopped);
    EXPECT_EQ(results[m].step, steps_to(0.7, 1 - rates[m]));
    EXPECT_EQ(results[m].reason, "all margins had reached 0.7");
    EXPECT_EQ(last[m], results[m].step);  // probed there
    // Not updated any more: f = 1 - q^k for every sample.
    const double f = std::sqrt(N) * trained.weight(static_cast<Index>(m), 1)(0, 0);
    EXPECT_NEAR(f, 1 - std::pow(1 - rates[m], static_cast<double>(results[m].step)), 1e-12);
  }
  EXPECT_EQ(results[3].status, RunStatus::finished);
  EXPECT_EQ(results[3].step, 1000);
  EXPECT_NEAR(std::sqrt(N) * trained.weight(3, 1)(0, 0), 1 - std::pow(1 - 1e-5, 1000), 1e-12);
}

TEST_F(Stop, AtTheMarginOfAShareOfSamples) {
  // Sample s learns at eta a_s^2, so the share 6/8 is complete with the third slowest.
  const std::vector<double> a = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.1};
  scale_inputs(a);
  options.stopping.margin = 0.5;
  for (const auto& [share, slowest] :
       std::vector<std::pair<double, double>>{{0.75, 0.5}, {0.7, 0.5}, {0.126, 0.9}, {0.125, 1}, {1, 0.1}}) {
    options.stopping.share = share;
    EXPECT_EQ(run({0.3})[0].step, steps_to(0.5, 1 - 0.3 * slowest * slowest)) << share;
  }
  options.stopping.share = 0.75;
  EXPECT_EQ(run({0.3})[0].reason, "75 % of the margins had reached 0.5");
}

TEST_F(Stop, AtTheMarginOfTheTrainedOutput) {
  // alpha = 2, kappa = -2 from W_0 = 0: g = 2 f; its slope brings alpha^2 into the factor.
  options.stopping.margin = 0.7;
  options.alpha = 2;
  options.kappa = -2;
  EXPECT_EQ(run({0.1})[0].step, steps_to(0.7, 1 - 0.4));
}

TEST_F(Stop, OfMiniBatchesIsLookedAtWhenAnEpochEnds) {
  // Each sample is in one batch of 2 an epoch: its distance to the target is multiplied by 1 - eta N/2 once.
  options.stopping.margin = 0.7;
  options.batch = 2;
  for (const double rate : {0.05, 0.02, 0.003}) {
    const RunResult result = run({rate})[0];
    EXPECT_EQ(result.status, RunStatus::stopped);
    EXPECT_EQ(result.step, 4 * steps_to(0.7, 1 - rate * N / 2));
  }
}

TEST_F(Stop, AMarginHeldFromTheStartIsSeenAtOnceAndOneNeverReachedNot) {
  options.stopping.margin = 0;
  EXPECT_EQ(run({0.1})[0].step, 0);
  options.stopping.margin = 1.5;  // squared loss stops growing margins at 1
  EXPECT_EQ(run({0.1})[0].status, RunStatus::finished);
}

TEST_F(Stop, WhenTheLossFallsNoMore) {
  // L_k = L q^2k falls by 1 - q^2 a step; slow members do not fall by min_improvement within patience.
  options.stopping.patience = 10;
  options.stopping.min_improvement = 0.1;
  options.steps = 100;  // before the first comes to an exact 0, which falls no more
  const std::vector<double> rates = {0.1, 0.004, 0.001};
  const auto results = run(rates);
  EXPECT_EQ(results[0].status, RunStatus::finished);  // ever by the same share
  for (const std::size_t m : {1u, 2u}) {              // 0.996^20 = 0.92 > 0.9
    EXPECT_EQ(results[m].status, RunStatus::stopped);
    EXPECT_EQ(results[m].step, 10);
    EXPECT_EQ(results[m].reason, "the training loss had not fallen by a share of 0.1 for 10 steps");
  }
}

TEST_F(Stop, WhenTheLossComesToItsFloor) {
  // Twice the same input with targets y and y/2 cannot both be met: L_k = L_inf + c q^2k, and the rule is repeated
  // here.
  inputs.row(1) = inputs.row(0);
  targets(1, 0) = targets(0, 0) / 2;
  options.stopping.min_improvement = 0.01;
  options.stopping.patience = 3;
  for (const double rate : {0.05, 0.2}) {
    const auto loss = [rate](int k) {
      // Both at once: f -> f - 2 eta (f - 3/4); the six others as above.
      const double f = 0.75 * (1 - std::pow(1 - 2 * rate, k)), rest = std::pow(1 - rate, k);
      return ((f - 1) * (f - 1) + (f - 0.5) * (f - 0.5) + 6 * rest * rest) / (2 * N);
    };
    EXPECT_EQ(run({rate})[0].step, steps_of_patience(loss, 0, 1, 3, 0.01)) << rate;
  }
}

TEST_F(Stop, PatienceOfMiniBatchesLooksAtMeansOfEpochs) {
  // Epoch i (the first is 1) sees every sample with distance q^(i-1): L = q^(2(i-1)) / 2, known at step 4 i. q^6 > 0.7
  // ends patience after the third epoch behind the first.
  options.batch = 2;
  options.stopping.patience = 9;
  options.stopping.min_improvement = 0.3;
  options.steps = 100;
  EXPECT_EQ(run({0.02})[0].status, RunStatus::finished);  // q^6 < 0.7: three epochs, 12 steps, suffice
  for (const double rate : {0.01, 0.001}) {
    const double q = 1 - rate * N / 2;
    const auto loss = [q](int epoch) { return std::pow(q, 2 * (epoch - 1)) / 2; };
    const auto expected = steps_of_patience(loss, 1, 4, 9, 0.3);
    const RunResult result = run({rate})[0];
    EXPECT_EQ(result.status, RunStatus::stopped);
    EXPECT_EQ(result.step, expected) << rate;
  }
}

TEST_F(Stop, DoesNotDependOnSegmentsGroupsOrThreads) {
  std::vector<double> rates;
  for (int m = 0; m < 12; ++m) rates.push_back(0.003 * std::pow(1.5, m));
  std::vector<std::int64_t> every(1001);
  std::iota(every.begin(), every.end(), 0);
  for (const Index batch : {0, 2})
    for (const bool margin : {true, false}) {
      options.batch = batch;
      options.stopping = {};
      if (margin)
        options.stopping.margin = 0.83;
      else
        options.stopping.patience = 7, options.stopping.min_improvement = 0.37;
      const auto plain = run(rates), again = run(rates);
      auto cut = ensemble(rates);
      const auto segments = run(cut, every, [](const TrainingState<double>&) {});
      std::vector<RunResult> threaded;
      {
        const ThreadScope two(2);
        threaded = run(rates);
      }
      for (std::size_t m = 0; m < rates.size(); ++m) {
        EXPECT_EQ(again[m].step, plain[m].step);
        EXPECT_EQ(segments[m].step, plain[m].step);
        EXPECT_EQ(threaded[m].step, plain[m].step);
        EXPECT_EQ(run({rates[m]})[0].step, plain[m].step);
        EXPECT_EQ(segments[m].reason, plain[m].reason);
      }
      EXPECT_NE(plain.front().step, plain.back().step);
    }
}

TEST_F(Stop, LeavesTheTrajectoryAsItWas) {
  options.batch = 2;
  options.steps = 40;
  auto plain = ensemble({0.01, 0.02}), watched = ensemble({0.01, 0.02});
  run(plain);
  options.stopping = {.margin = 5.0, .patience = 1000};
  run(watched);
  for (Index m = 0; m < 2; ++m) EXPECT_EQ(testing::distance(plain, m, watched, m), 0);
}

TEST_F(Stop, RefusesNumbersOutOfRange) {
  const auto key = [](const Stopping& stopping) -> std::string {
    try {
      check_stopping(stopping);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return "";
  };
  EXPECT_EQ(key({}), "");
  EXPECT_EQ(key({.margin = -1.0}), "");
  EXPECT_EQ(key({.margin = INFINITY}), "training.stop_margin");
  EXPECT_EQ(key({.share = 0}), "training.stop_share");
  EXPECT_EQ(key({.share = 1.1}), "training.stop_share");
  EXPECT_EQ(key({.patience = -1}), "training.patience");
  EXPECT_EQ(key({.min_improvement = 1}), "training.min_improvement");
  EXPECT_EQ(key({.min_improvement = -0.1}), "training.min_improvement");
}

}  // namespace
}  // namespace widthwise
