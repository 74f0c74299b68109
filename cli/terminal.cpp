#include "terminal.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "widthwise/base/error.h"

namespace widthwise::cli {

namespace {

bool reader_went_away() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

void finish_output() {
  errno = 0;
  std::cout.flush();
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout;
  const int reason = errno;
  if (failed && !reader_went_away())
    throw Error(fmt::format("standard output: expected room for the whole answer, got {}",
                            reason != 0 ? std::strerror(reason) : "an error while writing"));
}

}  // namespace widthwise::cli
