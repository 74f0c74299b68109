// new, run, report, runs on small studies of generated data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "small_study.h"

namespace widthwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Run, TrainsWhatIsMissingOnceThenJudges) {
  const auto folder = folder_with_study("run");
  const Answer dry = widthwise("run s.toml --dry-run", folder);
  EXPECT_EQ(dry.exit, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("24 distinct runs, 24 to do"));
  EXPECT_FALSE(std::filesystem::exists(folder / "widthwise-store"));

  const Answer first = widthwise("run s.toml --report r.html", folder);
  EXPECT_EQ(first.exit, 0) << first.err;
  EXPECT_THAT(first.err, AllOf(HasSubstr("24 done now"), HasSubstr("r.html")));
  EXPECT_THAT(first.out, HasSubstr("NTK outputs start at order one"));
  EXPECT_THAT(read_text(folder / "r.html"), HasSubstr("NTK outputs start at order one"));

  const Answer second = widthwise("run s.toml --json", folder);
  EXPECT_THAT(second.err, AllOf(HasSubstr("24 found"), HasSubstr("0 done now")));
  const auto verdicts = nlohmann::json::parse(second.out);
  ASSERT_EQ(verdicts["predictions"].size(), 1u);
  EXPECT_EQ(verdicts["predictions"][0]["predicted"], 0.0);
}

TEST(Run, WarnsOfWhatAStudyMustHear) {
  const std::string deep = replaced(small_study, "hidden_layers = 2", "hidden_layers = 4\nactivation = \"sigmoid\""),
                    warning = "phi(0) != 0 for sigmoid";
  const auto folder = folder_with_study("warns", replaced(deep, "[\"ntk\", \"mup\"]", "[\"ntk\", \"integrable\"]"));
  const Answer dry = widthwise("run s.toml --dry-run", folder);
  EXPECT_EQ(dry.exit, 0) << dry.err;
  EXPECT_THAT(dry.err, HasSubstr("Warning: " + warning));
  const Answer run = widthwise("run s.toml --quiet --json --report r.html", folder);
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("Warning: " + warning));
  const auto answer = nlohmann::json::parse(run.out);
  ASSERT_EQ(answer["warnings"].size(), 1u);
  EXPECT_THAT(answer["warnings"][0].get<std::string>(), HasSubstr(warning));
  EXPECT_THAT(read_text(folder / "r.html"), HasSubstr(warning));

  const auto quiet = folder_with_study("warns-not");  // ntk and mup take any activation
  EXPECT_THAT(widthwise("run s.toml --dry-run", quiet).err, Not(HasSubstr("Warning")));
}

TEST(Run, StrictExitsWithOneWhereAPredictionFails) {
  // The initial output of NTK has exponent 0, so that of 2 is refuted.
  const auto folder = folder_with_study(
      "strict", replaced(small_study, "exponent = \"theory\"", "exponent = 2\nsource = \"a wrong claim\""));
  EXPECT_EQ(widthwise("run s.toml --quiet", folder).exit, 0);
  EXPECT_EQ(widthwise("run s.toml --quiet --strict", folder).exit, 1);
}

