#include "widthwise/parameterization/outcome.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/classify_text.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

const Rational half(1, 2);
const ActivationFacts relu{1, true, false}, tanh_{std::nullopt, true, true}, sigmoid{std::nullopt, false, true},
    linear{1, true, false, true};
// Even ones; versine is 1 - cos, flat at 0 like it, but centred.
const ActivationFacts modulus{.homogeneity = 1, .even = true}, quadratic{.homogeneity = 2, .even = true},
    cosine{.homogeneity = {}, .centred = false, .bounded = true, .flat_at_zero = true, .even = true},
    versine{.homogeneity = {}, .bounded = true, .flat_at_zero = true, .even = true},
    elu{.homogeneity = {}, .kink_at_zero = true};

BlockExponents block(Rational a, Rational b, Rational c) {
  return {a, b, c, 0, 0};
}

Outcome of(const std::string& scheme, OptimizerKind optimizer, int hidden_layers, const ActivationFacts& phi = relu) {
  return classify(named_scheme(scheme, optimizer), {optimizer, hidden_layers, phi});
}
Outcome of(const BlockExponents& input, const BlockExponents& hidden, const BlockExponents& output,
           OptimizerKind optimizer, int hidden_layers, const ActivationFacts& phi = relu) {
  return classify(custom_scheme(input, hidden, output, optimizer), {optimizer, hidden_layers, phi});
}

// The table of worked rows for general abc-parameterizations (Yang and Hu 2021; Golikov 2020 for L = 1): exponents in
// effective form where the gauge does not matter.
struct Row {
  const char* name;
  OptimizerKind optimizer;
  int hidden_layers;
  BlockExponents input, hidden, output;
  const char* outcome;
  Rational r;
};

TEST(Outcome, WorkedRowsOfTheLiterature) {
  constexpr auto sgd = OptimizerKind::sgd, adam = OptimizerKind::adam;
  const BlockExponents none;
  const std::vector<Row> rows = {
      {"NTP", sgd, 3, block(0, 0, 0), block(half, 0, 0), block(half, 0, 0), "kernel", half},
      {"SP c=1", sgd, 3, block(0, 0, 1), block(0, half, 1), block(0, half, 1), "kernel", half},
      {"SP c=0", sgd, 3, block(0, 0, 0), block(0, half, 0), block(0, half, 0), "unstable", -1},
      {"SP c=1/2", sgd, 3, block(0, 0, half), block(0, half, half), block(0, half, half), "unstable", 0},
      {"SP layerwise", sgd, 3, block(0, 0, 0), block(0, half, 1), block(0, half, 1), "kernel", half},
      {"SP layerwise, r = 0", sgd, 3, block(0, 0, -half), block(0, half, half), block(0, half, 1), "unstable", 0},
      {"muP", sgd, 3, block(-half, half, 0), block(0, half, 0), block(half, half, 0), "feature", 0},
      {"deep MFP", sgd, 3, block(0, 0, -1), block(half, 0, -1), block(1, 0, -1), "feature", 0},
      {"MFP", sgd, 1, block(0, 0, -1), none, block(1, 0, -1), "feature", 0},
      {"NTP", sgd, 1, block(0, 0, 0), none, block(half, 0, 0), "kernel", half},
      {"muP", sgd, 1, block(-half, half, 0), none, block(half, half, 0), "feature", 0},
      {"muP in SP form", sgd, 1, block(0, 0, -1), none, block(0, 1, 1), "feature", 0},
      {"SP c=1", sgd, 1, block(0, 0, 1), none, block(0, half, 1), "kernel", Rational(3, 2)},
      {"SP c=0", sgd, 1, block(0, 0, 0), none, block(0, half, 0), "unstable", 0},
      {"SP c=1", adam, 3, block(0, 0, 1), block(0, half, 1), block(0, half, 1), "unstable", 0},
      {"NTP c=1", adam, 3, block(0, 0, 1), block(half, 0, 1), block(half, 0, 1), "kernel", half},
      {"NTP", adam, 3, block(0, 0, half), block(half, 0, 1), block(half, 0, half), "kernel", half},
      {"NTP c=1/2", adam, 3, block(0, 0, half), block(half, 0, half), block(half, 0, half), "unstable", 0},
      {"muP", adam, 3, block(-half, half, half), block(0, half, 1), block(half, half, half), "feature", 0},
      {"muP in SP form", adam, 3, block(0, 0, 0), block(0, half, 1), block(0, 1, 1), "feature", 0},
      {"MFP", adam, 3, block(0, 0, 0), block(half, 0, half), block(1, 0, 0), "feature", 0},
  };
  for (const Row& row : rows) {
    const Outcome outcome = of(row.input, row.hidden, row.output, row.optimizer, row.hidden_layers);
    const auto label = std::string(row.name) + " " + std::string(optimizer_name(row.optimizer));
    EXPECT_EQ(outcome.outcome, row.outcome) << label << "\n" << classify_text(outcome);
    EXPECT_EQ(outcome.r, row.r) << label;
    EXPECT_EQ(outcome.stable, outcome.outcome != "unstable");
    EXPECT_FALSE(outcome.trivial);
    EXPECT_EQ(outcome.regime.has_value(), outcome.stable) << label;
  }
}

