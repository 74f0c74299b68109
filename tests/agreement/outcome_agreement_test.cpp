// Theory against training: exponents that the outcome engine derives from a parameterization, against slopes of what
// the ensemble, its training and the recorder measure at four widths. Neither side knows the other.
#include "agreement/small_networks.h"
#include "widthwise/parameterization/outcome.h"
#include "widthwise/study/scheme.h"

namespace widthwise::testing {
namespace {

struct Case {
  const char *scheme, *activation;
  OptimizerKind optimizer;
  double rate;
  bool features = false;  // whether changes of features are one product of sizes too, and so are compared
};

class OutcomeAgreement : public ::testing::TestWithParam<Case> {};

TEST_P(OutcomeAgreement, PredictedExponentsAreTheMeasuredSlopes) {
  const Case c = GetParam();
  const Outcome outcome = classify(named_scheme(c.scheme, c.optimizer),
                                   {c.optimizer, hidden_layers, activation_facts(*make_activation(c.activation))});
  const Points points = measure({c.scheme, c.activation, c.optimizer, c.rate},
                                {"output_size", "output_change", "own_update", "feature_change"});
  int compared = 0;
  for (const auto& [name, measured] : points) {
    // Sums of an order-one part and a vanishing one (the output after training, the features of an unstable scheme)
    // reach their exponents at far larger widths; what is one product of sizes is there already at these.
    const bool sharp = name == "initial.output_size" || name == "own_update.1" || name == "own_update.2" ||
                       name == "own_update.3" || (c.features && name.starts_with("feature_change"));
    if (!sharp) continue;
    const auto predicted = outcome.predictions.find(name);
    ASSERT_NE(predicted, outcome.predictions.end()) << name;
    // Finite-width corrections of relative size n^(-1/2) move a slope by up to 0.1 between 64 and 512; exponents are
    // multiples of 1/2. The random initial output adds noise of 0.1 over eight seeds.
    EXPECT_NEAR(mean_slope(measured), predicted->second.value(), name == "initial.output_size" ? 0.3 : 0.2) << name;
    ++compared;
  }
  EXPECT_EQ(compared, c.features ? 7 : 4);
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, OutcomeAgreement,
    ::testing::Values(
        Case{"standard", "relu", OptimizerKind::sgd, 1e-4}, Case{"standard", "tanh", OptimizerKind::adam, 1e-5},
        Case{"ntk", "relu", OptimizerKind::sgd, 1e-2}, Case{"ntk", "gelu", OptimizerKind::adam, 1e-4},
        Case{"mup", "relu", OptimizerKind::sgd, 1e-2}, Case{"mup", "tanh", OptimizerKind::momentum, 1e-2},
        Case{"mup", "relu", OptimizerKind::adam, 1e-4}, Case{"mean-field", "tanh", OptimizerKind::sgd, 1e-2},
        Case{"standard", "relu", OptimizerKind::adamw, 1e-5, true},
        Case{"ntk", "relu", OptimizerKind::adamw, 1e-4, true}, Case{"mup", "relu", OptimizerKind::adamw, 1e-4, true},
        Case{"standard", "relu", OptimizerKind::rmsprop, 1e-6, true},
        Case{"ntk", "tanh", OptimizerKind::rmsprop, 1e-5, true},
        Case{"mup", "relu", OptimizerKind::rmsprop, 1e-5, true},
        Case{"standard", "relu", OptimizerKind::muon, 1e-4, true}, Case{"ntk", "relu", OptimizerKind::muon, 1e-3, true},
        Case{"mup", "tanh", OptimizerKind::muon, 1e-3, true}, Case{"ntk", "abs", OptimizerKind::sgd, 1e-3},
        Case{"mup", "cos", OptimizerKind::adam, 1e-4}, Case{"mup", "silu", OptimizerKind::sgd, 1e-2}),
    [](const auto& named) {
      return test_name(std::string(named.param.scheme) + "_" + named.param.activation, named.param.optimizer);
    });

}  // namespace
}  // namespace widthwise::testing
