// classify, list, data, doctor, help: verbs that answer at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace widthwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Answer ask(const std::string& arguments) {
  return widthwise(arguments, fresh_folder("ask"));
}

nlohmann::json classify(const std::string& arguments) {
  const Answer answer = ask("classify abc " + arguments + " --json");
  EXPECT_EQ(answer.exit, 0) << answer.err;
  return nlohmann::json::parse(answer.out);
}

TEST(Classify, AnswersInTheWordsAndKeysOfTheIssue) {
  // Yang & Hu 2021: NTP is stable, in the kernel regime, with r = 1/2.
  const auto ntp = classify("--hidden-layers 3 --optimizer sgd --input=0,0,0 --hidden=1/2,0,0 --output=1/2,0,0");
  EXPECT_EQ(ntp["outcome"], "kernel");
  EXPECT_EQ(ntp["stable"], true);
  EXPECT_EQ(ntp["trivial"], false);
  EXPECT_EQ(ntp["regime"], "kernel");
  EXPECT_EQ(ntp["r"], "1/2");
  EXPECT_TRUE(ntp["r_per_block"].is_array() || ntp["r_per_block"].is_object());
  EXPECT_FALSE(ntp["reasons"].empty());
  EXPECT_EQ(ntp["predictions"]["initial.output_size"], "0");
}

TEST(Classify, NamedSchemesLeadWhereTheoryKnowsThem) {
  EXPECT_EQ(classify("--scheme mup --hidden-layers 3 --optimizer sgd")["outcome"], "feature");
  EXPECT_EQ(classify("--scheme mup --hidden-layers 3 --optimizer adam")["outcome"], "feature");
  EXPECT_EQ(classify("--scheme ntk --hidden-layers 2 --optimizer sgd")["regime"], "kernel");
  const auto standard = classify("--scheme standard --hidden-layers 3 --optimizer sgd");
  EXPECT_EQ(standard["outcome"], "unstable");
  EXPECT_TRUE(standard["regime"].is_null());
  // Hajjar, Chizat, Giraud 2021: from three hidden layers on, zero mean and phi(0) = 0, it does not leave its start.
  const auto escapes = classify("--scheme ip-llr --hidden-layers 3 --activation tanh --homogeneity 1");
  EXPECT_EQ(escapes["outcome"], "feature");
  EXPECT_EQ(escapes["predictions"]["first.output_size"], "-1/2");
  EXPECT_EQ(classify("--input=0,0,-1 --hidden=0,1,0 --output=0,1,1 --first-rates=-2,-1/2,0")["predictions"],
            classify("--scheme ip-llr")["predictions"]);
  const auto stuck = classify("--scheme integrable --hidden-layers 3 --optimizer sgd --activation tanh");
  EXPECT_EQ(stuck["outcome"], "stuck");
  EXPECT_EQ(stuck["stable"], true);
  EXPECT_EQ(stuck["trivial"], true);
}

TEST(Classify, KnowsEveryOptimizerAndFiveExponents) {
  for (const char* optimizer : {"adamw", "rmsprop", "muon"}) {
    const std::string with = std::string(" --hidden-layers 3 --optimizer ") + optimizer;
    EXPECT_EQ(classify("--scheme mup" + with)["outcome"], "feature") << optimizer;
    EXPECT_EQ(classify("--scheme ntk" + with)["outcome"], "kernel") << optimizer;
    EXPECT_EQ(classify("--scheme standard" + with)["outcome"], "unstable") << optimizer;
  }
  // Exponent e = 0 where gradients are n^-1: epsilon takes over, and the reasons say so; at e = 1 it keeps up.
  const std::string rest = " --hidden-layers 3 --optimizer adamw --input=0,0,0,1,0 --output=0,1,1,0,-1";
  EXPECT_THAT(classify("--hidden=0,1/2,1" + rest)["reasons"].dump(), HasSubstr("it takes over"));
  const auto kept = classify("--hidden=0,1/2,1,1,-1" + rest);
  EXPECT_EQ(kept["outcome"], "feature");
  EXPECT_THAT(kept["reasons"].dump(), ::testing::Not(HasSubstr("it takes over")));
  const Answer four = ask("classify abc --hidden=0,1/2,1,1" + rest);
  EXPECT_EQ(four.exit, 2);
  EXPECT_THAT(four.err, AllOf(HasSubstr("--hidden"), HasSubstr("a,b,c,e,d")));
}

TEST(Classify, CountsEpsilonAndDecayWhereAsked) {
  // An epsilon that does not fall with gradients of 1/n stops input and hidden layers; only the readout moves.
  const std::string net = "--hidden-layers 3 --optimizer adamw --input=0,0,0 --hidden=0,1/2,1 --output=0,1,1 ";
  EXPECT_EQ(classify(net)["outcome"], "feature");
  EXPECT_EQ(classify(net + "--epsilon")["outcome"], "kernel");
  EXPECT_EQ(classify(net + "--epsilon")["predictions"]["epsilon_ratio.2"], "1");
  EXPECT_EQ(classify(net + "--weight-decay")["predictions"]["decay_ratio.2"], "-1");
  EXPECT_FALSE(classify(net)["predictions"].contains("decay_ratio.2"));
}

