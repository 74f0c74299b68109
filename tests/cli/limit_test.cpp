// `widthwise limit` as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "program.h"

namespace widthwise::testing {
namespace {

using ::testing::HasSubstr;

Answer limit(const std::string& arguments) {
  const auto folder = fresh_folder("limit");
  std::ofstream(folder / "limit.toml") << R"(
[limit]
kind = "two-layer"
particles = 2000
[architecture]
hidden_layers = 1
activation = "leaky_relu"
[parameterization]
name = "two-layer"
q = "-1,3/4"
reference_width = 16
[data]
name = "gaussian"
dimension = 5
train = 8
test = 4
[training]
loss = "logistic"
learning_rate = 0.1
steps = 3
)";
  return widthwise("limit limit.toml " + arguments, folder);
}

TEST(Limit, LeavesAnEntryAStepAsJson) {
  const auto answer = nlohmann::json::parse(limit("--json").out);
  EXPECT_EQ(answer["class"], "post-MF-NTK");
  EXPECT_EQ(answer["exponents"]["kappa"], "-1/4");
  EXPECT_EQ(answer["step"], (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(answer["test_loss"].size(), 4U);
  // Logits of this cell move along a straight line: F_k = k F_1.
  const double once = answer["output_size"][1], twice = answer["output_size"][2];
  EXPECT_NEAR(twice, 2 * once, 1e-9 * once);
}

TEST(Limit, IsATableOtherwise) {
  const Answer answer = limit("--set training.steps=1");
  EXPECT_EQ(answer.exit, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("post-MF-NTK"));
  EXPECT_THAT(answer.out, HasSubstr("output_size"));
}

const std::string hpz =
    "--set limit.kind=hpz --set architecture.hidden_layers=2 --set parameterization.name=mup "
    "--set training.learning_rate=1 --set architecture.activation=relu --set limit.particles=2048 ";

TEST(Limit, OfDeepNetworksHasAnErrorOfItsOwn) {
  const auto answer = nlohmann::json::parse(limit("--set parameterization.q=none --json " + hpz).out);
  EXPECT_EQ(answer["kind"], "hpz");
  EXPECT_FALSE(answer.contains("class"));
  EXPECT_EQ(answer["output_size"][0], 0.0);
  EXPECT_GT(answer["output_error"][3], 0.0);
  EXPECT_LT(answer["output_error"][3], 0.1 * answer["output_size"][3].get<double>());
  EXPECT_THAT(limit("--set parameterization.q=none --set limit.revived=true " + hpz).out, HasSubstr("revived"));
  EXPECT_THAT(limit("--set parameterization.q=none --set limit.clouds=1 " + hpz).out, HasSubstr("limit.clouds"));
}

TEST(Limit, SaysWhatItCannotFollow) {
  const auto refused = [](const std::string& arguments) {
    const Answer answer = limit(arguments);
    EXPECT_EQ(answer.exit, 2) << arguments;
    return answer.err;
  };
  EXPECT_THAT(refused("--set parameterization.q=1,1"), HasSubstr("diverging"));
  EXPECT_THAT(refused("--set parameterization.q=-1/2,0,1 --set architecture.activation=tanh"),
              HasSubstr("unsupported"));
  EXPECT_THAT(refused("--set parameterization.q=-1/2,1/2 --set training.loss=squared"), HasSubstr("slope is bounded"));
  EXPECT_THAT(refused("--set parameterization.q=-1/2"), HasSubstr("parameterization.q"));
  EXPECT_THAT(refused("--set limit.kind=none"), HasSubstr("limit.kind"));
  EXPECT_THAT(refused("--set limit.particles=7 --set parameterization.q=-1,1"), HasSubstr("limit.particles"));
}

constexpr const char* deep_linear = R"(
[limit]
kind = "deep-linear"
hidden_layers = 3
learning_rate = 0.05
richness = 1.5
width_ratio = 0.75
sample_ratio = 2
noise = 0.3
steps = 5
)";

Answer limit_deep_linear(const std::string& arguments) {
  const auto folder = fresh_folder("limit-deep-linear");
  std::ofstream(folder / "limit.toml") << deep_linear;
  return widthwise("limit limit.toml " + arguments, folder);
}

// Case b of the reference, found by another program.
TEST(Limit, DeepLinearTheoryHasAnEntryAStepFromStepZero) {
  const Answer said = limit_deep_linear("--json");
  const auto answer = nlohmann::json::parse(said.out);
  EXPECT_EQ(answer["time"], (std::vector<double>{0, 1, 2, 3, 4, 5})) << said.out;
  const std::vector<double> test = answer["test_loss"], train = answer["train_loss"];
  ASSERT_EQ(test.size(), 6U);
  EXPECT_NEAR(test[0], 1.68259, 6e-6);
  EXPECT_NEAR(test[5], 0.70159, 6e-6);
  EXPECT_NEAR(train[5], 0.42101, 6e-6);
  EXPECT_THAT(limit_deep_linear("").out, HasSubstr("The theory: hidden layers = 3"));
}

TEST(Limit, WhatADeepLinearNetworkCannotBeIsSaidByKey) {
  for (const auto& [setting, words] : std::vector<std::pair<std::string, std::string>>{
           {"limit.width_ratio=-1", "limit.width_ratio: expected a number above 0, or \"inf\", got -1"},
           {"limit.momentum=1", "limit.momentum"},
           {"limit.hidden_layers=1.5", "limit.hidden_layers: expected a whole number"},
           {"limit.hidden_layers=inf", "limit.residual_branch: expected beta_0"},
           {"limit.learning_rate=none", "limit.learning_rate"},
           {"limit.spectrum.weight=[0.5]", "limit.spectrum.variance"},
           {"limit.width_ratios=[1,2]", "limit.width_ratios: expected one number a hidden layer, 3, got 2"},
           {"limit.steps=300000", "which takes"},
           {"limit.output_correlation=2", "limit.output_correlation"}}) {
    const Answer answer = limit_deep_linear("--set '" + setting + "'");
    EXPECT_EQ(answer.exit, 2) << setting << answer.out;
    EXPECT_THAT(answer.err, HasSubstr(words)) << setting;
  }
  // A rate past stability is a result.
  const Answer diverged = limit_deep_linear("--set limit.learning_rate=3");
  EXPECT_EQ(diverged.exit, 0);
  EXPECT_THAT(diverged.out, HasSubstr("diverged: a loss above 1e+06 or not finite at step 2"));
}

}  // namespace
}  // namespace widthwise::testing
