// Searches: the pure function on curves whose crossing is known, then searches that make their own runs.
#include "widthwise/study/search.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/base/key.h"
#include "widthwise/numerics/jackknife.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/schedule.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

using study_test::Folder;
using study_test::mistake;
using study_test::parse;
using study_test::quiet;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SearchSpec spec(double equals = 1) {
  SearchSpec out;
  out.bisect = "training.alpha";
  out.low = 1e-3;
  out.high = 1e3;
  out.until = "final.train_loss";
  out.equals = equals;
  return out;
}

using Law = std::function<double(double key, int seed)>;

// Runs what a search asks for until it asks no more; how many keys that took.
struct Made {
  SearchResult result;
  std::vector<SearchPoint> points;
  std::size_t keys = 0;
};
Made follow(const SearchSpec& of, int seeds, const Law& curve) {
  Made made;
  for (made.result = search(of, {}); !made.result.next.empty(); made.result = search(of, made.points)) {
    for (const double key : made.result.next) {
      ++made.keys;
      for (int s = 0; s < seeds; ++s) made.points.push_back({key, std::to_string(s), curve(key, s), false, ""});
    }
    if (made.keys > 100) break;
  }
  return made;
}

TEST(Search, FindsWhereAPowerLawCrossesWithinRounding) {
  // 2 key^-1.5 = 1 at 2^(2/3), whatever end falls: between two keys the line in logarithms is the curve itself.
  for (const double sign : {-1.0, 1.0}) {
    const Made made = follow(spec(), 3, [&](double key, int) { return 2 * std::pow(key, 1.5 * sign); });
    EXPECT_EQ(made.result.reason, "");
    EXPECT_NEAR(made.result.crossing / std::pow(2, -sign / 1.5), 1, 1e-12);
    EXPECT_LE(made.result.high / made.result.low, 1.05 * (1 + 1e-6));
    // log2(log(1e6) / log(1.05)) = 8.1: the two ends and at most nine or ten middles.
    EXPECT_LE(made.keys, 12U);
    ASSERT_EQ(made.result.left_out.size(), 3U);
    for (const LeftOut& one : made.result.left_out) EXPECT_NEAR(one.value, made.result.crossing, 1e-9);
  }
}

TEST(Search, TheMeanOverSeedsIsThatOfTheLogarithm) {
  // Seeds 1/4 and 16 times the curve: their geometric mean is 2, so 2/key = 1 at 2; the arithmetic one is 8.125.
  const Law curve = [](double key, int seed) { return (seed == 0 ? 0.25 : 16) / key; };
  EXPECT_NEAR(follow(spec(), 2, curve).result.crossing, 2, 1e-10);
  SearchSpec linear = spec();
  linear.log_mean = false;
  EXPECT_NEAR(follow(linear, 2, curve).result.crossing, 8.125, 0.01);  // a straight line under a convex curve
  // Without one seed the other's own crossing is left: 16 without the first, 1/4 without the second.
  const SearchResult both = follow(spec(), 2, curve).result;
  EXPECT_NEAR(both.left_out[0].value, 16, 1e-9);
  EXPECT_NEAR(both.left_out[1].value, 0.25, 1e-9);
}

TEST(Search, ItsJackknifeHoldsTheCrossing) {
  // log value = -log key + noise of the seed (0.3) + noise of the run (0.05): the crossing of all is at 1. Student's
  // interval of log crossing over 5 seeds, 400 times; 95 % less three deviations is 367.
  int covered = 0;
  SearchSpec of = spec();
  for (int trial = 0; trial < 400; ++trial) {
    const Key key = Key(5).split(static_cast<std::uint64_t>(trial));
    std::uint64_t draw = 1;
    std::vector<double> shared;
    for (std::uint64_t s = 0; s < 5; ++s) shared.push_back(0.3 * normal(key, s, 0));
    const SearchResult found = follow(of, 5, [&](double x, int seed) {
                                 const auto s = static_cast<std::size_t>(seed);
                                 return std::exp(-std::log(x) + shared[s] + 0.05 * normal(key, s, draw++));
                               }).result;
    std::vector<LeftOut> logs = found.left_out;
    for (LeftOut& one : logs) one.value = std::log(one.value);
    covered += jackknife_interval(std::log(found.crossing), logs).contains(0);
  }
  EXPECT_GE(covered, 367);
}

