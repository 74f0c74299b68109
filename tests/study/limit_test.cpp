// Values at infinite width and best values in a study: runs are recorded here by formula, so that every limit and every
// best point is known.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "made_up_runs.h"
#include "text.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/derived.h"
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

const std::string sweep = R"(
[[sweep]]
name = "s"
"training.kappa" = [0, 1]
"architecture.width" = [16, 32, 64, 128]
"training.learning_rate" = [0.125, 0.25, 0.5]
"seed.init" = [0, 1, 2]
)";
const std::string best = R"(
[[derived]]
name = "best size"
sweep = "s"
of = "final.output_size"
over = "training.learning_rate"
how = "best"
by = "final.train_loss"
)";
const std::string limit = R"(
[[derived]]
name = "limit"
sweep = "s"
of = "final.output_size"
over = "architecture.width"
how = "infinite-width"
)";
const std::string limit_of_best = R"(
[[derived]]
name = "limit of best"
sweep = "s"
of = "best size"
over = "architecture.width"
how = "infinite-width"
power = 1
)";

std::string claim(const std::string& of, double value, double tolerance, const std::string& more = {}) {
  return "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"" + of + "\"\nvalue = " + std::to_string(value) +
         "\ntolerance = " + std::to_string(tolerance) + "\nsource = \"made up\"\n" + more + "\n";
}

// The size is kappa + 2 rate + 3/n, to within 0.001 of seeds about seed 1; the loss is least at the rate 0.25.
StoreReader record(const Study& study, const Folder& folder, const study_test::RunChange& change = {}) {
  const auto make = [](const Configuration& c, RunRecord& run) {
    const double rate = c.number("training.learning_rate"), seed = c.number("seed.init");
    const double size = c.number("training.kappa") + 2 * rate + 3 / c.number("architecture.width") + 0.001 * (seed - 1);
    run.trace.series = {{"output_size", {size}}, {"train_loss", {std::abs(rate - 0.25)}}};
  };
  return study_test::record_made_up(study, folder, make, change);
}

TEST(Limit, ConsumesWidthAndSeedsAndKeepsItsFit) {
  const Folder folder("widthwise-limit");
  const Study study = parse(tiny + sweep + limit);
  const Table table = select(study, "s", {"limit"}, record(study, folder));
  EXPECT_THAT(table.axes, ElementsAre("training.kappa", "training.learning_rate"));
  ASSERT_EQ(table.rows.size(), 6U);
  EXPECT_EQ(table.expected, 72U);
  EXPECT_NEAR(table.rows[5].values[0], 1 + 2 * 0.5, 1e-12);
  ASSERT_EQ(table.rows[5].limits.size(), 1U);
  const Extrapolation& fit = *table.rows[5].limits[0];
  EXPECT_NEAR(fit.coefficients[0], 3, 1e-9);
  EXPECT_NEAR(fit.interval.high - fit.limit, 2 - student_interval(std::vector<double>{1.999, 2, 2.001}).low, 1e-9);
  EXPECT_EQ(fit.seeds[2].seed, "seed.init = 2");
}

TEST(Limit, TellsWhichRunsItLeavesOut) {
  const Folder folder("widthwise-limit-dropped");
  const Study study = parse(tiny + sweep + limit);
  const StoreReader reader = record(study, folder, [](const Configuration& c, RunRecord& run) {
    const bool first = c.number("training.kappa") == 0 && c.number("training.learning_rate") == 0.125;
    if (!first || c.number("seed.init") != 0) return;
    if (c.number("architecture.width") == 32) run.status = "diverged", run.reason = "diverged at step 7";
    if (c.number("architecture.width") == 64) run.status = "missing";
  });
  const Row row = select(study, "s", {"limit"}, reader).rows.front();
  EXPECT_NEAR(row.values[0], 0.25, 1e-12);  // two widths of seed 0 are left
  EXPECT_EQ(row.status, "missing");
  ASSERT_EQ(row.limits[0]->dropped.size(), 2U);
  EXPECT_EQ(row.limits[0]->dropped[0].what, "architecture.width = 32, seed.init = 0");
  EXPECT_EQ(row.limits[0]->dropped[0].reason, "diverged at step 7");
  EXPECT_EQ(row.limits[0]->dropped[1].reason, "not run yet");
}

