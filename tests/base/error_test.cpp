#include "widthwise/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "widthwise/base/interrupt.h"
#include "widthwise/base/progress.h"

namespace widthwise {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Error, ConfigErrorNamesFileKeyExpectedAndGot) {
  const ConfigError error =
      ConfigError({"", "architecture.width"}, "a positive integer", "-3", "try 64").in_file("a.toml");
  EXPECT_STREQ(error.what(), "a.toml: architecture.width: expected a positive integer, got -3; try 64");
  EXPECT_EQ(error.place().key, "architecture.width");
}

TEST(Error, DataErrorNamesPathAndOffset) {
  EXPECT_THAT(DataError("x.gz", 16, "784 bytes", "12").what(),
              AllOf(HasSubstr("x.gz"), HasSubstr("byte 16"), HasSubstr("784 bytes"), HasSubstr("12")));
}

TEST(NearestName, FindsTyposAndRefusesStrangers) {
  const std::vector<std::string> known = {"width", "hidden_layers", "activation"};
  EXPECT_EQ(nearest_name("widht", known), "width");
  EXPECT_EQ(nearest_name("hiden_layers", known), "hidden_layers");
  EXPECT_EQ(nearest_name("temperature", known), "");
  EXPECT_THAT(unknown_name_hint("temperature", known), HasSubstr("known: width"));
}

TEST(Interrupt, FlagThrowsOnceAsked) {
  EXPECT_NO_THROW(throw_if_interrupted());
  request_interrupt();
  EXPECT_THROW(throw_if_interrupted(), Interrupted);
  request_interrupt(false);
}

TEST(Interrupt, OneCtrlCDeliveredTwiceIsOneRequest) {
  install_interrupt_handlers();
  std::raise(SIGINT);
  std::raise(SIGINT);  // would end this process if it counted as a second request
  EXPECT_TRUE(interrupt_requested());
  request_interrupt(false);
}

TEST(Interrupt, ASecondOneLaterEndsTheProcess) {
  EXPECT_EXIT(
      {
        install_interrupt_handlers();
        std::raise(SIGINT);
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
        std::raise(SIGINT);
      },
      ::testing::KilledBySignal(SIGINT), "");
}

TEST(Progress, TimesAndSizesAreReadable) {
  EXPECT_EQ(human_time(8.23), "8.2 s");
  EXPECT_EQ(human_time(130), "2 min 10 s");
  EXPECT_EQ(human_time(3840), "1 h 04 min");
  EXPECT_EQ(human_bytes(12000), "12.0 kB");
  EXPECT_EQ(human_bytes(12), "12 B");
}

}  // namespace
}  // namespace widthwise