// The inequality form, written again here: it must agree with the propagated sizes wherever its premises hold.
std::string by_inequalities(bool adam, int hidden_layers, const Rational& q1, const Rational& q, const Rational& s_out,
                            const Rational& q_out) {
  const Rational G = adam ? Rational(0) : std::min(s_out, q_out);
  Rational r = G + q1;
  if (hidden_layers > 1) r = std::min(r, G + q - 1);
  if (s_out < half || r < 0 || q_out < 1 || s_out + r < 1) return "unstable";
  if (q_out != 1 && s_out + r != 1) return "trivial";
  return r == 0 ? "feature" : "kernel";
}

TEST(Outcome, PropagatedSizesAgreeWithTheInequalitiesWhereTheseApply) {
  int seen = 0;
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::adam})
    for (int L = 1; L <= 3; ++L)
      for (int q1 = -4; q1 <= 4; ++q1)
        for (int q = (L == 1 ? 0 : -2); q <= (L == 1 ? 0 : 6); ++q)
          for (int s_out = 1; s_out <= 5; ++s_out)
            for (int q_out = 0; q_out <= 5; ++q_out) {
              // a = 0: exponents are the effective ones, in halves; s_out also below its bound by a quarter.
              const Rational s = Rational(s_out, 2) - (s_out == 1 && q == 0 ? Rational(1, 4) : Rational(0));
              const std::string expected = by_inequalities(optimizer == OptimizerKind::adam, L, Rational(q1, 2),
                                                           Rational(q, 2), s, Rational(q_out, 2));
              for (const ActivationFacts& phi : {relu, tanh_}) {
                if (phi.bounded && expected == "unstable") continue;  // bounded features may stop what would grow
                const Outcome outcome = of(block(0, 0, Rational(q1, 2)), block(0, half, Rational(q, 2)),
                                           block(0, s, Rational(q_out, 2)), optimizer, L, phi);
                ASSERT_EQ(outcome.outcome, expected)
                    << "L=" << L << " q1=" << q1 << "/2 q=" << q << "/2 s_out=" << to_string(s) << " q_out=" << q_out
                    << "/2 " << optimizer_name(optimizer) << "\n"
                    << classify_text(outcome);
                ++seen;
              }
            }
  EXPECT_GT(seen, 3000);
}

