// Integrable parameterizations: the published tables, and what the outcome engine makes of them.
#include "widthwise/parameterization/integrable_schemes.h"

#include <gtest/gtest.h>

#include <string>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/outcome.h"
#include "widthwise/parameterization/range.h"

namespace widthwise {
namespace {

constexpr auto sgd = OptimizerKind::sgd;
const Rational half(1, 2);
const ActivationFacts relu{.homogeneity = 1}, square{.homogeneity = 2},
    tanh_{.homogeneity = {}, .bounded = true, .odd = true},
    sigmoid{.homogeneity = {}, .centred = false, .bounded = true};

Parameterization scheme(const char* name, int hidden_layers, std::optional<int> degree = 1) {
  return named_scheme(name, sgd, {hidden_layers, degree});
}
Outcome of(const char* name, int hidden_layers, const ActivationFacts& phi = relu, std::optional<int> degree = 1) {
  return classify(scheme(name, hidden_layers, degree), {sgd, hidden_layers, phi});
}

// Hajjar, Chizat and Giraud 2021: with weights 1/n and p = 1 the first rates of the authors' code.
TEST(IntegrableSchemes, FirstRatesAreThoseOfTheAuthorsCode) {
  for (int L = 1; L <= 6; ++L) {
    const Exponents llr = scheme("ip-llr", L).width, biased = scheme("ip-bias", L).width;
    const Exponents later = named_scheme("integrable", sgd).width;
    EXPECT_EQ(llr.input.c_first, Rational(-(L + 1), 2));
    EXPECT_EQ(llr.hidden.c_first, Rational(-(L + 2), 2));
    EXPECT_EQ(llr.output.c_first, Rational(-(L + 1), 2));
    EXPECT_EQ(biased.input.c_first, Rational(-(L + 1), 2));
    EXPECT_EQ(biased.output.c_first, Rational(-1));
    EXPECT_EQ(biased.output_bias.c_first, Rational(0));
    for (int l = 1; l <= L; ++l) {
      // Of p = 1, under both: what comes back does not depend on whether features are of order one.
      EXPECT_EQ(biased.bias(l, L).c_first, Rational(-(L - l + 2), 2)) << l;
      EXPECT_EQ(llr.bias(l, L).c_first, biased.bias(l, L).c_first) << l;
    }
    for (int l = 2; l <= L; ++l) EXPECT_EQ(biased.weight(l, L).c_first, Rational(-(L - l + 4), 2)) << l;
    for (const Exponents* width : {&llr, &biased})
      for (int l = 1; l <= L + 1; ++l) {
        EXPECT_EQ(width->weight(l, L).c, later.weight(l, L).c) << "mean-field rates afterwards";
        EXPECT_EQ(width->bias(l, L).c, Rational(l == L + 1 ? 0 : -1)) << l;
      }
  }
  // Degree 2, L = 3: g = (1 + 2 + 4)/2, A = 0, 1/2, 3/2.
  const Exponents cubic = scheme("ip-llr", 3, 2).width;
  EXPECT_EQ(cubic.input.c_first, Rational(-4));
  EXPECT_EQ(cubic.hidden.c_first, Rational(-9, 2));
  EXPECT_EQ(cubic.bias(2, 3).c_first, Rational(-7, 2));
  EXPECT_EQ(cubic.bias(3, 3).c_first, Rational(-5, 2));
}

TEST(IntegrableSchemes, RefuseWhatTheyCannotBe) {
  EXPECT_THROW(named_scheme("ip-llr", sgd), ConfigError) << "rates depend on L";
  EXPECT_THROW(scheme("ip-llr", 3, std::nullopt), ConfigError) << "no degree";
  EXPECT_THROW(named_scheme("ip-bias", OptimizerKind::adam, {3}), ConfigError);
  EXPECT_THROW(named_scheme("hpz", OptimizerKind::flow), ConfigError);
  Parameterization custom;
  EXPECT_THROW(set_first_rates(custom, "-2,-2", "", 1), ConfigError);
  EXPECT_THROW(set_first_rates(custom, "-2,-2,-2", "0,0,0,0,0", 1), ConfigError);
}

// One step of the first rates leaves features and output of order one for a phi with a degree, whatever that is.
TEST(IntegrableSchemes, OneLargeStepEscapes) {
  for (int L = 2; L <= 6; ++L)
    for (const auto& [phi, degree] : {std::pair(relu, 1), std::pair(square, 2)}) {
      const Outcome outcome = of("ip-llr", L, phi, degree);
      EXPECT_EQ(outcome.outcome, "feature") << L << " " << degree;
      EXPECT_EQ(outcome.predictions.at("initial.output_size"),
                degree == 1 ? Rational(-L, 2) : Rational(1 - (1 << L), 2));
      EXPECT_EQ(outcome.predictions.at("first.output_size"), Rational(0)) << L << " " << degree;
      for (int l = 1; l <= L; ++l)
        EXPECT_EQ(outcome.predictions.at("first.update." + std::to_string(l)), Rational(0)) << l;
    }
}

// A phi that is linear beside 0 has features of mean 0, independent of what comes back: with p = 1 the inner products
// of before and after the step are sums of random signs, and |f_1| ~ n^-(L-2)/2 (measured -0.10, -0.48, -1.06, -1.45).
TEST(IntegrableSchemes, OneLargeStepOfASmoothActivationFallsShort) {
  for (int L = 2; L <= 5; ++L)
    EXPECT_EQ(of("ip-llr", L, tanh_).predictions.at("first.output_size"), Rational(2 - L, 2)) << L;
}

// The rates of the first step a second time: |f_2| grew with the widths as n^3.3 for L = 3.
TEST(IntegrableSchemes, TwoLargeStepsBlowUp) {
  for (int L = 3; L <= 5; ++L) {
    Parameterization twice = scheme("ip-llr", L);
    twice.first_steps = 2;
    const Outcome outcome = classify(twice, {sgd, L, relu});
    EXPECT_EQ(outcome.outcome, "unstable") << L;
    EXPECT_NE(outcome.reasons.front().find("after 2 steps"), std::string::npos) << outcome.reasons.front();
  }
  EXPECT_EQ(of("ip-llr", 3, sigmoid).outcome, "unstable") << "features that do not vanish need no such rates";
}

// mup's first step, then no W_0 in hidden matrices, which h_t - h_0 shows before any second step. relu keeps all of
// order one; after the first update of an odd phi, features behind a hidden matrix are odd in the weights that came
// back, those before were not, so that from L = 3 on f_1 is 0 in the limit and f_2 is not.
TEST(IntegrableSchemes, HybridsLearnFeatures) {
  for (const char* name : {"hp", "hpz"})
    for (const ActivationFacts& phi : {relu, tanh_})
      for (int L = 2; L <= 5; ++L) {
        const Outcome hybrid = of(name, L, phi);
        EXPECT_EQ(hybrid.outcome, "feature") << name << L;
        EXPECT_EQ(hybrid.predictions.at("initial.output_size"), -half);
        EXPECT_EQ(hybrid.predictions.at("first.preactivation_change.2"), Rational(0));
        // Each layer's h_1 is an inner product of such features, n^-1/2 times those; so is what W_0 / sqrt(n) makes.
        EXPECT_EQ(hybrid.predictions.at("first.output_size"), phi.odd ? Rational(2 - L, 2) : Rational(0)) << name << L;
        EXPECT_EQ(hybrid.predictions.at("output_size"), Rational(0)) << name << L;
      }
}

// Means make all sums over units coherent: with mean-field rates everything stays of order one. An odd phi starts with
// h_2 ~ n^-1/2, the mean of n random signs.
TEST(IntegrableSchemes, OtherEscapesLearnFeatures) {
  for (int L = 2; L <= 5; ++L) {
    const Outcome mean = of("ip-non-centered", L), odd = of("ip-non-centered", L, tanh_),
                  biased = of("ip-bias", L, tanh_);
    EXPECT_EQ(mean.outcome, "feature");
    EXPECT_EQ(mean.predictions.at("initial.output_size"), Rational(0));
    EXPECT_EQ(odd.outcome, "feature");
    EXPECT_EQ(odd.predictions.at("initial.preactivation_size.2"), -half);
    EXPECT_EQ(biased.outcome, "feature") << L;
    EXPECT_EQ(biased.predictions.at("initial.output_size"), Rational(0));
    EXPECT_EQ(biased.predictions.at("first.output_change"), Rational(0));
    for (int l = 1; l <= L; ++l)
      EXPECT_EQ(biased.predictions.at("first.update." + std::to_string(l)), Rational(0)) << l;
  }
}

// relu^2, L = 6, n = 1024: g = 63/2, f_0 ~ 2^-315, below the smallest float 2^-126 and above the smallest double.
TEST(Range, OfSinglePrecisionEndsBeforeDeepPowers) {
  const ClassifyRequest deep{sgd, 6, square};
  const Parameterization llr = scheme("ip-llr", 6, 2);
  const auto single = outside_range(llr, deep, 1024, 1, range_of<float>());
  ASSERT_TRUE(single);
  EXPECT_FALSE(outside_range(llr, deep, 1024, 1, range_of<double>()));
  EXPECT_TRUE(outside_range(llr, deep, 1e12, 1, range_of<double>()));
  // The main run of the paper fits: gradients 1e-12, rates 1e12.
  EXPECT_FALSE(outside_range(scheme("ip-llr", 6), {sgd, 6, relu}, 1024, 0.01, range_of<float>()));
  EXPECT_FALSE(outside_range(llr, deep, 1, 1, range_of<float>())) << "at the reference width nothing has fallen";
}

}  // namespace
}  // namespace widthwise