TEST(Run, BadInputExitsWithTwoAndNamesFileKeyExpectedAndGot) {
  struct Case {
    const char *name, *from, *to, *message;
  };
  const Case cases[] = {
      {"unknown", "hidden_layers = 2", "hiden_layers = 2", "hidden_layers"},
      {"type", "hidden_layers = 2", "hidden_layers = true", "architecture.hidden_layers"},
      {"zero", "[64, 128, 256]", "[0, 128]", "architecture.width"},
      {"negative", "[64, 128, 256]", "[-3, 128]", "-3"},
      {"huge", "[64, 128, 256]", "[1000000000000]", "1000000000000"},
      {"beyond memory", "train = 64", "train = 1000000000", "data.train"},
      {"empty", "[64, 128, 256]", "[]", "architecture.width"},
      {"division", "learning_rate = 0.01", "learning_rate = \"1/(training.steps-3)\"", "training.learning_rate"},
      {"itself", "learning_rate = 0.01", "learning_rate = \"2*training.learning_rate\"", "training.learning_rate"},
      {"syntax", "title = \"Small\"", "title = ", "s.toml"},
      {"data", "name = \"gaussian\"", "name = \"gausian\"", "gaussian"},
  };
  for (const Case& c : cases) {
    const auto folder = folder_with_study(std::string("bad-") + c.name, replaced(small_study, c.from, c.to));
    const Answer answer = widthwise("run s.toml --quiet", folder);
    EXPECT_EQ(answer.exit, 2) << c.name << ": " << answer.err;
    EXPECT_THAT(answer.err, AllOf(HasSubstr("s.toml"), HasSubstr(c.message), HasSubstr("expected"))) << c.name;
  }
}

TEST(Run, MissingDataNamesThePlacesAndTheCommand) {
  const auto folder =
      folder_with_study("no-data", replaced(small_study, "name = \"gaussian\"\ndimension = 8", "name = \"mnist\""));
  const Answer answer = widthwise("run s.toml --quiet", folder, "WIDTHWISE_DATA=" + folder.string());
  EXPECT_EQ(answer.exit, 2);
  EXPECT_THAT(answer.err, AllOf(HasSubstr(folder.string()), HasSubstr("--data-dir")));
}

TEST(Run, KilledAndStartedAgainLosesAndDoublesNothing) {
  const auto folder = folder_with_study(
      "killed", replaced(replaced(small_study, "steps = 3", "steps = 300"), "every = 1", "every = 100"));
  const Answer killed = widthwise("run s.toml --quiet --threads 1", folder, "timeout -s KILL 0.4");
  EXPECT_NE(killed.exit, 0);
  const Answer resumed = widthwise("run s.toml --quiet", folder);
  EXPECT_EQ(resumed.exit, 0) << resumed.err;
  const Answer check = widthwise("runs --check", folder);
  EXPECT_EQ(check.exit, 0) << check.out;
  EXPECT_THAT(check.out, HasSubstr("24 runs"));
}

TEST(Run, InterruptedExitsWithThreeAndSaysHowToGoOn) {
  const auto folder = folder_with_study("interrupted", replaced(small_study, "steps = 3", "steps = 100000"));
  // --preserve-status: timeout answers with the program's own exit code.
  const Answer answer =
      widthwise("run s.toml --quiet --threads 1", folder, "timeout --preserve-status -s INT -k 10 0.5");
  EXPECT_EQ(answer.exit, 3);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("interrupted"), HasSubstr("The same command goes on")));
  EXPECT_EQ(widthwise("runs --check", folder).exit, 0);
}

TEST(Run, ProcessesShareOneStore) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  const auto folder = folder_with_study("shared", replaced(small_study, "steps = 3", "steps = 200"));
  std::ofstream(folder / "go.sh") << "for i in 1 2 3; do '" WIDTHWISE_PROGRAM
                                     "' run s.toml --quiet --threads 1 >out$i 2>err$i || touch failed & done; wait\n";
  ASSERT_EQ(std::system(("cd '" + folder.string() + "' && sh go.sh").c_str()), 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "failed")) << read_text(folder / "err1");
  EXPECT_THAT(widthwise("runs --check", folder).out, HasSubstr("24 runs, all whole"));
  EXPECT_EQ(read_text(folder / "out1"), read_text(folder / "out2"));  // all judge the same runs
  EXPECT_EQ(read_text(folder / "out1"), read_text(folder / "out3"));
}

