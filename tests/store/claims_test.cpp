#include "widthwise/store/claims.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>
#include <thread>

#include "store/testing.h"
#include "widthwise/base/error.h"
#include "widthwise/base/key.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/writer.h"

namespace widthwise {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

class ClaimsTest : public StoreTest {
 protected:
  /// A claim of a process on another machine, whose last heartbeat was `age` ago.
  void foreign_claim(const std::string& batch, std::chrono::seconds age) {
    const auto path = folder_ / "claims" / (batch + ".json");
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << R"({"host":"elsewhere","process":1,"space":"x","started":"1","token":"t"})";
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
  }
  bool claimed(const std::string& batch) const {
    return std::filesystem::exists(folder_ / "claims" / (batch + ".json"));
  }
};

TEST_F(ClaimsTest, ABatchBelongsToOne) {
  Claims a(folder_), b(folder_);
  EXPECT_TRUE(a.try_claim("x"));
  EXPECT_FALSE(a.try_claim("x"));
  EXPECT_FALSE(b.try_claim("x"));
  EXPECT_TRUE(b.try_claim("y"));
  EXPECT_TRUE(a.holds("x"));
  EXPECT_FALSE(b.holds("x"));
  a.release("x");
  EXPECT_FALSE(a.holds("x"));
  EXPECT_TRUE(b.try_claim("x"));
  b.release("z");  // not held: nothing happens
}

TEST_F(ClaimsTest, AreGivenBackAtTheEnd) {
  {
    Claims claims(folder_);
    EXPECT_TRUE(claims.try_claim("x"));
    EXPECT_TRUE(claimed("x"));
  }
  EXPECT_FALSE(claimed("x"));
}

TEST_F(ClaimsTest, OnlyAnOldHeartbeatMakesAForeignClaimStale) {
  foreign_claim("old", 100s);
  foreign_claim("young", 40s);
  Claims claims(folder_);  // stale after 60 s
  const auto all = claims.list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].stale);
  EXPECT_EQ(all[0].host, "elsewhere");
  EXPECT_FALSE(all[1].stale);
  EXPECT_NEAR(all[1].age, 40, 5);
  EXPECT_TRUE(claims.try_claim("old"));
  EXPECT_FALSE(claims.try_claim("young"));
}

TEST_F(ClaimsTest, AClockThatWasSetBackBlocksNothingForLong) {
  // A heartbeat from the future: its owner beats by the file system's clock, so a living one would have renewed it.
  foreign_claim("far", -1000s);
  foreign_claim("near", -20s);  // clocks that differ a little
  Claims claims(folder_);       // stale after 60 s
  EXPECT_TRUE(claims.try_claim("far"));
  EXPECT_FALSE(claims.try_claim("near"));
  EXPECT_NEAR(claims.list()[0].age, 0, 5);  // ours now, by the right time
}

TEST_F(ClaimsTest, AHalfWrittenClaimIsRespectedUntilItIsOld) {
  // As a process leaves it that was killed between creating the file and writing it.
  std::filesystem::create_directories(folder_ / "claims");
  std::ofstream(folder_ / "claims/x.json");
  Claims claims(folder_);
  EXPECT_FALSE(claims.try_claim("x"));
  std::filesystem::last_write_time(folder_ / "claims/x.json", std::filesystem::file_time_type::clock::now() - 100s);
  EXPECT_TRUE(claims.try_claim("x"));
}

TEST_F(ClaimsTest, OfManyTakersOneWins) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  for (const char* batch : {"x", "y", "z"}) {
    foreign_claim(batch, 1000s);
    int gate[2];
    ASSERT_EQ(pipe(gate), 0);
    std::vector<pid_t> takers;
    for (int i = 0; i < 8; ++i)
      takers.push_back(start_child([&] {
        Claims claims(folder_);
        const int won = claims.try_claim(batch) ? 1 : 0;
        // All stay alive until all have tried, which is when the last writing end is closed: the claim of a winner that
        // is gone could be retaken.
        close(gate[1]);
        char byte;
        while (read(gate[0], &byte, 1) > 0) {
        }
        return won;
      }));
    close(gate[0]);
    close(gate[1]);
    int winners = 0;
    for (const pid_t taker : takers) winners += wait_for(taker);
    EXPECT_EQ(winners, 1);
  }
}

TEST_F(ClaimsTest, AHeartbeatKeepsAClaimAlive) {
  const ClaimOptions quick{50ms, 1s};
  Claims owner(folder_, quick), other(folder_, quick);
  ASSERT_TRUE(owner.try_claim("x"));
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(200ms);
    EXPECT_FALSE(other.try_claim("x"));
  }
  EXPECT_TRUE(owner.holds("x"));
}

