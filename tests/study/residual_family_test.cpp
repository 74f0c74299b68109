// Residual mlps in study files: their branch scale and rates over depth, what they record, cost and refuse, and a study
// over width and depth.
#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/observable/observable.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/theory.h"
#include "widthwise/study/warnings.h"

namespace widthwise {
namespace {

using study_test::Folder;
using study_test::mistake;
using study_test::parse;
using study_test::quiet;
using study_test::tiny;
using ::testing::HasSubstr;

const std::string residual = "\"architecture.family\" = \"residual-mlp\"\n";

std::string sweep(const std::string& lines) {
  return tiny + "[[sweep]]\nname = \"s\"\n" + lines;
}

Configuration configuration(const std::string& lines) {
  const Study study = parse(sweep(residual + lines));
  return expand(study, study.sweeps.front()).front().configuration;
}

TEST(ResidualFamily, LeavesASeriesForEveryWeightMatrix) {
  for (const char* branch : {"activation-first", "matrix-first"})
    for (const char* rule : {"sgd", "adam", "muon"}) {
      SCOPED_TRACE(std::string(branch) + ", " + rule);
      const Configuration one = configuration(
          "\"architecture.branch\" = \"" + std::string(branch) + "\"\n\"training.optimizer\" = \"" + rule +
          "\"\n\"training.learning_rate\" = 0.01\n\"measure.observables\" = [\"train_loss\", \"update\", "
          "\"preactivation_size\", \"feature_change\", \"contribution\", \"layer_kernel_change\", "
          "\"feature_rank\"]\n");
      ASSERT_EQ(one.whole("architecture.hidden_layers"), 2);
      EXPECT_EQ(hidden_layers(one), 3);  // the read-in and two branches
      DataCache cache;
      const OneRun run = train_one(one, cache);
      EXPECT_EQ(run.record.status, "finished");
      EXPECT_EQ(std::get<Weights<double>>(run.weights).weight.size(), 4U);
      std::size_t count = 0;
      for (const char* name : {"train_loss", "update", "preactivation_size", "feature_change", "contribution",
                               "layer_kernel_change", "feature_rank"})
        for (const std::string& series : observable_series(name, 3)) {
          ++count;
          ASSERT_TRUE(run.record.finals.contains(series)) << series;
          EXPECT_TRUE(std::isfinite(run.record.finals.at(series))) << series;
        }
      EXPECT_EQ(run.record.finals.size(), count);
      EXPECT_GT(run.record.finals.at("update.4"), 0);
      EXPECT_LT(run.record.finals.at("train_loss"), run.record.trace.series.at("train_loss").front());
    }
}

double branch_scale(const Configuration& one) {
  return std::get<Residual>(make_architecture(one, 6, 1).layers[1]).branch_scale;
}

TEST(ResidualFamily, BranchesFallWithAPowerOfTheDepth) {
  EXPECT_EQ(branch_scale(configuration("")), 1);
  const std::string scale = "\"architecture.branch_scale\" = 0.5\n\"architecture.hidden_layers\" = 16\n";
  EXPECT_EQ(branch_scale(configuration(scale)), 0.5);
  const std::string root = scale + "\"parameterization.branch_exponent\" = 0.5\n";
  EXPECT_DOUBLE_EQ(branch_scale(configuration(root)), 0.5 / 4);
  EXPECT_DOUBLE_EQ(branch_scale(configuration(root + "\"parameterization.reference_depth\" = 4\n")), 0.5 / 2);
  EXPECT_DOUBLE_EQ(branch_scale(configuration(scale + "\"parameterization.branch_exponent\" = 1\n")), 0.5 / 16);
}

// Every block has the exponent of its place at any width, branches those of hidden matrices.
TEST(ResidualFamily, ScalesWithWidthLikeTheBlocksOfAnMlp) {
  const std::string more =
      "\"parameterization.name\" = \"mup\"\n\"architecture.width\" = 32\n\"architecture.bias\" = true\n";
  const Scaling sums = make_scaling(configuration(more), 6);
  const Study chains = parse(sweep(more));
  const Scaling chain = make_scaling(expand(chains, chains.sweeps.front()).front().configuration, 6);
  ASSERT_EQ(sums.weights.size(), 4U);
  for (std::size_t l = 0; l < 4; ++l) {
    const std::size_t like = l == 0 ? 0 : l == 3 ? 2 : 1;
    EXPECT_DOUBLE_EQ(sums.weights[l].effective_std, chain.weights[like].effective_std) << l;
    EXPECT_DOUBLE_EQ(sums.weights[l].effective_rate, chain.weights[like].effective_rate) << l;
    EXPECT_DOUBLE_EQ(sums.biases[l].effective_rate, chain.biases[like].effective_rate) << l;
  }
}

TEST(DepthRateExponents, ScaleTheRatesOfTheirBlock) {
  const std::string depth = "\"architecture.hidden_layers\" = 16\n\"parameterization.reference_depth\" = 4\n";
  const std::string exponents = "\"parameterization.depth_rate_exponents\" = \"0,1/2,-1\"\n";
  const Scaling plain = make_scaling(configuration(depth), 6),
                scaled = make_scaling(configuration(depth + exponents), 6);
  ASSERT_EQ(scaled.weights.size(), 18U);
  for (std::size_t l = 0; l < 18; ++l) {
    const double factor = l == 0 ? 1 : l == 17 ? 4 : 0.5;  // (16/4)^-exponent
    EXPECT_DOUBLE_EQ(scaled.weights[l].effective_rate, factor * plain.weights[l].effective_rate) << l;
    EXPECT_DOUBLE_EQ(scaled.biases[l].effective_rate, factor * plain.biases[l].effective_rate) << l;
    EXPECT_EQ(scaled.weights[l].effective_std, plain.weights[l].effective_std) << l;
  }
}

TEST(DepthRateExponents, CountHiddenLayersOrBranches) {
  // mlp: L = 8. wide-resnet: 3 stages of 2 blocks, whatever the number of its convolutions.
  const auto last_rate = [](const std::string& lines, Index inputs) {
    const Study study = parse(sweep(lines + "\"parameterization.depth_rate_exponents\" = \"0,0,1\"\n"));
    return make_scaling(expand(study, study.sweeps.front()).front().configuration, inputs)
        .weights.back()
        .effective_rate;
  };
  EXPECT_DOUBLE_EQ(last_rate("\"architecture.hidden_layers\" = 8\n", 6), 0.05 / 8);
  EXPECT_DOUBLE_EQ(
      last_rate("\"architecture.family\" = \"wide-resnet\"\n\"architecture.blocks\" = 2\n"
                "\"architecture.width\" = 1\n\"architecture.image\" = \"8x8x1\"\n\"data.dimension\" = 64\n",
                64),
      0.05 / 6);
}

TEST(DepthRateExponents, AreOfTheIdentityWhereTheyAreSet) {
  const std::string none = "\"parameterization.depth_rate_exponents\" = \"none\"\n";
  const std::string some = "\"parameterization.depth_rate_exponents\" = \"0,1/2,0\"\n";
  EXPECT_EQ(configuration("").identity(), configuration(none).identity());
  EXPECT_NE(configuration("").identity(), configuration(some).identity());
}

TEST(ResidualFamily, OtherFamiliesDoNotKnowItsKeys) {
  const auto identity = [](const std::string& lines) {
    const Study study = parse(sweep(lines));
    return expand(study, study.sweeps.front()).front().configuration.identity();
  };
  EXPECT_EQ(identity(""),
            identity("\"parameterization.branch_exponent\" = 1\n\"architecture.branch\" = \"matrix-first\"\n"
                     "\"architecture.branch_scale\" = 2\n"));
  EXPECT_NE(configuration("").identity(), configuration("\"architecture.branch\" = \"matrix-first\"\n").identity());
  EXPECT_NE(configuration("").identity(), configuration("\"architecture.branch_scale\" = 2\n").identity());
}

TEST(ResidualFamily, CostsItsBlocks) {
  // A wide and deep network is its blocks: twice as many, twice the products, and the weights and what lies between.
  const auto cost = [](Index blocks) {
    return estimate_cost(configuration("\"architecture.width\" = 512\n\"architecture.hidden_layers\" = " +
                                       std::to_string(blocks) + "\n"),
                         6, 1);
  };
  const RunCost one = cost(8), two = cost(16);
  EXPECT_NEAR(two.flops / one.flops, 2, 0.05);
  EXPECT_NEAR(two.memory / one.memory, 2, 0.15);
  EXPECT_GT(one.memory, 8.0 * 3 * 8 * 512 * 512);
}

TEST(ResidualFamily, MistakesNameTheirKey) {
  const auto key = [](const std::string& lines) { return mistake(sweep(residual + lines)).place().key; };
  EXPECT_EQ(key("\"architecture.branch\" = \"activation\"\n"), "architecture.branch");
  EXPECT_EQ(key("\"parameterization.depth_rate_exponents\" = \"0,1/2\"\n"), "parameterization.depth_rate_exponents");
  EXPECT_EQ(key("\"parameterization.depth_rate_exponents\" = \"0,half,0\"\n"), "parameterization.depth_rate_exponents");
  // Exponents made for networks without sums, of one hidden layer, or for limits of those.
  for (const char* scheme : {"ip-llr", "ip-bias"})
    EXPECT_EQ(key("\"parameterization.name\" = \"" + std::string(scheme) + "\"\n"), "parameterization.name") << scheme;
  EXPECT_EQ(key("\"parameterization.name\" = \"hpz\"\n"), "architecture.family");
  EXPECT_EQ(key("\"parameterization.name\" = \"two-layer\"\n\"parameterization.q\" = \"-1,0\"\n"
                "\"architecture.hidden_layers\" = 1\n"),
            "architecture.family");
  EXPECT_EQ(key("\"limit.kind\" = \"hpz\"\n"), "architecture.family");
  EXPECT_EQ(key("\"parameterization.name\" = \"custom\"\n\"parameterization.input\" = \"0,0,0\"\n"
                "\"parameterization.output\" = \"0,0,0\"\n\"architecture.hidden_layers\" = 1\n"),
            "parameterization.hidden");  // one block has a hidden matrix
  Quantity quantity;
  quantity.value = "final.own_update.2";
  try {
    ask_theory(configuration(""), quantity);
    ADD_FAILURE() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "prediction.exponent");
    EXPECT_THAT(error.got(), HasSubstr("residual-mlp"));
  }
  EXPECT_TRUE(warnings(configuration("\"parameterization.name\" = \"integrable\"\n\"architecture.activation\" = "
                                     "\"sigmoid\"\n"))
                  .empty());  // they are theory's
}

TEST(ResidualFamily, StartsFromNoOtherNetwork) {
  // Two blocks have the matrices of three hidden layers, but two hidden layers have one fewer.
  const auto chain = [](const std::string& first, const std::string& second) {
    return tiny + "[[sweep]]\nname = \"first\"\n\"training.save\" = [\"end\"]\n" + first +
           "[[sweep]]\nname = \"second\"\nstart_from = { sweep = \"first\" }\n" + second;
  };
  const ConfigError error = mistake(chain("", residual));
  EXPECT_EQ(error.place().key, "sweep.start_from");
  EXPECT_THAT(error.got(), HasSubstr("residual-mlp"));
  const Study study = parse(chain(residual, residual));
  EXPECT_EQ(expand(study, study.sweep("second")).size(), 1U);
}

// Runs of one shape train as members of one ensemble, which has one architecture: what scales its branches must be the
// same for all of them.
TEST(ResidualFamily, RunsOfAStudyAreThoseAlone) {
  const Folder folder("widthwise-branches");
  const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n" + residual +
                            "\"parameterization.branch_exponent\" = [0, 0.5, 1]\n"
                            "\"parameterization.reference_depth\" = [1, 4]\n"
                            "\"architecture.branch_scale\" = [0.5, 1]\n\"seed.init\" = [0, 1]\n");
  run_study(study, quiet(folder.path()));
  const StoreReader reader(folder.path());
  DataCache cache;
  for (const GridPoint& point : expand(study, study.sweep("s"))) {
    const RunRecord alone = train_one(point.configuration, cache).record;
    const RunRecord together = reader.load(point.configuration.identity()).value();
    for (const auto& [name, value] : alone.finals)
      EXPECT_NEAR(together.finals.at(name), value, 1e-10 * std::abs(value)) << name;
  }
}

