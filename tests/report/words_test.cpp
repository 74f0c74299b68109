// The two views of verdicts on a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "example.h"
#include "widthwise/report/explain.h"
#include "widthwise/report/text.h"
#include "widthwise/report/verdict_table.h"

namespace widthwise::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

TEST(VerdictTable, AlignedAndInsideTheWidth) {
  const auto rows = example::page().verdicts;
  for (const std::size_t width : {80, 100, 160}) {
    const auto table = lines(verdict_table(rows, {width, false}));
    for (const std::string& line : table) EXPECT_LE(display_width(line), width) << line;
    EXPECT_EQ(table[0].find("prediction"), table[1].find("muP"));
    EXPECT_EQ(table.back(), "1 agrees, 1 disagrees, 1 undecided, 1 waiting");
  }
}

TEST(VerdictTable, ColourOnlyWhereAsked) {
  const auto rows = example::page().verdicts;
  EXPECT_THAT(verdict_table(rows, {100, false}), Not(HasSubstr("\033")));
  EXPECT_THAT(verdict_table(rows, {100, true}), HasSubstr("\033[32magrees"));
  EXPECT_EQ(verdict_table({}), "");
}

TEST(VerdictTable, NamesCannotSteerTheTerminal) {
  auto rows = example::page().verdicts;
  rows[0].name = rows[0].measured = rows[0].remark = "\033[2J\033]0;x\007";
  const std::string table = verdict_table(rows);
  EXPECT_EQ(table.find('\033'), std::string::npos);
  EXPECT_EQ(table.find('\007'), std::string::npos);
}

TEST(Explain, TellsEverything) {
  const std::string text = explain(example::page().verdicts[0]);
  for (const char* part :
       {"muP: the optimum stays: agrees", "Theory predicts width^0", "widening", "Points", "0.51", "Slope of each seed",
        "-0.05", "Runs left out", "diverged at step 17", "Rule", "inside the band"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("What would decide it")));  // it is decided
}

TEST(Explain, NoLineIsWiderThanTheTerminal) {
  VerdictRow row = example::page().verdicts[0];
  row.explanation.points = {{"width"}, {{"32"}, {"64"}}};
  for (int seed = 0; seed < 30; ++seed) {
    row.explanation.points.header.push_back("seed " + std::to_string(seed));
    for (auto& cells : row.explanation.points.rows) cells.push_back("0.5" + std::to_string(seed));
  }
  const std::string text = explain(row, 60);
  for (const std::string& line : lines(text)) EXPECT_LE(display_width(line), 60u) << line;
  EXPECT_THAT(text, HasSubstr("0.529"));  // the last column is there all the same
}

TEST(TextTable, ColumnsStartAtTheSamePlace) {
  const auto table = lines(text_table({{"width", "µ"}, {{"1", "a"}, {"1024", "b"}}}, 2));
  EXPECT_EQ(table[1].find('a'), table[2].find('b'));
}

}  // namespace
}  // namespace widthwise::report