// Hajjar, Chizat and Giraud 2021: |f_0| ~ n^{-L/2}, |f_1 - f_0| ~ n^{-(L-2)} (L >= 2), and stuck from L = 3 on; one and
// two hidden layers learn (Golikov 2020).
TEST(Outcome, IntegrableNetworksAreStuckFromThreeHiddenLayersOn) {
  for (const ActivationFacts& phi : {relu, tanh_})
    for (int L = 1; L <= 6; ++L) {
      const Outcome outcome = of("integrable", OptimizerKind::sgd, L, phi);
      EXPECT_TRUE(outcome.stable);
      EXPECT_EQ(outcome.outcome, L <= 2 ? "feature" : "stuck") << L;
      EXPECT_EQ(outcome.trivial, L >= 3);
      EXPECT_EQ(outcome.predictions.at("initial.output_size"), Rational(-L, 2));
      // f_t for L = 1..4 under the same rates: n^0, n^0, n^-1, n^-2 (Golikov 2020, "Towards a general theory"), then
      // what was there initially.
      EXPECT_EQ(outcome.predictions.at("output_size"),
                L <= 2 ? Rational(0) : std::max(Rational(-L, 2), Rational(2 - L)));
      if (L < 2) continue;
      EXPECT_EQ(outcome.predictions.at("first.output_change"), Rational(2 - L));
      EXPECT_EQ(outcome.predictions.at("output_change"), Rational(2 - L));
      for (int l = 1; l <= L; ++l)
        EXPECT_EQ(outcome.predictions.at("initial.preactivation_size." + std::to_string(l)), Rational(1 - l, 2));
    }
  EXPECT_EQ(of("integrable", OptimizerKind::sgd, 4, sigmoid).outcome, "feature") << "phi(0) != 0 keeps features alive";
  // Degree p: gamma = (1 + p + ... + p^{L-1}) / 2; relu^2, L = 3: 7/2, and |f_1 - f_0| measured there as n^-5.
  const Outcome square = of("integrable", OptimizerKind::sgd, 3, {2, true, false});
  EXPECT_EQ(square.predictions.at("initial.output_size"), Rational(-7, 2));
  EXPECT_EQ(square.predictions.at("first.output_change"), Rational(-5));
  EXPECT_EQ(square.outcome, "stuck");
}

// cos on integrable weights, by hand: features stay at phi(0) = 1, so h_l ~ n^{-1} n^{1/2} from the second layer on and
// f_0 as well; slopes there are n^{-1/2}; D_L ~ n^{-1/2} n^{-1}, D_l ~ n^{-1/2} n^{-1} n^{1/2} D_{l+1}; rates n, 1, 1/n
// make dh_l ~ n D_l and the readout move by n^{-1} n. The output learns a constant and no feature moves.
TEST(Outcome, CosOnIntegrableWeightsByHand) {
  for (int L = 2; L <= 5; ++L) {
    const Outcome outcome = of("integrable", OptimizerKind::sgd, L, cosine);
    EXPECT_EQ(outcome.outcome, "kernel") << L;
    EXPECT_EQ(outcome.predictions.at("initial.output_size"), -half);
    EXPECT_EQ(outcome.predictions.at("output_change"), Rational(0));
    EXPECT_EQ(outcome.predictions.at("first.update." + std::to_string(L + 1)), Rational(0));
    for (int l = 2; l <= L; ++l) {
      const std::string layer = "." + std::to_string(l);
      EXPECT_EQ(outcome.predictions.at("initial.preactivation_size" + layer), -half);
      EXPECT_EQ(outcome.predictions.at("first.update" + layer), Rational(l - L) - half);
      EXPECT_EQ(outcome.predictions.at("first.feature_change" + layer), Rational(l - L - 1));  // h dh
    }
  }
  EXPECT_EQ(of("integrable", OptimizerKind::sgd, 1, cosine).outcome, "feature");
  // Preactivations of order one meet slopes of order one: no other than tanh there.
  for (const char* scheme : {"standard", "ntk", "mup", "mean-field"})
    for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::adam})
      EXPECT_EQ(of(scheme, optimizer, 3, cosine).outcome, of(scheme, optimizer, 3, tanh_).outcome) << scheme;
}

// 1 - cos is z^2 / 2 for vanishing z, and no larger than it beyond.
TEST(Outcome, FlatAndCentredIsQuadraticWherePreactivationsVanish) {
  for (int L = 1; L <= 5; ++L)
    for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::adam})
      EXPECT_EQ(of("integrable", optimizer, L, versine).predictions,
                of("integrable", optimizer, L, quadratic).predictions)
          << L;
}

