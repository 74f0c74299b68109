#include "widthwise/base/interrupt.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr std::int64_t same_request = 500;  // milliseconds

std::atomic<bool> requested = false;
std::atomic<std::int64_t> requested_at = 0;  // milliseconds
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free,
              "they are set from a signal handler");

std::int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);  // one of the functions a handler may call
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

extern "C" void on_signal(int signal) {
  if (!requested.exchange(true)) {
    requested_at = now();
  } else if (now() - requested_at >= same_request) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupt_requested() {
  return requested.load(std::memory_order_relaxed);
}

void throw_if_interrupted() {
  if (interrupt_requested()) throw Interrupted();
}

void request_interrupt(bool on) {
  requested.store(on);
}

}  // namespace widthwise