TEST(Limit, AxesTiedToTheWidthGoWithIt) {
  const Folder folder("widthwise-limit-zip");
  const Study study = parse(tiny + R"(
[[sweep]]
name = "s"
"architecture.width" = [16, 32, 64]
"training.learning_rate" = [0.125, 0.25, 0.5]
"seed.init" = [0, 1]
zip = [["architecture.width", "training.learning_rate"]]
)" + limit);
  // 2 rate + 3/n along the tied axes: 0.25 + 3/16, 0.5 + 3/32, 1 + 3/64. A single group of three widths.
  const Table table = select(study, "s", {"limit"}, record(study, folder));
  EXPECT_THAT(table.axes, IsEmpty());
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].limits[0]->x.size(), 3U);
  const Judgement judgement = judge(parse(tiny + R"(
[[sweep]]
name = "s"
"architecture.width" = [16, 32, 64]
"training.learning_rate" = [0.125, 0.25, 0.5]
"seed.init" = [0, 1]
zip = [["architecture.width", "training.learning_rate"]]
)" + limit + claim("limit", 0, 9)),
                                    StoreReader(folder.path()))
                                  .front();
  EXPECT_NEAR(judgement.measured, table.rows[0].values[0], 1e-12);
}

TEST(Best, IsTheValueWhereTheOtherIsSmallest) {
  const Folder folder("widthwise-best");
  const Study study = parse(tiny + sweep + best);
  const StoreReader reader = record(study, folder, [](const Configuration& c, RunRecord& run) {
    const double width = c.number("architecture.width"), rate = c.number("training.learning_rate");
    if (width == 16 && rate == 0.25) run.status = "diverged";  // the next best is 0.125, the lowest
    if (width == 32 && rate == 0.5) run.status = "missing";
    if (width == 64) run.status = "diverged";
  });
  const Table table = select(study, "s", {"best size"}, reader);
  EXPECT_THAT(table.axes, ElementsAre("training.kappa", "architecture.width", "seed.init"));
  ASSERT_EQ(table.rows.size(), 24U);
  EXPECT_NEAR(table.rows[1].values[0], 2 * 0.125 + 3.0 / 16, 1e-12);  // seed 1
  EXPECT_EQ(table.rows[1].edge, Optimum::Edge::lower);
  EXPECT_EQ(table.rows[1].status, "finished");
  EXPECT_TRUE(std::isnan(table.rows[4].values[0]));  // a rate is missing: the best is not known yet
  EXPECT_EQ(table.rows[4].status, "missing");
  EXPECT_TRUE(std::isnan(table.rows[7].values[0]));  // none is left
  EXPECT_EQ(table.rows[7].status, "diverged");
  EXPECT_NEAR(table.rows[10].values[0], 2 * 0.25 + 3.0 / 128, 1e-12);
  EXPECT_EQ(table.rows[10].edge, Optimum::Edge::none);
}

TEST(Best, HasALimitOfItsOwn) {
  const Folder folder("widthwise-best-limit");
  const Study study = parse(tiny + sweep + best + limit_of_best);
  const Table table = select(study, "s", {"limit of best"}, record(study, folder));
  EXPECT_THAT(table.axes, ElementsAre("training.kappa"));
  EXPECT_NEAR(table.rows[1].values[0], 1.5, 1e-12);
}

Judgement judged(const std::string& text, const Folder& folder, const study_test::RunChange& change = {}) {
  const Study study = parse(text);
  return judge(study, record(study, folder, change)).front();
}

const std::string where = "where = { \"training.kappa\" = 1, \"training.learning_rate\" = 0.5 }";

TEST(JudgeLimit, AgreesDisagreesAndExplainsTheFit) {
  // The limit is 2, its interval 2 -+ 0.0025.
  const Folder folder("widthwise-judge-limit");
  const std::string text = tiny + sweep + limit;
  const Judgement agrees = judged(text + claim("limit", 2, 0.01, where), folder);
  EXPECT_EQ(agrees.verdict, Verdict::agrees);
  EXPECT_NEAR(agrees.measured, 2, 1e-12);
  EXPECT_LT(agrees.low, 1.998);
  EXPECT_GT(agrees.high, 2.002);
  EXPECT_EQ(agrees.points.size(), 12U);
  EXPECT_EQ(agrees.against, "architecture.width");
  EXPECT_THAT(agrees.explanation, HasSubstr("Fit: y_inf + c/n over 4 widths."));
  ASSERT_TRUE(agrees.limit.has_value());
  EXPECT_NEAR(agrees.limit->coefficients[0], 3, 1e-9);
  EXPECT_EQ(judge(parse(text + claim("limit", 2.1, 0.01, where)), StoreReader(folder.path())).front().verdict,
            Verdict::disagrees);
  const Judgement open = judge(parse(text + claim("limit", 2, 0.001, where)), StoreReader(folder.path())).front();
  EXPECT_EQ(open.verdict, Verdict::undecided);
  EXPECT_THAT(open.advice, HasSubstr("seeds"));
}

