// The verb transfer on networks small enough to be asked in a second.
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
name = "standard"
[data]
name = "gaussian"
labels = "classes"
dimension = 8
train = 64
[training]
optimizer = "adam"
loss = "cross-entropy"
learning_rate = 0.05
steps = 10
)";

std::filesystem::path folder_with_net(const std::string& name) {
  const auto folder = fresh_folder(name);
  std::ofstream(folder / "net.toml") << net;
  return folder;
}

constexpr const char* ask = "transfer net.toml --at 16,64,256 --grid-step 1 --seeds 4 --quiet ";

TEST(Transfer, SaysWhetherItTransfersInWordsADrawingAndAPage) {
  const auto folder = folder_with_net("transfer");
  const Answer answer = widthwise(std::string(ask) + "--figure t.svg --report t.html", folder);
  EXPECT_EQ(answer.exit, 0) << answer.out << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("architecture.width"), HasSubstr("optimum [95% interval]"),
                                HasSubstr("largest stable"), HasSubstr("gives away")));
  EXPECT_THAT(answer.err, HasSubstr("Asked of: mlp"));
  EXPECT_THAT(read_text(folder / "t.svg"),
              AllOf(HasSubstr("<svg"), HasSubstr("optimum"), HasSubstr(">256<"), HasSubstr("</svg>")));
  EXPECT_THAT(read_text(folder / "t.html"), AllOf(HasSubstr("final.train_loss over training.learning_rate"),
                                                  HasSubstr("the training.learning_rate that minimises")));
}

TEST(Transfer, AnswersInJsonAndExitsWithOneUnderStrictWhereItDrifts) {
  // Every weight moves preactivations by n times Adam's rate: the standard parameterization's best rate falls.
  const auto folder = folder_with_net("transfer-json");
  const Answer answer = widthwise(std::string(ask) + "--json --strict", folder);
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json["verdict"], "drifts") << answer.out;
  EXPECT_EQ(answer.exit, 1);
  EXPECT_EQ(json["key"], "training.learning_rate");
  EXPECT_EQ(json["seeds"], 4);
  const auto& scales = json["lines"][0]["scales"];
  ASSERT_EQ(scales.size(), 3U);
  EXPECT_GT(scales[0]["optimum"]["value"], scales[2]["optimum"]["value"]);
  EXPECT_EQ(scales[0]["mean_loss"].size(), json["values"].size());
  EXPECT_LT(json["lines"][0]["drift"]["interval"][1], -0.1);
  EXPECT_EQ(widthwise(std::string(ask) + "--json", folder).exit, 0);  // not without --strict
}

TEST(Transfer, WidensAGridThatEndsAtAnOptimum) {
  const auto folder = folder_with_net("transfer-wider");
  const std::string narrow = std::string(ask) + "--span 0.0005:0.002 --json ";  // far too small for ten steps
  const auto wide = widthwise(narrow, folder);
  EXPECT_THAT(wide.err, HasSubstr("which is widened"));
  const auto json = nlohmann::json::parse(wide.out);
  EXPECT_GT(json["values"].back(), 0.002);
  const auto kept = nlohmann::json::parse(widthwise(narrow + "--extend 0", folder).out);
  EXPECT_EQ(kept["values"].size(), 3U);
  EXPECT_EQ(kept["verdict"], "undecided");
  EXPECT_EQ(kept["lines"][0]["scales"][0]["edge"], "upper");
}

TEST(Transfer, TheStudyItWritesIsTheOneItRuns) {
  const auto folder = folder_with_net("transfer-written");
  EXPECT_EQ(widthwise(std::string(ask) + "--extend 0", folder).exit, 0);
  EXPECT_EQ(widthwise(std::string(ask) + "--write s.toml", folder).exit, 0);
  const Answer run = widthwise("run s.toml --quiet", folder);
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("0 done now"));
}

TEST(Transfer, OverWidthAndDepthAndOfASchemeAlone) {
  const Answer answer = widthwise(
      "transfer --scheme mup --optimizer adam --over both --at 16,32 --depths 1,2 --seeds 2 --grid-step 1 --extend 0 "
      "--steps 3 --quiet --json",
      fresh_folder("transfer-both"));
  EXPECT_EQ(answer.exit, 0) << answer.err;
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json["lines"].size(), 4U);
  EXPECT_EQ(json["lines"][2]["along"], "architecture.hidden_layers");
  EXPECT_EQ(json["lines"][2]["at"], 16);
  EXPECT_EQ(json["orders"]["commute"], "unknown");  // of three steps, two scales and two seeds
  EXPECT_THAT(json["answer"].back(), HasSubstr("may commute or not"));
}

