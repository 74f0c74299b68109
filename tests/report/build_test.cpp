// From a study and its store to the page: runs are recorded here by formula, so every mean and band is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "widthwise/base/error.h"
#include "widthwise/report/build_figure.h"
#include "widthwise/report/build_page.h"
#include "widthwise/report/explain.h"
#include "widthwise/report/page.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/y_names.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/writer.h"
#include "widthwise/study/grid.h"

namespace widthwise::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* study_text = R"(
title = "A <study> of \"widths\""
[training]
steps = 10
[measure]
observables = ["train_loss", "own_update"]
[[sweep]]
name = "rates"
"architecture.width" = [32, 64, 128]
"training.learning_rate" = [0.125, 0.25]
"seed.init" = { from = 0, count = 3 }
"parameterization.name" = ["mup", "standard"]
[[figure]]
name = "transfer"
sweep = "rates"
x = "training.learning_rate"
y = "final.train_loss"
color = "architecture.width"
column = "parameterization.name"
log = "x"
[[figure]]
name = "layers"
sweep = "rates"
x = "architecture.width"
y = ["final.own_update.1", "final.own_update.2"]
where = { "parameterization.name" = "mup", "training.learning_rate" = 0.25 }
band = "none"
[[figure]]
name = "curves"
sweep = "rates"
x = "step"
y = "train_loss"
color = "architecture.width"
row = "parameterization.name"
where = { "training.learning_rate" = 0.25 }
[[figure]]
name = "map"
sweep = "rates"
kind = "heatmap"
x = "training.learning_rate"
y = "architecture.width"
color = "final.train_loss"
column = "parameterization.name"
[[figure]]
name = "phase"
sweep = "rates"
x = "final.own_update.1"
y = "final.train_loss"
color = "architecture.width"
column = "parameterization.name"
)";

constexpr const char* limits_text = R"(
[[derived]]
name = "limit"
sweep = "rates"
of = "final.train_loss"
over = "architecture.width"
how = "infinite-width"
[[derived]]
name = "best"
sweep = "rates"
of = "final.own_update.1"
over = "training.learning_rate"
how = "best"
by = "final.train_loss"
[[figure]]
name = "limits"
sweep = "rates"
x = "training.learning_rate"
y = "limit"
color = "parameterization.name"
[[figure]]
name = "to infinity"
sweep = "rates"
x = "architecture.width"
y = "final.train_loss"
color = "parameterization.name"
where = { "training.learning_rate" = 0.25 }
extrapolate = 1
[[figure]]
name = "best updates"
sweep = "rates"
x = "architecture.width"
y = "best"
color = "parameterization.name"
)";

double loss(double width, double rate, double seed) {
  return 100 / width + rate + 0.1 * (seed - 1);
}

// The record of one run: own updates are width and twice the width, the loss falls to loss() in two points.
RunRecord record(const Configuration& c) {
  const double width = c.number("architecture.width"), seed = c.number("seed.init");
  const double final_loss = loss(width, c.number("training.learning_rate"), seed);
  RunRecord run;
  run.identity = c.identity();
  run.configuration = c.json();
  run.provenance = {{"cpu", "<cpu>"}, {"threads", seed == 0 ? "1" : "2"}};
  run.status = "finished";
  run.seconds = 0.5;
  run.trace.append(0, 0);
  run.trace.append(10, 1);
  run.trace.series = {{"train_loss", {2 * final_loss, final_loss}},
                      {"own_update.1", {width, width}},
                      {"own_update.2", {2 * width, 2 * width}}};
  for (const auto& [name, values] : run.trace.series) run.finals[name] = values.back();
  return run;
}

class BuildPage : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / ("widthwise-report-store-" + std::string(info->name()));
    std::filesystem::remove_all(folder_);
  }

  // Records every run of the grid, `left_out` last ones excepted; the very first run diverged.
  StoreReader store(std::size_t left_out = 0) const {
    std::vector<RunRecord> runs;
    for (const GridPoint& point : expand(study_, study_.sweep("rates"))) runs.push_back(record(point.configuration));
    runs[0].status = "diverged";
    runs[0].reason = "diverged at step 10";
    runs.resize(runs.size() - left_out);
    StoreWriter(folder_).append(runs);
    return StoreReader(folder_);
  }

  Figure figure(const std::string& name, const StoreReader& reader) const {
    for (const FigureSpec& spec : study_.figures) {
      if (spec.name == name) return build_figure(study_, spec, reader);
    }
    throw std::logic_error(name);
  }

  Study study_ = parse_study(std::string(study_text) + limits_text, "widths.toml");
  std::filesystem::path folder_;
};

