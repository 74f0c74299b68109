// Runs that start where others were saved. Full-batch gradient descent has no memory but its weights: two runs of four
// steps, one after the other, are one run of eight, in every observable, if what these compare with is handed on.
#include "widthwise/study/start.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/saved_state.h"
#include "widthwise/study/schedule.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

using study_test::Folder;
using study_test::mistake;
using study_test::parse;
using study_test::quiet;
using testing::ElementsAre;
using testing::HasSubstr;

std::string study(const std::string& scale) {
  return R"(
title = "chain"
[architecture]
hidden_layers = 2
width = 8
bias = true
[data]
name = "gaussian"
train = 32
test = 8
dimension = 6
[training]
learning_rate = 0.05
steps = 4
dtype = "float64"
)" + scale +
         R"(
[measure]
observables = ["train_loss", "test_loss", "output_size", "output_change", "feature_change", "own_update", "weight_change"]
)";
}
const std::string centred = "alpha = 2\nkappa = -2\n";
const std::string first =
    "[[sweep]]\nname = \"first\"\n\"training.save\" = [\"init\", \"end\"]\n\"seed.init\" = [0, 1]\n";
const std::string second =
    "[[sweep]]\nname = \"second\"\nstart_from = { sweep = \"first\" }\n\"seed.init\" = [0, 1]\n"
    "\"training.save\" = [\"end\"]\n\"training.steps\" = 2\n";
const std::string third =
    "[[sweep]]\nname = \"third\"\nstart_from = { sweep = \"second\", at = \"end\" }\n\"seed.init\" = [0, 1]\n"
    "\"training.steps\" = 2\n";
const std::string whole = "[[sweep]]\nname = \"whole\"\n\"seed.init\" = [0, 1]\n\"training.steps\" = 8\n";

std::vector<RunRecord> records(const Study& of, const std::string& sweep, const StoreReader& reader) {
  std::vector<RunRecord> out;
  for (const GridPoint& point : expand(of, of.sweep(sweep)))
    out.push_back(reader.load(point.configuration.identity()).value());
  return out;
}

TEST(Start, AChainOfRunsIsOneRun) {
  for (const std::string& scale : {std::string(), centred, std::string("alpha = 3\nkappa = 0.5\n")}) {
    const Folder folder("widthwise-chain");
    const Study chain = parse(study(scale) + first + second + third + whole);
    EXPECT_EQ(plan_study(chain, quiet(folder.path())).runs, 8U);
    EXPECT_EQ(run_study(chain, quiet(folder.path())).done, 8U);
    const StoreReader reader(folder.path());
    const auto ends = records(chain, "third", reader), wholes = records(chain, "whole", reader);
    for (std::size_t s = 0; s < 2; ++s) {
      ASSERT_EQ(ends[s].finals.size(), wholes[s].finals.size());
      for (const auto& [name, value] : wholes[s].finals)
        EXPECT_NEAR(ends[s].finals.at(name), value, 1e-12 * (1 + std::abs(value))) << name << " " << scale;
      // Its first point is the last of the one before.
      const auto before = records(chain, "second", reader)[s];
      for (const auto& [name, values] : ends[s].trace.series)
        EXPECT_NEAR(values.front(), before.finals.at(name), 1e-12) << name;
    }
  }
}

TEST(Start, WhoStartsElsewhereTrainsApartFromWhoDoesNot) {
  // All else alike: the runs of both sweeps would be members of one ensemble.
  const Folder folder("widthwise-apart");
  const std::string on =
      "[[sweep]]\nname = \"on\"\nstart_from = { sweep = \"first\" }\n\"seed.init\" = [0, 1]\n"
      "[[sweep]]\nname = \"fresh\"\n\"seed.init\" = [0, 1]\n";
  const Study all = parse(study("") + first + on);
  EXPECT_EQ(run_study(all, quiet(folder.path())).done, 6U);
  const StoreReader reader(folder.path());
  EXPECT_EQ(records(all, "fresh", reader)[0].trace.series, records(all, "first", reader)[0].trace.series);
}

TEST(Start, RecentredItBeginsAtZero) {
  const Folder folder("widthwise-recentre");
  const std::string again =
      "[[sweep]]\nname = \"again\"\nstart_from = { sweep = \"first\", recentre = true }\n\"seed.init\" = [0, 1]\n"
      "\"training.save\" = [\"end\"]\n";
  const std::string after = "[[sweep]]\nname = \"after\"\nstart_from = { sweep = \"again\" }\n\"seed.init\" = [0, 1]\n";
  const std::string at_once =
      "[[sweep]]\nname = \"at once\"\nstart_from = { sweep = \"first\", recentre = true }\n\"seed.init\" = [0, 1]\n"
      "\"training.steps\" = 8\n";
  const Study chain = parse(study(centred) + first + again + after + at_once);
  run_study(chain, quiet(folder.path()));
  const StoreReader reader(folder.path());
  for (const RunRecord& run : records(chain, "again", reader))
    for (const char* name : {"output_size", "output_change", "own_update.2", "weight_change.1", "feature_change.1"})
      EXPECT_EQ(run.trace.series.at(name).front(), 0) << name;
  // Who goes on from there keeps that initialization: f(theta_0) is taken at the end of the very first.
  const auto after_all = records(chain, "after", reader), all = records(chain, "at once", reader);
  for (std::size_t s = 0; s < 2; ++s)
    for (const auto& [name, value] : all[s].finals) EXPECT_NEAR(after_all[s].finals.at(name), value, 1e-12) << name;
}

