// Studies from end to end on tiny networks: what is recorded, what is judged, and what survives.
#include "widthwise/study/schedule.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <set>
#include <thread>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/group.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

using study_test::Folder;
using study_test::parse;
using study_test::quiet;
using study_test::run_in_child;
using study_test::tiny;

const std::string sweep =
    "[[sweep]]\nname = \"s\"\n\"architecture.width\" = [8, 16, 32]\n\"parameterization.name\" = [\"mup\", \"ntk\"]\n"
    "\"seed.init\" = { from = 0, count = 3 }\n";

// Every run of the study once, in all files of the store together.
void expect_each_once(const Folder& folder, std::size_t runs) {
  const StoreReader reader(folder.path());
  EXPECT_EQ(reader.size(), runs);
  EXPECT_TRUE(reader.duplicates().empty());
}

TEST(Schedule, RunsWhatIsMissingAndNothingTwice) {
  const Folder folder("widthwise-resume");
  const Study study = parse(tiny + sweep);
  EXPECT_EQ(plan_study(study, quiet(folder.path())).runs, 18U);
  const Summary first = run_study(study, quiet(folder.path()));
  EXPECT_EQ(first.done, 18U);
  EXPECT_EQ(first.found, 0U);
  const Summary second = run_study(study, quiet(folder.path()));
  EXPECT_EQ(second.done, 0U);
  EXPECT_EQ(second.found, 18U);
  // The study grows by a width: six more runs, and the plan knows.
  const Study grown = parse_study(tiny + sweep, "study.toml", "", {{"sweep.s.architecture.width", "[8, 16, 32, 64]"}});
  const Plan plan = plan_study(grown, quiet(folder.path()));
  EXPECT_EQ(plan.runs - plan.done, 6U);
  EXPECT_GT(plan.seconds, 0);
  EXPECT_GT(plan.bytes, 0);
  EXPECT_EQ(run_study(grown, quiet(folder.path())).done, 6U);
  expect_each_once(folder, 24);
}

TEST(Schedule, NumbersDependOnTheConfigurationNotOnTheCompany) {
  // A run alone and the same run in an ensemble: equal up to the rounding of stacked products.
  const Folder alone("widthwise-alone"), together("widthwise-together");
  const Study small = parse_study(tiny + sweep, "study.toml", "",
                                  {{"sweep.s.architecture.width", "[16]"}, {"sweep.s.seed.init", "[2]"}});
  run_study(small, quiet(alone.path()));
  run_study(parse(tiny + sweep), quiet(together.path()));
  const StoreReader a(alone.path()), b(together.path());
  ASSERT_EQ(a.size(), 2U);
  for (const std::string& identity : a.identities())
    EXPECT_NEAR(a.load(identity)->finals.at("train_loss"), b.load(identity)->finals.at("train_loss"), 1e-10);
}

TEST(Schedule, RecordsSayHowTheyCameToBe) {
  const Folder folder("widthwise-provenance");
  run_study(parse(tiny + "[[sweep]]\nname = \"s\"\n"), quiet(folder.path()));
  const StoreReader reader(folder.path());
  const auto run = reader.load(*reader.identities().begin());
  for (const char* key :
       {"version", "commit", "compiler", "cpu", "isa", "blas_core", "dtype", "threads", "data_fingerprint"})
    EXPECT_FALSE(run->provenance.at(key).empty()) << key;
  EXPECT_EQ(run->status, "finished");
  EXPECT_EQ(run->trace.size(), 5U);  // steps 0..4
  EXPECT_THAT(run->configuration, testing::HasSubstr("\"architecture.width\":8"));
}

TEST(Schedule, TooManyRunsAskForConsent) {
  const Folder folder("widthwise-consent");
  const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n\"seed.init\" = { from = 0, count = 100001 }\n");
  try {
    run_study(study, quiet(folder.path()));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.hint(), testing::HasSubstr("--yes"));
  }
}

TEST(Schedule, AnInterruptLeavesWhatWasFinished) {
  const Folder folder("widthwise-interrupt");
  request_interrupt();
  EXPECT_THROW(run_study(parse(tiny + sweep), quiet(folder.path())), Interrupted);
  request_interrupt(false);
  EXPECT_EQ(run_study(parse(tiny + sweep), quiet(folder.path())).runs, 18U);
  expect_each_once(folder, 18);
}

const std::vector<std::pair<std::string, std::string>> longer{
    {"training.steps", "400"}, {"sweep.s.seed.init", "{ from = 0, count = 12 }"}, {"measure.times.every", "100"}};

