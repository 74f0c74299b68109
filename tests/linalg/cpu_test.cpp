#include "widthwise/linalg/cpu.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include "widthwise/base/error.h"
#include "widthwise/linalg/openblas.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

/// Runs `body` in a fresh copy of this process (OpenBLAS not yet loaded there); its return value is the exit code.
/// The tests are one process each under ctest, so the parent has not loaded it either.
template <class Body>
int in_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      _exit(body());
    } catch (const std::exception& error) {  // past this frame the child would run the other tests
      std::fprintf(stderr, "child: %s\n", error.what());
      _exit(254);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

bool core_fits() {
  const std::string core = linalg::openblas().core, wanted = linalg::preferred_openblas_core();
  return core != "Prescott" && (wanted.empty() || core == wanted);
}

TEST(OpenBlas, RunsKernelsThatFitTheCpu) {
  EXPECT_EQ(in_child([] {
              unsetenv("OPENBLAS_CORETYPE");
              return core_fits() ? 0 : 1;
            }),
            0);
}

TEST(OpenBlas, AnEarlierLoadWithSlowKernelsDoesNotDecideOurs) {
  // What a NumPy imported first does: the very same file is in the process, running its oldest kernels.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers refuse RTLD_DEEPBIND, without which a second copy calls into the first";
#endif
#if defined(__x86_64__)
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  in_child([&] {
    const std::string found = linalg::openblas().path;
    return write(pipes[1], found.c_str(), found.size()) > 0 ? 0 : 1;
  });
  close(pipes[1]);
  char buffer[4096];
  const auto length = read(pipes[0], buffer, sizeof(buffer));
  close(pipes[0]);
  ASSERT_GT(length, 0);
  const std::string path(buffer, static_cast<std::size_t>(length));
  EXPECT_EQ(in_child([&] {
              setenv("OPENBLAS_CORETYPE", "Prescott", 1);
              void* other = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
              unsetenv("OPENBLAS_CORETYPE");
              if (other == nullptr) return 2;
              char* (*core)() = nullptr;
              core = reinterpret_cast<char* (*)()>(dlsym(other, "openblas_get_corename"));
              if (core == nullptr || std::string(core()) != "Prescott") return 3;  // the trap is set
              return core_fits() ? 0 : 1;
            }),
            0);
#endif
}

TEST(OpenBlas, LeavesTheEnvironmentAsItWas) {
  EXPECT_EQ(in_child([] {
              unsetenv("OPENBLAS_CORETYPE");
              (void)linalg::openblas();
              return std::getenv("OPENBLAS_CORETYPE") == nullptr ? 0 : 1;
            }),
            0);
}

#if defined(__x86_64__)
TEST(OpenBlas, TheUserCanChooseTheKernels) {
  EXPECT_EQ(in_child([] {
              setenv("OPENBLAS_CORETYPE", "Haswell", 1);
              return linalg::openblas().core == "Haswell" ? 0 : 1;
            }),
            0);
}
#endif

TEST(Threads, AScopeSetsTheNumberAndGivesItBack) {
  const int before = threads();
  {
    const ThreadScope scope(3);
    EXPECT_EQ(threads(), 3);
    EXPECT_EQ(omp_get_max_threads(), 3);  // loops of this thread follow
    const ThreadScope inner(1);
    EXPECT_EQ(threads(), 1);
  }
  EXPECT_EQ(threads(), before);
}

TEST(Threads, EachThreadHasItsOwnNumber) {
  const ThreadScope scope(2);
  int other = 0;
  std::thread worker([&] {
    set_threads(5);
    other = threads();
  });
  worker.join();
  EXPECT_EQ(other, 5);
  EXPECT_EQ(threads(), 2);
}

TEST(Threads, FewerThanOneIsRefused) {
  EXPECT_THROW(set_threads(0), Error);
}

TEST(Cpu, InfoIsComplete) {
  EXPECT_NO_THROW(require_supported_cpu());  // the tests themselves are built for the baseline
  const CpuInfo info = cpu_info();
  EXPECT_FALSE(info.model.empty());
  EXPECT_FALSE(info.isa.empty());
  EXPECT_FALSE(info.openblas_core.empty());
  EXPECT_FALSE(info.openblas_path.empty());
  EXPECT_GE(info.physical_threads, 1);
#if defined(__x86_64__)
  // The build's baseline is AVX2; where the CPU has AVX-512 the passes must use it.
  EXPECT_EQ(info.isa.substr(0, 4), info.openblas_preferred == "SkylakeX" ? "AVX3" : "AVX2");
#endif
  const RunEnvironment environment = run_environment();
  EXPECT_EQ(environment.blas_core, info.openblas_core);
  EXPECT_FALSE(environment.compiler.empty());
}

TEST(Cpu, PeakAndBandwidthAreMeasured) {
#if defined(WIDTHWISE_EMULATED)
  GTEST_SKIP() << "an emulator has no speed of its own";
#endif
  // No bound on speed, only on sense: above a scalar unit at 0.1 GHz, and a double vector holds half as many.
  const double single = measured_peak<float>(1, 0.02), twice = measured_peak<double>(1, 0.02);
  EXPECT_GT(single, 0.1);
  EXPECT_GT(twice, 0.1);
  EXPECT_GT(measured_bandwidth(1, 0.02), 0.01);
}

}  // namespace
}  // namespace widthwise