TEST(Start, AtInitIsTheSameRunAgainAndExactlyCentred) {
  const Folder folder("widthwise-init");
  const std::string again =
      "[[sweep]]\nname = \"again\"\nstart_from = { sweep = \"first\", at = \"init\" }\n\"seed.init\" = [0, 1]\n";
  const Study chain = parse(study("alpha = 1e6\nkappa = -1e6\nalpha_convention = \"article\"\n") + first + again);
  run_study(chain, quiet(folder.path()));
  const StoreReader reader(folder.path());
  const auto a = records(chain, "first", reader), b = records(chain, "again", reader);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_EQ(b[s].trace.series.at("output_size").front(), 0);
    EXPECT_EQ(a[s].trace.series, b[s].trace.series);
  }
}

TEST(Start, ParentsInOtherAxesAndPrecisionAreFound) {
  // The sweep that starts has an axis of its own, and takes its parent by the axes both have, one of them fixed here.
  const Folder folder("widthwise-axes");
  const std::string nets =
      "[[sweep]]\nname = \"nets\"\n\"training.save\" = [\"end\"]\n\"architecture.width\" = [8, 16]\n\"seed.init\" = "
      "[0, "
      "1]\n\"training.dtype\" = \"float32\"\n";
  const std::string rates =
      "[[sweep]]\nname = \"rates\"\nstart_from = { sweep = \"nets\" }\n\"architecture.width\" = 16\n"
      "\"training.learning_rate\" = [0.01, 0.1]\n\"seed.init\" = [0, 1]\n";
  const Study both = parse(study("") + nets + rates);
  EXPECT_EQ(run_study(both, quiet(folder.path())).done, 8U);
  const StoreReader reader(folder.path());
  const auto children = records(both, "rates", reader), parents = records(both, "nets", reader);
  for (std::size_t s = 0; s < 2; ++s)
    for (const std::size_t rate : {0U, 1U})
      EXPECT_NEAR(children[2 * rate + s].trace.series.at("train_loss").front(), parents[2 + s].finals.at("train_loss"),
                  1e-6);
}

TEST(Start, StatesComeBackAsTheyWere) {
  const Folder folder("widthwise-states");
  const Study one = parse(study("") + first);
  run_study(one, quiet(folder.path()));
  const RunRecord run = records(one, "first", StoreReader(folder.path())).front();
  EXPECT_THAT(saved_labels(run), ElementsAre("end", "init"));
  DataCache data;
  const OneRun again = train_one(expand(one, one.sweeps.front()).front().configuration, data);
  const auto kept = load_state<double>(run, "end");
  const auto& weights = std::get<Weights<double>>(again.weights);
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_TRUE(kept.weight[l].isApprox(weights.weight[l], 1e-12));
    EXPECT_TRUE(kept.bias[l].isApprox(weights.bias[l], 1e-12));
  }
  EXPECT_EQ(configuration_of(run).identity(), run.identity);
  EXPECT_THROW(load_state<double>(run, "loss 0.5"), StoreError);
}

TEST(Start, OfADivergedRunIsARunThatDiverged) {
  const Folder folder("widthwise-diverged-parent");
  const std::string wild =
      "[[sweep]]\nname = \"first\"\n\"training.save\" = [\"end\"]\n\"seed.init\" = [0, 1]\n"
      "\"training.learning_rate\" = [0.05, 1e9]\n";
  const std::string child =
      "[[sweep]]\nname = \"second\"\nstart_from = { sweep = \"first\" }\n\"seed.init\" = [0, 1]\n"
      "\"training.learning_rate\" = [0.05, 1e9]\n";
  const Study chain = parse(study("") + wild + child);
  EXPECT_EQ(run_study(chain, quiet(folder.path())).done, 8U);
  const StoreReader reader(folder.path());
  const auto runs = records(chain, "second", reader);
  EXPECT_EQ(runs[0].status, "finished");
  EXPECT_EQ(runs[1].status, "diverged");
  EXPECT_EQ(runs[1].last_step, 0);
  EXPECT_THAT(runs[1].reason, HasSubstr("the run it starts from diverged, "));
  EXPECT_EQ(run_study(chain, quiet(folder.path())).found, 8U);
}

TEST(Start, WhatIsThereIsNotRunAgainAndProcessesShareTheChain) {
  const Folder folder("widthwise-chain-shared");
  const Study chain = parse(study(centred) + first + second + third);
  run_study(parse(study(centred) + first), quiet(folder.path()));
  const Plan plan = plan_study(chain, quiet(folder.path()));
  EXPECT_EQ(plan.runs, 6U);
  EXPECT_EQ(plan.done, 2U);
  study_test::run_by_three(chain, folder.path());
  const StoreReader reader(folder.path());
  EXPECT_EQ(reader.size(), 6U);
  EXPECT_TRUE(reader.duplicates().empty());
}

