// How tests run a study: without progress, into a folder of their own.
#pragma once

#include <filesystem>

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

}  // namespace widthwise::study_test
