// Deep linear networks in studies: identities, what they leave, and networks beside their theory.
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/limit/deep_linear_theory.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/deep_linear_run.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

using study_test::Folder;
using study_test::mistake;
using study_test::parse;
using study_test::quiet;
using ::testing::HasSubstr;

const std::string base = R"(
title = "deep linear"
[limit]
kind = "deep-linear"
learning_rate = 0.05
width_ratio = 1
sample_ratio = 2
noise = 0.3
steps = 10
dimension = 32
[measure]
times = { every = 1 }
)";

Configuration configuration(const std::string& lines) {
  const Study study = parse(base + "[[sweep]]\nname = \"s\"\n" + lines);
  return expand(study, study.sweeps.front()).front().configuration;
}

TEST(DeepLinearRun, EverySettingOfTheModelIsPartOfTheIdentityAndNoOther) {
  std::set<std::string> identities{configuration("").identity()};
  for (const char* line :
       {"\"limit.hidden_layers\" = 2", "\"limit.residual_branch\" = 0.5", "\"limit.learning_rate\" = 0.06",
        "\"limit.richness\" = 2", "\"limit.width_ratio\" = \"inf\"", "\"limit.width_ratios\" = [[2]]",
        "\"limit.outputs\" = 2", "\"limit.sample_ratio\" = 3", "\"limit.noise\" = 0.1", "\"limit.data\" = \"one-pass\"",
        "\"limit.momentum\" = 0.5", "\"limit.centred\" = true", "\"limit.steps\" = 11",
        "\"limit.spectrum.exponent\" = 1.5", "\"training.schedule\" = \"cosine\"", "\"training.divergence_cap\" = 5",
        "\"limit.kind\" = \"deep-linear-network\""})
    EXPECT_TRUE(identities.insert(configuration(line).identity()).second) << line;
  const std::string own = configuration("").identity();
  for (const char* line : {"\"seed.init\" = 3", "\"training.dtype\" = \"float64\"", "\"architecture.width\" = 9",
                           "\"data.train\" = 9", "\"limit.dimension\" = 64", "\"limit.width\" = 9",
                           "\"limit.spectrum.modes\" = 7", "\"limit.output_correlation\" = 0.5"})
    EXPECT_EQ(configuration(line).identity(), own) << line;
  const std::string flow = "\"limit.kind\" = \"deep-linear-flow\"\n\"limit.spectrum.exponent\" = 2\n";
  EXPECT_EQ(configuration(flow).identity(),
            configuration(flow + "\"limit.noise\" = 1\n\"limit.width\" = 9").identity());
  EXPECT_NE(configuration(flow).identity(), configuration(flow + "\"limit.richness\" = 2").identity());
  const std::string network = "\"limit.kind\" = \"deep-linear-network\"\n";
  EXPECT_NE(configuration(network).identity(), configuration(network + "\"seed.init\" = 3").identity());
  EXPECT_NE(configuration(network).identity(), configuration(network + "\"limit.dimension\" = 64").identity());
}

TEST(DeepLinearRun, LeavesTheTheorysLosses) {
  DataCache cache;
  const Configuration run = configuration("\"limit.hidden_layers\" = 2\n\"training.schedule\" = \"cosine\"");
  const RunRecord record = train_one(run, cache).record;
  DeepLinearTheory theory(deep_linear_model(run));
  while (theory.times() < 11) theory.step();
  EXPECT_EQ(record.trace.values("test_loss"), theory.test_loss());
  EXPECT_EQ(record.trace.values("train_loss"), theory.train_loss());
  EXPECT_GT(record.finals.at("seconds"), 0);
  // The schedule acts: the cosine ends at 0.
  const RunRecord constant = train_one(configuration("\"limit.hidden_layers\" = 2"), cache).record;
  EXPECT_GT(std::abs(constant.finals.at("test_loss") - record.finals.at("test_loss")), 1e-3);
}

TEST(DeepLinearRun, APowerLawIsInUnitsOfItsOwn) {
  const DeepLinearModel model = deep_linear_model(configuration(
      "\"limit.spectrum.exponent\" = 2\n\"limit.spectrum.target_exponent\" = 0.5\n\"limit.spectrum.modes\" = 4"));
  // Test loss at the start without the network's own output: sum_k k^(-a b - 1).
  double signal = 0;
  for (std::size_t k = 0; k < 4; ++k)
    signal += model.spectrum.weight[k] * model.spectrum.variance[k] * model.spectrum.target_squared[k];
  EXPECT_NEAR(signal, 1 + 1.0 / 4 + 1.0 / 9 + 1.0 / 16, 1e-14);
  EXPECT_NEAR(model.learning_rate * model.spectrum.variance[1], 0.05 / 4, 1e-14);
  EXPECT_NEAR(model.richness, 2, 1e-14);
}

