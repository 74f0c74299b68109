// Ensembles over seeds: outputs are recorded here by formula, so that every error, variance and jack-knife is known.
#include <gmock/gmock.h>

#include <cmath>

#include "made_up_runs.h"
#include "quiet_run.h"
#include "text.h"
#include "widthwise/data/npy.h"
#include "widthwise/numerics/divergence.h"
#include "widthwise/numerics/jackknife.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/convergence.h"
#include "widthwise/study/derived.h"
#include "widthwise/study/kept_outputs.h"
#include "widthwise/study/prediction.h"

namespace widthwise {
namespace {

using study_test::Folder;
using study_test::mistake;
using study_test::parse;
using study_test::tiny;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

KeptOutputs outputs(std::vector<double> values, std::vector<std::uint8_t> labels) {
  const auto samples = static_cast<std::int64_t>(labels.size());
  return {samples, static_cast<std::int64_t>(values.size()) / samples, std::move(values), std::move(labels)};
}

TEST(KeptOutputs, TheErrorOfAnEnsembleIsThatOfItsMeanOutput) {
  // Signs + - +. Each member is wrong once in three, where the other is right by more; the mean is right everywhere
  // but at the third point, where it is 0: a tie is wrong.
  const KeptOutputs a = outputs({2, -3, 1}, {1, 0, 1}), b = outputs({-1, 1, -1}, {1, 0, 1});
  const std::vector<const KeptOutputs*> both{&a, &b};
  EXPECT_DOUBLE_EQ(ensemble_error(both), 1.0 / 3);
  const std::vector<const KeptOutputs*> alone{&b};
  EXPECT_DOUBLE_EQ(ensemble_error(alone), 1);
  // Classes 1 and 0 of two: the mean outputs are (0, 1) and (1, 1): right, and a tie.
  const KeptOutputs c = outputs({0, 2, 2, 0}, {1, 0}), d = outputs({0, 0, 0, 2}, {1, 0});
  const std::vector<const KeptOutputs*> classes{&c, &d};
  EXPECT_DOUBLE_EQ(ensemble_error(classes), 0.5);
}

TEST(KeptOutputs, VarianceAndDistanceByHand) {
  // At the points the members differ by 2 and 4: variances 2 and 8, their mean 5.
  const KeptOutputs a = outputs({1, 0}, {1, 0}), b = outputs({3, 4}, {1, 0});
  const std::vector<const KeptOutputs*> both{&a, &b};
  EXPECT_DOUBLE_EQ(ensemble_variance(both), 5);
  EXPECT_TRUE(std::isnan(ensemble_variance(std::span(both).first(1))));
  EXPECT_DOUBLE_EQ(relative_distance(a, b), std::sqrt(20.0));  // sqrt((4 + 16) / 1)
  EXPECT_TRUE(std::isnan(relative_distance(outputs({0, 0}, {1, 0}), a)));
  EXPECT_THROW(relative_distance(a, outputs({1, 0, 1}, {1, 0, 1})), ShapeError);
  EXPECT_THROW(relative_distance(a, outputs({1, 0}, {0, 0})), ShapeError);
}

const std::string base = R"(
title = "t"
[architecture]
hidden_layers = 2
width = 8
[data]
name = "gaussian"
train = 16
test = 4
dimension = 3
[training]
learning_rate = 0.05
steps = 4
dtype = "float64"
target_loss = 0.01
[measure]
observables = ["train_loss", "test_error"]
keep = ["test_outputs"]
[[sweep]]
name = "s"
"architecture.width" = [16, 64, 256]
"training.alpha" = [1, 2]
"seed.init" = [0, 1, 2, 3]
)";

std::string derived(const std::string& how, const std::string& more = {}) {
  return "[[derived]]\nname = \"" + how + "\"\nsweep = \"s\"\nof = \"test_outputs\"\nover = \"seed.init\"\nhow = \"" +
         how + "\"\n" + more;
}
const std::string prediction = R"(
[[prediction]]
name = "p"
sweep = "s"
of = "ensemble_variance"
against = "architecture.width"
where = { "training.alpha" = 1 }
exponent = -1
source = "made up"
)";

// Outputs at four points with signs + - + -: alpha (y + e n^(-1/2) g(seed, point)).
std::vector<double> made_up(const Configuration& c) {
  const double n = c.number("architecture.width"), seed = c.number("seed.init");
  std::vector<double> f;
  for (int mu = 0; mu < 4; ++mu)
    f.push_back(c.number("training.alpha") * ((mu % 2 == 0 ? 1 : -1) + 0.5 / std::sqrt(n) * std::sin(3 * seed + mu)));
  return f;
}