TEST(Transfer, BadInputNamesTheOption) {
  const auto folder = folder_with_net("transfer-bad");
  const std::pair<const char*, const char*> cases[] = {{"--at=64", "at"},
                                                       {"--at=0,64", "at"},
                                                       {"--at=1.5,64", "architecture.width"},
                                                       {"--seeds=0", "seeds"},
                                                       {"--span=1", "--span"},
                                                       {"--span=2:1", "span"},
                                                       {"--span=a:1", "--span"},
                                                       {"--grid-step=-1", "grid-step"},
                                                       {"--tolerance=0", "tolerance"},
                                                       {"--key=training.optimizer", "training.optimizer"},
                                                       {"--key=training.momentum", "key"},
                                                       {"--key=architecture.width", "key"},
                                                       {"--value=final.nothing", "nothing"},
                                                       {"--depths=1,2", "--depths"},
                                                       {"--figure=t.png", "--figure"},
                                                       {"--set=training.optimizr=adam", "training.optimizer"}};
  for (const auto& [option, named] : cases) {
    const Answer answer = widthwise(std::string("transfer net.toml --quiet ") + option, folder);
    EXPECT_EQ(answer.exit, 2) << option << answer.out;
    EXPECT_THAT(answer.err, AllOf(HasSubstr(named), HasSubstr("expected"))) << option;
  }
  EXPECT_EQ(widthwise("transfer none.toml", folder).exit, 2);
  EXPECT_EQ(widthwise("transfer net.toml --over length", folder).exit, 2);
}

// Bordelon and Pehlevan (2025): under muP the best rate stays once N >= D, in the tangent-kernel scaling it moves until
// training is lazy. Of theory: no seeds.
TEST(Transfer, OfDeepLinearTheoryGoesOverTheRatioOfWidths) {
  const auto folder = fresh_folder("transfer-theory");
  const auto ask_of = [&](const std::string& richness) {
    std::ofstream(folder / "theory.toml") << "[limit]\nkind = \"deep-linear\"\nhidden_layers = 2\nsample_ratio = 4\n"
                                             "learning_rate = 0.1\nsteps = 9\nrichness = "
                                          << richness << "\n";
    return nlohmann::json::parse(
        widthwise(
            "transfer theory.toml --at 1,2,4,8,16 --grid-step 0.125 --span 0.02:1.2 --tolerance 0.25 --json --quiet",
            folder)
            .out);
  };
  const auto mup = ask_of("3"), kernel = ask_of("\"3/sqrt(limit.width_ratio)\"");
  EXPECT_EQ(mup["verdict"], "transfers") << mup.dump(1);
  EXPECT_EQ(kernel["verdict"], "drifts");
}

TEST(Transfer, OfATheoryGoesOverAnyOfItsSettingsAndOthersAreRefused) {
  const auto folder = fresh_folder("transfer-momentum");
  std::ofstream(folder / "theory.toml") << "[limit]\nkind = \"deep-linear\"\nsample_ratio = 4\nlearning_rate = 0.02\n"
                                           "steps = 20\n";
  const std::string ask_theory = "transfer theory.toml --at 1,2,4 --quiet --span 0:0.875 ";
  const Answer momentum = widthwise(ask_theory + "--key limit.momentum", folder);
  EXPECT_EQ(momentum.exit, 0) << momentum.err;
  EXPECT_THAT(momentum.out, HasSubstr("limit.momentum"));
  const Answer other = widthwise(ask_theory + "--key training.momentum", folder);
  EXPECT_EQ(other.exit, 2);
  EXPECT_THAT(other.err, HasSubstr("a setting that these runs use"));
  for (const char* verb : {"certify", "regime"}) {
    const Answer none = widthwise(std::string(verb) + " theory.toml", folder);
    EXPECT_EQ(none.exit, 2);
    EXPECT_THAT(none.err, HasSubstr("limit.kind: expected a network")) << verb;
  }
}

}  // namespace
}  // namespace widthwise::testing