TEST(Search, ASeedThatCrossesBeyondTheEndsStillCounts) {
  // Seeds 1 and 1e4 times 10/key: together they cross at 1000 of the ends 1e-3 and 3e3, the second alone at 1e5.
  SearchSpec of = spec();
  of.high = 3e3;
  const SearchResult found = follow(of, 2, [](double key, int seed) { return (seed == 0 ? 10 : 1e5) / key; }).result;
  EXPECT_NEAR(found.crossing, 1e3, 1e-6);
  EXPECT_NEAR(found.left_out[0].value / 1e5, 1, 1e-9);
  EXPECT_NEAR(found.left_out[1].value, 10, 1e-9);
}

TEST(Search, KeysAreFoundAgainBetweenOtherEnds) {
  const Law curve = [](double key, int) { return 1 / key; };
  SearchSpec wide = spec();
  wide.low = 1e-4;
  const Made a = follow(spec(), 1, curve), b = follow(wide, 1, curve);
  const auto on_grid = [](double key) {
    const double power = std::log(key) / std::log1p(0.05);
    return std::abs(power - std::round(power)) < 1e-3;
  };
  for (const Made* made : {&a, &b})
    for (const SearchPoint& point : made->points)
      if (point.key > 1e-3 && point.key < 1e3) {
        EXPECT_TRUE(on_grid(point.key)) << point.key;
      }
}

TEST(Search, WholeKeysEndAtNeighbours) {
  SearchSpec widths = spec(20.5);
  widths.bisect = "architecture.width";
  widths.low = 4;
  widths.high = 256;
  widths.tolerance = 1e-3;
  const Made made = follow(widths, 1, [](double key, int) { return key; });
  EXPECT_EQ(made.result.low, 20);
  EXPECT_EQ(made.result.high, 21);
  EXPECT_NEAR(made.result.crossing, 20.5, 0.01);
}

TEST(Search, ArithmeticMiddles) {
  SearchSpec linear = spec(0.25);
  linear.low = -1;
  linear.high = 1;
  linear.geometric = linear.log_mean = false;
  linear.tolerance = 0.01;
  const Made made = follow(linear, 1, [](double key, int) { return key; });
  EXPECT_NEAR(made.result.crossing, 0.25, 1e-12);
  EXPECT_LE(made.result.high - made.result.low, 0.02 * (1 + 1e-6));
}

TEST(Search, WhatIsNotBracketedSaysWhichEndToExtend) {
  const SearchResult above = follow(spec(), 2, [](double key, int) { return 2e4 / key; }).result;
  EXPECT_TRUE(std::isnan(above.crossing));
  EXPECT_THAT(above.reason, HasSubstr("above 1 at both ends"));
  EXPECT_THAT(above.reason, HasSubstr("extend it above"));
  EXPECT_THAT(above.left_out, IsEmpty());
  const SearchResult below = follow(spec(), 2, [](double key, int) { return 1e-5 / key; }).result;
  EXPECT_THAT(below.reason, HasSubstr("below 1 at both ends"));
  EXPECT_THAT(below.reason, HasSubstr("extend it below"));
}

