#include "widthwise/store/inspect.h"

#include <gmock/gmock.h>

#include <limits>
#include <sstream>

#include "store/testing.h"
#include "widthwise/base/error.h"
#include "widthwise/store/writer.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;

class Inspect : public StoreTest {
 protected:
  Inspect() {
    std::vector<RunRecord> runs;
    for (int i = 0; i < 8; ++i) runs.push_back(sample_run(i));
    runs[7].finals["train_loss"] = std::numeric_limits<double>::quiet_NaN();
    runs[7].reason = "stopped, by \"hand\"";
    StoreWriter(folder_, "a").append(runs);
  }
  std::size_t count(std::vector<std::string> filters) {
    std::vector<RunFilter> parsed;
    for (const std::string& text : filters) parsed.push_back(RunFilter::parse(text));
    return list_runs(StoreReader(folder_), parsed).size();
  }
};

TEST_F(Inspect, FiltersSelectByConfigurationStatusAndFinals) {
  // sample_run: widths 32, 64, 128, 256 in turn; every fifth diverged; final train_loss 0.5 / (1 + i), the last one
  // NaN.
  EXPECT_EQ(count({}), 8U);
  EXPECT_EQ(count({"architecture.width=64"}), 2U);
  EXPECT_EQ(count({"architecture.width = 64.0"}), 2U);
  EXPECT_EQ(count({"architecture.width!=64"}), 6U);
  EXPECT_EQ(count({"architecture.width>=64", "status=finished"}), 6U);
  EXPECT_EQ(count({"status=diverged"}), 1U);
  EXPECT_EQ(count({"final.train_loss<=0.1"}), 3U);  // 0.1, 0.0833, 0.0714; NaN is not below anything
  EXPECT_EQ(count({"identity=run-3"}), 1U);
  EXPECT_EQ(count({"identity=run-"}), 8U);
  EXPECT_EQ(count({"provenance.isa=AVX2"}), 8U);
}

TEST_F(Inspect, AnUnknownKeyIsAnErrorWithTheNearestOne) {
  try {
    count({"architecture.widht=64"});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("architecture.width"));
  }
  EXPECT_THROW(RunFilter::parse("width"), ConfigError);
  EXPECT_THROW(RunFilter::parse("=64"), ConfigError);
  EXPECT_THROW(RunFilter::parse("architecture.width>wide"), ConfigError);  // texts have no order
}

TEST_F(Inspect, CsvHasALineARun) {
  std::ostringstream out;
  EXPECT_EQ(export_csv(StoreReader(folder_), out), 8U);
  std::istringstream lines(out.str());
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "identity,status,last_step,seconds,reason,architecture.width,data.name,final.train_loss,final.update.1\r");
  std::getline(lines, line);
  EXPECT_EQ(line, "run-0,finished,100,0.25,all steps,32,gaussian,0.5,0.125\r");
  for (int i = 1; i < 8; ++i) std::getline(lines, line);
  // Quotes doubled inside quotes, NaN as a word.
  EXPECT_EQ(line, "run-7,finished,107,0.25,\"stopped, by \"\"hand\"\"\",256,gaussian,nan,0.125\r");
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(Inspect, NestedConfigurationIsFlattened) {
  RunRecord run;
  run.configuration = R"({"a": {"b": 2, "c": {"d": "x"}}, "e": [1, 2], "f": true})";
  const std::map<std::string, std::string> expected = {{"a.b", "2"}, {"a.c.d", "x"}, {"e", "[1,2]"}, {"f", "true"}};
  EXPECT_EQ(flat_configuration(run), expected);
  run.configuration = "[]";
  EXPECT_THROW(flat_configuration(run), StoreError);
}

TEST_F(Inspect, AConfigurationNestedBeyondSenseIsAnErrorNotTheEndOfTheStack) {
  // Writing JSON out calls itself for each level: a damaged or hostile file must not choose how often.
  const auto nested = [](const std::string& open, const std::string& close, int times) {
    std::string text = "1";
    for (int i = 0; i < times; ++i) text = open + text + close;
    return text;
  };
  RunRecord run;
  run.configuration = R"({"a":)" + nested("[", "]", 40) + "}";
  EXPECT_EQ(flat_configuration(run).at("a"), nested("[", "]", 40));
  for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{R"({"a":)", "}"}}) {
    run.configuration = R"({"a":)" + nested(open, close, 20'000) + "}";
    EXPECT_THROW(flat_configuration(run), StoreError) << open;
  }
}

}  // namespace
}  // namespace widthwise