TEST(Classify, TextSaysTheOutcomeAndTheInequalities) {
  const Answer answer = ask("classify abc --scheme mup --hidden-layers 3");
  EXPECT_EQ(answer.exit, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("feature"), HasSubstr("r")));
}

TEST(Classify, ExplainsEachBlock) {
  const Answer answer = ask("classify abc --scheme mup --optimizer adam --explain");
  EXPECT_EQ(answer.exit, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("input"), HasSubstr("hidden"), HasSubstr("output"), HasSubstr("epsilon"),
                                HasSubstr("Epsilon is of size n^(-1), as the gradients are.")));
  const auto blocks = nlohmann::json::parse(ask("classify abc --scheme mup --optimizer muon --explain --json").out);
  EXPECT_EQ(blocks["hidden"]["written"]["c"], "0");  // an orthogonal step: one constant rate
  EXPECT_TRUE(blocks["hidden"]["effective"]["e"].is_null());
  EXPECT_EQ(blocks["input"]["effective"]["e"], "1");
  EXPECT_EQ(blocks["output"]["move"], "0");
  EXPECT_FALSE(nlohmann::json::parse(ask("classify abc --scheme mup --hidden-layers 1 --explain --json").out)
                   .contains("hidden"));
  const Answer typo = ask("classify abc --scheme mupp --explain");
  EXPECT_EQ(typo.exit, 2);
  EXPECT_THAT(typo.err, HasSubstr("--scheme"));
}

TEST(Classify, TheTableOfRulesInTheDocumentationIsThePrograms) {
  const std::string page = read_text(WIDTHWISE_SOURCE_DIR "/docs/rules.md");
  const auto line = page.find("\n<!-- table");
  ASSERT_NE(line, std::string::npos);
  EXPECT_EQ(page.substr(page.find('\n', line + 1) + 1), ask("classify abc --rules").out);
}

TEST(Classify, BadExponentsNameTheOption) {
  const Answer few = ask("classify abc --input=0,0 --hidden=1/2,0,0 --output=1/2,0,0");
  EXPECT_EQ(few.exit, 2);
  EXPECT_THAT(few.err, AllOf(HasSubstr("--input"), HasSubstr("0,0")));
  EXPECT_EQ(ask("classify abc --input=0,0,x --hidden=1/2,0,0 --output=1/2,0,0").exit, 2);
  EXPECT_EQ(ask("classify abc --input=0,0,1/0 --hidden=1/2,0,0 --output=1/2,0,0").exit, 2);
  EXPECT_THAT(ask("classify abc --scheme mup --hidden-layers 0").err, HasSubstr("--hidden-layers"));
  EXPECT_THAT(ask("classify abc --scheme mup --optimizer sdg").err, AllOf(HasSubstr("--optimizer"), HasSubstr("sgd")));
  const Answer scheme = ask("classify abc --scheme mupp");
  EXPECT_EQ(scheme.exit, 2);
  EXPECT_THAT(scheme.err, HasSubstr("mup"));
}

TEST(List, NamesEverythingThereIs) {
  const auto all = nlohmann::json::parse(ask("list --json").out);
  for (const char* activation : {"linear", "relu", "leaky_relu", "erf", "gelu", "tanh", "softplus"})
    EXPECT_TRUE(all["activations"].contains(activation)) << activation;
  for (const char* scheme : {"standard", "ntk", "mup", "mean-field", "integrable"})
    EXPECT_TRUE(all["schemes"].contains(scheme)) << scheme;
  for (const char* optimizer : {"sgd", "momentum", "adam", "adamw", "rmsprop", "muon"})
    EXPECT_TRUE(all["optimizers"].contains(optimizer)) << optimizer;
  EXPECT_TRUE(all["observables"].contains("own_update"));
  EXPECT_THAT(ask("list keys").out, HasSubstr("training.learning_rate"));
  const Answer typo = ask("list activatons");
  EXPECT_EQ(typo.exit, 2);
  EXPECT_THAT(typo.err, HasSubstr("activations"));
}

TEST(Data, ChecksGeneratedSets) {
  const auto set = nlohmann::json::parse(ask("data gaussian --dimension 5 --train 40 --json").out);
  EXPECT_EQ(set["train"]["samples"], 40);
  EXPECT_EQ(set["train"]["features"], 5);
}

TEST(Doctor, FindsNoPrescottKernels) {
  const auto machine = nlohmann::json::parse(ask("doctor --json --quick").out);
  EXPECT_NE(machine["blas_core"], "Prescott");
  EXPECT_GT(machine["threads"], 0);
}

TEST(Help, EveryVerbHasAnExample) {
  EXPECT_EQ(ask("--help").exit, 0);
  for (const char* verb :
       {"new", "run", "report", "runs", "list", "classify abc", "classify two-layer", "data", "doctor"}) {
    const Answer help = ask(std::string(verb) + " --help");
    EXPECT_EQ(help.exit, 0) << verb;
    EXPECT_THAT(help.out, HasSubstr("Example: widthwise")) << verb;
  }
  EXPECT_EQ(ask("").exit, 2);
  EXPECT_EQ(ask("rnu x.toml").exit, 2);
}

}  // namespace
}  // namespace widthwise::testing
