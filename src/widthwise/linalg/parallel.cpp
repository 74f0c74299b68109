#include "widthwise/linalg/parallel.h"

#include <omp.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "widthwise/linalg/in_parallel.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace linalg {

bool& in_parallel() {
  thread_local bool inside = false;
  return inside;
}

}  // namespace linalg

namespace {

constexpr int spins = 4000;  // pauses of some nanoseconds each

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Returns when `number` is no longer `old`.
void wait_while(std::atomic<std::uint32_t>& number, std::uint32_t old) {
  for (int spin = 0; spin < spins; ++spin) {
    if (number.load(std::memory_order_acquire) != old) return;
    pause();
  }
  number.wait(old, std::memory_order_acquire);
}

/// The threads that help one calling thread.
class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    job_ = nullptr;
    announce();
    for (std::thread& helper : helpers_) helper.join();
  }

  void run(int count, const std::function<void(int)>& work) {
    job_ = &work;
    count_ = count;
    failure_ = nullptr;
    // Helpers that come new see this call as their first; all helpers answer, also those without a share.
    const std::uint32_t before = call_.load(std::memory_order_relaxed);
    while (static_cast<int>(helpers_.size()) < count - 1)
      helpers_.emplace_back(&Team::help, this, static_cast<int>(helpers_.size()) + 1, before);
    busy_.store(static_cast<std::uint32_t>(helpers_.size()), std::memory_order_relaxed);
    announce();
    share(0);
    for (std::uint32_t left = busy_.load(std::memory_order_acquire); left > 0;
         left = busy_.load(std::memory_order_acquire))
      wait_while(busy_, left);
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void announce() {
    call_.fetch_add(1, std::memory_order_release);
    call_.notify_all();
  }

  void share(int index) {
    linalg::in_parallel() = true;
    try {
      (*job_)(index);
    } catch (...) {
      const std::lock_guard lock(failing_);
      failure_ = std::current_exception();
    }
    linalg::in_parallel() = false;
  }

  void help(int index, std::uint32_t seen) {
    omp_set_num_threads(1);  // for libraries called from here
    while (true) {
      wait_while(call_, seen);
      ++seen;
      if (job_ == nullptr) return;
      if (index < count_) share(index);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
  }

  const std::function<void(int)>* job_ = nullptr;
  int count_ = 0;
  std::atomic<std::uint32_t> call_{0}, busy_{0};
  std::exception_ptr failure_;
  std::mutex failing_;
  std::vector<std::thread> helpers_;
};

/// This thread's team. A process made by fork has none of its parent's threads, so it leaves that team and starts anew.
Team& team() {
  thread_local std::unique_ptr<Team> mine;
  thread_local pid_t owner = 0;
  if (!mine || owner != getpid()) {
    static_cast<void>(mine.release());
    mine = std::make_unique<Team>();
    owner = getpid();
  }
  return *mine;
}

}  // namespace

void parallel(int count, const std::function<void(int)>& work) {
  if (count > 1 && !linalg::in_parallel()) {
    const ThreadScope one(1);  // for libraries called by work(0)
    team().run(count, work);
    return;
  }
  for (int index = 0; index < count; ++index) work(index);
}

}  // namespace widthwise
