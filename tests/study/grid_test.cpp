// Grids, expressions, identities.
#include "widthwise/study/grid.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <cmath>

#include "text.h"
#include "widthwise/study/expression.h"
#include "widthwise/study/group.h"
#include "widthwise/study/identity.h"
#include "widthwise/study/new_study.h"
#include "widthwise/study/schema.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;

std::vector<GridPoint> points(const std::string& axes) {
  const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n" + axes);
  return expand(study, study.sweeps.front());
}

std::vector<double> column(const std::vector<GridPoint>& grid, const std::string& key) {
  std::vector<double> out;
  for (const GridPoint& point : grid) out.push_back(point.configuration.number(key));
  return out;
}

TEST(Grid, FirstAxisWrittenVariesSlowest) {
  // Written against the alphabet, so an order by key would show.
  const auto grid = points("\"seed.init\" = [0, 1]\n\"architecture.width\" = [8, 16, 32]\n");
  EXPECT_THAT(column(grid, "seed.init"), testing::ElementsAre(0, 0, 0, 1, 1, 1));
  EXPECT_THAT(column(grid, "architecture.width"), testing::ElementsAre(8, 16, 32, 8, 16, 32));
}

TEST(Grid, RangesAreWrittenOut) {
  EXPECT_THAT(column(points("\"training.learning_rate\" = { log2 = [-3, -1], step = 1 }\n"), "training.learning_rate"),
              testing::ElementsAre(0.125, 0.25, 0.5));
  EXPECT_THAT(column(points("\"training.learning_rate\" = { log2 = [0, 1], step = 0.5 }\n"), "training.learning_rate"),
              testing::ElementsAre(1, testing::DoubleEq(std::sqrt(2.0)), 2));
  EXPECT_THAT(column(points("\"training.learning_rate\" = { log10 = [-2, 0] }\n"), "training.learning_rate"),
              testing::ElementsAre(testing::DoubleEq(0.01), testing::DoubleEq(0.1), 1));
  EXPECT_THAT(column(points("\"training.alpha\" = { linear = [1, 2], count = 5 }\n"), "training.alpha"),
              testing::ElementsAre(1, 1.25, 1.5, 1.75, 2));
  EXPECT_THAT(column(points("\"seed.init\" = { from = 3, count = 2 }\n"), "seed.init"), testing::ElementsAre(3, 4));
}