// |z| at L = 2: h_2 ~ n^{-1/2} moves by order one, dh = -c sign(h) w with w its output weight, so |h + dh| = c |w| and
// sum w |w| / n ~ n^{-1/2} where relu's sum w max(w, 0) / n is of order one. The second update, with slopes sign(dh),
// makes up for it. Where nothing vanishes the two do not differ.
TEST(Outcome, EvenFeaturesAreNotAlignedWithTheOutputAfterTheirFirstMove) {
  const Outcome even = of("integrable", OptimizerKind::sgd, 2, modulus), one = of("integrable", OptimizerKind::sgd, 2);
  EXPECT_EQ(even.predictions.at("first.output_change"), -half);
  EXPECT_EQ(one.predictions.at("first.output_change"), Rational(0));
  EXPECT_EQ(even.predictions.at("output_change"), Rational(0));
  for (const char* scheme : {"standard", "ntk", "mup", "mean-field"})
    for (int L = 1; L <= 3; ++L)
      EXPECT_EQ(of(scheme, OptimizerKind::sgd, L, modulus).predictions, of(scheme, OptimizerKind::sgd, L).predictions);
}

// elu with alpha != 1 has relu's kink, which correlates vanishing features with their change; without one (alpha = 1)
// it is linear beside 0, as tanh.
TEST(Outcome, AKinkWithoutADegreeActsAsReluDoesAtVanishingPreactivations) {
  for (int L = 2; L <= 5; ++L) {
    const Rational c = Rational(-(L + 1), 2);
    const auto large = [&](const ActivationFacts& phi) {
      const Outcome outcome = of(block(0, 0, c), block(1, 0, c - half), block(1, 0, c), OptimizerKind::sgd, L, phi);
      return outcome.predictions.at("first.output_size");
    };
    EXPECT_EQ(large(elu), large(relu)) << L;
    EXPECT_EQ(large({.homogeneity = {}}), large(linear)) << L;
  }
}

// Uniform rates n^1 on integrable weights: n^{-2} at L = 3.
TEST(Outcome, IntegrableWithUniformRatesMovesLess) {
  const Outcome outcome = of(block(0, 0, -1), block(1, 0, -1), block(1, 0, -1), OptimizerKind::sgd, 3);
  EXPECT_EQ(outcome.predictions.at("first.output_change"), Rational(-2));
}

// Under Adam the same network is not stuck: its updates do not know how small gradients are.
TEST(Outcome, AdamFreesIntegrableNetworks) {
  for (int L = 1; L <= 5; ++L) EXPECT_EQ(of("integrable", OptimizerKind::adam, L, tanh_).outcome, "feature") << L;
}

// Large first rates (IP-LLR): |f_1| ~ 1 for relu and n^{-(L-2)/2} for smooth centred activations, whose vanishing
// features are independent of their own first change; linear ones are of degree 1 like relu, yet belong to the latter
// (measured over n = 128..512: -0.5 at L = 3, -1.0 at L = 4). Kept for a second step these rates blow up.
TEST(Outcome, LargeFirstRatesFreeIntegrableNetworksInOneStep) {
  for (int L = 2; L <= 5; ++L) {
    const Rational c = Rational(-(L + 1), 2);
    const auto large = [&](const ActivationFacts& phi) {
      return of(block(0, 0, c), block(1, 0, c - half), block(1, 0, c), OptimizerKind::sgd, L, phi);
    };
    EXPECT_EQ(large(relu).predictions.at("first.output_size"), Rational(0)) << L;
    EXPECT_EQ(large(tanh_).predictions.at("first.output_size"), Rational(2 - L, 2)) << L;
    EXPECT_EQ(large(linear).predictions.at("first.output_size"), Rational(2 - L, 2)) << L;
    if (L >= 3) {
      EXPECT_EQ(large(relu).outcome, "unstable");
    }
  }
}

TEST(Outcome, TooSmallRatesAreTrivialNotStuck) {
  const Outcome outcome = of(block(0, 0, 3), block(0, half, 3), block(0, half, 3), OptimizerKind::sgd, 3);
  EXPECT_EQ(outcome.outcome, "trivial");
  EXPECT_TRUE(outcome.stable);
  EXPECT_TRUE(outcome.trivial);
  // Vanishing preactivations, and rates that would not move anything either.
  EXPECT_EQ(of(block(0, 0, 3), block(1, 0, 3), block(1, 0, 3), OptimizerKind::sgd, 3).outcome, "trivial");
}

