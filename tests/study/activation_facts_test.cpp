// What the outcome engine is told of each activation.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "widthwise/study/scheme.h"

namespace widthwise {
namespace {

struct Row {
  std::string name;
  double parameter;
  ActivationFacts facts;
};

constexpr double none = std::numeric_limits<double>::quiet_NaN();

TEST(ActivationFacts, OfEveryActivation) {
  const ActivationFacts smooth{.homogeneity = {}};  // linear beside 0, centred, unbounded
  const ActivationFacts wave{.homogeneity = {}, .bounded = true, .odd = true};
  const std::vector<Row> rows = {
      {"linear", none, {.linear = true, .odd = true}},
      {"relu", none, {}},
      {"leaky_relu", none, {}},
      {"leaky_relu", -1, {.even = true}},
      {"erf", none, wave},
      {"gelu", none, smooth},
      {"tanh", none, wave},
      {"softplus", none, {.homogeneity = {}, .centred = false}},
      {"relu_power", 1, {}},
      {"relu_power", 3, {.homogeneity = 3}},
      {"abs", none, {.even = true}},
      {"sigmoid", none, {.homogeneity = {}, .centred = false, .bounded = true}},
      {"silu", none, smooth},
      {"elu", none, smooth},  // alpha = 1: the slope is continuous
      {"elu", 0.5, {.homogeneity = {}, .kink_at_zero = true}},
      {"sin", none, wave},
      {"cos", none, {.homogeneity = {}, .centred = false, .bounded = true, .flat_at_zero = true, .even = true}},
      {"quadratic", none, {.homogeneity = 2, .even = true}},
  };
  for (const Row& row : rows)
    EXPECT_EQ(activation_facts(*make_activation(row.name, row.parameter)), row.facts) << row.name;
  for (const Named& named : known_activations())
    EXPECT_TRUE(std::ranges::any_of(rows, [&](const Row& row) { return row.name == named.name; })) << named.name;
}

}  // namespace
}  // namespace widthwise
