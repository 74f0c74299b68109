#include "widthwise/study/provenance.h"

#include <unistd.h>

#include <array>
#include <fstream>

#include "widthwise/linalg/openblas.h"
#include "widthwise_build_info.h"

namespace widthwise {

namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

// The widest vectors the CPU has: what the pointwise passes and the products choose by.
std::string vector_isa() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
  return "SSE";
#else
  return "baseline";
#endif
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

std::map<std::string, std::string> program_provenance() {
  static const std::map<std::string, std::string> once{
      {"version", program_version()}, {"commit", program_commit()},
      {"compiler", __VERSION__},      {"cpu", cpu_name()},
      {"isa", vector_isa()},          {"blas_core", linalg::openblas().core},
      {"host", host_name()},
  };
  return once;
}

std::string program_version() {
  return WIDTHWISE_VERSION;
}

std::string program_commit() {
  return WIDTHWISE_COMMIT;
}

}  // namespace widthwise