TEST_F(BuildPage, LinesAreMeansOverSeedsWithBands) {
  const Figure f = figure("transfer", store());
  EXPECT_THAT(f.columns, ElementsAre("mup", "standard"));
  ASSERT_THAT(f.panels, SizeIs(2));
  ASSERT_THAT(f.panels[1].series, SizeIs(3));
  const Series& s = f.panels[1].series[2];
  EXPECT_EQ(s.label, "128");
  EXPECT_EQ(s.color_number, 128);
  ASSERT_THAT(s.x, ElementsAre(0.125, 0.25));
  for (std::size_t i = 0; i < 2; ++i) {
    const double mean = loss(128, s.x[i], 1);  // the seeds 0, 1, 2 lie evenly around seed 1
    EXPECT_NEAR(s.y[i], mean, 1e-12);
    EXPECT_NEAR(s.low[i], mean - 0.1, 1e-12);  // the standard deviation of -0.1, 0, 0.1 is 0.1
    EXPECT_NEAR(s.high[i], mean + 0.1, 1e-12);
  }
  EXPECT_THAT(f.note, HasSubstr("Mean over seed.init; bands are one standard deviation."));
}

TEST_F(BuildPage, DivergedRunsStayOutOfFinalValues) {
  const Figure f = figure("transfer", store());
  // The diverged run is the first of the grid: width 32, rate 0.125, seed 0, mup. Seeds 1 and 2 remain.
  EXPECT_NEAR(f.panels[0].series[0].y[0], 0.5 * (loss(32, 0.125, 1) + loss(32, 0.125, 2)), 1e-12);
  EXPECT_THAT(f.note, HasSubstr("1 diverged"));
}

TEST_F(BuildPage, SeveralQuantitiesBecomeALegendOfLayers) {
  const Figure f = figure("layers", store());
  EXPECT_EQ(f.y_label, "final.own_update");
  EXPECT_EQ(f.color_label, "layer");
  ASSERT_THAT(f.panels, SizeIs(1));
  ASSERT_THAT(f.panels[0].series, SizeIs(2));
  EXPECT_EQ(f.panels[0].series[1].label, "2");
  EXPECT_THAT(f.panels[0].series[1].x, ElementsAre(32, 64, 128));
  EXPECT_THAT(f.panels[0].series[1].y, ElementsAre(64, 128, 256));
  EXPECT_THAT(f.panels[0].series[1].low, IsEmpty());
}

TEST_F(BuildPage, CurvesRunOverSteps) {
  const Figure f = figure("curves", store());
  EXPECT_EQ(f.rows.size(), 2U);
  ASSERT_THAT(f.panels[1].series, SizeIs(3));
  const Series& s = f.panels[1].series[0];
  EXPECT_THAT(s.x, ElementsAre(0, 10));
  EXPECT_NEAR(s.y[0], 2 * loss(32, 0.25, 1), 1e-12);
  EXPECT_NEAR(s.y[1], loss(32, 0.25, 1), 1e-12);
}

TEST_F(BuildPage, HeatMapFillsRateAgainstWidth) {
  const Figure f = figure("map", store());
  EXPECT_EQ(f.kind, Kind::heatmap);
  EXPECT_EQ(f.color_label, "final.train_loss");
  const Grid& g = f.panels[1].grid;
  EXPECT_THAT(g.x, ElementsAre(0.125, 0.25));
  EXPECT_THAT(g.y, ElementsAre(32, 64, 128));
  EXPECT_NEAR(g.z[2 * 2 + 1], loss(128, 0.25, 1), 1e-12);
  EXPECT_THAT(f.note, Not(HasSubstr("bands")));
}

TEST_F(BuildPage, ValueAgainstValueAveragesSeedsAlone) {
  const Figure f = figure("phase", store());
  const Series& s = f.panels[1].series[1];  // width 64: a point a rate
  EXPECT_THAT(s.x, ElementsAre(64, 64));
  EXPECT_NEAR(s.y[0], loss(64, 0.125, 1), 1e-12);
  EXPECT_NEAR(s.y[1], loss(64, 0.25, 1), 1e-12);
}

TEST_F(BuildPage, LimitsHaveErrorBarsOfTheirOwn) {
  const Figure f = figure("limits", store());
  ASSERT_THAT(f.panels[0].series, SizeIs(2));
  const Series& s = f.panels[0].series[1];
  EXPECT_TRUE(s.bars);
  ASSERT_THAT(s.x, ElementsAre(0.125, 0.25));
  // 100/n + rate, with seeds at -0.1, 0, 0.1: the limit is the rate, in Student's interval of the three.
  const double half = student_quantile(2) * 0.1 / std::sqrt(3.0);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(s.y[i], s.x[i], 1e-12);
    EXPECT_NEAR(s.low[i], s.x[i] - half, 1e-9);
    EXPECT_NEAR(s.high[i], s.x[i] + half, 1e-9);
  }
  EXPECT_THAT(f.note, HasSubstr("Bars are 95 % intervals"));
}

