#include "widthwise/parameterization/crossover.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

const Rational half(1, 2), eighth(1, 8);
const ActivationFacts relu{1, true, false}, softplus{.homogeneity = {}, .centred = false},
    tanh_{std::nullopt, true, true};

std::optional<Rational> of(const std::string& scheme, OptimizerKind optimizer, int hidden_layers,
                           const ActivationFacts& phi = relu) {
  return crossover_exponent(named_scheme(scheme, optimizer), {optimizer, hidden_layers, phi});
}

TEST(Crossover, IsThatOfThePapers) {
  // Geiger et al. 2020: alpha* ~ h^(-1/2) with a readout of 1/sqrt(h); with 1/h the code's alpha is sqrt(h) times that,
  // so alpha* does not move. standard has the start of ntk; its one rate moves layers apart, but what first moves a
  // feature is a hidden matrix in both.
  for (const ActivationFacts& phi : {relu, softplus, tanh_})
    for (int hidden_layers = 2; hidden_layers <= 5; ++hidden_layers) {
      EXPECT_EQ(of("ntk", OptimizerKind::sgd, hidden_layers, phi), -half) << hidden_layers;
      EXPECT_EQ(of("standard", OptimizerKind::sgd, hidden_layers, phi), -half) << hidden_layers;
      EXPECT_EQ(of("mean-field", OptimizerKind::sgd, hidden_layers, phi), Rational(0)) << hidden_layers;
      EXPECT_EQ(of("mup", OptimizerKind::sgd, hidden_layers, phi), Rational(0)) << hidden_layers;
      EXPECT_EQ(of("mup", OptimizerKind::adam, hidden_layers, phi), Rational(0)) << hidden_layers;
      EXPECT_EQ(of("mup", OptimizerKind::muon, hidden_layers, phi), Rational(0)) << hidden_layers;
    }
  EXPECT_EQ(of("ntk", OptimizerKind::sgd, 1), -half);
  EXPECT_EQ(of("mean-field", OptimizerKind::sgd, 1), Rational(0));
}

TEST(Crossover, OneHiddenLayerWithOneRateIsLazierByRootN) {
  // standard, L = 1: after a time t entries of the readout have moved by t alpha, F = alpha f by alpha^2 t n, of order
  // one at t = 1/(alpha^2 n). By then the readout has moved by 1/(alpha n), farther than its start n^(-1/2) where alpha
  // < n^(-1/2), and features by t alpha times that, 1/(alpha n)^2: of order one at alpha = 1/n.
  EXPECT_EQ(of("standard", OptimizerKind::sgd, 1), Rational(-1));
}

TEST(Crossover, ThereIsNoneForANetworkThatIsStuck) {
  EXPECT_EQ(of("integrable", OptimizerKind::sgd, 3), std::nullopt);
  EXPECT_EQ(of("integrable", OptimizerKind::sgd, 1), Rational(0));  // the mean-field network
}

// The outcome engine's word for alpha f, at the largest stable rates.
std::string outcome_at(const Parameterization& scheme, const ClassifyRequest& request, const Rational& x) {
  Parameterization scaled = scheme;
  scaled.width.output.a -= x;
  const Outcome first = classify(scaled, request);
  const auto best = first.predictions.find("optimal_learning_rate");
  if (best == first.predictions.end()) return "nothing is learnt";
  for (BlockExponents* block : {&scaled.width.input, &scaled.width.hidden, &scaled.width.output})
    block->c -= best->second;
  return classify(scaled, request).outcome;
}

TEST(Crossover, KernelRegimeAboveFeaturesAtNoneBelow) {
  for (const char* scheme : {"ntk", "standard", "mup", "mean-field"})
    for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::adam})
      for (const int hidden_layers : {1, 2, 4}) {
        const Parameterization parameterization = named_scheme(scheme, optimizer);
        const ClassifyRequest request{optimizer, hidden_layers, relu};
        const std::optional<Rational> x = crossover_exponent(parameterization, request);
        ASSERT_TRUE(x) << scheme;
        EXPECT_EQ(outcome_at(parameterization, request, *x), "feature") << scheme << hidden_layers;
        EXPECT_EQ(outcome_at(parameterization, request, *x + eighth), "kernel") << scheme << hidden_layers;
        EXPECT_NE(outcome_at(parameterization, request, *x - eighth), "kernel") << scheme << hidden_layers;
        EXPECT_NE(outcome_at(parameterization, request, *x - eighth), "feature") << scheme << hidden_layers;
      }
}

TEST(Crossover, DoesNotDependOnTheGauge) {
  const bool holds = rc::check("rewriting multipliers, initial sizes and rates leaves alpha* where it is", [] {
    // Features of order one at the start, without which there is no crossover.
    const auto part = [](int low, int high) { return Rational(*rc::gen::inRange(low, high + 1), 4); };
    const Rational a = part(-2, 4), b = part(-2, 4);
    const BlockExponents input{a, -a, part(-4, 4), 0, 0}, hidden{b, half - b, part(-4, 4), 0, 0},
        output{part(-2, 4), part(-2, 4), part(-4, 4), 0, 0};
    const Parameterization plain = custom_scheme(input, hidden, output, OptimizerKind::sgd);
    const auto moved = [&](BlockExponents of, const Rational& by) {
      of.a += by;
      of.b -= by;
      of.c -= by + by;
      return of;
    };
    const Parameterization other = custom_scheme(moved(input, part(-4, 4)), moved(hidden, part(-4, 4)),
                                                 moved(output, part(-4, 4)), OptimizerKind::sgd);
    const ClassifyRequest request{OptimizerKind::sgd, *rc::gen::inRange(1, 5), relu};
    const std::optional<Rational> x = crossover_exponent(plain, request);
    RC_ASSERT(x.has_value());
    RC_ASSERT(x == crossover_exponent(other, request));
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace widthwise