StoreReader record(const Study& study, const Folder& folder, const study_test::RunChange& change = {}) {
  const auto make = [](const Configuration& c, RunRecord& run) {
    run.status = "stopped";
    run.reason = "batch loss 0.01 reached the target 0.01";
    run.trace.series = {{"train_loss", {0.1}}, {"test_error", {0.1 + 0.01 * c.number("seed.init")}}};
    run.arrays["test_outputs"] = npy::encode<double>(made_up(c), {4, 1});
    run.arrays["test_labels"] = npy::encode<std::uint8_t>(std::vector<std::uint8_t>{1, 0, 1, 0}, {4});
  };
  return study_test::record_made_up(study, folder, make, change);
}

bool is(const Configuration& c, double width, double seed) {
  return c.number("architecture.width") == width && c.number("seed.init") == seed;
}

double variance_of(double n, double alpha, int left_out = -1) {
  std::vector<std::vector<double>> all;
  for (int s = 0; s < 4; ++s)
    if (s != left_out) {
      std::vector<double> f;
      for (int mu = 0; mu < 4; ++mu) f.push_back(0.5 * alpha / std::sqrt(n) * std::sin(3.0 * s + mu));
      all.push_back(f);
    }
  double sum = 0;
  for (std::size_t mu = 0; mu < 4; ++mu) {
    double mean = 0;
    for (const auto& f : all) mean += f[mu] / static_cast<double>(all.size());
    for (const auto& f : all) sum += (f[mu] - mean) * (f[mu] - mean) / 4;
  }
  return sum / static_cast<double>(all.size() - 1);
}

TEST(Ensemble, VarianceHasItsJackknife) {
  const Folder folder("widthwise-ensemble");
  const Study study = parse(base + derived("ensemble_variance") + derived("ensemble_error"));
  const StoreReader reader = record(study, folder);
  const Table table = select(study, "s", {"ensemble_variance", "ensemble_error"}, reader);
  EXPECT_THAT(table.axes, ElementsAre("architecture.width", "training.alpha"));
  ASSERT_EQ(table.rows.size(), 6U);
  const Row& row = table.rows[1];  // n = 16, alpha = 2
  EXPECT_NEAR(row.values[0], variance_of(16, 2), 1e-14);
  ASSERT_EQ(row.left_out[0].size(), 4U);
  EXPECT_EQ(row.left_out[0][2].seed, "seed.init = 2");
  EXPECT_NEAR(row.left_out[0][2].value, variance_of(16, 2, 2), 1e-14);
  EXPECT_EQ(row.error(0), jackknife_error(row.left_out[0]));
  EXPECT_EQ(row.values[1], 0);  // every sign is right
  EXPECT_EQ(row.error(1), 0);
  EXPECT_EQ(row.members[0].used, 4U);
  EXPECT_EQ(row.members[0].text(), "");
}

TEST(Ensemble, TheExponentOfAVarianceIsJudgedByLeavingSeedsOut) {
  // Without any seed the variance is a power law of exponent -1: the interval has no width beyond rounding.
  const Folder folder("widthwise-ensemble-exponent");
  const Study study = parse(base + derived("ensemble_variance") + prediction);
  const StoreReader reader = record(study, folder);
  const Judgement judged = judge(study, study.predictions.front(), reader);
  EXPECT_EQ(judged.verdict, Verdict::agrees) << judged.explanation;
  EXPECT_TRUE(judged.jackknifed);
  EXPECT_NEAR(judged.measured, -1, 1e-12);
  EXPECT_NEAR(judged.statistical, 0, 1e-10);
  EXPECT_EQ(judged.seeds.size(), 4U);
  EXPECT_THAT(judged.notes, IsEmpty());
}