// A study over width, depth and rate. What a branch's first update under gradient descent moves the output by has a
// factor beta^2 ~ 1/L (one beta in the gradient, one in the output) and sizes of order one around it: L^-1, at every
// width. Of three rates the middle one is the best at every depth: one hardly learns, the other diverges.
TEST(ResidualFamily, AStudyOverDepthHasItsVerdicts) {
  const Folder folder("widthwise-residual");
  const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n" + residual + R"(
"parameterization.name" = "mup"
"parameterization.branch_exponent" = 0.5
"parameterization.reference_width" = 32
"architecture.branch_scale" = 0.25
"architecture.width" = [32, 128]
"architecture.hidden_layers" = [4, 8, 16, 32]
"training.learning_rate" = [0.001, 0.1, 10]
"training.kappa" = -1
"measure.observables" = ["train_loss", "contribution"]
"seed.init" = { from = 0, count = 6 }

[[figure]]
name = "losses"
sweep = "s"
x = "training.learning_rate"
y = "final.train_loss"
color = "architecture.hidden_layers"

[[prediction]]
name = "a branch over depth"
sweep = "s"
of = "at_step(1).contribution.2"
against = "architecture.hidden_layers"
where = { "architecture.width" = 128, "training.learning_rate" = 0.001 }
exponent = -1
tolerance = 0.25
source = "beta^2"

[[prediction]]
name = "a branch over width"
sweep = "s"
of = "at_step(1).contribution.2"
against = "architecture.width"
where = { "architecture.hidden_layers" = 16, "training.learning_rate" = 0.001 }
exponent = 0
tolerance = 0.5
source = "mup"

[[prediction]]
name = "best rate over depth"
sweep = "s"
of = { optimum = "training.learning_rate", minimizes = "final.train_loss" }
against = "architecture.hidden_layers"
where = { "architecture.width" = 32 }
exponent = 0
tolerance = 0.2
source = "Bordelon et al. 2023"
)");
  EXPECT_EQ(run_study(study, quiet(folder.path())).done, 2U * 4 * 3 * 6);
  const std::vector<Judgement> judged = judge(study, StoreReader(folder.path()));
  ASSERT_EQ(judged.size(), 3U);
  EXPECT_EQ(judged[0].verdict, Verdict::agrees) << judged[0].explanation;
  EXPECT_EQ(judged[0].points.size(), 24U);
  EXPECT_EQ(judged[1].points.size(), 12U);
  EXPECT_EQ(judged[2].points.size(), 24U);
  for (const JudgedPoint& point : judged[2].points) EXPECT_NEAR(point.y, 0.1, 1e-12);
}

}  // namespace
}  // namespace widthwise
