// What the program says beside its answer, and the check that the answer itself arrived.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace widthwise::cli {

/// A line on standard error; that nobody can read it (a closed or full standard error) is no reason to stop.
template <class... Arguments>
void notice(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
  std::fputs(text.c_str(), stderr);
}

/// Writes out what standard output still holds. @throws Error where it could not be written, so that an answer cut off
/// by a full disk is not taken for a whole one; a reader that went away (`| head`) is no error.
void finish_output();

}  // namespace widthwise::cli