// At fixed small rate the first-order sizes: standard Adam moves dW ~ n^0, x ~ 1, so |dW x| ~ n behind the input; the
// kernel form by n^-1/2 below the output; mup by order one, its readout against W_0 x ~ n^-1/2.
TEST(Outcome, OwnUpdatesUnderAdam) {
  const auto slopes = [](const Outcome& outcome) {
    std::vector<Rational> list;
    for (int l = 1; l <= 4; ++l) list.push_back(outcome.predictions.at("own_update." + std::to_string(l)));
    return list;
  };
  EXPECT_EQ(slopes(of("standard", OptimizerKind::adam, 3)), (std::vector<Rational>{0, 1, 1, 1}));
  EXPECT_EQ(slopes(of("ntk", OptimizerKind::adam, 3)), (std::vector<Rational>{-half, -half, -half, 0}));
  EXPECT_EQ(slopes(of("mup", OptimizerKind::adam, 3)), (std::vector<Rational>{0, 0, 0, half}));
}

// A step of Muon with effective rate n^-q moves W x of a hidden layer by n^-q |x| where Adam's moves it by n^{1-q}: all
// else equal, Muon at c - 1 leads wherever Adam leads at c. That is the rule itself; tests/agreement measures it.
TEST(Outcome, MuonIsAdamWithOnePowerLessInTheHiddenRate) {
  EXPECT_TRUE(rc::check([] {
    const auto draw = [] { return Rational(*rc::gen::inRange(-6, 9), 4); };
    const BlockExponents input = block(draw(), draw(), draw()), output = block(draw(), draw(), draw());
    const BlockExponents hidden = block(draw(), draw(), draw());
    BlockExponents smaller = hidden;
    smaller.c -= 1;
    const int L = *rc::gen::inRange(1, 5);
    const Outcome adam = of(input, hidden, output, OptimizerKind::adamw, L);
    const Outcome muon = of(input, smaller, output, OptimizerKind::muon, L);
    RC_ASSERT(adam.outcome == muon.outcome);
    RC_ASSERT(adam.predictions == muon.predictions);
    RC_ASSERT(adam.r_per_layer == muon.r_per_layer);
  }));
  for (const char* name : {"ntk", "mup", "mean-field", "integrable"})
    for (int L = 1; L <= 4; ++L)
      EXPECT_EQ(of(name, OptimizerKind::muon, L).predictions, of(name, OptimizerKind::adam, L).predictions) << name;
  // One rate everywhere: hidden layers alone now move by order one.
  EXPECT_EQ(of("standard", OptimizerKind::muon, 3).predictions.at("own_update.2"), Rational(0));
  EXPECT_EQ(of("standard", OptimizerKind::muon, 3).outcome, "unstable");
}

// Largest stable power of n on all rates: q_out >= 1 binds for standard SGD; a+b+r >= 1 with r = c - 1 for Adam.
TEST(Outcome, OptimalLearningRates) {
  const auto best = [](const char* name, OptimizerKind optimizer) {
    return of(name, optimizer, 3).predictions.at("optimal_learning_rate");
  };
  EXPECT_EQ(best("standard", OptimizerKind::sgd), Rational(-1));
  EXPECT_EQ(best("standard", OptimizerKind::adam), Rational(-3, 2));
  for (const char* name : {"ntk", "mup", "mean-field"})
    for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::momentum,
                                          OptimizerKind::adamw, OptimizerKind::rmsprop, OptimizerKind::muon})
      EXPECT_EQ(best(name, optimizer), Rational(0)) << name;
  const Outcome adam = of("standard", OptimizerKind::adam, 3);
  EXPECT_TRUE(std::any_of(adam.reasons.begin(), adam.reasons.end(), [](const std::string& reason) {
    return reason.find("n^(-1) (Everett") != std::string::npos;
  }));
}

// Adam with all initial weights n^-3 and rates n^x: after a step layer l has n^(l x + l - 1), so the output is of order
// one at x = -L/(L+1) and everything below it smaller. A threshold of any denominator comes out exactly.
TEST(Outcome, OptimalLearningRatesAreExact) {
  for (int L = 1; L <= 12; ++L)
    for (const Rational& c : {Rational(0), Rational(1000), Rational(1, 1009)}) {
      const BlockExponents all = block(0, 3, c);
      const Outcome outcome = of(all, all, all, OptimizerKind::adam, L);
      EXPECT_EQ(outcome.predictions.at("optimal_learning_rate"), Rational(-L, L + 1) + c) << L << " " << to_string(c);
    }
}

