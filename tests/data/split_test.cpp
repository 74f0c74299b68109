#include "widthwise/data/split.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

std::vector<int> some_labels(std::size_t count, int classes) {
  std::vector<int> labels;
  for (std::size_t i = 0; i < count; ++i)
    labels.push_back(static_cast<int>(uniform(Key(5), i, 0) * classes));  // unequal classes, in no order
  return labels;
}

std::vector<std::size_t> counts_of(const std::vector<std::uint32_t>& rows, const std::vector<int>& labels,
                                   std::size_t classes) {
  std::vector<std::size_t> counts(classes);
  for (const std::uint32_t row : rows) ++counts[static_cast<std::size_t>(labels[row])];
  return counts;
}

TEST(BalancedSubset, ClassesDifferByAtMostOneAndNoSampleComesTwice) {
  EXPECT_TRUE(rc::check("balanced, distinct, as many as asked", [] {
    const auto labels = some_labels(1000, 7);
    const Index count = *rc::gen::inRange<Index>(0, 700);  // no class of about 143 runs out below 7 * 100
    const auto rows = balanced_subset(labels, 7, count, Key(*rc::gen::arbitrary<std::uint64_t>()), "data.train");
    RC_ASSERT(static_cast<Index>(rows.size()) == count);
    RC_ASSERT(std::set(rows.begin(), rows.end()).size() == rows.size());
    const auto counts = counts_of(rows, labels, 7);
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    RC_ASSERT(*most - *least <= 1u);
  }));
}

TEST(BalancedSubset, SmallerSubsetsAreTheBeginningOfLargerOnes) {
  const auto labels = some_labels(500, 10);
  const auto large = balanced_subset(labels, 10, 400, Key(3), "data.train");
  for (const Index count : {1, 17, 250}) {
    const auto small = balanced_subset(labels, 10, count, Key(3), "data.train");
    EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
  }
}

TEST(BalancedSubset, IsAFunctionOfItsKey) {
  const auto labels = some_labels(500, 10);
  EXPECT_EQ(balanced_subset(labels, 10, 100, Key(3), ""), balanced_subset(labels, 10, 100, Key(3), ""));
  EXPECT_NE(balanced_subset(labels, 10, 100, Key(3), ""), balanced_subset(labels, 10, 100, Key(4), ""));
}

TEST(BalancedSubset, AllSamplesCanBeAskedForThoughClassesAreUnequal) {
  const std::vector<int> labels = {0, 0, 0, 0, 1, 2};
  auto rows = balanced_subset(labels, 3, 6, Key(1), "data.train");
  EXPECT_EQ(counts_of({rows.begin(), rows.begin() + 3}, labels, 3), (std::vector<std::size_t>{1, 1, 1}));
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5}));
}

TEST(BalancedSubset, MoreThanThereAreIsRefusedWithTheNumberThereIs) {
  const auto labels = some_labels(50, 10);
  try {
    balanced_subset(labels, 10, 51, Key(1), "data.test");
    FAIL() << "51 of 50 samples were given";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "data.test");
    EXPECT_NE(error.expected().find("50"), std::string::npos);
  }
  EXPECT_THROW(balanced_subset(labels, 10, -1, Key(1), "data.test"), ConfigError);
}

}  // namespace
}  // namespace widthwise