TEST(JudgeValue, AnOrderMakesItABound) {
  // At width 128, rate 0.25 and kappa 0 the size is 0.5 + 3/128, to within 0.001.
  const Folder folder("widthwise-bound");
  const auto verdict = [&](double value, const std::string& order) {
    const Study study = parse(tiny + sweep +
                              claim("final.output_size", value, 0,
                                    order + "where = { \"architecture.width\" = 128, \"training.learning_rate\" = "
                                            "0.25, \"training.kappa\" = 0 }\n"));
    return judge(study, record(study, folder)).front().verdict;
  };
  EXPECT_EQ(verdict(0.6, "order = \"below\"\n"), Verdict::agrees);
  EXPECT_EQ(verdict(0.6, "order = \"above\"\n"), Verdict::disagrees);
  EXPECT_EQ(verdict(0.4, "order = \"above\"\n"), Verdict::agrees);
  EXPECT_EQ(verdict(0.6, ""), Verdict::disagrees);
}

TEST(JudgeLimit, UnfinishedIsUndecidedAndSaysWhatIsMissing) {
  const Folder folder("widthwise-judge-limit-unfinished");
  const auto change = [](const Configuration& c, RunRecord& run) {
    if (c.number("architecture.width") > 16) run.status = "missing";
  };
  const Judgement judgement = judged(tiny + sweep + limit + claim("limit", 2, 0.01, where), folder, change);
  EXPECT_EQ(judgement.verdict, Verdict::undecided);
  EXPECT_TRUE(std::isnan(judgement.low));
  EXPECT_THAT(judgement.explanation, HasSubstr("2 different widths"));
  EXPECT_THAT(judgement.advice, HasSubstr("3 of 12"));
  EXPECT_EQ(judgement.dropped.size(), 9U + 3U);  // runs that are missing, and seeds of one width
}

TEST(JudgeLimit, OfABestValueAtAnEdgeIsUndecided) {
  // The loss falls with the rate: every best is at the highest rate tried.
  const Folder folder("widthwise-judge-limit-edge");
  const auto change = [](const Configuration& c, RunRecord& run) {
    run.finals["train_loss"] = -c.number("training.learning_rate");
  };
  const std::string fixed = "where = { \"training.kappa\" = 1 }";
  const Judgement judgement =
      judged(tiny + sweep + best + limit_of_best + claim("limit of best", 2, 0.01, fixed), folder, change);
  EXPECT_NEAR(judgement.measured, 2, 1e-12);
  EXPECT_EQ(judgement.verdict, Verdict::undecided);
  EXPECT_THAT(judgement.points.front().flag, HasSubstr("highest training.learning_rate"));
  EXPECT_THAT(judgement.advice, HasSubstr("training.learning_rate above"));
}