TEST(Start, ARunWhoseParentNobodyMakesIsAnErrorNotAWait) {
  const Folder folder("widthwise-orphan");
  const Study orphan = parse(study("") + "[[sweep]]\nname = \"s\"\n\"start.run\" = \"0123\"\n");
  try {
    run_study(orphan, quiet(folder.path()));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "start.run");
    EXPECT_THAT(error.got(), HasSubstr("0123"));
  }
  DataCache data;
  EXPECT_THROW(train_one(expand(orphan, orphan.sweeps.front()).front().configuration, data), ConfigError);
}

TEST(Start, TheoryDoesNotSpeakOfSuchRuns) {
  const Folder folder("widthwise-start-theory");
  const std::string claim =
      "[[prediction]]\nname = \"p\"\nsweep = \"later\"\nof = \"final.output_size\"\nagainst = \"architecture.width\"\n"
      "exponent = \"theory\"\n";
  const std::string widths = "\"architecture.width\" = [8, 16]\n\"seed.init\" = [0, 1]\n";
  const Study chain = parse(study("") + "[[sweep]]\nname = \"nets\"\n\"training.save\" = [\"end\"]\n" + widths +
                            "[[sweep]]\nname = \"later\"\nstart_from = { sweep = \"nets\" }\n" + widths + claim);
  EXPECT_THROW(judge(chain, StoreReader(folder.path())), ConfigError);
}

struct Case {
  std::string name, text, key, expected, got, hint;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}
class StartMistakes : public testing::TestWithParam<Case> {};

TEST_P(StartMistakes, SayWhereAndWhat) {
  const Case& one = GetParam();
  const ConfigError error = mistake(one.text);
  EXPECT_THAT(error.place().file, testing::StartsWith("study.toml:"));
  EXPECT_THAT(error.place().key, HasSubstr(one.key));
  EXPECT_THAT(error.expected(), HasSubstr(one.expected));
  EXPECT_THAT(error.got(), HasSubstr(one.got));
  EXPECT_THAT(error.hint(), HasSubstr(one.hint));
}

std::string child(const std::string& from, const std::string& axes = "\"seed.init\" = [0, 1]\n") {
  return "[[sweep]]\nname = \"second\"\nstart_from = " + from + "\n" + axes;
}

INSTANTIATE_TEST_SUITE_P(
    Study, StartMistakes,
    testing::Values(
        Case{"UnknownSweep", study("") + first + child("{ sweep = \"frist\" }"), "sweep.start_from.sweep",
             "a sweep written before", "frist", "'first'"},
        Case{"Itself", study("") + first + child("{ sweep = \"second\" }"), "sweep.start_from.sweep",
             "a sweep written before", "second", ""},
        Case{"WrittenAfter", study("") + child("{ sweep = \"first\" }") + first, "sweep.start_from.sweep",
             "a sweep written before", "first", ""},
        Case{"NotSaved",
             study("") + "[[sweep]]\nname = \"first\"\n\"seed.init\" = [0, 1]\n" + child("{ sweep = \"first\" }"),
             "sweep.start_from", "save their state 'end'", "training.save = []", "\"training.save\" = [\"end\"]"},
        Case{"OtherLabel", study("") + first + child("{ sweep = \"first\", at = \"loss 0.5\" }"), "sweep.start_from",
             "save their state 'loss 0.5'", "[\"end\",\"init\"]", ""},
        Case{"NoSuchState", study("save = [\"ende\"]\n") + "[[sweep]]\nname = \"s\"\n", "training.save", "init, end",
             "ende", "'end'"},
        Case{"AxisLacking", study("") + first + child("{ sweep = \"first\" }", ""), "sweep.start_from",
             "one run of sweep 'first'", "several", "no seed.init"},
        Case{"ValueLacking", study("") + first + child("{ sweep = \"first\" }", "\"seed.init\" = [0, 5]\n"),
             "sweep.start_from", "a run of sweep 'first' for every run", "seed.init = 5", "the same values"},
        Case{
            "OtherWidth",
            study("") + first + child("{ sweep = \"first\" }", "\"seed.init\" = [0, 1]\n\"architecture.width\" = 16\n"),
            "sweep.start_from", "architecture.width = 8", "16", ""},
        Case{"OtherInputs",
             study("") + first + child("{ sweep = \"first\" }", "\"seed.init\" = [0, 1]\n\"data.dimension\" = 7\n"),
             "sweep.start_from", "data of 6 inputs", "7", ""},
        Case{"NoTable", study("") + first + child("\"first\""), "sweep.start_from", "a table", "first", ""},
        Case{"UnknownMember", study("") + first + child("{ sweep = \"first\", form = \"end\" }"),
             "sweep.start_from.form", "a known key", "form", ""},
        Case{"Both", study("") + first + child("{ sweep = \"first\" }", "\"start.run\" = \"abc\"\n"),
             "sweep.start_from", "either start_from or start.run", "both", ""}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace widthwise
