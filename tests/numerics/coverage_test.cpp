// Does the verdict rule keep its promise? Synthetic data with a known exponent,
//
//   y = n^(1/2) (1 + c n^(-1/2)) exp(noise),
//
// are judged many times over; the interval must hold 1/2 about as often as it says, and a true claim must hardly ever
// be called wrong. Noise is a part shared by all widths of a seed (nested draws are paired) and a part of its own.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/numerics/verdict.h"

namespace widthwise {
namespace {

struct Case {
  int seeds;
  double correction, noise;
  bool skewed = false;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.seeds << " seeds, correction " << c.correction << ", noise " << c.noise << (c.skewed ? ", skewed" : "");
}

/// Corrections up to the natural size n^(-1/2), for which the rule promises coverage.
class Coverage : public ::testing::TestWithParam<Case> {};

std::vector<Point> synthetic(const Case& c, Key key) {
  std::vector<Point> points;
  for (int s = 0; s < c.seeds; ++s) {
    const double shared = normal(key, static_cast<std::uint64_t>(s), 0);
    std::uint64_t draw = 1;
    for (const double n : {32.0, 64.0, 128.0, 256.0, 512.0}) {
      double own = normal(key, static_cast<std::uint64_t>(s), draw++);
      if (c.skewed) own = (own * own - 1) / std::sqrt(2.0);  // chi-squared: mean 0, variance 1, a long tail
      points.push_back({n, std::to_string(s),
                        std::sqrt(n) * (1 + c.correction / std::sqrt(n)) * std::exp(c.noise * (2 * shared + own))});
    }
  }
  return points;
}

struct Tally {
  int covered = 0, wrong = 0;
};

constexpr int trials = 400;

Tally judge_many(const Case& c) {
  Tally tally;
  for (int trial = 0; trial < trials; ++trial) {
    const Key key = Key(11).split(static_cast<std::uint64_t>(trial));
    VerdictRule rule;
    rule.key = key.split("bootstrap");
    const Decision decision = judge_exponent(synthetic(c, key), {0.5, 0.1}, rule);
    tally.covered += decision.interval.contains(0.5);
    tally.wrong += decision.verdict == Verdict::disagrees;
  }
  return tally;
}

TEST_P(Coverage, IntervalHoldsTheTruthAtTheNominalRate) {
  const Tally tally = judge_many(GetParam());
  // Binomial: 95 % of 400 is 380 with deviation 4.4; three deviations below is 367.
  EXPECT_GE(tally.covered, 367);
  // The band adds its tolerance, so "disagrees" must be rarer than the 2.5 % of one tail.
  EXPECT_LE(tally.wrong, 4);
}

/// Twice the natural size: the shift of 0.08 is within the tolerance of 0.1, so true claims must not be called wrong.
class LargeCorrection : public ::testing::TestWithParam<Case> {};

TEST_P(LargeCorrection, IsHardlyEverCalledADisagreement) {
  EXPECT_LE(judge_many(GetParam()).wrong, 4);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LargeCorrection,
                         ::testing::Values(Case{3, 2, 0.02}, Case{5, 2, 0.02}, Case{10, 2, 0.02}, Case{3, -2, 0.02},
                                           Case{10, -2, 0.02}, Case{10, 2, 0.1}));

INSTANTIATE_TEST_SUITE_P(Seeds, Coverage,
                         ::testing::Values(Case{3, 0, 0.1}, Case{5, 0, 0.1}, Case{10, 0, 0.1}, Case{20, 0, 0.1},
                                           Case{3, 0, 0.003}, Case{5, 0, 0.003}, Case{10, 0, 0.003},
                                           Case{10, 0, 0.03, true}, Case{3, 1, 0.1}, Case{5, 1, 0.1}, Case{10, 1, 0.1},
                                           Case{3, -1, 0.1}, Case{5, -1, 0.1}, Case{10, -1, 0.1}, Case{3, 1, 0.02},
                                           Case{5, 1, 0.02}, Case{10, 1, 0.02}, Case{3, 0.5, 0.02}, Case{5, 0.5, 0.02},
                                           Case{10, 0.5, 0.02}, Case{3, -1, 0.02}, Case{10, -1, 0.02},
                                           Case{10, 1, 0.003}));

}  // namespace
}  // namespace widthwise
