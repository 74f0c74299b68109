// Figures as files for other programs.
#include "widthwise/report/figure_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "example.h"
#include "widthwise/base/error.h"
#include "widthwise/base/write_file.h"
#include "widthwise/report/csv.h"
#include "widthwise/report/gnuplot.h"
#include "widthwise/report/plotly_json.h"
#include "widthwise/report/svg.h"

namespace widthwise::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("widthwise-report-" + name);
  std::filesystem::remove_all(folder);
  return folder;
}

TEST(PlotlyJson, DrawsEveryLineAndBandOnItsPanel) {
  const json figure = json::parse(plotly_json(example::transfer()));
  // 3 panels x 5 widths, each a line and a band.
  ASSERT_THAT(figure["data"], SizeIs(30));
  std::size_t in_legend = 0;
  for (const json& trace : figure["data"]) in_legend += trace["showlegend"] == true ? 1U : 0U;
  EXPECT_EQ(in_legend, 5U);  // one entry a width, shared by the panels
  EXPECT_EQ(figure["data"][29]["xaxis"], "x3");
  EXPECT_EQ(figure["layout"]["xaxis3"]["type"], "log");
  EXPECT_EQ(figure["layout"]["xaxis3"]["matches"], "x");
  EXPECT_EQ(figure["data"][1]["x"][0], std::exp2(-13));  // exactly: JSON numbers read back
}

// The example's curves, with the place at which the first is least marked in each panel.
Figure marked() {
  Figure f = example::transfer();
  for (Panel& panel : f.panels) {
    Series mark{"optimum", "32", 32, 0, {std::exp2(-9.1)}, {0.425}, {}, {}};
    mark.mark = true;
    panel.series.push_back(mark);
  }
  return f;
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Marks, AreDiamondsWithoutALineAndLeaveTheTicks) {
  const json figure = json::parse(plotly_json(marked())), plain = json::parse(plotly_json(example::transfer()));
  ASSERT_THAT(figure["data"], SizeIs(33));
  EXPECT_EQ(figure["data"][10]["mode"], "markers");
  EXPECT_EQ(figure["data"][10]["marker"]["symbol"], "diamond");
  EXPECT_EQ(figure["data"][10]["showlegend"], true);
  EXPECT_EQ(figure["data"][21]["showlegend"], false);  // once for all panels
  EXPECT_EQ(figure["layout"]["xaxis"]["tickvals"], plain["layout"]["xaxis"]["tickvals"]);
  EXPECT_THAT(gnuplot_script(marked()), HasSubstr("with points pt 13"));
}

TEST(Svg, DrawsEveryCurveBandMarkAndText) {
  Figure f = marked();
  f.title = "a < b & c";
  const std::string svg = figure_svg(f);
  EXPECT_THAT(svg, StartsWith("<svg xmlns="));
  EXPECT_EQ(count_of("<polyline", svg), 15U);  // 3 panels x 5 widths
  EXPECT_EQ(count_of("<polygon", svg), 15U);   // and their bands
  EXPECT_EQ(count_of("<path d=", svg), 4U);    // a mark a panel, one in the legend
  EXPECT_EQ(count_of("<circle", svg), 15U * 9);
  EXPECT_EQ(count_of(">optimum<", svg), 1U);
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
  EXPECT_EQ(count_of("a < b", svg), 0U);
  EXPECT_THAT(svg, HasSubstr("Mean of three seeds"));  // the note
}

TEST(Svg, PlacesPointsOnTheirAxes) {
  // One panel, a straight line from corner to corner of the data: the margin is a twentieth on either side.
  Figure f;
  f.panels.resize(1);
  f.panels[0].series.push_back({"a", "a", example::nan, 0, {0, 10}, {0, 1}, {}, {}});
  const std::string svg = figure_svg(f);
  // x: 84 + 460 (0.05 / 1.1), y: 64 + 320 (1 - 0.05 / 1.1) at the lower left.
  EXPECT_THAT(svg, HasSubstr("points=\"104.9,369.5 523.1,78.5 \""));
  EXPECT_THROW(figure_svg(example::map()), Error);
}

TEST(PlotlyJson, HeatMapHasOneMoreEdgeThanCells) {
  const json figure = json::parse(plotly_json(example::map()));
  ASSERT_THAT(figure["data"], SizeIs(2));
  EXPECT_THAT(figure["data"][0]["x"], SizeIs(10));
  EXPECT_THAT(figure["data"][0]["y"], SizeIs(6));
  EXPECT_THAT(figure["data"][0]["z"], SizeIs(5));
  EXPECT_TRUE(figure["data"][0]["z"][0][8].is_null());
}

TEST(PlotlyJson, WhatCannotBeDrawnIsNull) {
  Figure f = example::slopes();
  auto& y = f.panels[0].series[0].y;
  y[0] = example::nan;
  y[1] = std::numeric_limits<double>::infinity();
  y[2] = -1;  // no place on a logarithmic axis
  const json figure = json::parse(plotly_json(f));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(figure["data"][0]["y"][i].is_null());
  EXPECT_EQ(figure["data"][0]["y"][3], y[3]);
}