TEST(Search, AValueThatIsNoneEndsItWithTheReason) {
  std::vector<SearchPoint> points{{1e-3, "seed.init = 0", 2, false, ""},
                                  {1e3, "seed.init = 0", std::nan(""), false, "batch loss 1e9 at step 3"}};
  const SearchResult diverged = search(spec(), points);
  EXPECT_THAT(diverged.next, IsEmpty());
  EXPECT_THAT(diverged.reason, HasSubstr("training.alpha = 1000, seed.init = 0: batch loss 1e9 at step 3"));
  points[1].value = 0;
  EXPECT_THAT(search(spec(), points).reason, HasSubstr("0 has no logarithm"));
  points[1] = {1e3, "seed.init = 0", 0, true, ""};
  EXPECT_THAT(search(spec(), points).next, ElementsAre(1e3));
}

const std::string base = R"(
title = "search"
[architecture]
hidden_layers = 1
width = 8
[data]
name = "gaussian"
train = 32
test = 0
dimension = 6
[training]
learning_rate = 0.05
steps = 100
dtype = "float64"
[measure]
observables = ["train_loss"]
)";
std::string sweep(const std::string& search = "", const std::string& axes = "\"architecture.width\" = [8, 16]\n") {
  std::string table =
      "{ bisect = \"training.learning_rate\", between = [1e-4, 0.1], until = \"final.train_loss\", "
      "equals = 0.2, tolerance = 0.02 }";
  if (!search.empty()) table = search;
  return "[[sweep]]\nname = \"s\"\nsearch = " + table + "\n" + axes + "\"seed.init\" = [0, 1, 2]\n";
}

TEST(Searches, TheRateAtWhichALossIsReached) {
  const Folder folder("widthwise-search");
  const Study study = parse(base + sweep());
  const Plan before = plan_study(study, quiet(folder.path()));
  EXPECT_EQ(before.runs, 12U);  // both ends of both widths, three seeds
  const Summary summary = run_study(study, quiet(folder.path()));
  EXPECT_GT(summary.runs, 12U);
  EXPECT_LE(summary.runs, before.runs + before.ahead);
  EXPECT_EQ(summary.done, summary.runs);
  const StoreReader reader(folder.path());
  EXPECT_EQ(reader.size(), summary.runs);
  const Table table = select(study, "s", {"search.training.learning_rate"}, reader);
  EXPECT_THAT(table.axes, ElementsAre("architecture.width"));
  ASSERT_EQ(table.rows.size(), 2U);
  for (const Row& row : table.rows) {
    ASSERT_TRUE(std::isfinite(row.values[0])) << row.reason;
    EXPECT_EQ(row.left_out[0].size(), 3U);
    EXPECT_GT(row.error(0), 0);
    // Checked by runs of its own: at the rate found the geometric mean of the losses is 0.2.
    const Folder check("widthwise-search-check");
    const Study at =
        parse(base + "[[sweep]]\nname = \"at\"\n\"architecture.width\" = " + to_text(row.axes[0]) +
              "\n\"training.learning_rate\" = " + std::to_string(row.values[0]) + "\n\"seed.init\" = [0, 1, 2]\n");
    run_study(at, quiet(check.path()));
    double sum = 0;
    for (const Row& run : select(at, "at", {"final.train_loss"}, StoreReader(check.path())).rows)
      sum += std::log(run.values[0]) / 3;
    EXPECT_NEAR(std::exp(sum), 0.2, 1e-3);
  }
  // However many rounds it took, a process writes one file.
  const auto files = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(
      std::count_if(begin(files), end(files), [](const auto& file) { return file.path().extension() == ".sqlite"; }),
      1);
  // Nothing is made twice, and the plan knows it is done.
  const Summary again = run_study(study, quiet(folder.path()));
  EXPECT_EQ(again.done, 0U);
  EXPECT_EQ(again.found, summary.runs);
  const Plan after = plan_study(study, quiet(folder.path()));
  EXPECT_EQ(after.runs, after.done);
  EXPECT_EQ(after.ahead, 0U);
  // Runs of the search are values like others, over the key as an axis.
  const Table runs = select(study, "s", {"final.train_loss"}, reader);
  EXPECT_EQ(runs.rows.size(), summary.runs);
  EXPECT_GE(runs.axis("training.learning_rate"), 0);
}

