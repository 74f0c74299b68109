#include "widthwise/numerics/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Steps 0, 2, 6 at times 0, 1, 3 with y = 4, 2, 3.
Trace example() {
  Trace trace;
  const double y[] = {4, 2, 3};
  for (int k = 0; k < 3; ++k) {
    trace.append(k == 2 ? 6 : 2 * k, k == 2 ? 3 : k);
    trace.set("y", y[k]);
  }
  return trace;
}

TEST(Trace, NamedValues) {
  const Trace trace = example();
  trace.check();
  EXPECT_EQ(trace.final_value("y"), 3);
  EXPECT_EQ(trace.best("y"), 2);
  EXPECT_EQ(trace.last("y", 2), 2.5);
  EXPECT_EQ(trace.last("y", 9), 3);  // mean of all three
}

TEST(Trace, InterpolatesLinearlyAndNotBeyondItsEnds) {
  const Trace trace = example();
  EXPECT_EQ(trace.at_step("y", 0), 4);
  EXPECT_EQ(trace.at_step("y", 1), 3);     // half way from 4 to 2
  EXPECT_EQ(trace.at_step("y", 5), 2.75);  // three quarters from 2 to 3
  EXPECT_EQ(trace.at_time("y", 2), 2.5);
  EXPECT_EQ(trace.at_time("y", 3), 3);
  EXPECT_TRUE(std::isnan(trace.at_time("y", 3.1)));
  EXPECT_TRUE(std::isnan(trace.at_step("y", -1)));
}

TEST(Trace, BestIgnoresValuesThatWereNotMeasured) {
  Trace trace = example();
  trace.append(7, 4);
  trace.set("y", std::nan(""));
  EXPECT_EQ(trace.best("y"), 2);
  EXPECT_TRUE(std::isnan(trace.final_value("y")));
}

TEST(Trace, SaysWhatIsWrong) {
  Trace trace = example();
  EXPECT_THAT([&] { (void)trace.values("z"); }, ThrowsMessage<Error>(HasSubstr("'z'")));
  EXPECT_THAT([&] { trace.append(6, 4); }, ThrowsMessage<Error>(HasSubstr("after step 6")));
  EXPECT_THAT([&] { trace.append(7, 2); }, ThrowsMessage<Error>(HasSubstr("time 3")));
  trace.append(7, 4);
  EXPECT_THAT([&] { trace.check(); }, ThrowsMessage<Error>(HasSubstr("'y' has 3 values at 4 points")));
  trace.append(8, 5);
  EXPECT_THAT([&] { trace.set("y", 1); }, ThrowsMessage<Error>(HasSubstr("'y' has 3 values")));
  Trace empty;
  EXPECT_THROW(empty.set("y", 1), Error);
}

TEST(Trace, SettingTwiceReplaces) {
  Trace trace = example();
  trace.set("y", 8);
  trace.check();
  EXPECT_EQ(trace.final_value("y"), 8);
}

TEST(Trace, SlopesAreOfLogarithms) {
  Trace trace;
  for (int i = 1; i <= 20; ++i) {
    trace.append(i, i);
    trace.set("y", 3 * std::pow(i, -1.5));
  }
  EXPECT_NEAR(trace.slope("y", 2, 19), -1.5, 1e-12);
  EXPECT_TRUE(std::isnan(trace.slope("y", 2, 3)));     // two points
  EXPECT_TRUE(std::isnan(trace.slope("y", 0.5, 10)));  // begins before the trace
}

}  // namespace
}  // namespace widthwise
