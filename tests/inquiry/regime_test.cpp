// The study behind a question, and answers on networks small enough to be asked in seconds.
#include "widthwise/inquiry/regime.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "widthwise/base/error.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/schedule.h"

namespace widthwise {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Regimes : public testing::Test {
 protected:
  Regimes() : folder_{std::filesystem::temp_directory_path() / ("regimes-" + std::to_string(getpid()))} {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Regimes() override { std::filesystem::remove_all(folder_); }

  // Two hidden softplus layers on 24 points of a sphere with random signs.
  RegimeQuestion question(const std::string& more = "") const {
    std::ofstream(folder_ / "net.toml") << R"(
title = "net"
[architecture]
width = 16
hidden_layers = 2
activation = "softplus"
[parameterization]
name = "mean-field"
base_in = "multiplier"
[data]
name = "sphere"
dimension = 8
train = 24
test = 40
labels = "random"
[training]
optimizer = "sgd"
learning_rate = 0.1
steps = 7
batch = 4
loss = "softhinge"
)" << more;
    RegimeQuestion out;
    out.file = folder_ / "net.toml";
    out.widths = {8};
    out.lowest = 1e-2;
    out.highest = 1e4;
    out.alphas = 3;
    out.seeds = 2;
    return out;
  }

  RegimeAnswer ask(const RegimeQuestion& of) const {
    const Study study = regime_study(of);
    RunOptions options;
    options.store = folder_ / "store";
    options.quiet = true;
    run_study(study, options);
    return answer_regime(of, study, StoreReader(options.store));
  }