TEST(Ensemble, FailedSeedsAreTold) {
  // One diverged, one not run: without `require` there is no value, and the reason says which and why.
  const auto failing = [](const Configuration& c, RunRecord& run) {
    if (is(c, 64, 1))
      run = {run.identity, run.configuration, {}, "diverged", 7, "batch loss 9e9 at step 7", 0, {}, {}, {}};
    if (is(c, 256, 2)) run.status = "missing";
  };
  const Folder folder("widthwise-ensemble-failed");
  const Study strict = parse(base + derived("ensemble_variance") + prediction);
  const StoreReader reader = record(strict, folder, failing);
  const Table table = select(strict, "s", {"ensemble_variance"}, reader);
  EXPECT_FALSE(std::isnan(table.rows[0].values[0]));
  EXPECT_TRUE(std::isnan(table.rows[2].values[0]));
  EXPECT_THAT(table.rows[2].reason, HasSubstr("3 of 4 runs, 4 are needed"));
  EXPECT_THAT(table.rows[2].reason, HasSubstr("seed.init = 1: diverged, batch loss 9e9 at step 7"));
  EXPECT_THAT(table.rows[4].reason, HasSubstr("seed.init = 2: not run yet"));
  const Judgement undecided = judge(strict, strict.predictions.front(), reader);
  EXPECT_EQ(undecided.verdict, Verdict::undecided);
  ASSERT_EQ(undecided.dropped.size(), 2U);
  EXPECT_THAT(undecided.dropped[0].reason, HasSubstr("3 of 4 runs"));

  // With three required there are values, and the verdict tells on what they rest.
  const Study three = parse(base + derived("ensemble_variance", "require = 3\n") + prediction);
  const Judgement judged = judge(three, three.predictions.front(), reader);
  EXPECT_EQ(judged.points.size(), 3U);
  ASSERT_EQ(judged.notes.size(), 2U);
  EXPECT_THAT(judged.notes[0], HasSubstr("architecture.width = 64"));
  EXPECT_THAT(judged.notes[0], HasSubstr("3 of 4 runs"));
  EXPECT_TRUE(judged.jackknifed);
}

TEST(Ensemble, RunsThatHaveNotConvergedAreCountedOrLeftOut) {
  const auto slow = [](const Configuration& c, RunRecord& run) {
    if (!is(c, 64, 1)) return;
    run.status = "finished";
    run.reason = "";
  };
  const Folder folder("widthwise-ensemble-slow");
  const Study study = parse(base + derived("ensemble_variance") + prediction);
  const StoreReader reader = record(study, folder, slow);
  const Judgement kept = judge(study, study.predictions.front(), reader);
  EXPECT_EQ(kept.points.size(), 3U);
  ASSERT_EQ(kept.notes.size(), 1U);
  EXPECT_THAT(kept.notes[0], HasSubstr("1 of 12 runs ended before"));

  const Study only = parse(base + derived("ensemble_variance", "converged_only = true\nrequire = 3\n") + prediction);
  const Table table = select(only, "s", {"ensemble_variance"}, reader);
  EXPECT_NEAR(table.rows[2].values[0], variance_of(64, 1, 1), 1e-14);
  EXPECT_THAT(table.rows[2].reason, HasSubstr("seed.init = 1: has not converged"));

  // Of runs themselves: a prediction may leave them out too.
  const std::string of_runs =
      "[[prediction]]\nname = \"q\"\nsweep = \"s\"\nof = \"final.test_error\"\nagainst = \"architecture.width\"\n"
      "where = { \"training.alpha\" = 1 }\nexponent = 0\nsource = \"made up\"\n";
  const Study plain = parse(base + of_runs), converged = parse(base + of_runs + "converged_only = true\n");
  EXPECT_THAT(judge(plain, plain.predictions[0], reader).notes.front(), HasSubstr("1 of 12 runs"));
  const Judgement left_out = judge(converged, converged.predictions[0], reader);
  EXPECT_EQ(left_out.points.size(), 11U);
  EXPECT_THAT(left_out.notes, IsEmpty());
  EXPECT_EQ(left_out.dropped.front().reason, "has not converged");
}

TEST(Ensemble, WhatRunsSayOfTheirEndTellsWhetherTheyConverged) {
  // Real runs: one that reaches its loss, one that does not, one stopped by patience before its margin.
  const auto ended = [](const std::string& training) {
    const Folder folder("widthwise-converged");
    const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n\"data.name\" = \"gaussian\"\n" + training);
    run_study(study, study_test::quiet(folder.path()));
    return select(study, "s", {"final.train_loss"}, StoreReader(folder.path())).rows.front().unconverged;
  };
  EXPECT_FALSE(ended(""));
  EXPECT_TRUE(ended("\"training.target_loss\" = 1e-9\n"));
  EXPECT_FALSE(ended("\"training.target_loss\" = 0.3\n\"training.steps\" = 5000\n"));
  EXPECT_TRUE(ended("\"training.stop_margin\" = 50\n"));
  EXPECT_TRUE(ended("\"training.stop_margin\" = 50\n\"training.steps\" = 5000\n\"training.patience\" = 3\n"));
  EXPECT_FALSE(ended("\"training.stop_margin\" = -50\n"));
  EXPECT_FALSE(ended("\"training.stop_margin\" = -50\n\"training.stop_share\" = 0.5\n"));
  EXPECT_FALSE(ended("\"training.stop_margin\" = -50\n\"training.batch\" = 8\n\"training.steps\" = 50\n"));
}