struct Case {
  std::string name, text, key, expected, got;
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

class LimitMistakes : public testing::TestWithParam<Case> {};

TEST_P(LimitMistakes, SayWhereAndWhat) {
  const ConfigError error = mistake(tiny + sweep + GetParam().text);
  EXPECT_THAT(error.place().file, HasSubstr("study.toml:"));
  EXPECT_THAT(error.place().key, HasSubstr(GetParam().key));
  EXPECT_THAT(error.expected(), HasSubstr(GetParam().expected));
  EXPECT_THAT(error.got(), HasSubstr(GetParam().got));
}

std::string derived(const std::string& members) {
  return "[[derived]]\nname = \"d\"\nsweep = \"s\"\nof = \"final.train_loss\"\n" + members;
}

const std::string over_width = "over = \"architecture.width\"\nhow = \"infinite-width\"\n";
const std::string over_rate = "over = \"training.learning_rate\"\nhow = \"best\"\n";
const std::string figure = "[[figure]]\nname = \"f\"\nsweep = \"s\"\ny = \"final.train_loss\"\n";

INSTANTIATE_TEST_SUITE_P(
    Study, LimitMistakes,
    testing::Values(
        Case{"PowerZero", derived(over_width + "power = 0\n"), "derived.power", "ascending positive", "0"},
        Case{"PowerText", derived(over_width + "power = \"one\"\n"), "derived.power", "ascending positive", "one"},
        Case{"PowersDescend", derived(over_width + "powers = [1, 0.5]\n"), "derived.powers", "ascending", "[1,0.5]"},
        Case{"PowerAndPowers", derived(over_width + "power = 1\npowers = [1]\n"), "derived.powers", "either", "both"},
        Case{"PowerOfAMean", derived("over = \"seed.init\"\npower = 1\n"), "derived.power", "infinite-width", "mean"},
        Case{"TooFewWidths",
             derived("over = \"training.learning_rate\"\nhow = \"infinite-width\"\npowers = [0.5, 1, 1.5]\n"),
             "derived.over", "at least 4 values", "with 3"},
        Case{"OverSeeds", derived("over = \"seed.init\"\nhow = \"infinite-width\"\n"), "derived.over",
             "an axis of widths", "seed.init"},
        Case{"OverAZero", derived("over = \"training.kappa\"\nhow = \"infinite-width\"\n"), "derived.over",
             "positive numbers", "training.kappa"},
        Case{"NoBy", derived(over_rate), "derived.by", "smallest at the best point", "nothing"},
        Case{"UnknownBy", derived(over_rate + "by = \"final.train_lss\"\n"), "derived.by", "series the sweep records",
             "train_lss"},
        Case{"ByOfAMean", derived("over = \"seed.init\"\nby = \"final.train_loss\"\n"), "derived.by", "best", "mean"},
        Case{"OfItself", "[[derived]]\nname = \"d\"\nsweep = \"s\"\nof = \"d\"\n" + over_width, "derived.of",
             "written before", "'d'"},
        Case{"OverAConsumedAxis",
             best + "[[derived]]\nname = \"d\"\nsweep = \"s\"\nof = \"best size\"\nover = "
                    "\"training.learning_rate\"\n",
             "derived.over", "not consumed", "training.learning_rate"},
        Case{"ByOverOtherAxes",
             best + "[[derived]]\nname = \"d\"\nsweep = \"s\"\nof = \"final.train_loss\"\nover = "
                    "\"architecture.width\"\nhow = \"best\"\nby = \"best size\"\n",
             "derived.by", "over the axes of", "best size"},
        Case{"ExponentOfALimit",
             limit + "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"limit\"\nexponent = 1\n"
                     "source = \"x\"\nagainst = \"training.learning_rate\"\n",
             "prediction.exponent", "value", "exponent"},
        Case{"LimitAgainstWidth", limit + claim("limit", 1, 1, "against = \"architecture.width\""),
             "prediction.against", "not consumed", "architecture.width"},
        Case{"LimitAgainstAnything", limit + claim("limit", 1, 1, "against = \"training.learning_rate\""),
             "prediction.against", "single value", "training.learning_rate"},
        Case{"FigureOverAConsumedAxis",
             limit + "[[figure]]\nname = \"f\"\nsweep = \"s\"\ny = \"limit\"\nx = \"architecture.width\"\n", "figure.x",
             "not consumed", "architecture.width"},
        Case{"ColourOfAConsumedAxis",
             best + "[[figure]]\nname = \"f\"\nsweep = \"s\"\ny = \"best size\"\nx = \"architecture.width\"\n"
                    "color = \"training.learning_rate\"\n",
             "figure.color", "not consumed", "training.learning_rate"},
        Case{"ExtrapolateSteps",
             "[[figure]]\nname = \"f\"\nsweep = \"s\"\ny = \"train_loss\"\nx = \"step\"\n"
             "extrapolate = 1\n",
             "figure.extrapolate", "axis such as architecture.width", ""},
        Case{"ExtrapolateAValue", figure + "x = \"final.output_size\"\nextrapolate = 1\n", "figure.extrapolate",
             "an axis of widths", "final.output_size"},
        Case{"ExtrapolateZero", figure + "x = \"training.kappa\"\nextrapolate = 1\n", "figure.extrapolate",
             "positive numbers", "training.kappa"},
        Case{"ExtrapolateTooFar", figure + "x = \"training.learning_rate\"\nextrapolate = [0.5, 1, 1.5]\n",
             "figure.extrapolate", "at least 4 values", "with 3"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace widthwise
