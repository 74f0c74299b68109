// The verb regime on networks small enough to be asked in a second.
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
width = 8
activation = "softplus"
[parameterization]
name = "mean-field"
base_in = "multiplier"
[data]
name = "sphere"
dimension = 6
train = 16
test = 20
labels = "random"
[training]
learning_rate = 0.1
steps = 7
loss = "softhinge"
)";

std::filesystem::path folder_with_net(const std::string& name) {
  const auto folder = fresh_folder(name);
  std::ofstream(folder / "net.toml") << net;
  return folder;
}

constexpr const char* ask = "regime net.toml --widths 4 --grid 3 --seeds 2 --alphas 0.01:10000 --quiet ";

TEST(Regime, AnswersInWordsNumbersAndAPage) {
  const auto folder = folder_with_net("regime");
  const Answer answer = widthwise(std::string(ask) + "--alpha 0.01 --report r.html", folder);
  EXPECT_EQ(answer.exit, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("At width 8 and alpha 0.01 the network learns features"), HasSubstr(" F"),
                                HasSubstr(" L"), HasSubstr("alpha*"), HasSubstr("alpha* over the width")));
  EXPECT_THAT(read_text(folder / "r.html"), HasSubstr("the network learns features"));

  // Asked once more, of another alpha, nothing but that alpha's runs is new; as JSON.
  const Answer again = widthwise(std::string(ask) + "--alpha 10000 --json", folder);
  EXPECT_THAT(again.err, HasSubstr("0 done now"));
  const auto json = nlohmann::json::parse(again.out);
  EXPECT_EQ(json["regime"], "lazy");
  EXPECT_EQ(json["points"].size(), 2U * 3U);
  EXPECT_EQ(json["crossovers"].size(), 2U);
  EXPECT_EQ(json["exponent"]["predicted"], 0.0);
  EXPECT_LT(json["here"]["from_linearised"]["value"], 0.05);
}

TEST(Regime, TheStudyItWritesIsTheOneItRuns) {
  const auto folder = folder_with_net("regime-written");
  EXPECT_EQ(widthwise(ask, folder).exit, 0);
  const Answer written = widthwise(std::string(ask) + "--write s.toml", folder);
  EXPECT_EQ(written.exit, 0) << written.err;
  const Answer run = widthwise("run s.toml --quiet", folder);
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("0 done now"));
}

TEST(Regime, DataOfOnesOwnAreTakenByTheirClasses) {
  const auto folder = fresh_folder("regime-own");
  std::ofstream table(folder / "t.csv");
  table << "a,b,class\n";
  for (int i = 0; i < 30; ++i) table << (i * 7) % 11 << ',' << (i * 5) % 13 << ',' << i % 3 << '\n';
  table.close();
  const std::string own = "regime --csv t.csv --width 6 --widths 6 --grid 2 --seeds 1 --alphas 1:100 --quiet ";
  const Answer written = widthwise(own + "--write s.toml", folder);
  EXPECT_EQ(written.exit, 0) << written.err;
  EXPECT_THAT(written.err, AllOf(HasSubstr("Taken: 24 for training, 6 for test"), HasSubstr("cross-entropy")));
  const Answer planned = widthwise("run s.toml --dry-run", folder);  // it stands by itself
  EXPECT_EQ(planned.exit, 0) << planned.err;
  const Answer values = widthwise(own + "--set data.labels=values --write v.toml", folder);
  EXPECT_EQ(values.exit, 0) << values.err;
  EXPECT_THAT(values.err, HasSubstr("squared loss"));
  EXPECT_THAT(widthwise(own + "--set data.train=500", folder).err,
              AllOf(HasSubstr("command line"), HasSubstr("data.train")));
}

TEST(Regime, BadInputNamesTheOption) {
  const auto folder = folder_with_net("regime-bad");
  const std::pair<const char*, const char*> cases[] = {{"--alpha=-1", "training.alpha"},
                                                       {"--alphas=1", "--alphas"},
                                                       {"--alphas=a:b", "--alphas"},
                                                       {"--alphas=0:1", "alphas"},
                                                       {"--seeds=0", "seeds"},
                                                       {"--grid=1", "grid"},
                                                       {"--width=x", "architecture.width"},
                                                       {"--widths=0", "widths"},
                                                       {"--kernel-change=-2", "kernel-change"},
                                                       {"--kernel-change=inf", "kernel-change"},
                                                       {"--grid=3000", "grid"},
                                                       {"--alphas=1:1.0001", "alphas"},
                                                       {"--set=training.kapa=1", "training.kappa"},
                                                       {"--set=data.labels=values", "softhinge"}};
  for (const auto& [option, named] : cases) {
    const Answer answer = widthwise(std::string("regime net.toml --quiet ") + option, folder);
    EXPECT_EQ(answer.exit, 2) << option;
    EXPECT_THAT(answer.err, AllOf(HasSubstr(named), HasSubstr("expected"))) << option;
  }
}

}  // namespace
}  // namespace widthwise::testing