TEST(Ensemble, MeansHaveTheStandardErrorAndSeedsPassThroughDifferences) {
  const Folder folder("widthwise-ensemble-mean");
  const std::string mean =
      "[[derived]]\nname = \"mean error\"\nsweep = \"s\"\nof = \"final.test_error\"\nover = \"seed.init\"\n";
  const std::string difference =
      "[[derived]]\nname = \"gain\"\nsweep = \"s\"\nof = \"ensemble_variance\"\nover = \"training.alpha\"\n"
      "how = \"difference\"\n";
  const Study study = parse(base + derived("ensemble_variance") + mean + difference);
  const StoreReader reader = record(study, folder);
  const Row one = select(study, "s", {"mean error"}, reader).rows.front();
  EXPECT_NEAR(one.values[0], 0.115, 1e-15);
  EXPECT_NEAR(one.error(0), standard_error(std::vector<double>{0.1, 0.11, 0.12, 0.13}), 1e-15);
  // Outputs are proportional to alpha: the variance at 2 is four times that at 1, without each seed as well.
  const Row gain = select(study, "s", {"gain"}, reader).rows.front();
  EXPECT_NEAR(gain.values[0], 3 * variance_of(16, 1), 1e-14);
  ASSERT_EQ(gain.left_out[0].size(), 4U);
  EXPECT_NEAR(gain.left_out[0][3].value, 3 * variance_of(16, 1, 3), 1e-14);
  // Mean error and ensemble stand in one figure: they consume the same axis.
  EXPECT_EQ(select(study, "s", {"mean error", "ensemble_variance"}, reader).rows.size(), 6U);
}

TEST(Ensemble, DistancesWithinASweepAndBetweenTwo) {
  const Folder folder("widthwise-distance");
  const std::string other =
      "[[sweep]]\nname = \"double\"\n\"architecture.width\" = [16, 64, 256]\n"
      "\"training.alpha\" = 3\n\"seed.init\" = [0, 1, 2, 3]\n";
  const std::string within =
      "[[derived]]\nname = \"within\"\nsweep = \"s\"\nof = \"test_outputs\"\n"
      "over = \"training.alpha\"\nhow = \"relative_distance\"\n";
  const std::string between =
      "[[derived]]\nname = \"between\"\nsweep = \"double\"\nof = \"test_outputs\"\n"
      "with = \"s\"\nhow = \"relative_distance\"\n";
  const Study study =
      parse_study(base + other + within + between, "study.toml", "", {{"sweep.s.training.alpha", "[1, 2]"}});
  // F is proportional to alpha: F(2) is as far from F(1) as F(1) is large, and F(3) twice as far.
  const StoreReader reader = record(study, folder);
  const Table in_one = select(study, "s", {"within"}, reader);
  ASSERT_EQ(in_one.rows.size(), 12U);
  for (const Row& row : in_one.rows) EXPECT_NEAR(row.values[0], 1, 1e-14);
  // Sweep s has both alphas, of which 3 is none: there is no run to compare with.
  EXPECT_THROW(select(study, "double", {"between"}, reader), ConfigError);
  const Study fixed = parse_study(base + other + between, "study.toml", "",
                                  {{"sweep.s.training.alpha", "[1]"}, {"sweep.double.training.alpha", "[1]"}});
  for (const Row& row : select(fixed, "double", {"between"}, reader).rows) EXPECT_NEAR(row.values[0], 0, 1e-14);
}

TEST(Ensemble, DivergencesFromTheRunsOfAnotherSweep) {
  const Folder folder("widthwise-divergence");
  const std::string other =
      "[[sweep]]\nname = \"reference\"\n\"architecture.width\" = 16\n\"training.alpha\" = 3\n"
      "\"seed.init\" = [0, 1, 2, 3]\n";
  const std::string kinds[] = {"logit_divergence", "probability_divergence", "class_divergence"};
  std::string text = base + other;
  for (const std::string& how : kinds) text += derived(how, "with = \"reference\"\n");
  const Study study = parse(text);
  const StoreReader reader = record(study, folder);
  const Table table = select(study, "s", {kinds[0], kinds[1], kinds[2]}, reader);
  const Row& row = table.rows[3];  // n = 64, alpha = 2
  double logit = 0, probability = 0;
  for (int mu = 0; mu < 4; ++mu) {
    std::vector<double> values, reference, of_values, of_reference;
    for (int s = 0; s < 4; ++s) {
      const double sign = mu % 2 == 0 ? 1 : -1, wave = 0.5 * std::sin(3.0 * s + mu);
      values.push_back(2 * (sign + wave / 8));
      reference.push_back(3 * (sign + wave / 4));
      of_values.push_back(1 / (1 + std::exp(-values.back())));
      of_reference.push_back(1 / (1 + std::exp(-reference.back())));
    }
    logit += normal_divergence(values, reference) / 4;
    probability += beta_divergence(of_values, of_reference) / 4;
  }
  EXPECT_NEAR(row.values[0], logit, 1e-12);
  EXPECT_NEAR(row.values[1], probability, 1e-10);
  EXPECT_EQ(row.values[2], 0);  // all signs are the targets'
  ASSERT_EQ(row.left_out[0].size(), 4U);
  EXPECT_NE(row.left_out[0][1].value, row.values[0]);
  // Of itself, without a seed here and there: nothing.
  const Study same = parse(base + derived("logit_divergence", "with = \"s\"\n"));
  for (const Row& one : select(same, "s", {"logit_divergence"}, reader).rows) EXPECT_NEAR(one.values[0], 0, 1e-13);
}