TEST(PlotlyJson, DrawsFitAndErrorBarAtInfinity) {
  const json figure = json::parse(plotly_json(example::limits()));
  ASSERT_THAT(figure["data"], SizeIs(3));
  EXPECT_EQ(figure["data"][1]["mode"], "lines");
  EXPECT_EQ(figure["data"][1]["line"]["dash"], "dash");
  const json& limit = figure["data"][2];
  EXPECT_GT(limit["x"][0], 128);
  EXPECT_EQ(limit["x"][0], figure["data"][1]["x"][3]);  // the fit ends there
  EXPECT_EQ(limit["error_y"]["array"][0], 0.5);
  EXPECT_EQ(limit["error_y"]["arrayminus"][0], 0.25);
  EXPECT_EQ(figure["layout"]["xaxis"]["ticktext"].back(), "\u221e");
}

TEST(PlotlyJson, BrokenUtf8AndMarkupAreTamed) {
  Figure f = example::slopes();
  f.panels[0].series[0].label = "a\xff<b>\"x\"";
  f.x_label = "<a href='https://example.org'>x</a>";
  const std::string text = plotly_json(f);
  EXPECT_TRUE(json::accept(text));
  EXPECT_EQ(text.find("<a href"), std::string::npos);
  EXPECT_EQ(text.find("<b>"), std::string::npos);
}

TEST(Csv, QuotesAndEmptyFields) {
  Figure f = example::slopes();
  f.panels[0].series[0].label = "a,\"b\"";
  f.panels[0].series[0].y[0] = example::nan;
  const std::string csv = figure_csv(f);
  EXPECT_THAT(csv, StartsWith("row,column,series,color,x,y,low,high\n,,\"a,\"\"b\"\"\",own_update.1,32,,,\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 4 * 5);
  const std::string map = figure_csv(example::map());
  EXPECT_EQ(std::count(map.begin(), map.end(), '\n'), 1 + 2 * 45);
}

TEST(Csv, ValuesAtInfiniteWidthHaveAnInfiniteX) {
  const std::string csv = figure_csv(example::limits());
  EXPECT_THAT(csv, HasSubstr("\n,,,loss,128,1.0625,,\n,,fit,loss,16,1.5,,\n"));
  EXPECT_THAT(csv, HasSubstr("\n,,fit,loss,inf,1,,\n,,,loss,inf,1,0.75,1.5\n"));
}

TEST(Gnuplot, TextStandsInSingleQuotes) {
  Figure f = example::slopes();
  f.title = "it's `date`\n\"x\"";
  // In single quotes gnuplot substitutes nothing; '' is the quote itself, and the line break would end the command.
  EXPECT_THAT(gnuplot_script(f), HasSubstr("'it''s `date` \"x\"'"));
}

TEST(Gnuplot, ScriptsDraw) {
  if (std::system("gnuplot --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "gnuplot is not installed";
  const auto folder = fresh_folder("gnuplot");
  std::vector<Figure> figures = {example::transfer(), example::slopes(), example::map(), example::limits()};
  figures[0].title = "it's `exit 3` \" $x @y {/Bold z}";
  figures[1].panels[0].series[0].y.assign(5, example::nan);  // a line of which nothing is measured
  figures[2].rows = {"first", "second"};
  figures[2].panels.insert(figures[2].panels.end(), 2, Panel{});  // a row of which nothing is measured
  write_figure_files(folder, figures);
  for (const char* stem : {"transfer", "own-updates", "map", "limits"}) {
    for (const char* option : {"", "-e pdf=1 "}) {
      const std::string command =
          "cd '" + folder.string() + "' && gnuplot " + option + stem + ".gp > " + stem + ".log 2>&1";
      EXPECT_EQ(std::system(command.c_str()), 0) << stem;
    }
    EXPECT_GT(std::filesystem::file_size(folder / (std::string(stem) + ".svg")), 4000U);
    EXPECT_GT(std::filesystem::file_size(folder / (std::string(stem) + ".pdf")), 2000U);
  }
}

TEST(FigureFiles, SameNamesStayApart) {
  const auto folder = fresh_folder("files");
  const auto paths = write_figure_files(folder, {example::slopes(), example::slopes()});
  ASSERT_THAT(paths, SizeIs(6));
  EXPECT_EQ(paths[0].filename(), "own-updates.csv");
  EXPECT_EQ(paths[3].filename(), "own-updates-2.csv");
  for (const auto& path : paths) EXPECT_GT(std::filesystem::file_size(path), 0U);
}

TEST(WriteFile, ReplacesWholeOrLeavesAlone) {
  const auto folder = fresh_folder("write");
  const auto path = folder / "deep" / "a.txt";
  write_file(path, "one");
  write_file(path, "two");
  std::ifstream file(path);
  std::string content;
  file >> content;
  EXPECT_EQ(content, "two");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
  // A file where a folder is needed: the message names the path.
  try {
    write_file(path / "b.txt", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("b.txt"));
  }
}

}  // namespace
}  // namespace widthwise::report
