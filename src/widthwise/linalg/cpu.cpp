#include "widthwise/linalg/cpu.h"

#include <fmt/format.h>
#ifdef WIDTHWISE_ONEDNN
#include <dnnl.h>
#endif

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <thread>

#include "widthwise/base/error.h"
#include "widthwise/linalg/openblas.h"
#include "widthwise/linalg/peak.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

using Clock = std::chrono::steady_clock;

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0)
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown";
}

std::vector<std::string> cpu_features() {
  std::vector<std::string> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
#define WIDTHWISE_FEATURE(name) \
  if (__builtin_cpu_supports(name)) found.emplace_back(name)
  WIDTHWISE_FEATURE("avx");
  WIDTHWISE_FEATURE("avx2");
  WIDTHWISE_FEATURE("fma");
  WIDTHWISE_FEATURE("bmi2");
  WIDTHWISE_FEATURE("avx512f");
  WIDTHWISE_FEATURE("avx512cd");
  WIDTHWISE_FEATURE("avx512bw");
  WIDTHWISE_FEATURE("avx512dq");
  WIDTHWISE_FEATURE("avx512vl");
#undef WIDTHWISE_FEATURE
#endif
  return found;
}

std::string onednn_version() {
#ifdef WIDTHWISE_ONEDNN
  const dnnl_version_t* version = dnnl_version();
  const auto isa = [] {
    switch (static_cast<int>(dnnl_get_effective_cpu_isa())) {
      case dnnl_cpu_isa_sse41:
        return "sse41";
      case dnnl_cpu_isa_avx:
        return "avx";
      case dnnl_cpu_isa_avx2:
        return "avx2";
      case dnnl_cpu_isa_avx2_vnni:
        return "avx2_vnni";
      case dnnl_cpu_isa_avx512_core:
        return "avx512_core";
      case dnnl_cpu_isa_avx512_core_vnni:
        return "avx512_core_vnni";
      case dnnl_cpu_isa_avx512_core_bf16:
        return "avx512_core_bf16";
      case dnnl_cpu_isa_avx512_core_amx:
        return "avx512_core_amx";
      default:
        return "other";
    }
  }();
  return fmt::format("{}.{}.{}, {}", version->major, version->minor, version->patch, isa);
#else
  return "";
#endif
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

/// The best rate over `seconds`: `work` runs on every thread at once and returns what it did, in any unit.
double best_rate(int thread_count, double seconds, const std::function<double(int)>& work) {
  const auto count = static_cast<std::size_t>(std::max(1, thread_count));
  std::vector<double> done(count);
  double best = 0;
  bool stop = false;
  const auto start = Clock::now();
  auto round_start = start;
  const auto between_rounds = [&]() noexcept {
    const auto now = Clock::now();
    double sum = 0;
    for (double& each : done) sum += each, each = 0;
    if (sum > 0) best = std::max(best, sum / std::chrono::duration<double>(now - round_start).count());
    stop = std::chrono::duration<double>(now - start).count() > seconds;
    round_start = Clock::now();
  };
  std::barrier sync(static_cast<std::ptrdiff_t>(count), between_rounds);
  const auto worker = [&](std::size_t index) {
    sync.arrive_and_wait();
    while (!stop) {
      done[index] = work(static_cast<int>(index));
      sync.arrive_and_wait();
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < count; ++i) others.emplace_back(worker, i);
  worker(0);
  return best;
}

}  // namespace

CpuInfo cpu_info() {
  const linalg::OpenBlas& blas = linalg::openblas();
  return {.model = cpu_model(),
          .features = cpu_features(),
          .isa = linalg::vector_isa(),
          .openblas_core = blas.core,
          .openblas_preferred = linalg::preferred_openblas_core(),
          .openblas_path = blas.path,
          .openblas_config = blas.config,
          .openblas_threads = blas.openmp,
          .onednn = onednn_version(),
          .threads = threads(),
          .physical_threads = physical_threads()};
}

RunEnvironment run_environment() {
  static const CpuInfo info = cpu_info();
  return {.cpu = info.model,
          .isa = info.isa,
          .blas_core = info.openblas_core,
          .onednn = info.onednn,
          .compiler = compiler(),
          .threads = threads()};
}

void require_supported_cpu() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2"))
    throw Error(
        fmt::format("This build needs a CPU with AVX2, FMA and BMI2 (Intel from 2013, AMD from 2015 on); this one "
                    "is \"{}\" without them. In a virtual machine, pass the host's CPU through.",
                    cpu_model()));
#endif
}

template <class T>
double measured_peak(int thread_count, double seconds) {
  // About 5 ms a round: long beside the barrier, short enough that some round is undisturbed.
  constexpr std::int64_t rounds = 2'000'000;
  return best_rate(thread_count, seconds, [](int) { return linalg::peak_rounds<T>(rounds); }) / 1e9;
}
template double measured_peak<float>(int, double);
template double measured_peak<double>(int, double);

double measured_bandwidth(int thread_count, double seconds) {
  constexpr std::size_t size = 8u << 20;  // three arrays of 64 MB a thread
  const auto count = static_cast<std::size_t>(std::max(1, thread_count));
  std::vector<std::vector<double>> memory(count);
  const auto work = [&](int index) {
    std::vector<double>& mine = memory[static_cast<std::size_t>(index)];
    if (mine.empty()) {
      mine.assign(3 * size, 1.0);  // by the thread that uses it; not counted
      return 0.0;
    }
    double* const a = mine.data();
    const double* const b = a + size;
    const double* const c = b + size;
    for (std::size_t i = 0; i < size; ++i) a[i] = b[i] + 0.5 * c[i];
    return 3.0 * sizeof(double) * static_cast<double>(size);
  };
  double rate = 0;  // a slow machine may spend the whole time filling the arrays
  while (rate == 0) rate = best_rate(thread_count, seconds, work);
  return rate / 1e9;
}

}  // namespace widthwise
