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

TEST(BalancedParts, ShareNoSampleAndAreBothBalanced) {
  EXPECT_TRUE(rc::check("disjoint, balanced, validation whatever is trained on", [] {
    const auto labels = some_labels(1000, 7);
    const Key key(*rc::gen::arbitrary<std::uint64_t>());
    const Index train = *rc::gen::inRange<Index>(1, 500), validation = *rc::gen::inRange<Index>(1, 200);
    const TrainAndValidation parts = balanced_parts(labels, 7, train, validation, key);
    std::set all(parts.train.begin(), parts.train.end());
    all.insert(parts.validation.begin(), parts.validation.end());
    RC_ASSERT(all.size() == static_cast<std::size_t>(train + validation));
    for (const Rows* rows : {&parts.train, &parts.validation}) {
      const auto counts = counts_of(*rows, labels, 7);
      const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
      RC_ASSERT(*most - *least <= 1u);
    }
    // No class runs out here, so training samples are those without validation.
    RC_ASSERT(parts.train == balanced_subset(labels, 7, train, key, ""));
    RC_ASSERT(balanced_parts(labels, 7, 1, validation, key).validation == parts.validation);
    const Rows fewer = balanced_parts(labels, 7, train, validation / 2, key).validation;
    RC_ASSERT(std::equal(fewer.begin(), fewer.end(), parts.validation.begin()));
  }));
}

TEST(BalancedParts, AllSamplesCanBeUsedThoughClassesAreUnequal) {
  const auto labels = some_labels(500, 10);
  const TrainAndValidation parts = balanced_parts(labels, 10, 450, 50, Key(1));
  std::set all(parts.train.begin(), parts.train.end());
  all.insert(parts.validation.begin(), parts.validation.end());
  EXPECT_EQ(all.size(), 500u);
  EXPECT_EQ(counts_of(parts.validation, labels, 10), std::vector<std::size_t>(10, 5));
}

TEST(BalancedParts, TooManyAreRefused) {
  const std::vector<int> labels = {0, 0, 0, 0, 0, 0, 1, 1};
  EXPECT_THROW(balanced_parts(labels, 2, 5, 4, Key(1)), ConfigError);  // 9 of 8
  EXPECT_THROW(balanced_parts(labels, 2, 4, -1, Key(1)), ConfigError);
  EXPECT_THROW(balanced_parts(labels, 2, 3, 4, Key(1)), ConfigError);  // both samples of class 1
  EXPECT_NO_THROW(balanced_parts(labels, 2, 5, 3, Key(1)));
}

TEST(ProportionalOrder, EveryBeginningHasTheClassesAsOftenAsTheWhole) {
  EXPECT_TRUE(rc::check("within one sample", [] {
    const int classes = *rc::gen::inRange(1, 8);
    std::vector<int> labels;
    for (int i = 0; i < 400; ++i) labels.push_back(*rc::gen::inRange(0, classes));
    const Rows order = proportional_order(labels, classes, Key(*rc::gen::arbitrary<std::uint64_t>()));
    RC_ASSERT(std::set(order.begin(), order.end()).size() == labels.size());
    const auto whole = counts_of(order, labels, static_cast<std::size_t>(classes));
    // Sample j of n stands at (j + 1/2)/n: after a share s of the way, class c has given s n_c up to 1/2, and where the
    // beginning of m samples ends is a share m/400 up to half a sample of each class.
    for (const std::ptrdiff_t m : {40, 200, 320}) {
      const auto part = counts_of({order.begin(), order.begin() + m}, labels, static_cast<std::size_t>(classes));
      for (std::size_t c = 0; c < whole.size(); ++c) {
        const double expected = static_cast<double>(whole[c]) * static_cast<double>(m) / 400;
        RC_ASSERT(std::abs(static_cast<double>(part[c]) - expected) <= 0.5 + 0.5 * classes);
      }
    }
  }));
}

}  // namespace
}  // namespace widthwise
