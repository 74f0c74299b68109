// What the store's tests share: a folder of their own, records, and child processes.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>

#include "widthwise/data/npy.h"
#include "widthwise/store/record.h"

namespace widthwise {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string name = ::testing::TempDir() + "widthwise-store-test-XXXXXX";
    folder_ = mkdtemp(name.data());
    chmod(folder_.c_str(), 0755);
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

/// A run of identity run-<number> with a trace of two series and one array.
inline RunRecord sample_run(int number) {
  RunRecord run;
  run.identity = "run-" + std::to_string(number);
  run.configuration = R"({"architecture.width":)" + std::to_string(32 << (number % 4)) + R"(,"data.name":"gaussian"})";
  run.provenance = {{"version", "0.1.0"}, {"isa", "AVX2"}};
  run.status = number % 5 == 4 ? "diverged" : "finished";
  run.last_step = 100 + number;
  run.reason = "all steps";
  run.seconds = 0.25;
  run.trace.append(0, 0);
  run.trace.set("train_loss", 1.0);
  run.trace.set("update.1", 0.0);
  run.trace.append(100, 100);
  run.trace.set("train_loss", 0.5 / (1 + number));
  run.trace.set("update.1", 0.125);
  run.finals = {{"train_loss", 0.5 / (1 + number)}, {"update.1", 0.125}};
  run.arrays["spectrum"] = npy::encode<double>({1.0, 2.0, 3.0});
  return run;
}

/// Starts `work` in a child process, whose exit code is what it returns; an exception is told on standard error and
/// is 99. Children leave without destructors of the parent's objects.
inline pid_t start_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  int code = 99;
  try {
    code = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  _exit(code);
}

/// Waits for a child: its exit code, or minus the signal that ended it.
inline int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

inline int run_child(const std::function<int()>& work) {
  return wait_for(start_child(work));
}

}  // namespace widthwise
