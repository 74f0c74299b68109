// Signals, each case in a process of its own.
#include "widthwise/base/interrupt.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using namespace std::chrono_literals;

/// The exit code of `body` in a child with the handlers installed, or minus the signal that ended it.
template <class Body>
int in_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    install_interrupt_handlers();
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Interrupt : public ::testing::TestWithParam<int> {};

TEST_P(Interrupt, TheFirstSignalOnlyAsks) {
  EXPECT_EQ(in_child([] {
              if (interrupt_requested()) return 1;
              raise(GetParam());
              if (!interrupt_requested()) return 2;
              try {
                throw_if_interrupted();
              } catch (const Interrupted&) {
                return 0;
              }
              return 3;
            }),
            0);
}

TEST_P(Interrupt, OneCtrlCDeliveredTwiceIsOneRequest) {
  EXPECT_EQ(in_child([] {
              raise(GetParam());
              raise(GetParam());
              return interrupt_requested() ? 0 : 1;
            }),
            0);
}

TEST_P(Interrupt, ASecondOneLaterEndsTheProcess) {
  EXPECT_EQ(in_child([] {
              raise(GetParam());
              std::this_thread::sleep_for(600ms);
              raise(GetParam());
              return 0;
            }),
            -GetParam());
}

INSTANTIATE_TEST_SUITE_P(Of, Interrupt, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& signal) { return signal.param == SIGINT ? "CtrlC" : "Terminate"; });

}  // namespace
}  // namespace widthwise