struct Case {
  std::string name, text, key, expected, got;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}
class EnsembleMistakes : public testing::TestWithParam<Case> {};

TEST_P(EnsembleMistakes, SayWhereAndWhat) {
  const ConfigError error = mistake(GetParam().text);
  EXPECT_THAT(error.place().file, testing::StartsWith("study.toml:"));
  EXPECT_EQ(error.place().key, GetParam().key);
  EXPECT_THAT(error.expected(), HasSubstr(GetParam().expected));
  EXPECT_THAT(error.got(), HasSubstr(GetParam().got));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

INSTANTIATE_TEST_SUITE_P(
    Study, EnsembleMistakes,
    testing::Values(
        Case{"NotKept", replaced(base, "keep = [\"test_outputs\"]\n", "") + derived("ensemble_error"), "derived.of",
             "outputs the sweep keeps", "test_outputs"},
        Case{"NoOutputs", base + replaced(derived("ensemble_error"), "test_outputs", "final.train_loss"), "derived.of",
             "test_outputs or train_outputs", "final.train_loss"},
        Case{"OverWidths", base + replaced(derived("ensemble_error"), "seed.init", "architecture.width"),
             "derived.over", "seed.init or seed.batch", "architecture.width"},
        Case{"DistanceOfFour", base + derived("relative_distance"), "derived.over", "two values", "4"},
        Case{"RequireTooMany", base + derived("ensemble_error", "require = 5\n"), "derived.require", "at most the 4",
             "5"},
        Case{"RequireNone", base + derived("ensemble_error", "require = 0\n"), "derived.require", "at least 1", "0"},
        Case{"RequireOfABest",
             base + "[[derived]]\nname = \"b\"\nsweep = \"s\"\nof = \"final.test_error\"\nover = \"training.alpha\"\n"
                    "how = \"best\"\nby = \"final.train_loss\"\nrequire = 2\n",
             "derived.require", "a mean, a variance or an ensemble", "best"},
        Case{"WithUnknownSweep",
             base + replaced(derived("relative_distance", "with = \"t\"\n"), "over = \"seed.init\"\n", ""),
             "derived.with", "a sweep of the study", "t"},
        Case{"OverAndWith", base + derived("relative_distance", "with = \"s\"\n"), "derived.with",
             "either over or with", "both"},
        Case{"DivergenceFromNothing", base + derived("logit_divergence"), "derived.with",
             "the sweep that is compared with", "nothing"},
        Case{"DivergenceOverWidths",
             base + replaced(derived("class_divergence", "with = \"s\"\n"), "seed.init", "architecture.width"),
             "derived.over", "seed.init", "architecture.width"},
        Case{"WithOfAMean", base + replaced(derived("mean", "with = \"s\"\n"), "over = \"seed.init\"\n", ""),
             "derived.with", "relative_distance", "mean"},
        Case{"ConvergedTwice",
             base + derived("ensemble_error") +
                 "[[derived]]\nname = \"d\"\nsweep = \"s\"\nof = \"ensemble_error\"\nover = \"training.alpha\"\n"
                 "how = \"difference\"\nconverged_only = true\n",
             "derived.converged_only", "a value of runs", "ensemble_error"},
        Case{"ConvergedIsNoNumber", base + derived("ensemble_error", "converged_only = 1\n"), "derived.converged_only",
             "true or false", "1"},
        Case{"ErrorOfValues", replaced(base, "name = \"gaussian\"", "name = \"teacher\"") + derived("ensemble_error"),
             "derived.how", "signs or classes", "values"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace widthwise
