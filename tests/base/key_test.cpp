#include "widthwise/base/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "widthwise/base/joining_thread.h"

namespace widthwise {
namespace {

std::vector<double> draw(Key key, std::size_t rows, std::size_t cols) {
  std::vector<double> out(rows * cols);
  fill_normal(key, rows, cols, 1.0, out.data(), cols);
  return out;
}

TEST(Key, DrawsAreNestedInWidth) {
  // Entry (i, j) is a function of (key, i, j) alone, also for odd widths, where a pair of columns is cut in two.
  const std::vector<double> narrow = draw(Key(7), 3, 5), wide = draw(Key(7), 8, 13);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(narrow[i * 5 + j], wide[i * 13 + j]);
}

TEST(Key, AnyNumberOfThreadsDrawsTheSame) {
  constexpr std::size_t rows = 64, cols = 33;
  std::vector<double> together = draw(Key(3), rows, cols), apart(rows * cols);
  std::vector<JoiningThread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < rows; i += 4)
        for (std::size_t j = 0; j < cols; ++j) apart[i * cols + j] = normal(Key(3), i, j);
    });
  threads.clear();
  EXPECT_EQ(together, apart);
}

TEST(Key, SplitsDifferFromEachOtherAndFromTheirParent) {
  std::set<std::uint64_t> seen = {Key(1).value()};
  for (std::uint64_t i = 0; i < 1000; ++i) seen.insert(Key(1).split(i).value());
  seen.insert(Key(1).split("init").value());
  EXPECT_EQ(seen.size(), 1002u);
  EXPECT_EQ(Key(1).split("init"), Key(1).split("init"));
}

TEST(Key, NormalsHaveTheMomentsOfTheGaussian) {
  // Means of z, z^2, z^3, z^4 over N draws deviate from 0, 1, 0, 3 by sqrt(Var/N); five of these are allowed.
  const std::vector<double> z = draw(Key(11), 400, 500);
  const double count = static_cast<double>(z.size());
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const double v : z) m1 += v, m2 += v * v, m3 += v * v * v, m4 += v * v * v * v;
  EXPECT_NEAR(m1 / count, 0, 5 * std::sqrt(1 / count));
  EXPECT_NEAR(m2 / count, 1, 5 * std::sqrt(2 / count));
  EXPECT_NEAR(m3 / count, 0, 5 * std::sqrt(15 / count));
  EXPECT_NEAR(m4 / count, 3, 5 * std::sqrt(96 / count));
}

TEST(Key, UniformEntriesHaveTheAskedStandardDeviationAndRange) {
  std::vector<float> u(100000);
  fill_uniform(Key(5), 100, 1000, 2.0, u.data(), 1000);
  double squares = 0;
  for (const float v : u) squares += double{v} * double{v};
  EXPECT_NEAR(squares / 1e5, 4.0, 5 * 4.0 * std::sqrt(0.8 / 1e5));  // Var(u^2) = 0.8 E[u^2]^2
  EXPECT_LE(*std::max_element(u.begin(), u.end()), 2.0f * std::sqrt(3.0f));
}

TEST(Key, PermutationsHoldEveryIndexOnce) {
  std::vector<std::uint32_t> order(1001);
  fill_permutation(Key(9), order.size(), order.data());
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
}

}  // namespace
}  // namespace widthwise
