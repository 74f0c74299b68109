// classify two-layer, asked as a user asks it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace widthwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Answer ask(const std::string& arguments) {
  return widthwise("classify two-layer " + arguments, fresh_folder("two-layer"));
}

nlohmann::json answer(const std::string& arguments) {
  const Answer told = ask(arguments + " --json");
  EXPECT_EQ(told.exit, 0) << told.err;
  return nlohmann::json::parse(told.out);
}

TEST(ClassifyTwoLayer, AnswersInKeysAndWords) {
  EXPECT_EQ(answer("--q-sigma=-1 --q-a=1 --q-w=1"), nlohmann::json::parse(R"({
    "stable": true, "reason": null, "class": "MF", "f0": "vanish", "K0": "finite", "ratio": "vanish",
    "kernel": "evolves", "annotations": [],
    "limit": {"engine": "mean-field", "first": "lin", "later": "log", "keeps_init": false},
    "exponents": {"nu": "-1/2", "kappa": "0", "s_a": "0", "s_w": "0"}})"));
  EXPECT_EQ(answer("--q-sigma=1 --q-a=1 --q-w=1"), nlohmann::json::parse(R"({
    "stable": false, "reason": "diverging", "class": null, "f0": null, "K0": null, "ratio": null, "kernel": null,
    "annotations": null, "limit": null, "exponents": null})"));
  EXPECT_EQ(answer("--q-sigma=-1 --q=-1")["reason"], "stagnating");
}

// The table of the thirteen cells; the room's tests hold the rest of each row.
TEST(ClassifyTwoLayer, NamesEveryCell) {
  const std::vector<std::array<const char*, 3>> cells = {{"-1", "1", "MF"},
                                                         {"-1/2", "0", "NTK"},
                                                         {"-1/2", "1/2", "sym-default"},
                                                         {"-3/4", "0.5", "MF-NTK"},
                                                         {"-.5", "0.25", "NTK-sym-default"},
                                                         {"-3/4", "3/4", "MF-sym-default"},
                                                         {"-10", "10", "post-MF"},
                                                         {"0", "0", "pre-sym-default"},
                                                         {"-10", "19/2", "post-NTK"},
                                                         {"0", "-1/2", "pre-NTK"},
                                                         {"-33/50", "1/2", "triangle"},
                                                         {"-1", "3/4", "post-MF-NTK"},
                                                         {"10", "-41/4", "pre-NTK-sym-default"}};
  for (const auto& [q_sigma, q, name] : cells)
    EXPECT_EQ(answer(std::string("--q-sigma=") + q_sigma + " --q=" + q)["class"], name);
  EXPECT_EQ(answer("--q-sigma=-1 --q=1 --init-corrected")["class"], "IC-MF");
  EXPECT_EQ(answer("--q-sigma=-3/4 --q=1/2 --init-corrected")["class"], "NTK");
}

TEST(ClassifyTwoLayer, UnequalRatesAreAnnotated) {
  const auto standard = answer("--q-sigma=-1/2 --q-a=1 --q-w=0");
  EXPECT_EQ(standard["class"], "sym-default");
  EXPECT_THAT(standard["annotations"].dump(), HasSubstr("a_init_forgotten"));
  EXPECT_THAT(answer("--q-sigma=-1/2 --q-a=1 --q-w=-1/4")["annotations"].dump(), HasSubstr("random features"));
}

TEST(ClassifyTwoLayer, TextGivesTheInequalities) {
  const Answer ntk = ask("--q-sigma=-1/2 --q=0");
  EXPECT_EQ(ntk.exit, 0) << ntk.err;
  EXPECT_THAT(ntk.out,
              AllOf(HasSubstr("class: NTK"), HasSubstr("Stable: s_a + s_w = -1 <= 0 and max(s_a, s_w) = -1/2 >= -1/2."),
                    HasSubstr("P1 holds"), HasSubstr("P2 holds"), HasSubstr("P3 holds"), HasSubstr("P4 fails"),
                    HasSubstr("y/(1 + e^(y f))")));
  EXPECT_THAT(ask("--q-sigma=1 --q=1").out, AllOf(HasSubstr("Diverging: s_a + s_w = 4 > 0"), Not(HasSubstr("P1"))));
  EXPECT_THAT(ask("--q-sigma=-1 --q=-1").out, HasSubstr("Stagnating: max(s_a, s_w) = -2 < -1/2"));
}

TEST(ClassifyTwoLayer, DrawsThePlane) {
  const auto folder = fresh_folder("two-layer-plane");
  const Answer told = widthwise("classify two-layer --q-sigma=-1/2 --q-a=1 --q-w=0 --json --draw plane.svg", folder);
  EXPECT_EQ(told.exit, 0) << told.err;
  EXPECT_EQ(nlohmann::json::parse(told.out)["class"], "sym-default");  // the answer is alone on standard output
  const std::string drawing = read_text(folder / "plane.svg");
  EXPECT_THAT(drawing, AllOf(::testing::StartsWith("<svg"), ::testing::EndsWith("</svg>\n")));
  for (const char* name : {"MF", "NTK", "sym-default", "MF-NTK", "NTK-sym-default", "MF-sym-default", "post-MF",
                           "pre-sym-default", "post-NTK", "pre-NTK", "triangle", "post-MF-NTK", "pre-NTK-sym-default"})
    EXPECT_THAT(drawing, HasSubstr(std::string(">") + name + "</text>")) << name;
  EXPECT_THAT(drawing, HasSubstr("q_a = 1, q_w = 0: sym-default"));
  const Answer png = widthwise("classify two-layer --q-sigma=-1 --q=1 --draw plane.png", folder);
  EXPECT_EQ(png.exit, 2);
  EXPECT_THAT(png.err, AllOf(HasSubstr("--draw"), HasSubstr(".svg")));
}

TEST(ClassifyTwoLayer, MistakesNameTheOption) {
  const auto refused = [](const std::string& arguments) {
    const Answer told = ask(arguments);
    EXPECT_EQ(told.exit, 2) << arguments;
    EXPECT_EQ(told.out, "") << arguments;
    return told.err;
  };
  EXPECT_THAT(refused("--q-sigma=x --q=0"), AllOf(HasSubstr("--q-sigma"), HasSubstr("'x'")));
  EXPECT_THAT(refused("--q-sigma=1e-3 --q=0"), HasSubstr("--q-sigma"));
  EXPECT_THAT(refused("--q-sigma=0 --q-a=1/0 --q-w=0"), HasSubstr("--q-a"));
  EXPECT_THAT(refused("--q-sigma=0 --q=nan"), HasSubstr("--q"));
  EXPECT_THAT(refused("--q-sigma=0 --q-a=1"), HasSubstr("--q-w"));
  EXPECT_THAT(refused("--q-sigma=0 --q=1 --q-w=1"), HasSubstr("--q"));
  EXPECT_THAT(refused("--q=1"), HasSubstr("--q-sigma"));
  EXPECT_THAT(refused("--q-sigma=-1/2 --q=1/2 --init-corrected"),
              AllOf(HasSubstr("--init-corrected"), HasSubstr("kappa = 1/2"), HasSubstr("comparable"), HasSubstr("MF")));
  EXPECT_THAT(refused("--q-sigma=9223372036854775807 --q=9223372036854775807"), HasSubstr("64-bit"));
}

}  // namespace
}  // namespace widthwise::testing
