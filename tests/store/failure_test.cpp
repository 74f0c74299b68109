// What can go wrong around a store: full disks, read-only folders, writers killed at any instant.
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#if defined(__linux__)
#include <sys/mount.h>
#endif

#include <chrono>
#include <fstream>
#include <thread>

#include "store/testing.h"
#include "widthwise/base/error.h"
#include "widthwise/base/key.h"
#include "widthwise/store/claims.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/writer.h"

namespace widthwise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Failure : public StoreTest {};

/// Four runs, `megabytes` together.
std::vector<RunRecord> large_batch(int first, double megabytes) {
  std::vector<RunRecord> runs;
  for (int i = 0; i < 4; ++i) {
    runs.push_back(sample_run(first + i));
    runs.back().arrays["large"] = npy::encode(std::vector<double>(static_cast<std::size_t>(megabytes * 32768), 0.5));
  }
  return runs;
}

/// The process becomes one that may not write where root may.
void become_nobody() {
  if (getuid() == 0 && setuid(65534) != 0) throw Error("setuid failed");
}

int write_until_full(StoreWriter& writer) {
  try {
    writer.append(large_batch(1, 4));
  } catch (const StoreError& error) {
    const std::string message = error.what();
    const bool told = message.find("room for more runs") != std::string::npos &&
                      message.find("runs-a.sqlite") != std::string::npos &&
                      message.find("unchanged") != std::string::npos;
    if (!told) std::fprintf(stderr, "%s\n", message.c_str());
    return told ? 0 : 1;
  }
  return 2;
}