// Merged modes are alike: what is lost is of second order in the bins' width, at most half the variance of log lambda
// in one, (a log 2 / bins)^2 / 24, times what the loss bends by, which is of order one; 16 times less in bins a quarter
// as wide.
TEST(DeepLinearRun, MergedModesOfAPowerLawHaveTheLossesOfAll) {
  const auto losses = [](const std::string& merged) {
    const DeepLinearModel model = deep_linear_model(configuration(
        "\"limit.learning_rate\" = 0.3\n\"limit.spectrum.exponent\" = 1.5\n\"limit.spectrum.modes\" = 400\n"
        "\"limit.spectrum.target_exponent\" = 0.6\n\"limit.spectrum.per_octave\" = " +
        merged));
    DeepLinearTheory theory(model);
    while (theory.times() < 40) theory.step();
    return std::pair(theory.test_loss().back(), model.spectrum.modes());
  };
  const auto [all, modes] = losses("0");
  const auto [coarse, few] = losses("2");
  const auto [fine, more] = losses("8");
  EXPECT_EQ(modes, 400U);
  EXPECT_LT(few, 30U);
  EXPECT_LT(more, 70U);
  EXPECT_NEAR(coarse / all, 1, std::pow(1.5 * std::log(2) / 2, 2) / 24);
  EXPECT_LT(std::abs(fine / all - 1), std::abs(coarse / all - 1) / 6);
}

const std::string both = base + R"(
[[sweep]]
name = "networks"
set = { "limit.kind" = "deep-linear-network" }
"limit.width_ratio" = [1, 2]
"seed.init" = { from = 0, count = 3 }
[[sweep]]
name = "theory"
"limit.width_ratio" = [1, 2]
[[derived]]
name = "to theory"
sweep = "networks"
of = "final.test_loss"
how = "ratio"
with = "theory"
)";

TEST(DeepLinearRun, ARatioIsThatToTheRunOfTheOtherSweep) {
  const Study study = parse(both);
  const Folder folder("deep-linear-ratio");
  run_study(study, quiet(folder.path()));
  const StoreReader reader(folder.path());
  const Table ratios = select(study, "networks", {"to theory"}, reader),
              own = select(study, "networks", {"final.test_loss"}, reader),
              theory = select(study, "theory", {"final.test_loss"}, reader);
  ASSERT_EQ(ratios.rows.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(ratios.rows[i].values[0], own.rows[i].values[0] / theory.rows[i / 3].values[0]);
  EXPECT_EQ(own.recorded, 6U);
}

std::string said(const std::string& text) {
  return mistake(text).what();
}

TEST(DeepLinearRun, MistakesAreNamed) {
  EXPECT_THAT(said(both + "[[figure]]\nname = \"f\"\nsweep = \"networks\"\nx = \"step\"\ny = \"test_loss\"\ntheory = "
                          "\"theori\"\n"),
              HasSubstr("did you mean 'theory'"));
  EXPECT_THAT(said(both + "[[figure]]\nname = \"f\"\nsweep = \"networks\"\nx = \"step\"\ny = \"test_los\"\n"),
              HasSubstr("did you mean 'test_loss'"));
  EXPECT_THAT(
      said(both + "[[derived]]\nname = \"r\"\nsweep = \"networks\"\nof = \"final.test_loss\"\nhow = \"ratio\"\n"),
      HasSubstr("derived"));
}

TEST(DeepLinearRun, TakesNoDataOfTheCaller) {
  const Matrix<double> x = Matrix<double>::Ones(4, 2), y = Matrix<double>::Ones(4, 1);
  const Settings settings{{"limit.kind", {std::string("deep-linear"), 0}}, {"limit.learning_rate", {0.1, 0}}};
  EXPECT_THROW(train_one<double>(settings, {view(x), view(y), {}, {}}), ConfigError);
}

// A flow of two layers on a power law: a hard task is learned like t^(-2 b / (1 + b)).
TEST(DeepLinearRun, SlopesOverTimeAreValues) {
  DataCache cache;
  const RunRecord record =
      train_one(
          configuration("\"limit.kind\" = \"deep-linear-flow\"\n\"limit.learning_rate\" = 1\n\"limit.richness\" = 3\n"
                        "\"limit.spectrum.exponent\" = 2\n\"limit.spectrum.target_exponent\" = 0.4\n"
                        "\"limit.spectrum.modes\" = 68719476736\n\"limit.last_time\" = 1e7"),
          cache)
          .record;
  EXPECT_NEAR(run_value(record, parse_value_name("slope(1e5,1e7).test_loss")), -0.8 / 1.4, 0.002);
  EXPECT_TRUE(std::isnan(run_value(record, parse_value_name("slope(1e5,1e8).test_loss"))));  // the trace ends before
  EXPECT_NEAR(record.trace.time.back(), 1e7, 1);
}

}  // namespace
}  // namespace widthwise