// Golikov 2020 in the plane of q_sigma (size of the output weights) and q (both rates), one hidden layer: with
// s = q_sigma + q and kappa = 1 + 2 q_sigma + q, stable where q_sigma <= -1/2, s <= 0, kappa <= 0; the output moves
// where kappa = 0, the segment from the tangent kernel to the mean field, and features at its mean-field end alone.
TEST(Outcome, OneHiddenLayerGivesTheSegmentFromTangentKernelToMeanField) {
  for (int i = -16; i <= 8; ++i)
    for (int j = -16; j <= 16; ++j) {
      const Rational q_sigma(i, 8), q(j, 8), s = q_sigma + q, kappa = 1 + q_sigma + s;
      const bool stable = q_sigma <= -half && s <= 0 && kappa <= 0;
      const char* expected = !stable ? "unstable" : kappa < 0 ? "trivial" : s < 0 ? "kernel" : "feature";
      const Outcome outcome = of(block(0, 0, -q), {}, block(-q_sigma, 0, -q), OptimizerKind::sgd, 1);
      ASSERT_EQ(outcome.outcome, expected) << to_string(q_sigma) << " " << to_string(q);
    }
}

// Sizes at fixed rates beyond all bounds are still exact; what no 64-bit integer holds is an error, never a wrong word.
TEST(Outcome, ExtremeExponents) {
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::adam}) {
    const auto uniform = [&](const Rational& c, int L) {
      return of(block(0, 0, c), block(0, half, c), block(0, half, c), optimizer, L).outcome;
    };
    EXPECT_EQ(uniform(1000, 3), "trivial");
    EXPECT_EQ(uniform(-1000, 3), "unstable");
    EXPECT_EQ(of("mup", optimizer, 1000).outcome, "feature");
    EXPECT_THROW(uniform(INT64_MAX - 1, 3), Error);
  }
  // Their sum has a denominator of 90 bits.
  EXPECT_THROW(of(block(0, 0, Rational(1, 1000000007)), block(0, half, Rational(1, 998244353)),
                  block(0, half, Rational(1, 1000000009)), OptimizerKind::sgd, 3),
               Error);
}

// The word and the numbers come from the same sizes and must say the same, for any exponents.
TEST(Outcome, WordAndNumbersAgree) {
  EXPECT_TRUE(rc::check([] {
    const OptimizerKind optimizer = *rc::gen::element(OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adam,
                                                      OptimizerKind::rmsprop, OptimizerKind::muon);
    const auto draw = [] { return Rational(*rc::gen::inRange(-6, 9), 4); };
    const auto any = [&] { return block(draw(), draw(), draw()); };
    const ActivationFacts* phi =
        *rc::gen::element(&relu, &tanh_, &sigmoid, &linear, &modulus, &quadratic, &cosine, &versine, &elu);
    const Outcome outcome = of(any(), any(), any(), optimizer, *rc::gen::inRange(1, 6), *phi);
    const auto& x = outcome.predictions;
    RC_ASSERT(outcome.trivial == (outcome.outcome == "stuck" || outcome.outcome == "trivial"));
    if (outcome.stable) {
      for (const auto& [name, exponent] : x)
        if (name.ends_with("output_size") || name.find("preactivation_size") != std::string::npos ||
            name.starts_with("update") || name.starts_with("contribution"))
          RC_ASSERT(exponent <= 0);
      RC_ASSERT(outcome.regime.has_value() == (x.contains("output_change") && x.at("output_change") == 0));
    }
    // Larger rates remain possible where stable, and none that move the output more than by order one.
    if (x.contains("optimal_learning_rate")) {
      const Rational best = x.at("optimal_learning_rate");
      RC_ASSERT(outcome.stable == (best >= 0));
      if (outcome.regime) RC_ASSERT(best == 0);
    }
  }));
}

