#include "widthwise/parameterization/two_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/outcome.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

const Rational half(1, 2);

TwoLayerExponents at(const char* q_sigma, const char* q_a, const char* q_w) {
  return parse_two_layer(q_sigma, q_a, q_w);
}

TwoLayerExponents symmetric(const Rational& q_sigma, const Rational& q) {
  return {q_sigma, q, q};
}

// Initial logits, initial kernel, their ratio (vanish, finite, diverge by initial), and whether the kernel evolves.
std::string properties(const TwoLayerClass& found) {
  std::string text;
  for (const Trend trend : {found.f0, found.K0, found.ratio}) text += to_word(trend)[0];
  return text + (found.evolves ? " evolves" : " stays");
}

// Engine, the loss slope at step 0 and after, and whether f_0 stays.
std::string recipe(const LimitRecipe& limit) {
  return std::string(to_word(limit.engine)) + " " + std::string(to_word(limit.first)) + " " +
         std::string(to_word(limit.later)) + (limit.keeps_init ? " keeps" : "");
}

struct Row {
  const char *q_sigma, *q_a, *q_w;
  const char *name, *properties, *limit;
};

class Cells : public ::testing::TestWithParam<Row> {};

TEST_P(Cells, AreThoseOfTheTable) {
  const Row& row = GetParam();
  const TwoLayerClass found = classify_two_layer(at(row.q_sigma, row.q_a, row.q_w));
  EXPECT_TRUE(found.stable);
  EXPECT_EQ(found.reason, "");
  EXPECT_EQ(found.name, row.name);
  EXPECT_EQ(properties(found), row.properties);
  EXPECT_EQ(recipe(found.limit), row.limit);
}

// Trends from the signs of nu, kappa and nu - kappa; points at 10 lie far out in an unbounded cell.
INSTANTIATE_TEST_SUITE_P(
    Golikov2020, Cells,
    ::testing::Values(Row{"-1", "1", "1", "MF", "vfv evolves", "mean-field lin log"},
                      Row{"-1/2", "0", "0", "NTK", "fff stays", "kernel log log keeps"},
                      Row{"-1/2", "1/2", "1/2", "sym-default", "fdv evolves", "mean-field log perc"},
                      Row{"-3/4", "1/2", "1/2", "MF-NTK", "vfv stays", "kernel lin log"},
                      Row{"-1/2", "1/4", "1/4", "NTK-sym-default", "fdv stays", "kernel log perc"},
                      Row{"-3/4", "3/4", "3/4", "MF-sym-default", "vdv evolves", "mean-field lin perc"},
                      Row{"-3/2", "3/2", "3/2", "post-MF", "vvv evolves", "mean-field lin lin"},
                      Row{"-10", "10", "10", "post-MF", "vvv evolves", "mean-field lin lin"},
                      Row{"0", "0", "0", "pre-sym-default", "ddv evolves", "mean-field perc perc"},
                      Row{"10", "-10", "-10", "pre-sym-default", "ddv evolves", "mean-field perc perc"},
                      Row{"-1", "1/2", "1/2", "post-NTK", "vvf stays", "kernel lin lin keeps"},
                      Row{"-10", "19/2", "19/2", "post-NTK", "vvf stays", "kernel lin lin keeps"},
                      Row{"0", "-1/2", "-1/2", "pre-NTK", "ddf stays", "kernel perc perc keeps"},
                      Row{"10", "-21/2", "-21/2", "pre-NTK", "ddf stays", "kernel perc perc keeps"},
                      Row{"-0.66", "0.5", "0.5", "triangle", "vdv stays", "kernel lin perc"},
                      Row{"-1", "3/4", "3/4", "post-MF-NTK", "vvv stays", "kernel lin lin"},
                      Row{"0", "-1/4", "-1/4", "pre-NTK-sym-default", "ddv stays", "kernel perc perc"},
                      Row{"10", "-41/4", "-41/4", "pre-NTK-sym-default", "ddv stays", "kernel perc perc"},
                      // Unequal rates: the cell with the same signs.
                      Row{"-1/2", "1", "0", "sym-default", "fdv evolves", "mean-field log perc"},
                      Row{"-1/2", "1", "-1/4", "NTK-sym-default", "fdv stays", "kernel log perc"},
                      Row{"-1", "1", "0", "MF-NTK", "vfv stays", "kernel lin log"},
                      Row{"-1/2", "0", "-3", "NTK", "fff stays", "kernel log log keeps"},
                      Row{"-1/2", "-3", "0", "NTK", "fff stays", "kernel log log keeps"}));