TEST_F(BuildPage, ExtrapolatedLinesEndAtInfinityWithAnErrorBar) {
  const Figure f = figure("to infinity", store());
  ASSERT_THAT(f.panels[0].series, SizeIs(6));  // a curve, a fit and a limit for each of two names
  const Series &curve = f.panels[0].series[3], &fit = f.panels[0].series[4], &limit = f.panels[0].series[5];
  EXPECT_THAT(curve.x, ElementsAre(32, 64, 128));
  EXPECT_TRUE(fit.fit);
  EXPECT_TRUE(std::isinf(fit.x.back()));
  for (std::size_t i = 0; i < fit.x.size(); ++i) EXPECT_NEAR(fit.y[i], 100 / fit.x[i] + 0.25, 1e-9);
  EXPECT_TRUE(limit.bars);
  EXPECT_EQ(limit.color_value, curve.color_value);
  EXPECT_NEAR(limit.y[0], 0.25, 1e-12);
  EXPECT_NEAR(limit.high[0], 0.25 + student_quantile(2) * 0.1 / std::sqrt(3.0), 1e-9);
  EXPECT_THAT(f.note, HasSubstr("y_inf + c/n"));
}

TEST_F(BuildPage, BestValuesAtAnEndOfTheirAxisAreTold) {
  // The loss grows with the rate: every best is at the lower of two rates. Own updates are the width.
  const Figure f = figure("best updates", store());
  EXPECT_THAT(f.panels[0].series[1].y, ElementsAre(32, 64, 128));
  EXPECT_THAT(f.note, HasSubstr("18 of 18 best values lie at an end of their axis"));
}

TEST_F(BuildPage, AConsumedAxisCannotBeDrawn) {
  FigureSpec spec;
  spec.name = "f";
  spec.sweep = "rates";
  spec.x = "architecture.width";
  spec.y = {"limit"};
  EXPECT_THROW(build_figure(study_, spec, store()), ConfigError);
}

TEST_F(BuildPage, UnfinishedStudyIsAPageWithGaps) {
  const StoreReader reader = store(12);  // the widest networks are missing
  const Page page = build_page(study_, reader, {});
  EXPECT_EQ(page.total, 36U);
  EXPECT_EQ(page.finished, 24U);
  EXPECT_EQ(page.diverged, 1U);
  EXPECT_TRUE(std::isnan(page.figures[0].panels[0].series[2].y[0]));
  EXPECT_THAT(page.figures[0].note, HasSubstr("12 of 36 runs are still missing."));
  const std::string html = page_html(page, "");
  EXPECT_THAT(html, HasSubstr("24 of 36 runs finished, 1 of them diverged"));
  EXPECT_THAT(html, HasSubstr("A &lt;study&gt; of &quot;widths&quot;"));
  EXPECT_THAT(html, HasSubstr("<dt>cpu</dt><dd>&lt;cpu&gt;</dd>"));
  EXPECT_THAT(html, HasSubstr("<dt>threads</dt><dd>1; 2</dd>"));
  EXPECT_THAT(html, HasSubstr("<dt>computing time</dt><dd>12.0 s</dd>"));  // 24 runs of half a second
}

TEST_F(BuildPage, EmptyStoreIsAPageToo) {
  const StoreReader reader(folder_);
  const Page page = build_page(study_, reader, {});
  EXPECT_EQ(page.finished, 0U);
  EXPECT_THAT(page_html(page, ""), HasSubstr("No finished runs to draw yet."));
}

Judgement judgement() {
  Judgement j;
  j.name = "own updates stay";
  j.sweep = "rates";
  j.of = "final.own_update.2";
  j.against = "architecture.width";
  j.verdict = Verdict::disagrees;
  j.predicted = 0;
  j.tolerance = 0.15;
  j.source = "theory";
  j.measured = 1;
  j.low = 0.9;
  j.high = 1.1;
  j.intercept = std::log(2.0);
  j.explanation = "The interval lies above the band.";
  for (const double width : {32.0, 64.0, 128.0}) {
    for (const char* seed : {"0", "1"}) j.points.push_back({width, seed, 2 * width, ""});
  }
  j.points[0].flag = "optimum at the lower edge of training.learning_rate";
  j.dropped = {{"seed 2", "one width only"}};
  j.expected = j.recorded = 6;
  return j;
}

