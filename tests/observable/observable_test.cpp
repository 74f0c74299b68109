#include "widthwise/observable/observable.h"

#include <gmock/gmock.h>

#include <set>

#include "widthwise/base/error.h"
#include "widthwise/observable/times.h"

namespace widthwise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Observables, HaveDistinctNamesAndASentenceEach) {
  std::set<std::string> names;
  for (const ObservableInfo& info : known_observables()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.sentence.back(), '.') << info.name;
    EXPECT_EQ(info.needs_test_set, info.name.starts_with("test_")) << info.name;
  }
}

TEST(Observables, SeriesCountWeightMatricesFromTheInput) {
  EXPECT_THAT(observable_series("train_loss", 2), ElementsAre("train_loss"));
  EXPECT_THAT(observable_series("feature_change", 2), ElementsAre("feature_change.1", "feature_change.2"));
  // The readout is weight matrix L+1: it has an update but no features.
  EXPECT_THAT(observable_series("own_update", 2), ElementsAre("own_update.1", "own_update.2", "own_update.3"));
}

TEST(Observables, AnUnknownNameIsAnErrorWithTheNearest) {
  try {
    find_observable("own_updates");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "measure.observables");
    EXPECT_THAT(error.what(), HasSubstr("own_update"));
  }
}

TEST(Times, AlwaysHoldTheFirstAndTheLastStep) {
  EXPECT_THAT(measurement_steps({}, 7), ElementsAre(0, 7));
  EXPECT_THAT(measurement_steps({}, 0), ElementsAre(0));
  EXPECT_THAT(measurement_steps({.every = 0, .log = 5}, 0), ElementsAre(0));
}

TEST(Times, EveryAndAtAreMergedInOrder) {
  EXPECT_THAT(measurement_steps({.every = 4, .log = 0, .at = {6, 4, 1, 99}}, 10), ElementsAre(0, 1, 4, 6, 8, 10));
}

TEST(Times, LogPointsAreEvenlySpacedInTheLogarithm) {
  EXPECT_THAT(measurement_steps({.every = 0, .log = 4}, 1000), ElementsAre(0, 1, 10, 100, 1000));
  // More points than steps: each step once.
  EXPECT_THAT(measurement_steps({.every = 0, .log = 100}, 4), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(measurement_steps({.every = 0, .log = 1}, 9), ElementsAre(0, 9));
}

TEST(Times, NegativeNumbersAreErrors) {
  EXPECT_THROW(measurement_steps({.every = -1}, 5), ConfigError);
  EXPECT_THROW(measurement_steps({.every = 0, .log = -1}, 5), ConfigError);
  EXPECT_THROW(measurement_steps({.every = 0, .log = 0, .at = {-2}}, 5), ConfigError);
  EXPECT_THROW(measurement_steps({}, -1), ConfigError);
}

}  // namespace
}  // namespace widthwise
