// Factors of the rates; that every update rule multiplies its rates by them is in update_rule_test.
#include "widthwise/training/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "training/training_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/data/batches.h"

namespace widthwise {
namespace {

using Shape = Schedule::Shape;

TEST(Schedule, ConstantIsOne) {
  const Schedule schedule;
  for (const int k : {0, 1, 99}) EXPECT_EQ(schedule.factor(k, 100), 1);
}

TEST(Schedule, WarmUpRisesLinearlyToOne) {
  const Schedule schedule{.warmup_steps = 4};
  EXPECT_EQ(schedule.factor(0, 10), 0.25);
  EXPECT_EQ(schedule.factor(1, 10), 0.5);
  EXPECT_EQ(schedule.factor(3, 10), 1);
  EXPECT_EQ(schedule.factor(4, 10), 1);
}

TEST(Schedule, CosineFallsFromOneToItsFinalRate) {
  const Schedule schedule{.shape = Shape::cosine, .final_rate = 0.2};
  EXPECT_EQ(schedule.factor(0, 8), 1);
  EXPECT_NEAR(schedule.factor(4, 8), 0.6, 1e-15);  // the middle: cos(pi/2) = 0
  EXPECT_NEAR(schedule.factor(2, 8), 0.2 + 0.4 * (1 + std::sqrt(0.5)), 1e-15);
  for (int k = 1; k < 8; ++k) {
    EXPECT_LT(schedule.factor(k, 8), schedule.factor(k - 1, 8));
    EXPECT_GT(schedule.factor(k, 8), 0.2);
    EXPECT_NEAR(schedule.factor(k, 8) + schedule.factor(8 - k, 8), 1.2, 1e-15);  // symmetric about its middle
  }
}

TEST(Schedule, CosineBeginsWhereTheWarmUpEnds) {
  const Schedule schedule{.shape = Shape::cosine, .warmup_steps = 4}, later{.shape = Shape::cosine};
  EXPECT_EQ(schedule.factor(1, 12), 0.5);
  for (int k = 4; k < 12; ++k) EXPECT_DOUBLE_EQ(schedule.factor(k, 12), later.factor(k - 4, 8));
}

TEST(Schedule, StepSwitchesOnceAlsoWithinTheWarmUp) {
  const Schedule schedule{.shape = Shape::step, .warmup_steps = 4, .switch_step = 2, .switch_factor = 3};
  EXPECT_EQ(schedule.factor(1, 10), 0.5);
  EXPECT_EQ(schedule.factor(2, 10), 2.25);
  EXPECT_EQ(schedule.factor(9, 10), 3);
}

TEST(Schedule, PerEpochFallsWhereBatchesBeginAgain) {
  // 20 samples by 6: three updates an epoch, the last two samples left out.
  const std::int64_t epoch = Batches(20, 6, Key(0)).steps_per_epoch();
  const Schedule schedule{.shape = Shape::per_epoch, .epoch_steps = epoch, .epoch_factor = 0.5};
  const std::vector<double> expected{1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125};
  for (std::size_t k = 0; k < expected.size(); ++k)
    EXPECT_EQ(schedule.factor(static_cast<std::int64_t>(k), 10), expected[k]) << k;
  Schedule warm = schedule;
  warm.warmup_steps = 4;
  EXPECT_EQ(warm.factor(1, 10), 0.5);
  EXPECT_EQ(warm.factor(3, 10), 0.5) << "the last of the warm-up lies in the second epoch";
  EXPECT_EQ(warm.factor(6, 10), 0.25);
}

TEST(Schedule, PerEpochIsThatOfTheRatesOfEachEpochInTurn) {
  // Gradient descent remembers nothing: an epoch at each rate, one training after the other, over the same batches.
  const testing::Data data = testing::small_data();
  const Architecture network = testing::small_mlp();
  TrainingOptions options;
  options.batch = 10;  // two an epoch, in fixed order: every epoch sees the same
  options.shuffle = false;
  const auto after = [&](double rate, const Ensemble<double>* start) {
    Ensemble<double> ensemble(network, testing::members_with_rates(network, {rate}));
    if (start != nullptr) ensemble.parameters() = start->parameters();
    train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options);
    return ensemble;
  };
  options.steps = 2;
  const Ensemble<double> first = after(0.2, nullptr), second = after(0.1, &first), third = after(0.05, &second);
  options.steps = 6;
  options.schedule = {.shape = Shape::per_epoch, .epoch_steps = 2, .epoch_factor = 0.5};
  EXPECT_LT(testing::distance(after(0.2, nullptr), 0, third, 0), 1e-14);
}

TEST(Schedule, RefusesNumbersThatDoNotFitTheSteps) {
  const auto key = [](const Schedule& schedule, std::int64_t steps) -> std::string {
    try {
      check_schedule(schedule, steps);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return "";
  };
  EXPECT_EQ(key({}, 0), "");
  EXPECT_EQ(key({.warmup_steps = 10}, 10), "");
  EXPECT_EQ(key({.warmup_steps = 11}, 10), "training.warmup_steps");
  EXPECT_EQ(key({.warmup_steps = -1}, 10), "training.warmup_steps");
  EXPECT_EQ(key({.shape = Shape::step, .switch_step = 9}, 10), "");
  EXPECT_EQ(key({.shape = Shape::step, .switch_step = 10}, 10), "training.switch_step");  // it would never come
  EXPECT_EQ(key({.shape = Shape::step}, 10), "training.switch_step");
  EXPECT_EQ(key({.shape = Shape::step, .switch_step = 3, .switch_factor = -1}, 10), "training.switch_factor");
  EXPECT_EQ(key({.shape = Shape::step, .switch_step = 3, .switch_factor = std::nan("")}, 10), "training.switch_factor");
  EXPECT_EQ(key({.shape = Shape::cosine, .final_rate = -0.1}, 10), "training.final_rate");
  EXPECT_EQ(key({.shape = Shape::per_epoch, .epoch_factor = 0}, 10), "");
  EXPECT_EQ(key({.shape = Shape::per_epoch, .epoch_factor = -0.1}, 10), "training.epoch_factor");
  EXPECT_EQ(key({.shape = Shape::per_epoch, .epoch_factor = std::nan("")}, 10), "training.epoch_factor");
  EXPECT_EQ(key({.shape = Shape::per_epoch, .epoch_steps = 0}, 10), "training.schedule");
  EXPECT_THROW(parse_schedule("cosin"), ConfigError);
  for (const Named& row : known_schedules()) EXPECT_NO_THROW(parse_schedule(row.name));
}

TEST(Schedule, TrainingFollowsItHoweverItIsCut) {
  // Probes at every step cut training into single steps; resuming is the same loop from step 0.
  const testing::Data data = testing::small_data();
  const Architecture network = testing::small_mlp();
  const auto members = testing::members_with_rates(network, {0.1, 0.2});
  Ensemble<double> whole(network, members), cut(network, members), flat(network, members);
  TrainingOptions options;
  options.steps = 30;
  options.batch = 6;
  const auto loss = make_loss("squared");
  train<double>(flat, view(data.inputs), view(data.targets), *loss, options);
  options.schedule = {.shape = Shape::cosine, .warmup_steps = 5};
  train<double>(whole, view(data.inputs), view(data.targets), *loss, options);
  std::vector<std::int64_t> steps(31);
  std::iota(steps.begin(), steps.end(), 0);
  train<double>(cut, view(data.inputs), view(data.targets), *loss, options, steps, [](const TrainingState<double>&) {});
  for (Index m = 0; m < 2; ++m) {
    EXPECT_EQ(testing::distance(whole, m, cut, m), 0);
    EXPECT_GT(testing::distance(whole, m, flat, m), 1e-3);
  }
}

TEST(Schedule, ARateOfZeroStopsAllMotion) {
  const testing::Data data = testing::small_data();
  const Architecture network = testing::small_mlp();
  for (const Named& optimizer : known_update_rules()) {
    const auto members = testing::members_with_rates(network, {0.05});
    Ensemble<double> shorter(network, members), longer(network, members);
    TrainingOptions options;
    options.optimizer = parse_optimizer(optimizer.name);
    options.steps = 3;
    train<double>(shorter, view(data.inputs), view(data.targets), *make_loss("squared"), options);
    options.steps = 9;
    options.schedule = {.shape = Shape::step, .switch_step = 3, .switch_factor = 0};
    train<double>(longer, view(data.inputs), view(data.targets), *make_loss("squared"), options);
    EXPECT_EQ(testing::distance(shorter, 0, longer, 0), 0) << optimizer.name;
  }
}

}  // namespace
}  // namespace widthwise
