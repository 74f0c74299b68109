#include "widthwise/linalg/threads.h"

#include <fmt/format.h>
#include <omp.h>

#include <fstream>
#include <set>
#include <string>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif

#include "widthwise/base/error.h"
#include "widthwise/linalg/in_parallel.h"

namespace widthwise {

int threads() {
  return omp_in_parallel() || linalg::in_parallel() ? 1 : omp_get_max_threads();
}

void set_threads(int count) {
  if (count < 1) throw Error(fmt::format("set_threads: expected at least 1 thread, got {}.", count));
  omp_set_num_threads(count);  // a variable of the calling thread
}

ThreadScope::ThreadScope(int count) : before_{omp_get_max_threads()} {
  set_threads(count);
}
ThreadScope::~ThreadScope() {
  omp_set_num_threads(before_);
}

int physical_threads() {
#if defined(__linux__)
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    std::set<std::string> cores;  // siblings of one core share this line
    int count = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(static_cast<unsigned>(cpu), &allowed)) continue;
      ++count;
      std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
      std::string siblings;
      if (std::getline(file, siblings)) cores.insert(siblings);
    }
    if (!cores.empty()) return static_cast<int>(cores.size());
    if (count > 0) return count;
  }
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? static_cast<int>(count) : 1;
}

}  // namespace widthwise