TEST(Schedule, KilledInTheMiddleItGoesOnWithoutLossOrDouble) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  const Folder folder("widthwise-killed");
  const Study study = parse_study(tiny + sweep, "study.toml", "", longer);
  const pid_t child = run_in_child(study, quiet(folder.path(), 1));
  // Wait for the first records, so that the kill falls into the middle of the work.
  std::size_t before = 0;
  for (int i = 0; i < 2000 && before == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    before = StoreReader(folder.path()).size();
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  before = StoreReader(folder.path()).size();
  EXPECT_GT(before, 0U);
  const Summary rest = run_study(study, quiet(folder.path()));
  EXPECT_EQ(rest.found, before);
  EXPECT_EQ(rest.done, 72U - before);
  expect_each_once(folder, 72);
}

TEST(Schedule, ClaimsOfADeadHostAreRespectedWhileTheyAreFreshAndRetakenAfter) {
  const Folder folder("widthwise-dead-host");
  const Study study = parse(tiny + sweep);
  // A claim on every group, of a host that is not here, whose heart beat a moment ago and never will again.
  std::vector<Configuration> runs;
  for (const Sweep& one : study.sweeps)
    for (GridPoint& point : expand(study, one)) runs.push_back(std::move(point.configuration));
  const std::vector<RunGroup> groups = group_runs(std::move(runs));
  std::filesystem::create_directories(folder.path() / "claims");
  for (const RunGroup& group : groups)
    std::ofstream(folder.path() / "claims" / (group.id + ".json"))
        << R"({"host":"elsewhere","process":1,"space":"x","started":"1","token":"t"})";
  const auto start = std::chrono::steady_clock::now();
  RunOptions options = quiet(folder.path());
  options.claim_timeout = 1;
  EXPECT_EQ(run_study(study, options).done, 18U);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(900));
  expect_each_once(folder, 18);
}

TEST(Schedule, TwoProcessesShareOneStore) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  const Folder folder("widthwise-shared");
  const Study study = parse_study(tiny + sweep, "study.toml", "", longer);
  const pid_t a = run_in_child(study, quiet(folder.path(), 1)), b = run_in_child(study, quiet(folder.path(), 1));
  for (const pid_t child : {a, b}) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  expect_each_once(folder, 72);
  EXPECT_EQ(run_study(study, quiet(folder.path())).found, 72U);
}

TEST(Schedule, WhatOthersRecordMeanwhileIsCounted) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  const Folder folder("widthwise-elsewhere");
  const Study study = parse_study(tiny + sweep, "study.toml", "", longer);
  const pid_t child = run_in_child(study, quiet(folder.path(), 1));
  const Summary here = run_study(study, quiet(folder.path(), 1));
  waitpid(child, nullptr, 0);
  EXPECT_EQ(here.found + here.done + here.elsewhere, 72U);
  expect_each_once(folder, 72);
}

TEST(Judge, TheoryAgreesOnTheInitialOutput) {
  // Under mup the output at initialization shrinks like n^-1/2 (a_out + b_out = 1), under ntk it keeps its size: exact
  // statements about Gaussian weights, so wide enough seeds must show them.
  const Folder folder("widthwise-judge");
  const std::string claim =
      "[[prediction]]\nname = \"NAME\"\nsweep = \"s\"\nof = \"initial.output_size\"\nagainst = \"architecture.width\"\n"
      "where = { \"parameterization.name\" = \"NAME\" }\nexponent = \"theory\"\ntolerance = 0.3\n";
  std::string text = tiny + sweep;
  for (const char* name : {"mup", "ntk"}) {
    std::string one = claim;
    for (std::size_t at = one.find("NAME"); at != std::string::npos; at = one.find("NAME")) one.replace(at, 4, name);
    text += one;
  }
  const Study study = parse_study(text, "study.toml", "",
                                  {{"sweep.s.architecture.width", "{ log2 = [5, 9] }"},
                                   {"sweep.s.seed.init", "{ from = 0, count = 20 }"},
                                   {"training.steps", "0"}});
  run_study(study, quiet(folder.path()));
  const auto judgements = judge(study, StoreReader(folder.path()));
  ASSERT_EQ(judgements.size(), 2U);
  EXPECT_DOUBLE_EQ(judgements[0].predicted.value(), -0.5);
  EXPECT_DOUBLE_EQ(judgements[1].predicted.value(), 0.0);
  for (const Judgement& judgement : judgements) {
    EXPECT_EQ(judgement.points.size(), 100U);
    EXPECT_NEAR(judgement.measured, *judgement.predicted, 0.3) << judgement.explanation;
    EXPECT_NE(judgement.verdict, Verdict::disagrees) << judgement.explanation;
    EXPECT_FALSE(judgement.reasons.empty());
  }
}