TEST(Outcome, DoesNotDependOnTheGauge) {
  EXPECT_TRUE(rc::check([] {
    const OptimizerKind optimizer = *rc::gen::element(OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adam,
                                                      OptimizerKind::rmsprop, OptimizerKind::muon);
    const auto draw = [] { return Rational(*rc::gen::inRange(-6, 7), 4); };
    const int L = *rc::gen::inRange(1, 5);
    BlockExponents blocks[3], moved[3];
    for (int i = 0; i < 3; ++i) {
      blocks[i] = {draw(), draw(), draw(), draw(), draw()};
      moved[i] = gauge_shift(blocks[i], draw(), optimizer);
    }
    const ClassifyRequest request{optimizer, L, relu, *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()};
    const Outcome left = classify(custom_scheme(blocks[0], blocks[1], blocks[2], optimizer), request);
    const Outcome right = classify(custom_scheme(moved[0], moved[1], moved[2], optimizer), request);
    RC_ASSERT(left.outcome == right.outcome);
    RC_ASSERT(left.predictions == right.predictions);
    RC_ASSERT(left.r_per_layer == right.r_per_layer);
  }));
}

TEST(Outcome, HiddenLayersMayDiffer) {
  Parameterization scheme = named_scheme("mup", OptimizerKind::sgd);
  scheme.width.hidden_layers = {scheme.width.hidden, scheme.width.hidden};
  EXPECT_EQ(classify(scheme, {OptimizerKind::sgd, 3, relu}).outcome, "feature");
  scheme.width.hidden_layers[1].c = -1;  // one layer alone can break stability
  EXPECT_EQ(classify(scheme, {OptimizerKind::sgd, 3, relu}).outcome, "unstable");
  EXPECT_THROW(classify(scheme, {OptimizerKind::sgd, 4, relu}), ConfigError);
  EXPECT_THROW(classify(scheme, {OptimizerKind::sgd, 0, relu}), ConfigError);
}

// Of a named scheme with some exponents of the hidden block moved.
Outcome counted(const std::string& name, OptimizerKind optimizer, const BlockExponents& by = {}) {
  Parameterization scheme = named_scheme(name, optimizer);
  BlockExponents& hidden = scheme.width.hidden;
  hidden = {hidden.a + by.a, hidden.b + by.b, hidden.c + by.c, hidden.e + by.e, hidden.d + by.d};
  return classify(scheme, {optimizer, 3, relu, true, true});
}

BlockExponents epsilon_and_decay(Rational e, Rational d) {
  return {0, 0, 0, e, d};
}

TEST(EpsilonAndDecay, OfNamedSchemesScaleWithTheGradients) {
  // Then they change no power: an epsilon as large as the gradient halves a step, a share of order one does not grow.
  for (const char* name : {"ntk", "mup", "mean-field"})
    for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adam,
                                          OptimizerKind::adamw, OptimizerKind::rmsprop, OptimizerKind::muon}) {
      const Parameterization scheme = named_scheme(name, optimizer);
      const Outcome without = classify(scheme, {optimizer, 3, relu}),
                    with = classify(scheme, {optimizer, 3, relu, true});
      const std::string label = std::string(name) + " " + std::string(optimizer_name(optimizer));
      EXPECT_EQ(with.outcome, without.outcome) << label;
      for (const auto& [what, exponent] : without.predictions) EXPECT_EQ(with.predictions.at(what), exponent) << label;
      for (const auto& [what, exponent] : with.predictions) {
        const bool order_one = what.starts_with("epsilon_ratio") || what.starts_with("contribution");
        EXPECT_TRUE(!order_one || exponent == 0) << label << " " << what;
      }
      if (forgets_size(optimizer) && decay_of(optimizer) == Decay::in_gradient) continue;
      const Outcome decayed = counted(name, optimizer);
      EXPECT_EQ(decayed.outcome, without.outcome) << label;
      for (int l = 1; l <= 4; ++l)
        EXPECT_EQ(decayed.predictions.at("decay_ratio." + std::to_string(l)), 0) << label << " " << l;
    }
}

