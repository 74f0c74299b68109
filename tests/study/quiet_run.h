// How tests run a study: without progress, into a folder of their own, by one process or several.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "widthwise/study/schedule.h"

namespace widthwise::study_test {

/// Claims of processes that fall silent are retaken after two seconds.
inline RunOptions quiet(const std::filesystem::path& store, int threads = 2) {
  RunOptions options;
  options.store = store;
  options.threads = threads;
  options.quiet = true;
  options.claim_timeout = 2;
  return options;
}

/// In a process of its own.
inline pid_t run_in_child(const Study& study, const RunOptions& options) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    run_study(study, options);
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

/// By three processes at once; the test fails where one of them does.
inline void run_by_three(const Study& study, const std::filesystem::path& store) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) children.push_back(run_in_child(study, quiet(store)));
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

}  // namespace widthwise::study_test
