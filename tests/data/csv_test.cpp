#include "widthwise/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "data/idx_files.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_data::Bytes;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

CsvTable parse(const std::string& text, const CsvOptions& options = {}) {
  return parse_csv(bytes_of(text), "t.csv", options);
}

std::vector<std::string> targets(const CsvTable& table) {
  std::vector<std::string> out;
  for (const auto& cell : table.targets) out.push_back(cell.text);
  return out;
}

std::string refusal(const std::string& text, const CsvOptions& options = {}) {
  try {
    parse(text, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Csv, NumbersAndTheLastColumnAsTarget) {
  const CsvTable table = parse("1,2.5,a\n-3,4e-2,b\n");
  EXPECT_EQ(table.inputs, (Matrix<double>(2, 2) << 1, 2.5, -3, 0.04).finished());
  EXPECT_THAT(targets(table), ElementsAre("a", "b"));
  EXPECT_TRUE(table.columns.empty());
}

TEST(Csv, TheSameTableInEveryDress) {
  // RFC 4180: CRLF, quotes, no end of line at the end; and what spreadsheets write: a byte order mark, semicolons,
  // tabs.
  for (const char* text : {"x,y,kind\r\n1,2,a\r\n3,4,b\r\n", "\xef\xbb\xbfx,y,kind\n1,2,a\n3,4,b",
                           "\"x\",\"y\",\"kind\"\n\"1\",2,\"a\"\n3,\"4\",b\n", "x;y;kind\n1;2;a\n3;4;b\n\n\n",
                           "x\ty\tkind\n 1\t2 \ta\n+3\t4\tb\n", "x,y,kind\r1,2,a\r3,4,b\r"}) {
    const CsvTable table = parse(text);
    EXPECT_EQ(table.inputs, (Matrix<double>(2, 2) << 1, 2, 3, 4).finished()) << text;
    EXPECT_THAT(targets(table), ElementsAre("a", "b")) << text;
    EXPECT_THAT(table.columns, ElementsAre("x", "y", "kind")) << text;
  }
  const CsvTable zipped = parse_csv(testing_data::gzipped(bytes_of("1,2,a\n3,4,b\n")), "t.csv.gz", {});
  EXPECT_EQ(zipped.inputs.rows(), 2);
}

TEST(Csv, QuotedCellsHoldDelimitersQuotesAndLineEnds) {
  const CsvTable table = parse("1,\"a,b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,d\n");
  EXPECT_THAT(targets(table), ElementsAre("a,b", "say \"hi\"", "two\nlines", "d"));
  EXPECT_EQ(table.targets[3].line, 5);  // a line end in quotes is one, too
}

TEST(Csv, TheTargetIsAColumnByNameOrByNumberFromOne) {
  const std::string text = "x,y,z\n1,2,3\n4,5,6\n";
  EXPECT_THAT(targets(parse(text, {.target = "x"})), ElementsAre("1", "4"));
  EXPECT_THAT(targets(parse(text, {.target = "2"})), ElementsAre("2", "5"));
  EXPECT_EQ(parse(text, {.target = "y"}).inputs, (Matrix<double>(2, 2) << 1, 3, 4, 6).finished());
  EXPECT_THAT(targets(parse("1,2,3\n4,5,6\n", {.target = "1"})), ElementsAre("1", "4"));
  // A name comes before a number: here column "1" is the second.
  EXPECT_THAT(targets(parse("a,1,b\n7,8,9\n", {.target = "1"})), ElementsAre("8"));
}

TEST(Csv, AHeaderIsDetected) {
  EXPECT_FALSE(parse("x,y\n1,2\n").columns.empty());
  EXPECT_TRUE(parse("1,a\n2,b\n").columns.empty());  // a text class is no header
  EXPECT_THAT(parse("0,1,target\n5,6,7\n8,9,1\n").columns, ElementsAre("0", "1", "target"));  // names that are numbers
  EXPECT_EQ(parse("0,1,target\n5,6,7\n8,9,1\n").inputs.rows(), 2);
  EXPECT_EQ(parse("1,2,a\n3,4,b\n").inputs.rows(), 2);
}

TEST(Csv, AHeaderIsStated) {
  EXPECT_EQ(parse("1,2\n3,4\n5,6\n", {.header = "yes"}).inputs.rows(), 2);
  EXPECT_EQ(parse("1,a\n3,4\n5,6\n", {.header = "no"}).inputs.rows(), 3);
  EXPECT_THAT(refusal("x,y\n1,2\n", {.header = "no"}), HasSubstr("line 1, column 1"));
  EXPECT_THAT(refusal("x,y\n1,2\n", {.header = "perhaps"}), HasSubstr("data.header"));
}

TEST(Csv, AMistakeIsNamedByLineAndColumn) {
  struct Case {
    const char *text, *place, *what;
  };
  const Case cases[] = {
      {"", "t.csv", "empty file"},
      {"\n\n", "t.csv", "empty file"},
      {"x,y\n", "t.csv", "none below the header"},
      {"1\n2\n", "t.csv", "at least two columns"},
      {"1,2,3\n4,5\n", "line 2, column 2", "3 columns"},
      {"1,2,3\n4,5,6,7\n", "line 2, column 4", "end of the line after 3 columns"},
      {"1,2\n\n3,4\n", "line 2, column 1", "empty line"},
      {"1,2\n,4\n", "line 2, column 1", "empty cell"},
      {"x,y\n1,2\n3,\n", "line 3, column 2 'y'", "got an empty cell"},
      {"x,y\n1,2\nabc,4\n", "line 3, column 1 'x'", "got 'abc'"},
      {"x,y\n1,2\nnan,4\n", "line 3, column 1", "finite number"},
      {"x,y\n1,2\n-inf,4\n", "line 3, column 1", "finite number"},
      {"x,y\n1,2\n1e999,4\n", "line 3, column 1", "finite number"},
      {"x;y\n1;2\n3,5;4\n", "line 3, column 1", "decimals are written with a point"},
      {"1,\"a\n2,b\n", "line 1, column 2", "closing quote"},
      {"1,\"a\"b\n", "line 1, column 2", "delimiter behind the closing quote"},
      {"1,a\"b\n", "line 1, column 2", "quote inside a cell"},
      {"1,2\n3,\x01\n", "line 2, column 2", "control character"},
      {"\xff\xfe\x31\x00", "t.csv", "UTF-16"},
      {"1,x,2\n3,4,5\n", "line 1, column 2", "data.header"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(refusal(c.text), testing::AllOf(HasSubstr(c.place), HasSubstr(c.what))) << c.text;
}

TEST(Csv, AnErrorKnowsItsByte) {
  try {
    parse("x,y\n1,2\nabc,4\n");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.offset(), 8);
  }
}

TEST(Csv, AColumnThatIsNotThereIsAConfigError) {
  EXPECT_THAT(refusal("size,kind\n1,2\n", {.target = "knid"}),
              testing::AllOf(HasSubstr("data.target"), HasSubstr("'kind'")));
  EXPECT_THAT(refusal("1,2\n3,4\n", {.target = "3"}), HasSubstr("1 to 2"));
  EXPECT_THAT(refusal("1,2\n3,4\n", {.target = "0"}), HasSubstr("1 to 2"));
  EXPECT_THAT(refusal("a,a\n3,4\n", {.target = "a"}), HasSubstr("several"));
}

TEST(Csv, NoBytesCrashTheReader) {
  const std::string good = "x,\"y\",kind\r\n1,2,\"a\"\r\n3,4e1,b\r\n";
  EXPECT_TRUE(rc::check("damaged text gives finite numbers or an error", [&] {
    std::string text = good.substr(0, *rc::gen::inRange<std::size_t>(0, good.size() + 1));
    for (int change = 0; change < 3 && !text.empty(); ++change)
      text[*rc::gen::inRange<std::size_t>(0, text.size())] =
          *rc::gen::elementOf(std::string("\",\n\r;\t1ax.-\xff\0", 14));
    try {
      const CsvTable table = parse(text);
      RC_ASSERT(table.inputs.allFinite());
      RC_ASSERT(static_cast<Index>(table.targets.size()) == table.inputs.rows());
    } catch (const DataError&) {
    } catch (const ConfigError&) {
    }
  }));
}

}  // namespace
}  // namespace widthwise