TEST(EpsilonAndDecay, AnEpsilonThatDoesNotScaleStopsTheLayersWhoseGradientsVanish) {
  const Outcome outcome = counted("mup", OptimizerKind::adam, epsilon_and_decay(-1, half));
  EXPECT_EQ(outcome.predictions.at("epsilon_ratio.2"), 1);  // gradients 1/n
  EXPECT_EQ(outcome.predictions.at("epsilon_ratio.1"), 0);
  EXPECT_EQ(outcome.predictions.at("contribution.2"), -1);
  EXPECT_EQ(outcome.predictions.at("contribution.1"), 0);
  EXPECT_EQ(outcome.outcome, "feature");  // by the input layer, which a plain look at features does not tell

  Parameterization everywhere = named_scheme("mup", OptimizerKind::adam);
  for (BlockExponents* one : {&everywhere.width.input, &everywhere.width.hidden, &everywhere.width.output})
    one->e = one->a;
  EXPECT_EQ(classify(everywhere, {OptimizerKind::adam, 3, relu, true}).outcome, "kernel");  // only the readout moves
  EXPECT_EQ(classify(everywhere, {OptimizerKind::adam, 3, relu}).outcome, "feature");
}

TEST(EpsilonAndDecay, DecoupledDecayTakesTheShareOfRateTimesDecay) {
  // Hidden rates of mup's AdamW are 1/n: so is what a constant decay takes of a weight.
  const Rational named = named_scheme("mup", OptimizerKind::adamw).width.hidden.d;
  const Outcome constant = counted("mup", OptimizerKind::adamw, epsilon_and_decay(0, -named));
  EXPECT_EQ(constant.predictions.at("decay_ratio.2"), -1);
  EXPECT_EQ(constant.outcome, "feature");
  const Outcome growing = counted("mup", OptimizerKind::adamw, epsilon_and_decay(0, -1));
  EXPECT_EQ(growing.outcome, "unstable");
  EXPECT_NE(growing.reasons.front().find("share of W_2 that weight decay takes"), std::string::npos);
}

TEST(EpsilonAndDecay, InAdamsGradientDecayCompetesWithIt) {
  // decay W_0 ~ n^-1/2 beside gradients of 1/n: a decay that does not fall takes over, and the layer follows it.
  const Outcome constant = counted("mup", OptimizerKind::adam, epsilon_and_decay(0, -half));
  EXPECT_EQ(constant.predictions.at("decay_ratio.2"), half);
  EXPECT_EQ(constant.predictions.at("contribution.2"), -half);
  const Outcome beside = counted("mup", OptimizerKind::adam);
  EXPECT_EQ(beside.predictions.at("decay_ratio.2"), 0);
  EXPECT_EQ(beside.predictions.at("contribution.2"), 0);
}

TEST(EpsilonAndDecay, DecayAloneLearnsNoFeatures) {
  const Outcome outcome = counted("ntk", OptimizerKind::adamw);
  EXPECT_EQ(outcome.outcome, "kernel");
  EXPECT_EQ(outcome.predictions.at("feature_change.2"), 0);  // they shrink all the same
  EXPECT_NE(outcome.reasons.back().find("shrink"), std::string::npos);
}

TEST(Contribution, TellsTheLayerThatTakesNoPart) {
  // The input block with the rate exponent of hidden ones, as if its fan-in grew: mup still learns features.
  Parameterization scheme = named_scheme("mup", OptimizerKind::adam);
  scheme.width.input.c += 1;
  const Outcome outcome = classify(scheme, {OptimizerKind::adam, 3, relu});
  EXPECT_EQ(outcome.outcome, "feature");
  EXPECT_EQ(outcome.predictions.at("contribution.1"), -1);
  for (const char* other : {"contribution.2", "contribution.3", "contribution.4"})
    EXPECT_EQ(outcome.predictions.at(other), 0) << other;
}

TEST(ClassifyText, SaysTheWordTheReasonsAndTheExponents) {
  const Outcome outcome = of("integrable", OptimizerKind::sgd, 3);
  const std::string text = classify_text(outcome);
  EXPECT_NE(text.find("outcome: stuck"), std::string::npos);
  for (const std::string& reason : outcome.reasons) EXPECT_NE(text.find(reason), std::string::npos);
  EXPECT_NE(text.find("initial.output_size"), std::string::npos);
}

}  // namespace
}  // namespace widthwise