TEST_F(ClaimsTest, AStoppedProcessLosesItsClaimAndLeavesTheNewOneAlone) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  const ClaimOptions quick{50ms, 300ms};
  int ready[2], go[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go), 0);
  const pid_t child = start_child([&] {
    Claims claims(folder_, quick);
    if (!claims.try_claim("x") || write(ready[1], "r", 1) != 1) return 1;
    char byte;
    if (read(go[0], &byte, 1) != 1) return 2;
    const bool lost = !claims.holds("x");
    claims.release("x");
    return lost ? 0 : 3;
  });
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  Claims claims(folder_, quick);
  EXPECT_FALSE(claims.try_claim("x"));
  kill(child, SIGSTOP);
  std::this_thread::sleep_for(600ms);
  EXPECT_TRUE(claims.try_claim("x"));
  kill(child, SIGCONT);
  ASSERT_EQ(write(go[1], "g", 1), 1);
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_TRUE(claims.holds("x"));
}

TEST_F(ClaimsTest, OfAProcessThatIsGoneAreRetakenAtOnce) {
  const int code = run_child([&] {
    Claims claims(folder_);
    if (!claims.try_claim("x")) return 1;
    raise(SIGKILL);
    return 2;
  });
  ASSERT_EQ(code, -SIGKILL);
  ASSERT_TRUE(claimed("x"));
  Claims claims(folder_);
  EXPECT_TRUE(claims.try_claim("x"));
}

TEST_F(ClaimsTest, NamesThatAreNoFileNamesAreRefused) {
  Claims claims(folder_);
  for (const char* name : {"", "../x", "a/b", ".lock", "a b"}) EXPECT_THROW(claims.try_claim(name), StoreError) << name;
}

TEST_F(ClaimsTest, AFolderThatCannotBeWrittenIsAnError) {
  EXPECT_THROW(Claims("/proc/widthwise-store"), StoreError);
  EXPECT_THROW(Claims(folder_, ClaimOptions{60s, 60s}), ConfigError);
}

constexpr int batches = 200;

/// A process of a study: takes what is not recorded, "computes" it (a line in the log), records it. With `dies_at` it
/// is killed holding its claim after that many batches.
int share_the_work(const std::filesystem::path& folder, int worker, int dies_at) {
  const int log = open((folder / "log").c_str(), O_WRONLY | O_APPEND | O_CREAT, 0666);
  StoreWriter writer(folder);
  StoreReader reader(folder);
  Claims claims(folder);
  std::vector<std::uint32_t> order(batches);
  fill_permutation(Key(7).split(static_cast<std::uint64_t>(worker)), order.size(), order.data());
  int computed = 0;
  while (reader.size() < batches) {
    for (const std::uint32_t number : order) {
      const RunRecord run = sample_run(static_cast<int>(number));
      if (reader.contains(run.identity) || !claims.try_claim(run.identity)) continue;
      reader.refresh();
      if (!reader.contains(run.identity)) {
        std::this_thread::sleep_for(4ms);
        if (++computed == dies_at) raise(SIGKILL);
        const std::string line = run.identity + "\n";
        if (write(log, line.data(), line.size()) < 0) return 1;
        writer.append(std::vector{run});
      }
      claims.release(run.identity);
    }
    reader.refresh();
  }
  return 0;
}

TEST_F(ClaimsTest, ProcessesShareTheWorkAlsoWhenOneIsKilled) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "qemu tells a process another start time of itself than it tells others, who take it for dead";
#endif
  std::vector<pid_t> workers;
  for (int worker = 0; worker < 4; ++worker)
    workers.push_back(start_child([&] { return share_the_work(folder_, worker, worker == 1 ? 5 : 0); }));
  for (int worker = 0; worker < 4; ++worker)
    EXPECT_EQ(wait_for(workers[static_cast<std::size_t>(worker)]), worker == 1 ? -SIGKILL : 0);

  std::map<std::string, int> computed;
  std::ifstream log(folder_ / "log");
  for (std::string line; std::getline(log, line);) ++computed[line];
  EXPECT_EQ(computed.size(), static_cast<std::size_t>(batches));  // nothing lost
  for (const auto& [identity, times] : computed) EXPECT_EQ(times, 1) << identity;
  const StoreReader reader(folder_);
  EXPECT_EQ(reader.size(), static_cast<std::size_t>(batches));
  EXPECT_THAT(reader.duplicates(), IsEmpty());
  EXPECT_THAT(check_store(folder_), IsEmpty());
  EXPECT_THAT(Claims(folder_).list(), IsEmpty());
}

}  // namespace
}  // namespace widthwise