TEST(Report, DrawsUnfinishedStudiesAndExplainsVerdicts) {
  const auto folder = folder_with_study("report");
  const Answer empty = widthwise("report s.toml", folder);
  EXPECT_EQ(empty.exit, 0) << empty.err;
  EXPECT_THAT(read_text(folder / "report.html"), HasSubstr("0 of 24 runs"));
  widthwise("run s.toml --quiet", folder);
  const Answer explained = widthwise("report s.toml --explain 'NTK outputs start at order one'", folder);
  EXPECT_EQ(explained.exit, 0) << explained.err;
  EXPECT_THAT(explained.out, AllOf(HasSubstr("256"), HasSubstr("slope")));
  const Answer unknown = widthwise("report s.toml --explain 'NTK outputs start at order two'", folder);
  EXPECT_EQ(unknown.exit, 2);
  EXPECT_THAT(unknown.err, HasSubstr("order one"));
}

TEST(Report, CarriesValuesAtInfiniteWidth) {
  const auto folder = folder_with_study("limits", std::string(small_study) + R"(
[[derived]]
name = "limit"
sweep = "widths"
of = "initial.output_size"
over = "architecture.width"
how = "infinite-width"
[[figure]]
name = "to infinity"
sweep = "widths"
x = "architecture.width"
y = "initial.output_size"
color = "parameterization.name"
extrapolate = 1
[[prediction]]
name = "of order one"
sweep = "widths"
of = "limit"
where = { "parameterization.name" = "ntk" }
value = 1
tolerance = 9
source = "the NTK parameterization"
)");
  const Answer run = widthwise("run s.toml --quiet --json", folder);
  ASSERT_EQ(run.exit, 0) << run.err;
  const auto answer = nlohmann::json::parse(run.out);
  const auto& prediction = answer["predictions"][1];
  EXPECT_EQ(prediction["verdict"], "agrees");
  EXPECT_EQ(prediction["limit"]["seeds"].size(), 4u);
  EXPECT_EQ(prediction["limit"]["value"], prediction["measured"]);
  const auto& rows = answer["derived"][0]["rows"];
  ASSERT_EQ(rows.size(), 2u);  // a value a parameterization
  EXPECT_EQ(rows[0]["axes"]["parameterization.name"], "ntk");
  EXPECT_EQ(rows[0]["limit"]["interval"], prediction["interval"]);
  const Answer explained = widthwise("report s.toml --explain 'of order one'", folder);
  EXPECT_THAT(explained.out,
              AllOf(HasSubstr("residual"), HasSubstr("Limit of each seed"), HasSubstr("y_inf + c/n a seed")));
  widthwise("report s.toml --figures f", folder);
  EXPECT_THAT(read_text(folder / "f" / "to-infinity.csv"), AllOf(HasSubstr("ntk fit,"), HasSubstr(",inf,")));
}

TEST(Runs, FiltersAndExports) {
  const auto folder = folder_with_study("runs");
  widthwise("run s.toml --quiet", folder);
  const Answer csv = widthwise("runs --csv --where architecture.width=64", folder);
  EXPECT_EQ(csv.exit, 0) << csv.err;
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 1 + 8);  // a header; 2 schemes x 4 seeds
  const auto runs = nlohmann::json::parse(widthwise("runs --json --where parameterization.name=mup", folder).out);
  EXPECT_EQ(runs.size(), 12u);
  EXPECT_EQ(widthwise("runs --where architecture.wdth=64", folder).exit, 2);
}

TEST(New, WritesAStudyThatRunsAndOverwritesNothing) {
  const auto folder = fresh_folder("new");
  EXPECT_EQ(widthwise("new mine.toml", folder).exit, 0);
  const Answer dry = widthwise("run mine.toml --dry-run", folder);
  EXPECT_EQ(dry.exit, 0) << dry.err;
  EXPECT_THAT(dry.out, Not(HasSubstr(" 0 distinct runs")));
  const Answer again = widthwise("new mine.toml", folder);
  EXPECT_EQ(again.exit, 2);
  EXPECT_THAT(again.err, HasSubstr("--force"));
}

}  // namespace
}  // namespace widthwise::testing
