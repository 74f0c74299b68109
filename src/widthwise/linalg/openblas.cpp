#include "widthwise/linalg/openblas.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <strings.h>
#include <unistd.h>
#if defined(__linux__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#endif

#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "widthwise/base/error.h"

namespace widthwise::linalg {
namespace {

// RTLD_DEEPBIND: its internal calls stay inside it even where the program is linked with another BLAS. Sanitizers
// refuse the flag.
#if defined(RTLD_DEEPBIND) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr int load_flags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#else
constexpr int load_flags = RTLD_NOW | RTLD_LOCAL;
#endif

// Kernels from before AVX2: on a CPU that has it they would cost a factor of four, so they are refused.
constexpr std::array slow_cores = {"Prescott",  "Core2",   "Penryn",      "Dunnington",   "Nehalem",
                                   "Atom",      "Nano",    "Katmai",      "Coppermine",   "Athlon",
                                   "Northwood", "Opteron", "Banias",      "Generic",      "Bobcat",
                                   "Barcelona", "Unknown", "Sandybridge", "Opteron_SSE3", "Bulldozer"};

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// The environment variable while the library reads it; what was there before comes back.
class CoreTypeVariable {
 public:
  explicit CoreTypeVariable(const std::string& core) {
    if (std::getenv(name) != nullptr || core.empty()) return;
    set_ = setenv(name, core.c_str(), 1) == 0;
  }
  ~CoreTypeVariable() {
    if (set_) unsetenv(name);
  }
  CoreTypeVariable(const CoreTypeVariable&) = delete;
  CoreTypeVariable& operator=(const CoreTypeVariable&) = delete;

  static constexpr const char* name = "OPENBLAS_CORETYPE";

 private:
  bool set_ = false;
};

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

std::optional<OpenBlas> table(void* library, const std::string& path) {
  OpenBlas blas{};
  char* (*core)() = nullptr;
  char* (*config)() = nullptr;
  int (*parallel)() = nullptr;
  const bool complete = find(library, "cblas_sgemm", blas.sgemm) && find(library, "cblas_dgemm", blas.dgemm) &&
                        find(library, "cblas_ssyrk", blas.ssyrk) && find(library, "cblas_dsyrk", blas.dsyrk) &&
                        find(library, "openblas_set_num_threads", blas.set_num_threads) &&
                        find(library, "openblas_get_corename", core) && find(library, "openblas_get_config", config) &&
                        find(library, "openblas_get_parallel", parallel);
  if (!complete) return std::nullopt;
  find(library, "dsyevr_", blas.dsyevr);  // may be missing, as the next
  find(library, "dgesdd_", blas.dgesdd);
  blas.path = path;
  blas.core = core();
  blas.config = config();
  blas.openmp = parallel() == 2;
  return blas;
}

/// Loads the library as it is; if somebody had loaded that very file before, this is his copy, with his kernels.
std::optional<OpenBlas> load(const std::string& path) {
  void* library = dlopen(path.c_str(), load_flags);
  if (library == nullptr) return std::nullopt;
  return table(library, path);
}

/// Loads a copy of our own: the same bytes under another inode, which the loader takes for another library.
std::optional<OpenBlas> load_private_copy(const std::string& path) {
#if defined(__linux__)
  const int source = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return std::nullopt;
  const int copy = memfd_create("openblas", MFD_CLOEXEC);
  struct stat status {};
  bool copied = copy >= 0 && fstat(source, &status) == 0;
  for (off_t offset = 0; copied && offset < status.st_size;)
    copied = sendfile(copy, source, &offset, static_cast<std::size_t>(status.st_size - offset)) > 0;
  close(source);
  std::optional<OpenBlas> blas;
  if (copied) {
    void* library = dlopen(fmt::format("/proc/self/fd/{}", copy).c_str(), load_flags);
    if (library != nullptr) blas = table(library, path);
  }
  if (copy >= 0) close(copy);
  return blas;
#else
  (void)path;
  return std::nullopt;
#endif
}

std::vector<std::string> candidates() {
  std::vector<std::string> paths;
  if (const char* named = std::getenv("WIDTHWISE_OPENBLAS"); named != nullptr && *named != '\0') paths.push_back(named);
  if (*WIDTHWISE_OPENBLAS_PATH != '\0') paths.push_back(WIDTHWISE_OPENBLAS_PATH);
  for (const char* directory : {"/usr/lib/" WIDTHWISE_MULTIARCH, "/usr/lib", "/usr/lib64", "/usr/local/lib"})
    for (const char* build : {"/openblas-openmp", "", "/openblas-serial", "/openblas-pthread"})
      paths.push_back(fmt::format("{}{}/libopenblas.so.0", directory, build));
  paths.push_back("libopenblas.so.0");
  paths.push_back("libopenblas.dylib");
  return paths;
}

bool is_slow(const OpenBlas& blas) {
  for (const char* slow : slow_cores)
    if (same_name(blas.core, slow)) return true;
  return false;
}

/// Is it what we asked for? Anything is where nothing was asked.
bool is_wanted(const OpenBlas& blas, const std::string& core) {
  return core.empty() || same_name(blas.core, core);
}

std::string wanted_core() {
  const char* chosen = std::getenv(CoreTypeVariable::name);
  return chosen != nullptr ? std::string(chosen) : preferred_openblas_core();
}

OpenBlas load_best() {
  const std::string wanted = wanted_core();
  const bool user_chose = std::getenv(CoreTypeVariable::name) != nullptr;
  const CoreTypeVariable variable(wanted);
  std::optional<OpenBlas> best;
  for (const std::string& path : candidates()) {
    std::optional<OpenBlas> blas = load(path);
    if (!blas) continue;
    if (!is_wanted(*blas, wanted))
      if (auto copy = load_private_copy(path); copy && is_wanted(*copy, wanted)) blas = copy;
    if (!user_chose && !wanted.empty() && is_slow(*blas)) {
      if (!best) best = blas;
      continue;
    }
    if (blas->openmp) return *blas;
    if (!best || is_slow(*best)) best = blas;
  }
  if (!best)
    throw Error(
        "OpenBLAS was not found. Install it (Debian: libopenblas-openmp-dev) or set WIDTHWISE_OPENBLAS to the file.");
  if (!user_chose && !wanted.empty() && is_slow(*best))
    throw Error(
        fmt::format("OpenBLAS ({}) runs its {} kernels, which are several times too slow for this CPU; {} was asked "
                    "for. Install libopenblas-openmp-dev or set WIDTHWISE_OPENBLAS to another file.",
                    best->path, best->core, wanted));
  best->set_num_threads(1);  // a pthread build has one pool for the whole process: no threads by caller
  return *best;
}

}  // namespace

std::string preferred_openblas_core() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

const OpenBlas& openblas() {
  static const OpenBlas blas = load_best();
  return blas;
}

}  // namespace widthwise::linalg