TEST(Searches, AreJudgedLikeAnyValueOverSeeds) {
  const Folder folder("widthwise-search-judged");
  const std::string claim =
      "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"search.training.learning_rate\"\n"
      "against = \"architecture.width\"\nexponent = 0\ntolerance = 5\nsource = \"made up\"\n";
  const Study study = parse(base + sweep("", "\"architecture.width\" = [8, 16, 32]\n") + claim);
  const Judgement waiting = judge(study, study.predictions.front(), StoreReader(folder.path()));
  EXPECT_EQ(waiting.verdict, Verdict::undecided);
  run_study(study, quiet(folder.path()));
  const Judgement judged = judge(study, study.predictions.front(), StoreReader(folder.path()));
  for (const DroppedPoint& one : judged.dropped) ADD_FAILURE() << one.what << ": " << one.reason;
  EXPECT_EQ(judged.points.size(), 3U);
  EXPECT_TRUE(judged.jackknifed);
  EXPECT_EQ(judged.verdict, Verdict::agrees) << judged.explanation;
}

TEST(Searches, TheoryKnowsOneOfThem) {
  // alpha* ~ n^(-1/2) under ntk (Geiger et al. 2020); of other searches it knows nothing.
  const auto text = [](const std::string& key, const std::string& until, const std::string& equals = "1",
                       const std::string& loss = "0.1") {
    return study_test::tiny + R"(
[[sweep]]
name = "s"
search = { bisect = ")" +
           key + R"(", between = [0.01, 100], until = ")" + until + R"(", equals = )" + equals + R"( }
"training.target_loss" = )" +
           loss + R"(
"parameterization.name" = "ntk"
"architecture.width" = [8, 16]
"measure.observables" = ["kernel_change", "train_loss"]
"measure.kernel_points" = 8
[[prediction]]
name = "p"
sweep = "s"
of = "search.)" +
           key + R"("
against = "architecture.width"
exponent = "theory"
)";
  };
  const Folder folder("theory-of-a-search");
  const StoreReader empty(folder.path() / "store");
  EXPECT_EQ(judge(parse(text("training.alpha", "final.kernel_change")), empty).front().predicted, -0.5);
  // On the lazy side the kernel's change has another law, and untrained networks have none.
  EXPECT_EQ(judge(parse(text("training.alpha", "final.kernel_change", "0.01")), empty).front().predicted, std::nullopt);
  EXPECT_EQ(judge(parse(text("training.alpha", "final.kernel_change", "1", "0")), empty).front().predicted,
            std::nullopt);
  EXPECT_THROW(judge(parse(text("training.alpha", "final.train_loss")), empty), ConfigError);
  EXPECT_THROW(judge(parse(text("training.alpha", "initial.kernel_change")), empty), ConfigError);
  EXPECT_THROW(judge(parse(text("training.learning_rate", "final.kernel_change")), empty), ConfigError);
}

TEST(Searches, WhatIsNotBracketedIsToldInTheVerdict) {
  const Folder folder("widthwise-search-open");
  const std::string claim =
      "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"search.training.learning_rate\"\n"
      "against = \"architecture.width\"\nexponent = 0\nsource = \"made up\"\n";
  const Study study = parse(base +
                            sweep("{ bisect = \"training.learning_rate\", between = [1e-4, 1e-3], until = "
                                  "\"final.train_loss\", equals = 0.01 }") +
                            claim);
  run_study(study, quiet(folder.path()));
  const Judgement judged = judge(study, study.predictions.front(), StoreReader(folder.path()));
  EXPECT_EQ(judged.verdict, Verdict::undecided);
  ASSERT_EQ(judged.dropped.size(), 2U);
  EXPECT_THAT(judged.dropped[0].reason, HasSubstr("extend it above"));
}

