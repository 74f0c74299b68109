// How many threads the products called from this thread may use. Many runs: a worker a core, each under ThreadScope(1);
// one big run: all cores in its large products. Small products always run on one thread: sharing them costs more than
// it saves, and stalls when the machine is busy.
#pragma once

namespace widthwise {

/// Threads that large products called from this thread use; at the start of a thread, all cores the process may use
/// (or OMP_NUM_THREADS). 1 inside parallel() (parallel.h) and inside an OpenMP region.
int threads();
/// Sets that number for the calling thread alone, also for its OpenMP loops. Throws Error if it is below 1.
void set_threads(int count);
/// Cores this process may use, hyper-threads of one core counted once where the system tells.
int physical_threads();

/// The number of threads in a scope: ThreadScope one(1); the old number comes back at its end.
class ThreadScope {
 public:
  explicit ThreadScope(int count);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

}  // namespace widthwise