TEST(VerdictRows, ShowPointsSlopesAndFit) {
  const VerdictRow row = verdict_row(judgement());
  EXPECT_EQ(row.mark, Mark::disagrees);
  EXPECT_EQ(row.predicted, "0");
  EXPECT_EQ(row.measured, "1.00 [0.90, 1.10]");
  EXPECT_EQ(row.picture.band_low, -0.15);
  EXPECT_THAT(row.remark, HasSubstr("1 of 6 points: optimum at the lower edge"));
  EXPECT_THAT(row.explanation.points.header, ElementsAre("architecture.width", "seed 0", "seed 1", "fit"));
  EXPECT_THAT(row.explanation.points.rows[1], ElementsAre("64", "128", "128", "128"));  // 2 x^1 exactly
  ASSERT_THAT(row.explanation.slopes.rows, SizeIs(2));
  EXPECT_THAT(row.explanation.slopes.rows[0], ElementsAre("0", "1.000", "+0.000"));
  EXPECT_THAT(explain(row), HasSubstr("seed 2: one width only"));
}

TEST(VerdictRows, LimitsShowPointsFitAndResiduals) {
  Judgement j = judgement();
  j.claim = PredictionSpec::Claim::value;
  j.of = "limit";
  j.points.clear();
  std::vector<widthwise::Point> points;
  for (const double n : {32.0, 64.0, 128.0}) {
    for (const auto& [seed, shift] : {std::pair{"seed.init = 0", -0.5}, std::pair{"seed.init = 1", 0.5}}) {
      points.push_back({n, seed, 2 + shift + 64 / n});
      j.points.push_back({n, seed, points.back().y, ""});
    }
  }
  j.limit = extrapolate(points);
  j.measured = j.limit->limit;
  j.low = j.limit->interval.low;
  j.high = j.limit->interval.high;
  const Explanation e = verdict_row(j).explanation;
  EXPECT_THAT(e.claim, HasSubstr("limit, at infinite architecture.width, is 0."));
  EXPECT_THAT(e.points.header, ElementsAre("architecture.width", "seed 0", "seed 1", "fit", "residual"));
  ASSERT_THAT(e.points.rows, SizeIs(4));
  EXPECT_THAT(e.points.rows[1], ElementsAre("64", "2.5", "3.5", "3", testing::_));
  EXPECT_THAT(e.points.rows[3], ElementsAre("infinity", "1.5", "2.5", "2", ""));
  EXPECT_EQ(e.slopes_title, "Limit of each seed");
  EXPECT_THAT(e.slopes.rows, SizeIs(2));
  EXPECT_THAT(e.rule, HasSubstr("y_inf + c/n a seed"));
  EXPECT_THAT(explain(verdict_row(j)), HasSubstr("2 + 64/n"));
}

TEST(VerdictRows, ANoteStandsBesideItsVerdictWhateverThatIs) {
  // A study says in its note why finite widths miss theory: hidden behind a click it would be overlooked.
  Judgement j = judgement();
  j.note = "Not at these widths.";
  for (const Verdict verdict : {Verdict::agrees, Verdict::disagrees, Verdict::undecided}) {
    j.verdict = verdict;
    EXPECT_THAT(verdict_row(j).remark, HasSubstr("Not at these widths."));
  }
}

TEST(VerdictRows, SidesAndWaiting) {
  Judgement j = judgement();
  j.side = PredictionSpec::Side::below;
  EXPECT_EQ(verdict_row(j).predicted, "at most 0");
  EXPECT_TRUE(std::isinf(verdict_row(j).picture.band_low));
  j.verdict = Verdict::undecided;
  j.measured = j.low = j.high = j.intercept = std::nan("");
  j.points.clear();
  j.recorded = 0;
  const VerdictRow waiting = verdict_row(j);
  EXPECT_EQ(waiting.mark, Mark::waiting);
  EXPECT_EQ(waiting.measured, "");
  j.recorded = j.expected;  // all there and still nothing measured: no more waiting
  EXPECT_EQ(verdict_row(j).mark, Mark::undecided);
}

TEST(ShortNames, SplitAtTheSharedDots) {
  EXPECT_EQ(short_names({"final.train_loss"}).shared, "final.train_loss");
  const QuantityNames two = short_names({"final.train_loss", "final.test_loss"});
  EXPECT_EQ(two.shared, "final");
  EXPECT_THAT(two.labels, ElementsAre("train_loss", "test_loss"));
  EXPECT_FALSE(two.layers);
  EXPECT_TRUE(short_names({"a.own_update.1", "a.own_update.2"}).layers);
  EXPECT_THAT(short_names({"train_loss", "test_loss"}).labels, ElementsAre("train_loss", "test_loss"));
}

}  // namespace
}  // namespace widthwise::report