TEST(TwoLayer, OutsideTheBandIsUnstable) {
  for (const auto& point : {at("1", "1", "1"), at("-1/2", "3/4", "3/4"), at("10", "19/2", "19/2")}) {
    EXPECT_FALSE(classify_two_layer(point).stable);
    EXPECT_EQ(classify_two_layer(point).reason, "diverging");
  }
  EXPECT_FALSE(classify_two_layer(at("-1", "-1", "-1")).stable);
  EXPECT_EQ(classify_two_layer(at("-1", "-1", "-1")).reason, "stagnating");
}

TEST(TwoLayer, UnequalRatesSayWhichLayerTheLimitIsOf) {
  const auto standard = classify_two_layer(at("-1/2", "1", "0"));  // one rate in a net of initial sizes 1/sqrt(fan in)
  EXPECT_EQ(standard.kappa, 1);
  EXPECT_TRUE(standard.a_forgotten && !standard.w_forgotten && standard.a_trains && standard.w_trains);
  EXPECT_THAT(standard.annotations, ElementsAre("K_a dominates K_0", "a_init_forgotten"));

  const auto random_features = classify_two_layer(at("-1/2", "1", "-1/4"));
  EXPECT_TRUE(random_features.a_forgotten && random_features.a_trains && !random_features.w_trains);
  EXPECT_THAT(random_features.annotations, ElementsAre("K_a only", "random features", "a_init_forgotten"));
  // a moves by its own size, the features not at all: no kernel of moving features.
  const auto fixed_features = classify_two_layer(at("-1", "1", "0"));
  EXPECT_EQ(fixed_features.s_a, 0);
  EXPECT_THAT(fixed_features.annotations, ElementsAre("K_a only", "random features"));

  EXPECT_THAT(classify_two_layer(at("-1/2", "0", "-3")).annotations, Contains("K_a only"));
  const auto first_layer = classify_two_layer(at("-1/2", "-3", "0"));
  EXPECT_THAT(first_layer.annotations, ElementsAre("K_w only"));
  EXPECT_TRUE(!first_layer.a_trains && first_layer.w_trains);
  EXPECT_THAT(classify_two_layer(at("-1", "1/2", "3/2")).annotations,
              ElementsAre("K_w dominates K_0", "w_init_forgotten"));
  EXPECT_THAT(classify_two_layer(at("-1", "1", "1")).annotations, IsEmpty());
}

TEST(TwoLayer, CorrectedInitializationIsFiniteWhereTheKernelIs) {
  const auto mean_field = classify_two_layer(at("-1", "1", "1"), true);
  EXPECT_EQ(mean_field.name, "IC-MF");
  EXPECT_EQ(properties(mean_field), "fff evolves");  // all four at once, as no cell has them
  EXPECT_EQ(recipe(mean_field.limit), "mean-field log log keeps");
  for (const auto& point : {at("-3/4", "1/2", "1/2"), at("-1/2", "0", "0")}) {
    const auto kernel = classify_two_layer(point, true);
    EXPECT_EQ(kernel.name, "NTK");
    EXPECT_EQ(properties(kernel), "fff stays");
    EXPECT_EQ(recipe(kernel.limit), "kernel log log keeps");
  }
}

TEST(TwoLayer, CorrectionIsRefusedWhereItIsNotComparable) {
  for (const auto& point : {at("-1/2", "1/2", "1/2"), at("-1", "1/2", "1/2"), at("1", "1", "1"), at("-1", "-1", "-1")})
    try {
      classify_two_layer(point, true);
      FAIL() << "kappa != 0 was taken";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.place().key, "init_corrected");
      EXPECT_THAT(error.expected(), ::testing::HasSubstr("kappa = 0"));
    }
}

// Sixteenths: finer than the distances between the lines that bound the cells.
template <class Visit>
void over_plane(const Visit& visit) {
  for (int x = -40; x <= 24; ++x)
    for (int y = -40; y <= 48; ++y) visit(Rational(x, 16), Rational(y, 16));
}

TEST(TwoLayer, ThePlaneHasThirteenCells) {
  std::set<std::string> names;
  over_plane([&](const Rational& q_sigma, const Rational& q) {
    const TwoLayerClass found = classify_two_layer(symmetric(q_sigma, q));
    const Rational s = q_sigma + q;
    EXPECT_EQ(found.stable, -half <= s && s <= 0);
    EXPECT_EQ(found.reason, s > 0 ? "diverging" : s < -half ? "stagnating" : "");
    EXPECT_EQ(found.kappa - found.nu - found.S, half);
    if (!found.stable) return;
    names.insert(found.name);
    // P1..P4: logits, kernel, their ratio finite, kernel evolves. Three points have several, lines one, regions none.
    const bool p1 = found.f0 == Trend::finite, p2 = found.K0 == Trend::finite, p3 = found.ratio == Trend::finite;
    if (p1 && p2) {
      EXPECT_EQ(found.name, "NTK");
    }
    EXPECT_FALSE(p3 && found.evolves);  // the two borders are parallel: no scaling has all four
    const int count = p1 + p2 + p3 + found.evolves;
    EXPECT_EQ(count, found.name == "NTK"                                 ? 3
                     : found.name == "MF" || found.name == "sym-default" ? 2
                     : found.name == "triangle" || found.name == "post-MF-NTK" || found.name == "pre-NTK-sym-default"
                         ? 0
                         : 1);
  });
  EXPECT_EQ(names.size(), 13u);
}

