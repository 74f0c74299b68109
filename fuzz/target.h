// A fuzz target takes any bytes and gives them to one reader of untrusted input. Errors of base/error.h are answers;
// any other exception, a sanitizer's report, or an answer that contradicts itself (`require`) is a finding.
//
// With WIDTHWISE_FUZZERS (clang) libFuzzer drives the targets; without, replay.cpp gives them the corpus as tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "widthwise/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace widthwise::fuzz {

/// Ends the process where a reader's answer contradicts itself.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "the answer contradicts itself: %s\n", what);
  std::abort();
}

/// Calls `read`; an error of ours is a fine answer.
template <class Read>
void answered(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
}

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace widthwise::fuzz