TEST(Searches, ProcessesShareThem) {
  const Folder folder("widthwise-search-shared");
  const Study study = parse(base + sweep());
  study_test::run_by_three(study, folder.path());
  const StoreReader reader(folder.path());
  EXPECT_TRUE(reader.duplicates().empty());
  EXPECT_TRUE(std::isfinite(select(study, "s", {"search.training.learning_rate"}, reader).rows[0].values[0]));
  EXPECT_EQ(run_study(study, quiet(folder.path())).done, 0U);
}

struct Case {
  std::string name, text, key, expected, got;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}
class SearchMistakes : public testing::TestWithParam<Case> {};

TEST_P(SearchMistakes, SayWhereAndWhat) {
  const Case& one = GetParam();
  const ConfigError error = mistake(base + one.text);
  EXPECT_THAT(error.place().file, testing::StartsWith("study.toml:"));
  EXPECT_THAT(error.place().key, HasSubstr(one.key));
  EXPECT_THAT(error.expected(), HasSubstr(one.expected));
  EXPECT_THAT(error.got(), HasSubstr(one.got));
}

std::string table(const std::string& bisect, const std::string& between, const std::string& until,
                  const std::string& more = ", equals = 1") {
  return "{ bisect = \"" + bisect + "\", between = " + between + ", until = \"" + until + "\"" + more + " }";
}
const std::string rate = "training.learning_rate", loss = "final.train_loss";

INSTANTIATE_TEST_SUITE_P(
    Study, SearchMistakes,
    testing::Values(
        Case{"Reversed", sweep(table(rate, "[1, 0.1]", loss)), "sweep.search.between", "low below high", "[1,0.1]"},
        Case{"NoPair", sweep(table(rate, "[1]", loss)), "sweep.search.between", "two numbers", "[1]"},
        Case{"Zero", sweep(table(rate, "[0, 1]", loss)), "sweep.search.between", "above 0, or geometric = false", "[0"},
        Case{"UnknownKey", sweep(table("training.rate", "[0.1, 1]", loss)), "sweep.search.bisect", "a known key",
             "training.rate"},
        Case{"NoNumber", sweep(table("training.optimizer", "[0.1, 1]", loss)), "sweep.search.bisect",
             "the key of a number", "training.optimizer"},
        Case{"AnAxis", sweep(table("architecture.width", "[4, 8]", loss)), "sweep.search.bisect", "does not set",
             "architecture.width"},
        Case{"OutOfRange", sweep(table("training.momentum", "[0.5, 2]", loss)), "training.momentum", "below 1", "2"},
        Case{"UnknownValue", sweep(table(rate, "[0.1, 1]", "final.train_los")), "sweep.search.until",
             "a series the sweep records", "final.train_los"},
        Case{"NoNumberToEqual", sweep(table(rate, "[0.1, 1]", loss, "")), "sweep.search.equals", "the number",
             "nothing"},
        Case{"LogOfNothing", sweep(table(rate, "[0.1, 1]", loss, ", equals = 0")), "sweep.search.equals", "above 0",
             "0"},
        Case{"Tolerance", sweep(table(rate, "[0.1, 1]", loss, ", equals = 1, tolerance = 0")), "sweep.search.tolerance",
             "from 0.0001", "0"},
        Case{"Mean", sweep(table(rate, "[0.1, 1]", loss, ", equals = 1, mean = \"lin\"")), "sweep.search.mean",
             "log, linear", "lin"},
        Case{"NoTable", sweep("\"training.alpha\""), "sweep.search", "a table", "training.alpha"},
        Case{"StartFromIt", sweep() + "[[sweep]]\nname = \"t\"\nstart_from = { sweep = \"s\" }\n",
             "sweep.start_from.sweep", "does not search", "s"},
        Case{"NameTaken",
             sweep() +
                 "[[derived]]\nname = \"search.training.learning_rate\"\nsweep = \"s\"\nof = \"final.train_loss\"\n"
                 "over = \"seed.init\"\n",
             "derived.name", "another name", "search.training.learning_rate"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace widthwise