TEST(Judge, AnUnfinishedStudyIsUndecidedAndSaysWhatIsMissing) {
  const Folder folder("widthwise-unfinished");
  const std::string claim =
      "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"final.own_update.2\"\nagainst = \"architecture.width\"\n"
      "where = { \"parameterization.name\" = \"mup\" }\nexponent = \"theory\"\n";
  const auto judgements = judge(parse(tiny + sweep + claim), StoreReader(folder.path()));
  EXPECT_EQ(judgements[0].verdict, Verdict::undecided);
  EXPECT_EQ(judgements[0].recorded, 0U);
  EXPECT_EQ(judgements[0].expected, 9U);
  EXPECT_THAT(judgements[0].advice, testing::HasSubstr("0 of 9"));
}

TEST(Judge, AnAxisWithoutAPartMustBeFixed) {
  const Folder folder("widthwise-unfixed");
  const std::string claim =
      "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"final.own_update.2\"\nagainst = \"architecture.width\"\n"
      "exponent = \"theory\"\n";
  try {
    judge(parse(tiny + sweep + claim), StoreReader(folder.path()));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.expected(), testing::HasSubstr("parameterization.name"));
    EXPECT_THAT(error.hint(), testing::HasSubstr("where = { \"parameterization.name\" = \"mup\" }"));
  }
}

TEST(Judge, AnOptimumAtTheEdgeNamesTheKeyToExtend) {
  // Rates far too small: the loss falls with the rate, so the best is the largest tried, at every width.
  const Folder folder("widthwise-edge");
  const std::string text =
      tiny +
      "[[sweep]]\nname = \"s\"\n\"architecture.width\" = [8, 16, 32]\n\"training.learning_rate\" = { log2 = [-12, "
      "-8] }\n\"seed.init\" = [0, 1, 2]\n\"parameterization.name\" = \"mup\"\n[[prediction]]\nname = \"p\"\n"
      "sweep = \"s\"\nof = { optimum = \"training.learning_rate\", minimizes = \"final.train_loss\" }\n"
      "against = \"architecture.width\"\nexponent = 3\nsource = \"made up\"\n";
  const Study study = parse(text);
  run_study(study, quiet(folder.path()));
  const Judgement judgement = judge(study, StoreReader(folder.path())).front();
  EXPECT_EQ(judgement.verdict, Verdict::undecided);
  EXPECT_EQ(judgement.points.size(), 9U);
  EXPECT_THAT(judgement.advice, testing::HasSubstr("training.learning_rate above"));
}

TEST(Table, NamedValuesAreThoseOfTheTrace) {
  const Folder folder("widthwise-table");
  const Study study = parse(tiny + sweep +
                            "[[derived]]\nname = \"mean loss\"\nsweep = \"s\"\nof = "
                            "\"final.train_loss\"\nover = \"seed.init\"\n");
  run_study(study, quiet(folder.path()));
  const StoreReader reader(folder.path());
  const Table table = select(study, "s",
                             {"final.train_loss", "initial.train_loss", "best.train_loss", "last(2).train_loss",
                              "at_step(1).train_loss", "at(0.5).train_loss"},
                             reader);
  ASSERT_EQ(table.rows.size(), 18U);
  for (const Row& row : table.rows) {
    const std::vector<double> loss = reader.load(row.identity)->trace.values("train_loss");
    EXPECT_EQ(row.values[0], loss.back());
    EXPECT_EQ(row.values[1], loss.front());
    EXPECT_EQ(row.values[2], *std::ranges::min_element(loss));
    EXPECT_DOUBLE_EQ(row.values[3], (loss[3] + loss[4]) / 2);
    EXPECT_EQ(row.values[4], loss[1]);
    EXPECT_DOUBLE_EQ(row.values[5], (loss[0] + loss[1]) / 2);
  }
  const Table means = select(study, "s", {"mean loss"}, reader);
  ASSERT_EQ(means.rows.size(), 6U);
  EXPECT_EQ(means.axis("seed.init"), -1);
  EXPECT_DOUBLE_EQ(means.rows[0].values[0],
                   (table.rows[0].values[0] + table.rows[1].values[0] + table.rows[2].values[0]) / 3);
}

}  // namespace
}  // namespace widthwise