TEST_F(Failure, WhenTheDiskIsFullTheBatchIsRefusedAndMayBeTriedAgain) {
  // A limit on file sizes makes writes fail as a full disk does, without root.
  const int code = run_child([&] {
    StoreWriter writer(folder_, "a");
    writer.append(std::vector{sample_run(0)});
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 256 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (const int failure = write_until_full(writer)) return failure;
    if (StoreReader(folder_).size() != 1) return 3;
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    return writer.append(large_batch(1, 4)) == 4 ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(StoreReader(folder_).size(), 5U);
  EXPECT_THAT(check_store(folder_), IsEmpty());
}

#if defined(__linux__)
TEST_F(Failure, AFullFileSystemHarmsNothing) {
  const auto place = folder_ / "small";
  std::filesystem::create_directory(place);
  if (mount("tmpfs", place.c_str(), "tmpfs", 0, "size=512k") != 0) GTEST_SKIP() << "a small file system needs root";
  {
    StoreWriter writer(place, "a");
    writer.append(std::vector{sample_run(0)});
    EXPECT_EQ(write_until_full(writer), 0);
    EXPECT_THAT(StoreReader(place).identities(), ElementsAre("run-0"));
    EXPECT_THAT(check_store(place), IsEmpty());
    EXPECT_EQ(writer.append(std::vector{sample_run(1)}), 1U);  // a small batch still fits
  }
  EXPECT_EQ(umount(place.c_str()), 0);
}
#endif

TEST_F(Failure, WhereThereIsNoRoomForAClaimNoneIsLeft) {
  // Files of at most 0 bytes: a claim can be created, not written, as on a full disk. No root needed.
  const int code = run_child([&] {
    Claims claims(folder_);
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      claims.try_claim("x");
      return 1;
    } catch (const StoreError& error) {
      if (std::string(error.what()).find("room for a claim") == std::string::npos) return 2;
    }
    if (claims.holds("x") || !claims.list().empty()) return 3;
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    return claims.try_claim("x") && claims.holds("x") ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(Failure, OnAFullFileSystemAClaimIsRefusedAndFreeAgainLater) {
  const auto place = folder_ / "small";
  std::filesystem::create_directory(place);
  if (mount("tmpfs", place.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "a small file system needs root";
  {
    Claims claims(place);
    std::ofstream(place / "filler") << std::string(128 * 1024, 'x');
    EXPECT_THROW(claims.try_claim("x"), StoreError);
    EXPECT_THAT(claims.list(), IsEmpty());
    std::filesystem::remove(place / "filler");
    EXPECT_TRUE(claims.try_claim("x"));
  }
  EXPECT_EQ(umount(place.c_str()), 0);
}

TEST_F(Failure, AReadOnlyFolderCanBeReadAndRefusesWriters) {
  StoreWriter(folder_, "a").append(std::vector{sample_run(0)});
  chmod(folder_.c_str(), 0555);
  const int code = run_child([&] {
    become_nobody();
    if (StoreReader(folder_).size() != 1) return 1;
    try {
      const StoreWriter writer(folder_, "b");
    } catch (const StoreError& error) {
      return error.path().find(folder_.string()) == 0 ? 0 : 2;
    }
    return 3;
  });
  chmod(folder_.c_str(), 0755);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(StoreReader(folder_).size(), 1U);
}

TEST_F(Failure, AFolderThatCannotBeCreatedIsAnError) {
  // /proc takes no folders, not even root's.
  EXPECT_THROW(StoreWriter("/proc/widthwise-store"), StoreError);
}

/// Leaves runs-a.sqlite as a writer does that is killed in the middle of a commit: pages of the new batch already in
/// the file, the journal beside it. A cache of one page makes SQLite write before the commit.
void leave_hot_journal(const std::filesystem::path& folder) {
  StoreWriter(folder, "a").append(large_batch(0, 0.5));
  const int code = run_child([&] {
    sqlite3* connection = nullptr;
    sqlite3_open((folder / "runs-a.sqlite").c_str(), &connection);
    sqlite3_exec(
        connection,
        "PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM arrays WHERE run < 3; DELETE FROM runs WHERE id = 1;"
        "UPDATE traces SET names = '[]'; CREATE TABLE filler (bytes BLOB);"
        "INSERT INTO filler VALUES (randomblob(1000000)), (randomblob(1000000));",
        nullptr, nullptr, nullptr);
    raise(SIGKILL);
    return 0;
  });
  ASSERT_EQ(code, -SIGKILL);
  ASSERT_GT(std::filesystem::file_size(folder / "runs-a.sqlite-journal"), 0U);
}

std::size_t whole_runs(const std::filesystem::path& folder) {
  std::size_t count = 0;
  StoreReader(folder).for_each([&](const RunRecord& run) { count += run.trace.size() == 2 && run.arrays.size() == 2; },
                               RecordParts::everything);
  return count;
}

TEST_F(Failure, AReaderRollsBackWhatADeadWriterLeft) {
  leave_hot_journal(folder_);
  EXPECT_EQ(whole_runs(folder_), 4U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs-a.sqlite-journal"));
  EXPECT_THAT(check_store(folder_), IsEmpty());
}

TEST_F(Failure, AReaderThatMayNotWriteRollsBackACopy) {
  leave_hot_journal(folder_);
  chmod(folder_.c_str(), 0555);
  for (const auto& file : std::filesystem::directory_iterator(folder_)) chmod(file.path().c_str(), 0444);
  const int code = run_child([&] {
    become_nobody();
    return static_cast<int>(whole_runs(folder_));
  });
  chmod(folder_.c_str(), 0755);
  EXPECT_EQ(code, 4);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs-a.sqlite-journal"));  // it was not ours to remove
}

TEST_F(Failure, AnOpenReaderSurvivesAWriterThatDies) {
  StoreWriter(folder_, "a").append(large_batch(4, 0.1));
  StoreReader reader(folder_);
  EXPECT_EQ(reader.size(), 4U);
  leave_hot_journal(folder_);
  EXPECT_EQ(reader.load("run-5")->arrays.size(), 2U);  // through the connection opened before
  reader.refresh();
  EXPECT_EQ(reader.size(), 8U);
}

/// Appends batches of four, identities round-batch-i, until it is killed; a byte to `told` after each.
int append_for_ever(const std::filesystem::path& folder, int round, int told) {
  StoreWriter writer(folder);
  for (int batch = 0;; ++batch) {
    std::vector<RunRecord> runs = large_batch(0, 0.2);
    for (std::size_t i = 0; i < runs.size(); ++i)
      runs[i].identity = std::to_string(round) + "-" + std::to_string(batch) + "-" + std::to_string(i);
    writer.append(runs);
    if (write(told, "b", 1) != 1) return 1;
  }
}

TEST_F(Failure, KilledAtAnyInstantAWriterLeavesWholeBatches) {
  const Key key(5);
  for (int round = 0; round < 25; ++round) {
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = start_child([&] { return append_for_ever(folder_, round, told[1]); });
    // In some rounds it dies at its start, in the others within a later batch.
    char byte;
    for (int batch = 0; batch < round % 3; ++batch) ASSERT_EQ(read(told[0], &byte, 1), 1);
    const double milliseconds = 15 * uniform(key, static_cast<std::uint64_t>(round), 0);
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
    kill(child, SIGKILL);
    ASSERT_EQ(wait_for(child), -SIGKILL);
    close(told[0]);
    close(told[1]);
  }
  // Every batch has all of its four runs, and batches have no gaps.
  std::map<std::string, std::size_t> batches;
  for (const std::string& identity : StoreReader(folder_).identities())
    ++batches[identity.substr(0, identity.rfind('-'))];
  EXPECT_GT(batches.size(), 5U);
  for (const auto& [batch, runs] : batches) {
    EXPECT_EQ(runs, 4U) << batch;
    const std::size_t dash = batch.find('-');
    const int number = std::stoi(batch.substr(dash + 1));
    EXPECT_TRUE(number == 0 || batches.contains(batch.substr(0, dash + 1) + std::to_string(number - 1))) << batch;
  }
  EXPECT_THAT(check_store(folder_), IsEmpty());
}

}  // namespace
}  // namespace widthwise
