#include "widthwise/data/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/base/joining_thread.h"

namespace widthwise {
namespace {

std::vector<std::uint32_t> copy(std::span<const std::uint32_t> rows) {
  return {rows.begin(), rows.end()};
}

TEST(Batches, AnEpochCoversEverySampleOnce) {
  const Batches batches(60, 12, Key(1));
  ASSERT_EQ(batches.steps_per_epoch(), 5);
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::uint32_t> seen;
    for (std::int64_t k = 0; k < 5; ++k)
      for (const std::uint32_t row : batches.rows(epoch * 5 + k)) seen.push_back(row);
    EXPECT_FALSE(std::is_sorted(seen.begin(), seen.end()));
    std::sort(seen.begin(), seen.end());
    for (std::uint32_t i = 0; i < 60; ++i) EXPECT_EQ(seen.at(i), i);
  }
}

TEST(Batches, ALastPartOfABatchIsLeftOutOfItsEpoch) {
  EXPECT_TRUE(rc::check("every batch has its full size, within an epoch no sample comes twice", [] {
    const Index samples = *rc::gen::inRange<Index>(1, 200), batch = *rc::gen::inRange<Index>(1, 100);
    const Batches batches(samples, batch, Key(*rc::gen::arbitrary<std::uint64_t>()));
    std::set<std::uint32_t> seen;
    for (std::int64_t k = 0; k < batches.steps_per_epoch(); ++k) {
      RC_ASSERT(static_cast<Index>(batches.rows(k).size()) == std::min(samples, batch));
      for (const std::uint32_t row : batches.rows(k)) {
        RC_ASSERT(Index{row} < samples);
        RC_ASSERT(seen.insert(row).second);
      }
    }
    RC_ASSERT(samples - static_cast<Index>(seen.size()) < batch);
  }));
}

TEST(Batches, EpochsDifferAndKeysDiffer) {
  const Batches batches(100, 100 / 2, Key(1)), other(100, 50, Key(2));
  EXPECT_NE(copy(batches.rows(0)), copy(batches.rows(2)));
  EXPECT_NE(copy(batches.rows(0)), copy(other.rows(0)));
}

TEST(Batches, RowsDependOnKeyAndStepAloneWhateverTheOrder) {
  // Steps far apart, asked for forwards, backwards and on a fresh object, as a resumed run does.
  const Batches forwards(64, 8, Key(7)), backwards(64, 8, Key(7));
  std::vector<std::vector<std::uint32_t>> steps;
  for (std::int64_t k = 0; k < 200; ++k) steps.push_back(copy(forwards.rows(k)));
  for (std::int64_t k = 199; k >= 0; --k) EXPECT_EQ(copy(backwards.rows(k)), steps[static_cast<std::size_t>(k)]);
  EXPECT_EQ(copy(Batches(64, 8, Key(7)).rows(123)), steps[123]);
}

TEST(Batches, ThreadsMayAskAtOnce) {
  const Batches alone(64, 8, Key(7)), shared(64, 8, Key(7));
  std::vector<std::vector<std::uint32_t>> expected;
  for (std::int64_t k = 0; k < 48; ++k) expected.push_back(copy(alone.rows(k)));  // six epochs: fewer than are kept
  std::vector<int> wrong(4);
  std::vector<JoiningThread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t repeat = 0; repeat < 50; ++repeat)
        for (std::size_t k = 0; k < 48; ++k) {
          const std::size_t step = (k * 7 + t * 13 + repeat) % 48;
          wrong[t] += copy(shared.rows(static_cast<std::int64_t>(step))) != expected[step];
        }
    });
  threads.clear();
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(Batches, FullBatchIsAllSamplesInTheirOwnOrder) {
  std::vector<std::uint32_t> all(9);
  std::iota(all.begin(), all.end(), 0u);
  for (const Index batch : {0, 9, 100}) {
    const Batches batches(9, batch, Key(1));
    EXPECT_TRUE(batches.full_batch());
    EXPECT_EQ(batches.batch(), 9);
    for (const std::int64_t step : {0, 1, 1000000}) EXPECT_EQ(copy(batches.rows(step)), all);
  }
}

TEST(Batches, RefusesSizesThatMakeNoBatch) {
  EXPECT_THROW(Batches(0, 1, Key(1)), ShapeError);
  EXPECT_THROW(Batches(Index{1} << 32, 1, Key(1)), ShapeError);
  EXPECT_THROW(Batches(10, -1, Key(1)), ConfigError);
  EXPECT_THROW(Batches(10, 1, Key(1)).rows(-1), ShapeError);
}

TEST(Batches, FixedOrderIsTheSamplesInTheirOwnOrderEpochAfterEpoch) {
  const Batches batches(7, 3, Key(1), Batches::Order::fixed);  // the seventh sample fills no batch
  for (const std::int64_t step : {0, 1, 2, 3, 1000, 1001}) {
    const auto rows = batches.rows(step);
    const std::uint32_t first = step % 2 == 0 ? 0 : 3;
    EXPECT_EQ(std::vector<std::uint32_t>(rows.begin(), rows.end()),
              (std::vector<std::uint32_t>{first, first + 1, first + 2}));
  }
}

}  // namespace
}  // namespace widthwise
