#include "widthwise/linalg/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

TEST(Parallel, EveryShareRunsOnceInEveryCall) {
  // Counts that grow and shrink: helpers come new, and helpers without a share must not disturb the next call.
  for (int call = 0; call < 300; ++call) {
    const int count = 1 + call % 5;
    std::array<std::atomic<int>, 5> runs{};
    parallel(count, [&](int share) { ++runs[static_cast<std::size_t>(share)]; });
    for (int share = 0; share < 5; ++share)
      ASSERT_EQ(runs[static_cast<std::size_t>(share)], share < count ? 1 : 0) << "call " << call << " share " << share;
  }
}

TEST(Parallel, WithinOneThreadsIsOneAndCallsRunInOrder) {
  const ThreadScope scope(3);
  std::array<int, 2> seen{}, in_order{1, 1};
  parallel(2, [&](int share) {
    const auto at = static_cast<std::size_t>(share);
    seen[at] = threads();
    int next = 0;
    parallel(4, [&](int inner) { in_order[at] &= inner == next++ ? 1 : 0; });
  });
  EXPECT_EQ(seen, (std::array{1, 1}));
  EXPECT_EQ(in_order, (std::array{1, 1}));
  EXPECT_EQ(threads(), 3);  // the caller's number comes back
}

TEST(Parallel, AnExceptionOfAHelperArrivesAndTheNextCallWorks) {
  EXPECT_THROW(parallel(3, [](int share) { share == 2 ? throw std::runtime_error("no") : void(); }),
               std::runtime_error);
  std::atomic<int> runs = 0;
  parallel(3, [&](int) { ++runs; });
  EXPECT_EQ(runs, 3);
}

TEST(Parallel, CallersOnSeveralThreadsAtOnceHaveHelpersOfTheirOwn) {
  std::atomic<int> runs = 0;
  const auto caller = [&] {
    for (int call = 0; call < 100; ++call) parallel(2, [&](int) { ++runs; });
  };
  std::thread other(caller);
  caller();
  other.join();
  EXPECT_EQ(runs, 400);
}

TEST(Parallel, AForkedProcessGetsHelpersOfItsOwn) {
  parallel(2, [](int) {});  // the parent's helpers exist
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // helpers that do not exist would never answer
    std::atomic<int> runs = 0;
    parallel(2, [&](int) { ++runs; });
    _exit(runs == 2 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace widthwise