  static ConfigError mistake(const RegimeQuestion& of) {
    try {
      regime_study(of);
    } catch (const ConfigError& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return ConfigError({}, "", "");
  }

  static const RegimePoint& at(const RegimeAnswer& answer, double width, double alpha) {
    for (const RegimePoint& point : answer.points)
      if (point.width == width && std::abs(point.alpha / alpha - 1) < 1e-9) return point;
    throw std::runtime_error("no such point");
  }

  std::filesystem::path folder_;
};

TEST_F(Regimes, TheStudyFollowsGradientFlowOfTheFilesNetwork) {
  const Study study = regime_study(question());
  const std::vector<GridPoint> networks = expand(study, study.sweep("networks"));
  ASSERT_EQ(networks.size(), 2U * 4U * 2U);  // widths 8, 16; alpha 0.01, 10, 10,000 and its own, 1; seeds
  const Configuration& run = networks.front().configuration;
  EXPECT_EQ(run.text("training.optimizer"), "gradient-flow");  // and a batch of 4 would have been refused
  EXPECT_EQ(run.text("training.alpha_convention"), "code");    // readout 1/n
  EXPECT_EQ(run.number("training.kappa"), -run.number("training.alpha"));
  EXPECT_EQ(run.number("training.stop_margin"), 1);
  EXPECT_EQ(run.text("training.loss"), "softhinge");
  EXPECT_EQ(run.whole("data.train"), 24);
}

TEST_F(Regimes, WhatTheFileOrTheSettingsSayStands) {
  RegimeQuestion of = question("kappa = 0\nstop_margin = 0.5\nalpha_convention = \"article\"\n");
  of.settings = {{"training.loss", "logistic"}, {"training.alpha", "10"}};
  const Study study = regime_study(of);
  const Configuration run(study.base);
  EXPECT_EQ(run.number("training.kappa"), 0);
  EXPECT_EQ(run.number("training.stop_margin"), 0.5);
  EXPECT_EQ(run.text("training.alpha_convention"), "article");
  EXPECT_EQ(run.text("training.loss"), "logistic");
  EXPECT_EQ(expand(study, study.sweep("networks")).size(), 2U * 3U * 2U);  // its alpha, 10, is one of the three
  EXPECT_EQ(study.sweeps.size(), 3U);  // not centred, the flow of the kernel of the end would begin at its end
}

TEST_F(Regimes, AnotherOptimizerKeepsItsRatesAndHasNoFrozenTwin) {
  RegimeQuestion of = question();
  of.settings = {{"training.optimizer", "adam"}, {"training.steps", "400"}, {"training.learning_rate", "0.01"}};
  const Study study = regime_study(of);
  EXPECT_EQ(study.sweeps.size(), 2U);
  const Configuration run(study.base);
  EXPECT_EQ(run.text("training.optimizer"), "adam");
  EXPECT_EQ(run.whole("training.batch"), 4);
  EXPECT_EQ(run.number("training.stop_margin"), 1);
  const RegimeAnswer answer = ask(of);
  EXPECT_EQ(answer.here.used, 2U);
  EXPECT_TRUE(std::isnan(answer.here.from_linearised.value));  // not measured, which is not 0
  EXPECT_TRUE(std::isnan(answer.here.from_end_kernel.interval.low));
  EXPECT_THAT(answer.sentences, Not(Contains(HasSubstr("away"))));
  EXPECT_THAT(answer.notes, Contains(HasSubstr("Without frozen twins")));
}

TEST_F(Regimes, AFlowOfItsOwnIsKept) {
  RegimeQuestion of = question();
  std::ifstream in(of.file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text.replace(text.find("optimizer = \"sgd\""), 17, "optimizer = \"gradient-flow\"");
  text.replace(text.find("batch = 4"), 9, "temperature = 0.01");
  std::ofstream(of.file) << text;
  const Study study = regime_study(of);
  const Configuration run(study.base);
  EXPECT_EQ(run.whole("training.steps"), 7);
  EXPECT_EQ(run.number("training.learning_rate"), 0.1);
  EXPECT_EQ(run.number("training.temperature"), 0.01);
  EXPECT_EQ(study.sweeps.size(), 2U);  // twins follow flows without noise
  for (const Sweep& sweep : study.sweeps) EXPECT_FALSE(expand(study, sweep).empty());
}

TEST_F(Regimes, ItSaysWhatWasAskedAndWhatWasLeftOut) {
  const RegimeQuestion of = question(
      "[[sweep]]\nname = \"s\"\n\"architecture.activation\" = [\"relu\", \"tanh\"]\n"
      "\"architecture.bias\" = true\n\"seed.init\" = [0, 1]\n");
  const std::vector<std::string> notes = regime_notes(of);
  EXPECT_THAT(notes, Contains(HasSubstr("mlp, 2 hidden layers, softplus")));
  EXPECT_THAT(notes, Contains(HasSubstr("trains by sgd")));
  EXPECT_THAT(notes, Contains(HasSubstr("Only sweeps of the file set architecture.bias; asked of false")));
  EXPECT_THAT(notes, Not(Contains(HasSubstr("architecture.activation;"))));  // the base has it
}

TEST_F(Regimes, ItsOwnAlphaStandsForItsLikeOnTheGrid) {
  RegimeQuestion of = question();
  of.settings = {{"training.alpha", "10.000000001"}};
  const Study study = regime_study(of);
  EXPECT_EQ(expand(study, study.sweep("networks")).size(), 2U * 3U * 2U);
  EXPECT_EQ(ask(of).here.alpha, 10.000000001);
}

TEST_F(Regimes, WhereNothingMovedThereIsNoRegime) {
  // The loss starts below the target: the kernel has changed by exactly 0, which is no sign of being lazy.
  RegimeQuestion of = question();
  of.settings = {{"training.target_loss", "10"}};
  const RegimeAnswer answer = ask(of);
  EXPECT_EQ(answer.here.regime, Regime::unknown);
  EXPECT_EQ(answer.here.kernel_change.value, 0);
  EXPECT_THAT(answer.sentences.front(), HasSubstr("nothing moved"));
}

TEST_F(Regimes, LossesWithoutAMarginStopAtALoss) {
  RegimeQuestion of = question();
  of.settings = {{"training.loss", "squared"}};
  EXPECT_EQ(Configuration(regime_study(of).base).number("training.target_loss"), 0.01);
}

TEST_F(Regimes, WidthsAreAQuarterToTwiceItsOwn) {
  RegimeQuestion of = question();
  of.widths.clear();
  const std::vector<Axis> axes = regime_study(of).sweep("networks").axes;
  std::vector<double> widths;
  for (const Value& value : axes.front().values) widths.push_back(value.number());
  EXPECT_THAT(widths, ElementsAre(4, 8, 16, 32));
}

TEST_F(Regimes, LargeAlphaIsLazySmallAlphaLearnsFeatures) {
  const RegimeAnswer answer = ask(question());
  for (const double width : {8., 16.}) {
    const RegimePoint &small = at(answer, width, 0.01), &large = at(answer, width, 1e4);
    EXPECT_EQ(small.regime, Regime::features);
    EXPECT_EQ(large.regime, Regime::lazy);
    EXPECT_TRUE(large.sure);
    // The network and its linearised twin differ by what the kernel changes, of order 1/alpha; both stop at the first
    // step with all margins, which need not be the same one.
    EXPECT_LT(large.from_linearised.value, 0.02);
    EXPECT_GT(small.from_linearised.value, 10 * large.from_linearised.value);
    EXPECT_LT(large.from_end_kernel.value, 0.02);
    EXPECT_EQ(small.used, 2U);
    EXPECT_EQ(small.unconverged, 0U);
  }
  EXPECT_EQ(answer.here.width, 16);
  EXPECT_EQ(answer.here.alpha, 1);
  EXPECT_FALSE(answer.sentences.empty());
}

TEST_F(Regimes, AlphaStarIsWhereTheKernelsChangePassesTheThreshold) {
  const RegimeQuestion of = question();
  const RegimeAnswer answer = ask(of);
  ASSERT_EQ(answer.crossovers.size(), 2U);
  for (const RegimeCrossover& one : answer.crossovers) {
    ASSERT_TRUE(std::isfinite(one.alpha)) << one.reason;
    EXPECT_TRUE(std::isfinite(one.interval.low) && std::isfinite(one.interval.high));
    EXPECT_EQ(one.unconverged, 0U);
    // A network trained right there: by 1, up to the bend of the curve within the search's last bracket, a quarter
    // long.
    RegimeQuestion there = of;
    there.settings = {{"training.alpha", std::to_string(one.alpha)},
                      {"architecture.width", std::to_string(int(one.width))}};
    EXPECT_NEAR(ask(there).here.kernel_change.value, 1, 0.1);
  }
  ASSERT_TRUE(answer.exponent && answer.exponent->predicted);
  EXPECT_EQ(*answer.exponent->predicted, 0);
}

TEST_F(Regimes, TheTwoConventionsAreOneNetwork) {
  // Readout 1/n and x, readout 1/sqrt(n) and alpha = x / sqrt(n): the same F(t), hence the same changes
  // (docs/gradient-flow.md).
  RegimeQuestion code = question(), article = question();
  code.widths = article.widths = {16};
  code.settings = {{"training.alpha", "2"}};
  article.settings = {
      {"parameterization.name", "ntk"},
      {"training.alpha", "0.5"},      // 2 / sqrt(16)
      {"training.first_step", "2"}};  // 1 in the other's time, t_a = x t_c / n: then all steps are the same
  article.lowest /= 4;
  article.highest /= 4;
  const RegimeAnswer a = ask(code), b = ask(article);
  EXPECT_NEAR(b.here.kernel_change.value / a.here.kernel_change.value, 1, 1e-6);
  EXPECT_NEAR(b.here.from_linearised.value / a.here.from_linearised.value, 1, 1e-6);
  // The searches' keys lie on grids that are not multiples of each other: the crossing is found to a share of the
  // bracket.
  EXPECT_NEAR(4 * b.crossovers.front().alpha / a.crossovers.front().alpha, 1, 0.05);
}

TEST_F(Regimes, TheoryKnowsHowAlphaStarMovesUnderNtk) {
  RegimeQuestion of = question();
  of.settings = {{"parameterization.name", "ntk"}};
  const RegimeAnswer answer = ask(of);
  ASSERT_TRUE(answer.exponent && answer.exponent->predicted);
  EXPECT_EQ(*answer.exponent->predicted, -0.5);
}

TEST_F(Regimes, OutsideTheRangeItSaysWhichEndToExtend) {
  RegimeQuestion of = question();
  of.lowest = 1e3;
  of.settings = {{"training.alpha", "1000"}};
  const RegimeAnswer answer = ask(of);
  EXPECT_EQ(answer.here.regime, Regime::lazy);
  EXPECT_THAT(answer.sentences, Contains(HasSubstr("was not found")));
  EXPECT_THAT(answer.crossovers.front().reason, HasSubstr("extend it below"));
}

TEST_F(Regimes, NetworksThatDivergeAreToldNotAveraged) {
  RegimeQuestion of = question();
  of.settings = {{"training.optimizer", "sgd"},
                 {"training.learning_rate", "1e9"},
                 {"training.loss", "squared"},
                 {"training.divergence_cap", "100"}};
  const RegimeAnswer answer = ask(of);
  EXPECT_EQ(answer.here.regime, Regime::unknown);
  EXPECT_EQ(answer.here.used, 0U);
  ASSERT_EQ(answer.here.absent.size(), 2U);
  EXPECT_THAT(answer.here.absent.front(), HasSubstr("diverged"));
  EXPECT_THAT(answer.sentences.front(), HasSubstr("no run has ended with a kernel"));
  EXPECT_THAT(answer.sentences, Not(Contains(HasSubstr("away"))));
}

TEST_F(Regimes, KinkedActivationsAreFollowedByTheirOutputs) {
  // A flipping relu deadlocks the bound on the gradient's change (docs/gradient-flow.md).
  RegimeQuestion of = question();
  of.settings = {{"architecture.activation", "relu"}};
  const Configuration run(regime_study(of).base);
  EXPECT_EQ(to_text(run.at("training.max_dgrad")), "none");
  EXPECT_EQ(run.number("training.max_dout"), 0.01);
}

TEST_F(Regimes, WhatHasNotConvergedHasNoRegime) {
  // After two steps the kernel has hardly changed: no sign of being lazy.
  RegimeQuestion of = question();
  of.settings = {{"training.steps", "2"}};
  const RegimeAnswer answer = ask(of);
  EXPECT_EQ(answer.here.regime, Regime::unknown);
  EXPECT_EQ(answer.here.used, 2U);
  EXPECT_EQ(answer.here.unconverged, 2U);
  EXPECT_LT(answer.here.kernel_change.value, 0.1);
  EXPECT_THAT(answer.sentences.front(), HasSubstr("cannot be said"));
  for (const RegimeCrossover& one : answer.crossovers) {
    EXPECT_TRUE(std::isnan(one.alpha));
    EXPECT_THAT(one.reason, HasSubstr("no run has reached"));
  }
}

TEST_F(Regimes, MistakesAreNamed) {
  RegimeQuestion of = question();
  of.settings = {{"training.alpha", "-1"}, {"training.alpha_convention", "none"}};
  EXPECT_EQ(mistake(of).place().key, "training.alpha");
  of = question();
  of.lowest = 0;
  EXPECT_EQ(mistake(of).place().key, "alphas");
  of = question();
  of.alphas = 1;
  EXPECT_EQ(mistake(of).place().key, "grid");
  of = question();
  of.seeds = 0;
  EXPECT_EQ(mistake(of).place().key, "seeds");
  of = question();
  of.kernel_change = 0;
  EXPECT_EQ(mistake(of).place().key, "kernel-change");
  of = question();
  of.widths = {0};
  EXPECT_EQ(mistake(of).place().key, "widths");
}

}  // namespace
}  // namespace widthwise
