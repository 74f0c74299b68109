#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "store/testing.h"
#include "widthwise/base/error.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/writer.h"

namespace widthwise {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Records : public StoreTest {
 protected:
  std::size_t append(const std::string& worker, const std::vector<RunRecord>& runs) {
    return StoreWriter(folder_, worker).append(runs);
  }
  void sql(const std::string& worker, const char* statement) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / ("runs-" + worker + ".sqlite")).c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, statement, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(connection);
    sqlite3_close(connection);
  }
  std::string error_of_reading() {
    try {
      StoreReader(folder_).for_each([](const RunRecord&) {}, RecordParts::everything);
    } catch (const StoreError& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(Records, ComeBackAsTheyWere) {
  RunRecord run = sample_run(1);
  run.reason = "100 % of the \"steps\", done; \xc3\xa9";
  run.trace.step[1] = (1LL << 53) + 1;  // a step is an integer: not to be rounded to a double
  run.finals["nan"] = std::numeric_limits<double>::quiet_NaN();
  run.trace.series["with_nan"] = {std::numeric_limits<double>::quiet_NaN(), 0.1};
  append("a", {run});
  const StoreReader reader(folder_);
  const RunRecord back = reader.load(run.identity).value();
  EXPECT_EQ(back.configuration, run.configuration);
  EXPECT_EQ(back.provenance, run.provenance);
  EXPECT_EQ(back.status, run.status);
  EXPECT_EQ(back.last_step, run.last_step);
  EXPECT_EQ(back.reason, run.reason);
  EXPECT_EQ(back.seconds, run.seconds);
  EXPECT_EQ(back.finals.at("train_loss"), run.finals.at("train_loss"));  // bitwise: JSON numbers round-trip
  EXPECT_TRUE(std::isnan(back.finals.at("nan")));
  EXPECT_EQ(back.trace.step, run.trace.step);
  EXPECT_EQ(back.trace.time, run.trace.time);
  EXPECT_EQ(back.trace.values("train_loss"), run.trace.values("train_loss"));
  EXPECT_TRUE(std::isnan(back.trace.values("with_nan")[0]));
  EXPECT_EQ(back.trace.series.size(), 3U);
  EXPECT_EQ(back.arrays, run.arrays);
  EXPECT_FALSE(reader.load("run-2").has_value());
}

TEST_F(Records, SummariesLeaveTheTraceOut) {
  append("a", {sample_run(0)});
  const RunRecord summary = StoreReader(folder_).load("run-0", RecordParts::summary).value();
  EXPECT_TRUE(summary.trace.empty());
  EXPECT_THAT(summary.arrays, IsEmpty());
  EXPECT_EQ(summary.finals.at("update.1"), 0.125);
}

TEST_F(Records, OfAllWorkersAreOneSet) {
  append("a", {sample_run(0), sample_run(1)});
  append("b", {sample_run(2)});
  const StoreReader reader(folder_);
  EXPECT_THAT(reader.identities(), ElementsAre("run-0", "run-1", "run-2"));
  std::vector<std::string> seen;
  reader.for_each([&](const RunRecord& run) { seen.push_back(run.identity); });
  EXPECT_THAT(seen, ElementsAre("run-0", "run-1", "run-2"));
}

TEST_F(Records, AnIdentityIsRecordedOnceAWriter) {
  StoreWriter writer(folder_);
  RunRecord again = sample_run(0);
  again.reason = "second";
  EXPECT_EQ(writer.append(std::vector{sample_run(0), again}), 1U);
  EXPECT_EQ(writer.append(std::vector{again, sample_run(1)}), 1U);
  const StoreReader reader(folder_);
  EXPECT_EQ(reader.size(), 2U);
  EXPECT_EQ(reader.load("run-0")->reason, "all steps");
  EXPECT_THAT(reader.duplicates(), IsEmpty());
}

TEST_F(Records, OfTwoWithOneIdentityTheFirstRecordedCounts) {
  // The file named last holds the one recorded first: time decides, not the name.
  RunRecord first = sample_run(0), second = sample_run(0);
  first.reason = "first";
  second.reason = "second";
  append("z", {first});
  append("a", {second});
  const StoreReader reader(folder_);
  EXPECT_EQ(reader.size(), 1U);
  EXPECT_EQ(reader.load("run-0")->reason, "first");
  int visits = 0;
  reader.for_each([&](const RunRecord&) { ++visits; });
  EXPECT_EQ(visits, 1);
  ASSERT_EQ(reader.duplicates().size(), 1U);
  EXPECT_EQ(reader.duplicates()[0].kept.filename(), "runs-z.sqlite");
  EXPECT_EQ(reader.duplicates()[0].ignored.filename(), "runs-a.sqlite");
}

TEST_F(Records, RefreshSeesWhatOthersAppendedMeanwhile) {
  StoreWriter writer(folder_);
  StoreReader reader(folder_);
  EXPECT_EQ(reader.size(), 0U);
  writer.append(std::vector{sample_run(0)});
  EXPECT_FALSE(reader.contains("run-0"));
  reader.refresh();
  EXPECT_TRUE(reader.contains("run-0"));
  writer.append(std::vector{sample_run(1)});
  append("other", {sample_run(2)});
  reader.refresh();
  EXPECT_EQ(reader.size(), 3U);
  std::filesystem::remove(folder_ / "runs-other.sqlite");
  reader.refresh();
  EXPECT_EQ(reader.size(), 2U);
}

TEST_F(Records, AFolderThatIsNotThereIsAnEmptyStore) {
  EXPECT_EQ(StoreReader(folder_ / "none").size(), 0U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
}

TEST_F(Records, AWriterThatRecordedNothingLeavesNoFile) {
  { const StoreWriter writer(folder_); }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(Records, ABatchWithABadRecordIsRefusedWhole) {
  StoreWriter writer(folder_, "a");
  RunRecord bad = sample_run(1);
  bad.configuration = "{\"a\": ";
  EXPECT_THROW(writer.append(std::vector{sample_run(0), bad}), StoreError);
  bad = sample_run(1);
  bad.trace.series["short"] = {1.0};
  EXPECT_THROW(writer.append(std::vector{sample_run(0), bad}), StoreError);
  bad = sample_run(1);
  bad.arrays["text"] = "not an array";
  EXPECT_THROW(writer.append(std::vector{sample_run(0), bad}), StoreError);
  EXPECT_EQ(StoreReader(folder_).size(), 0U);
}

TEST_F(Records, AnotherFormatIsRefusedAndLeftAsItIs) {
  append("a", {sample_run(0)});
  sql("a", "UPDATE meta SET value = '7' WHERE key = 'format'");
  const auto bytes_of = [&] {
    std::ifstream in(folder_ / "runs-a.sqlite", std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), {});
  };
  const std::string before = bytes_of();
  EXPECT_THAT(error_of_reading(), AllOf(HasSubstr("runs-a.sqlite"), HasSubstr("format 1"), HasSubstr("format 7"),
                                        HasSubstr("nothing was changed")));
  EXPECT_THROW(append("a", {sample_run(1)}), StoreError);
  EXPECT_THROW(append("b", {sample_run(1)}), StoreError);  // nor may a new file join the old ones
  EXPECT_EQ(bytes_of(), before);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs-b.sqlite"));
}

TEST_F(Records, AFileOfSomethingElseIsRefused) {
  sql("a", "CREATE TABLE recipes (name TEXT)");
  EXPECT_THAT(error_of_reading(), HasSubstr("something else"));
  EXPECT_THROW(append("a", {sample_run(0)}), StoreError);
}

TEST_F(Records, AnEmptyFileIsAWriterThatHasJustBegun) {
  std::ofstream(folder_ / "runs-new.sqlite");
  EXPECT_EQ(StoreReader(folder_).size(), 0U);
  EXPECT_THAT(check_store(folder_), IsEmpty());
}

TEST_F(Records, ACorruptFileIsNamedAndTheOthersAreUntouched) {
  append("a", {sample_run(0)});
  std::ofstream(folder_ / "runs-b.sqlite") << std::string(8192, 'x');
  EXPECT_THAT(error_of_reading(), AllOf(HasSubstr("runs-b.sqlite"), HasSubstr("corrupt")));
  std::filesystem::remove(folder_ / "runs-b.sqlite");
  EXPECT_EQ(StoreReader(folder_).size(), 1U);
}

TEST_F(Records, ADamagedPageOrRowIsAnErrorNotACrash) {
  std::vector<RunRecord> runs;
  for (int i = 0; i < 40; ++i) runs.push_back(sample_run(i));
  append("a", runs);
  const auto file = folder_ / "runs-a.sqlite";
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(file));
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff page = 8192; page < size; page += 8192)
      damage.seekp(page).write(std::string(512, '\xff').data(), 512);
  }
  EXPECT_THAT(error_of_reading(), HasSubstr("runs-a.sqlite"));
  EXPECT_FALSE(check_store(folder_).empty());
}

TEST_F(Records, CheckStoreFindsWhatIsWrong) {
  append("a", {sample_run(0), sample_run(1), sample_run(2)});
  append("b", {sample_run(3)});
  EXPECT_THAT(check_store(folder_), IsEmpty());
  append("c", {sample_run(3)});
  sql("a", "UPDATE runs SET configuration = '[' WHERE identity = 'run-0'");
  sql("a", "UPDATE traces SET step = x'00' WHERE run = 2");
  sql("a", "UPDATE arrays SET npy = substr(npy, 1, length(npy) - 1) WHERE run = 3");
  sql("b", "INSERT INTO arrays VALUES (99, 'x', x'00')");
  std::string all;
  for (const StoreProblem& problem : check_store(folder_))
    all += problem.file.filename().string() + ": " + problem.what + "\n";
  EXPECT_THAT(all, AllOf(HasSubstr("run-0"), HasSubstr("step of the trace"), HasSubstr("run-2, array spectrum"),
                         HasSubstr("row 99"), HasSubstr("runs-c.sqlite: run run-3 is also in runs-b.sqlite")));
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 5) << all;
}

}  // namespace
}  // namespace widthwise
