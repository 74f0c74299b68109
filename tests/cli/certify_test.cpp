// The verb certify on networks small enough to be asked in a second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace widthwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* net = R"(
title = "net"
[architecture]
hidden_layers = 1
[parameterization]
name = "mup"
reference_width = 32
[data]
name = "gaussian"
dimension = 8
train = 32
[training]
optimizer = "adam"
learning_rate = 0.005
steps = 100
)";

std::filesystem::path folder_with_net(const std::string& name) {
  const auto folder = fresh_folder(name);
  std::ofstream(folder / "net.toml") << net;
  return folder;
}

constexpr const char* ask = "certify net.toml --widths 64,128,256,512 --quiet ";

TEST(Certify, SaysWhatScalesInWordsNumbersAndAPage) {
  const auto folder = folder_with_net("certify");
  const Answer answer = widthwise(std::string(ask) + "--report c.html", folder);
  EXPECT_EQ(answer.exit, 0) << answer.out << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("Certified: the outcome is feature"), HasSubstr("W_1 input"),
                                HasSubstr("W_2 output"), HasSubstr("contribution"), HasSubstr("epsilon")));
  EXPECT_THAT(read_text(folder / "c.html"),
              AllOf(HasSubstr("Certified: the outcome is feature"), HasSubstr("W_1 (input): update")));
}

TEST(Certify, ExitsWithOneWhereAConfigurationDoesNotScale) {
  // No exponents for AdamW's decay.
  const auto folder = folder_with_net("certify-not");
  const std::string decay =
      "--set training.optimizer=adamw --set training.weight_decay=0.1 --set parameterization.name=custom "
      "--set parameterization.input=-1/2,1/2,1/2,1/2,0 --set parameterization.output=1/2,1/2,1/2,1/2,-1/2 "
      "--set parameterization.hidden=0,1/2,1 ";
  const Answer answer = widthwise(ask + decay + "--json", folder);
  EXPECT_EQ(answer.exit, 1) << answer.err;
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json["certified"], false);
  EXPECT_EQ(json["outcome"], "feature");
  EXPECT_EQ(json["widths"], (std::vector<int>{64, 128, 256, 512}));
  for (const auto& row : json["rows"]) {
    const bool wrong = row["quantity"] == "decay" && row["block"] == "input";
    EXPECT_EQ(row["mark"], wrong ? "fails" : "passes") << row;
    if (!wrong) continue;
    EXPECT_EQ(row["word"], "vanishes");
    EXPECT_EQ(row["exponent"], "-1/2");
    EXPECT_NEAR(row["judgement"]["measured"].get<double>(), -0.5, 1e-9);
  }
}

TEST(Certify, TheStudyItWritesIsTheOneItRuns) {
  const auto folder = folder_with_net("certify-written");
  EXPECT_EQ(widthwise(ask, folder).exit, 0);
  const Answer written = widthwise(std::string(ask) + "--write s.toml", folder);
  EXPECT_EQ(written.exit, 0) << written.err;
  const Answer run = widthwise("run s.toml --quiet --strict", folder);
  EXPECT_EQ(run.exit, 0) << run.out << run.err;  // its predictions are theory's, and all agree
  EXPECT_THAT(run.err, HasSubstr("0 done now"));
}

TEST(Certify, IsAskedOfASchemeAndARuleAlone) {
  const Answer answer =
      widthwise("certify --scheme mup --optimizer momentum --widths 32,64,128,256 --seeds 8 --quiet --json",
                fresh_folder("rule"));
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json["outcome"], "feature");
  EXPECT_EQ(json["rows"].size(), 9U);  // start, update and contribution of three matrices
  EXPECT_EQ(answer.exit, json["certified"] == true ? 0 : 1);
  EXPECT_THAT(answer.err, HasSubstr("momentum at rate 0.02"));
}

TEST(Certify, BadInputNamesTheOption) {
  const auto folder = folder_with_net("certify-bad");
  const std::pair<const char*, const char*> cases[] = {
      {"--widths=64", "widths"},
      {"--seeds=1", "seeds"},
      {"--steps=0", "steps"},
      {"--samples=0", "samples"},
      {"--tolerance=-1", "tolerance"},
      {"--set=training.optimizer=gradient-flow", "training.optimizer"},
      {"--set=training.learning_rate='\"1/architecture.width\"'", "training.learning_rate"},
      {"--set=training.optimizr=adam", "training.optimizer"},
      {"--set=parameterization.name=custom", "parameterization.input"}};
  for (const auto& [option, named] : cases) {
    const Answer answer = widthwise(std::string("certify net.toml --quiet ") + option, folder);
    EXPECT_EQ(answer.exit, 2) << option << answer.out;
    EXPECT_THAT(answer.err, AllOf(HasSubstr(named), HasSubstr("expected"))) << option;
  }
  EXPECT_EQ(widthwise("certify none.toml", folder).exit, 2);
}

}  // namespace
}  // namespace widthwise::testing