TEST(Grid, ZippedAxesMoveTogether) {
  const auto grid = points(
      "\"architecture.width\" = [8, 16]\n\"seed.init\" = [0, 1]\n\"training.alpha\" = [1, 2]\nzip = "
      "[[\"architecture.width\", \"training.alpha\"]]\n");
  EXPECT_THAT(column(grid, "architecture.width"), testing::ElementsAre(8, 8, 16, 16));
  EXPECT_THAT(column(grid, "training.alpha"), testing::ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(column(grid, "seed.init"), testing::ElementsAre(0, 1, 0, 1));
}

TEST(Grid, ScalarsAndSetOverrideTheStudy) {
  const auto grid = points("\"training.steps\" = 7\nset = { \"architecture.width\" = 12 }\n");
  ASSERT_EQ(grid.size(), 1U);
  EXPECT_EQ(grid[0].configuration.whole("training.steps"), 7);
  EXPECT_EQ(grid[0].configuration.whole("architecture.width"), 12);
}

TEST(Grid, ListsOfTextsAreOneSettingAndListsOfListsAnAxis) {
  EXPECT_EQ(points("\"measure.observables\" = [\"train_loss\", \"output_size\"]\n").size(), 1U);
  EXPECT_EQ(points("\"measure.observables\" = [[\"train_loss\"], [\"output_size\"]]\n").size(), 2U);
}

TEST(Grid, VariantAndCommandLineReplaceInThatOrder) {
  const std::string text = tiny +
                           "[variant.long]\n\"training.steps\" = 50\n[variant.long.sweep.s]\n"
                           "\"architecture.width\" = [64]\n[[sweep]]\nname = \"s\"\n"
                           "\"architecture.width\" = [8, 16]\n\"seed.init\" = [0, 1]\n";
  const Study plain = parse_study(text, "study.toml");
  EXPECT_EQ(grid_size(plain.sweeps[0]), 4U);
  const Study longer = parse_study(text, "study.toml", "long");
  EXPECT_EQ(expand(longer, longer.sweeps[0])[1].configuration.whole("training.steps"), 50);
  EXPECT_THAT(column(expand(longer, longer.sweeps[0]), "architecture.width"), testing::ElementsAre(64, 64));
  const Study set = parse_study(text, "study.toml", "long", {{"training.steps", "60"}, {"sweep.s.seed.init", "[5]"}});
  EXPECT_THAT(column(expand(set, set.sweeps[0]), "training.steps"), testing::ElementsAre(60));
  EXPECT_THAT(column(expand(set, set.sweeps[0]), "seed.init"), testing::ElementsAre(5));
}

TEST(Grid, SizesBeyondMemoryAreCountedNotBuilt) {
  std::string axes;
  for (const char* key : {"seed.init", "seed.batch", "seed.data"})
    axes += std::string("\"") + key + "\" = { from = 0, count = 1000000 }\n";
  const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n" + axes);
  EXPECT_EQ(grid_size(study.sweeps[0]), 1000000000000000000U);
  EXPECT_THROW(expand(study, study.sweeps[0]), ConfigError);
}

TEST(Expression, FollowsTheUsualRules) {
  // Each as a mathematician reads it: powers bind tightest and from the right, minus below powers.
  const auto value = [](const char* text) { return evaluate_constant(text, "k"); };
  EXPECT_EQ(value("1 + 2*3 - 4/2"), 5);
  EXPECT_EQ(value("2^3^2"), 512);
  EXPECT_EQ(value("-2^2"), -4);
  EXPECT_EQ(value("2^-1"), 0.5);
  EXPECT_EQ(value("(1+2)*(3-5)"), -6);
  EXPECT_EQ(value("8/4/2"), 1);
  EXPECT_DOUBLE_EQ(value("log(exp(1.5)) + sqrt(16)"), 5.5);
  EXPECT_EQ(value("1e-3"), 0.001);
}

TEST(Expression, NeverGivesAnythingButAFiniteNumber) {
  for (const char* text : {"1/0", "0^-1", "sqrt(-1)", "log(0)", "exp(1000)", "1e308*10", "1e999", "", "1 2", "(1", "1)",
                           "2 ** 3", "foo(1)", "architecture.width", "1 +", "."})
    EXPECT_THROW(evaluate_constant(text, "k"), ConfigError) << text;
  EXPECT_THROW(evaluate_constant(std::string(100000, '('), "k"), ConfigError);
}

TEST(Expression, SurvivesAnyText) {
  EXPECT_TRUE(rc::check("any text is a finite number or a ConfigError", [](const std::string& text) {
    try {
      RC_ASSERT(std::isfinite(evaluate_constant(text, "k")));
    } catch (const ConfigError&) {
    }
  }));
}

Configuration run(const std::string& settings) {
  const Study study = parse("title = \"t\"\n" + settings + "[[sweep]]\nname = \"s\"\n");
  return expand(study, study.sweeps.front()).front().configuration;
}

TEST(Identity, IgnoresOrderAndSpelling) {
  const std::string a = "[training]\nsteps = 4\nlearning_rate = 0.5\n[architecture]\nwidth = 16\n";
  const std::string b =
      "[architecture]\nwidth = \"2^4\"\n[training]\nlearning_rate = \"8/architecture.width\"\nsteps = 4.0\n";
  const std::string c = a + "activation = \"relu\"\n";  // the default, written out
  EXPECT_EQ(run(a).identity(), run(b).identity());
  EXPECT_EQ(run(a).identity(), run(c).identity());
  EXPECT_EQ(run(a).identity().size(), 32U);
}

TEST(Identity, StaysWhatItWasWhenKeysAreAdded) {
  // Recorded runs are found by it: a new key must be `later` (schema.h), or numerics_version be raised and these
  // numbers with it.
  const std::string sgd = "[training]\nsteps = 4\nlearning_rate = 0.5\n";
  EXPECT_EQ(run(sgd).identity(), "239a21b6e65946837e4540f8a2807a6c");
  EXPECT_EQ(run(sgd + "optimizer = \"adam\"\nbatch = 8\n[data]\nname = \"teacher\"\n").identity(),
            "078e7effa1ff8b707cab3bf5f71f7e37");
}

TEST(Identity, AdamWithDecayIsANewRun) {
  // Its decay once was decoupled, what adamw's is now: a run recorded then must not answer for one of today. Without
  // decay nothing changed; these two hashes are those of then.
  const std::string adam = "[training]\nsteps = 4\nlearning_rate = 0.5\noptimizer = \"adam\"\n";
  const std::string adamw = "[training]\nsteps = 4\nlearning_rate = 0.5\noptimizer = \"adamw\"\n";
  EXPECT_EQ(run(adam).identity(), "3354a57afc57212fad70619fc0603dab");
  EXPECT_NE(run(adam + "weight_decay = 0.1\n").identity(), "ececde793360b2bb8214a81b1ab5753c");
  EXPECT_NE(run(adam + "weight_decay = 0.1\n").identity(), run(adamw + "weight_decay = 0.1\n").identity());
  EXPECT_NE(run(adam).identity(), run(adamw).identity());
}

TEST(Identity, DividedDecayOfNamedSchemesIsANewRun) {
  // Its exponent changed for adam and rmsprop under all schemes but standard: other runs are those of then.
  const auto with = [](const std::string& optimizer, const std::string& scheme, const std::string& decay) {
    return run("[training]\nsteps = 4\nlearning_rate = 0.5\noptimizer = \"" + optimizer + "\"\n" + decay +
               "[parameterization]\nname = \"" + scheme + "\"\n")
        .identity();
  };
  const std::string decay = "weight_decay = 0.1\n";
  EXPECT_NE(with("rmsprop", "mup", decay), "a316a06b8bf3729862d5b29d86a7d6f2");
  EXPECT_NE(with("adam", "ntk", decay), "e7958396b868bfb8ab97698f0e43b92c");
  EXPECT_EQ(with("rmsprop", "standard", decay), "4b46ee1a179895144ce6b49c4a063783");
  EXPECT_EQ(with("rmsprop", "mup", ""), "3996573ea788245e043dd151e5c1aaf6");
  EXPECT_EQ(with("adamw", "mup", decay), "75987e8be1d6c8c27fd800f4590fdf99");
}

TEST(Identity, UpdatesOfHybridsAreANewRun) {
  // What they drop of W_0 once counted as an update. The two hashes of hp and hpz are those of then.
  const auto of = [](const std::string& scheme) {
    return run("[training]\nsteps = 4\nlearning_rate = 0.5\n[parameterization]\nname = \"" + scheme + "\"\n")
        .identity();
  };
  EXPECT_NE(of("hp"), "902b3574afbbd66d7df562580740963a");
  EXPECT_NE(of("hpz"), "9d9777bb57ac341e5da4c1ea3a183565");
  EXPECT_EQ(of("mup"), "9e92d2e593ae9c0b8ce44df2b9b08f53");
}

TEST(Identity, KnowsWhatMatters) {
  const std::string sgd = "[training]\nsteps = 4\nlearning_rate = 0.5\nbatch = 8\n";
  // Adam's beta1 says nothing under sgd, the batch seed nothing on full batches; the measuring times are part of a run.
  EXPECT_EQ(run(sgd).identity(), run(sgd + "beta1 = 0.5\n").identity());
  EXPECT_NE(run(sgd + "optimizer = \"adam\"\n").identity(),
            run(sgd + "optimizer = \"adam\"\nbeta1 = 0.5\n").identity());
  EXPECT_NE(run(sgd).identity(), run(sgd + "[seed]\nbatch = 1\n").identity());
  const std::string full = "[training]\nsteps = 4\nlearning_rate = 0.5\n";
  EXPECT_EQ(run(full).identity(), run(full + "[seed]\nbatch = 1\n").identity());
  EXPECT_NE(run(sgd).identity(), run(sgd + "[measure]\ntimes = { log = 3 }\n").identity());
  // One switch for all biases says the same as three.
  EXPECT_EQ(run(sgd + "[architecture]\nbias = true\n").identity(),
            run(sgd + "[architecture]\nbias_input = true\nbias_hidden = true\nbias_output = true\n").identity());
}

TEST(Identity, HashIsSha1) {
  // FIPS 180 example: SHA-1("abc") = a9993e364706816aba3e25717850c26c9cd0d89d.
  EXPECT_EQ(text_hash("abc"), "a9993e364706816aba3e25717850c26c");
}

TEST(Schema, DefaultsPassTheirOwnChecks) {
  for (const KeySpec& spec : known_keys()) {
    EXPECT_FALSE(spec.sentence.empty()) << spec.key;
    if (!spec.required && spec.inherits.empty()) {
      EXPECT_NO_THROW(check_setting(spec, spec.standard)) << spec.key;
    }
    for (const auto& [value, standard] : spec.standards) EXPECT_NO_THROW(check_setting(spec, standard)) << spec.key;
  }
}

TEST(NewStudy, ReadsBackAndNamesEveryKey) {
  const std::string text = new_study("A \"quoted\" title");
  const Study study = parse_study(text, "new.toml", "long");
  EXPECT_EQ(study.title, "A \"quoted\" title");
  for (const Sweep& sweep : study.sweeps) EXPECT_FALSE(expand(study, sweep).empty());
  for (const KeySpec& spec : known_keys())
    EXPECT_NE(text.find(spec.short_name() + " = "), std::string::npos) << spec.key;
  // With every commented setting switched on, it must still be a study.
  std::string all;
  const std::size_t settings_end = text.find("[variant.");
  std::istringstream lines(text.substr(0, settings_end));
  for (std::string line; std::getline(lines, line); all += line + "\n")
    for (const KeySpec& spec : known_keys())
      if (line.starts_with("# " + spec.short_name() + " = ")) line = line.substr(2);
  EXPECT_NO_THROW(parse_study(all + text.substr(settings_end), "new.toml"));
}

TEST(Groups, HoldRunsThatShareAnEnsembleAndDoNotDependOnOrder) {
  std::vector<Configuration> runs;
  for (const GridPoint& point : points("\"architecture.width\" = [8, 16]\n\"seed.init\" = { from = 0, count = 5 }\n"
                                       "\"parameterization.name\" = [\"mup\", \"ntk\"]\n"))
    runs.push_back(point.configuration);
  const auto groups = group_runs(runs);
  std::size_t count = 0;
  for (const RunGroup& group : groups) {
    count += group.runs.size();
    for (const Configuration& one : group.runs)
      EXPECT_EQ(one.whole("architecture.width"), group.runs.front().whole("architecture.width"));
  }
  EXPECT_EQ(count, 20U);
  EXPECT_EQ(groups.size(), 2U);  // tiny runs: one ensemble a width
  std::ranges::reverse(runs);
  const auto again = group_runs(runs);
  for (std::size_t i = 0; i < groups.size(); ++i) EXPECT_EQ(groups[i].id, again[i].id);
}

TEST(Groups, ShareAlphaBySettingOutputScalesAMemberButNotItsConvention) {
  std::vector<Configuration> runs;
  for (const GridPoint& point : points("\"training.alpha\" = [0.5, 1, 2]\n\"seed.init\" = [0, 1]\n"
                                       "\"training.alpha_convention\" = [\"none\", \"article\"]\n"))
    runs.push_back(point.configuration);
  const auto groups = group_runs(runs);
  ASSERT_EQ(groups.size(), 2U);
  for (const RunGroup& group : groups) {
    EXPECT_EQ(group.runs.size(), 6U);
    for (const Configuration& one : group.runs)
      EXPECT_EQ(one.text("training.alpha_convention"), group.runs.front().text("training.alpha_convention"));
  }
}

// What a loss does not have decides nothing.
TEST(Identity, LossParametersCountWhereTheLossHasThem) {
  const auto run = [](const std::string& settings) {
    return points("\"data.labels\" = \"sign\"\n" + settings).front().configuration.identity();
  };
  EXPECT_EQ(run("\"training.loss_beta\" = 5\n"), run(""));
  EXPECT_EQ(run("\"training.loss\" = \"hinge\"\n\"training.loss_beta\" = 5\n"), run("\"training.loss\" = \"hinge\"\n"));
  EXPECT_NE(run("\"training.loss\" = \"hinge\"\n\"training.loss_margin\" = 2\n"),
            run("\"training.loss\" = \"hinge\"\n"));
  EXPECT_NE(run("\"training.loss\" = \"softhinge\"\n\"training.loss_beta\" = 5\n"),
            run("\"training.loss\" = \"softhinge\"\n"));
  EXPECT_EQ(run("\"training.alpha_convention\" = \"none\"\n"), run(""));
  EXPECT_NE(run("\"training.alpha_convention\" = \"article\"\n"), run(""));
}

TEST(Groups, AreCutByWorkAndMembers) {
  std::vector<Configuration> runs;
  for (const GridPoint& point : points("\"seed.init\" = { from = 0, count = 20 }\n"))
    runs.push_back(point.configuration);
  GroupLimits limits;
  limits.most_members = 6;
  const auto groups = group_runs(runs, limits);
  EXPECT_EQ(groups.size(), 4U);  // 20 runs in fours of 5
  for (const RunGroup& group : groups) EXPECT_EQ(group.runs.size(), 5U);
}

}  // namespace
}  // namespace widthwise