TEST(TwoLayer, UnequalRatesAreJudgedByTheirSumAndTheLargerOne) {
  rc::check([] {
    const auto exponent = [] { return Rational(*rc::gen::inRange(-24, 25), 8); };
    const TwoLayerExponents point{exponent(), exponent(), exponent()};
    const TwoLayerClass found = classify_two_layer(point);
    RC_ASSERT(found.kappa - found.nu - found.S == half);
    RC_ASSERT(found.stable == (found.T <= 0 && found.S >= -half));
    if (!found.stable) return;
    // Whoever trains alone leaves the other layer's rate free, as long as it stays the smaller one.
    if (found.a_trains && found.w_trains) return;
    TwoLayerExponents lower = point;
    (found.a_trains ? lower.q_w : lower.q_a) -= 1;
    RC_ASSERT(classify_two_layer(lower).name == found.name);
    RC_ASSERT(recipe(classify_two_layer(lower).limit) == recipe(found.limit));
  });
}

// Tensor programs (Yang and Hu 2021) judge changes against order one: of the band they keep the closed segment from MF
// to NTK. The outcome engine comes to its answer by carrying sizes through the network.
TEST(TwoLayer, TheOutcomeEngineKeepsTheSegmentFromMeanFieldToTangentKernel) {
  int learning = 0;
  over_plane([&](const Rational& q_sigma, const Rational& q) {
    const TwoLayerExponents point = symmetric(q_sigma, q);
    const TwoLayerClass found = classify_two_layer(point);
    const Outcome outcome = classify(two_layer_scheme(point), {OptimizerKind::sgd, 1, {1, true, false}});
    const bool stable = q_sigma <= -half && found.S <= 0 && found.kappa <= 0;
    ASSERT_EQ(outcome.stable, stable) << to_string(q_sigma) << ", " << to_string(q);
    if (!stable) return;
    EXPECT_EQ(!outcome.trivial, found.kappa == 0) << to_string(q_sigma) << ", " << to_string(q);
    EXPECT_EQ(outcome.outcome == "feature", found.name == "MF") << to_string(q_sigma) << ", " << to_string(q);
    learning += outcome.regime.has_value();
  });
  EXPECT_EQ(learning, 9);  // q_sigma = -1, -15/16, ..., -1/2 on kappa = 0
}

TEST(TwoLayer, ExponentsSurviveTheBridgeAndTheGauge) {
  rc::check([] {
    const auto exponent = [] { return Rational(*rc::gen::inRange(-24, 25), 8); };
    const TwoLayerExponents point{exponent(), exponent(), exponent()};
    Parameterization scheme = two_layer_scheme(point);
    RC_ASSERT(two_layer_exponents(scheme) == point);
    scheme.width.input = gauge_shift(scheme.width.input, exponent(), OptimizerKind::sgd);
    scheme.width.output = gauge_shift(scheme.width.output, exponent(), OptimizerKind::sgd);
    RC_ASSERT(two_layer_exponents(scheme) == point);
  });
}

TEST(TwoLayer, NamedSchemesHaveTheirPlacesInThePlane) {
  const auto name = [](const char* scheme) {
    return classify_two_layer(two_layer_exponents(named_scheme(scheme, OptimizerKind::sgd))).name;
  };
  EXPECT_EQ(name("mean-field"), "MF");
  EXPECT_EQ(name("mup"), "MF");  // one orbit
  EXPECT_EQ(name("ntk"), "NTK");
  EXPECT_EQ(two_layer_exponents(named_scheme("standard", OptimizerKind::sgd)), at("-1/2", "1", "0"));
}

TEST(TwoLayer, MistakesNameTheExponent) {
  try {
    at("-1/2", "x", "0");
    FAIL() << "x is no rational";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "q_a");
  }
  Parameterization scheme = named_scheme("ntk", OptimizerKind::sgd);
  scheme.width.input.b = half;
  EXPECT_THROW(two_layer_exponents(scheme), ConfigError);
}

}  // namespace
}  // namespace widthwise
