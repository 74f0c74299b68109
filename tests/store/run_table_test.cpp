// The same runs as the CSV of `widthwise runs --csv`, in columns that are computed with.
#include "widthwise/store/run_table.h"

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "store/testing.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/writer.h"

namespace widthwise {
namespace {

using ::testing::ElementsAre;
using Wholes = std::vector<std::int64_t>;
using Numbers = std::vector<double>;
using Words = std::vector<std::string>;

RunRecord run(const std::string& identity, const std::string& configuration) {
  RunRecord run = sample_run(0);
  run.identity = identity;
  run.configuration = configuration;
  return run;
}

template <class Values>
Values values(const std::vector<RunRecord>& runs, const std::string& name) {
  for (const RunColumn& column : run_table(runs))
    if (column.name == name) return std::get<Values>(column.values);
  ADD_FAILURE() << "no column " << name;
  return {};
}

TEST(RunTable, TheTypeIsTheOneAllRunsHave) {
  const std::vector<RunRecord> runs{run("a", R"({"n":32,"rate":1,"limit":"none","name":"mup","seed":1})"),
                                    run("b", R"({"n":64,"rate":0.5,"limit":2.5,"name":"ntk"})")};
  EXPECT_THAT(values<Wholes>(runs, "n"), ElementsAre(32, 64));
  EXPECT_THAT(values<Numbers>(runs, "rate"), ElementsAre(1, 0.5));
  EXPECT_THAT(values<Words>(runs, "name"), ElementsAre("mup", "ntk"));
  const Numbers limit = values<Numbers>(runs, "limit"), seed = values<Numbers>(runs, "seed");
  EXPECT_TRUE(std::isnan(limit[0]));  // left unset
  EXPECT_EQ(limit[1], 2.5);
  EXPECT_EQ(seed[0], 1);
  EXPECT_TRUE(std::isnan(seed[1]));  // not a setting of that run
}

TEST(RunTable, AnIdentityIsNoNumberEvenIfItLooksLikeOne) {
  EXPECT_THAT(values<Words>({run("12345678901234567890123456789012", "{}")}, "identity"),
              ElementsAre("12345678901234567890123456789012"));
}

TEST(RunTable, UnsetEverywhereIsAText) {
  EXPECT_THAT(values<Words>({run("a", R"({"limit":"none"})")}, "limit"), ElementsAre("none"));
}

TEST(RunTable, FinalsAreNumbersAndNaNWhereThereIsNone) {
  std::vector<RunRecord> runs{sample_run(0), sample_run(1)};
  runs[1].finals.erase("update.1");
  const Numbers update = values<Numbers>(runs, "final.update.1");
  EXPECT_EQ(update[0], 0.125);
  EXPECT_TRUE(std::isnan(update[1]));
}

TEST(RunTable, NoRunsLeaveTheColumnsEveryRunHas) {
  const auto table = run_table({});
  ASSERT_EQ(table.size(), 5U);
  EXPECT_EQ(table[0].name, "identity");
}

class RunTableOfStore : public StoreTest {};

TEST_F(RunTableOfStore, HasTheColumnsOfTheCsv) {
  StoreWriter(folder_, "a").append(std::vector{sample_run(0), sample_run(1)});
  const StoreReader reader(folder_);
  std::ostringstream csv;
  export_csv(reader, csv);
  std::string names;
  for (const RunColumn& column : run_table(list_runs(reader))) names += (names.empty() ? "" : ",") + column.name;
  EXPECT_EQ(csv.str().substr(0, csv.str().find("\r\n")), names);
}

}  // namespace
}  // namespace widthwise
