#include "widthwise/numerics/step_control.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using Answer = StepControl::Answer;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(StepControl, AcceptsStrictlyBelowBothBounds) {
  StepControl control({});
  EXPECT_EQ(control.judge(1e-4, 0.01), Answer::refused);  // equal is not below
  EXPECT_EQ(control.judge(0, 0.1), Answer::refused);
  EXPECT_EQ(control.judge(0.9e-4, 0.09), Answer::accepted);
  EXPECT_EQ(control.judge(nan, 0.01), Answer::refused);
  EXPECT_EQ(control.judge(0, nan), Answer::refused);
  EXPECT_EQ(control.state().accepted, 1);
  EXPECT_EQ(control.state().refused, 4);
}

TEST(StepControl, GrowsOnlyFarBelowTheBoundsAndShrinksTenfold) {
  StepControl control({.first = 2});
  control.judge(0.9e-4, 0.01);
  EXPECT_DOUBLE_EQ(control.dt(), 2);  // one is above half of its bound
  control.judge(0.4e-4, 0.04);
  EXPECT_DOUBLE_EQ(control.dt(), 2.2);
  control.judge(1, 0);
  EXPECT_DOUBLE_EQ(control.dt(), 0.22);
}

TEST(StepControl, ForcesAtTheFloorOnly) {
  StepControl control({.first = 1, .floor = 0.05});
  EXPECT_EQ(control.judge(1, 0), Answer::refused);
  EXPECT_EQ(control.judge(1, 0), Answer::refused);
  EXPECT_DOUBLE_EQ(control.dt(), 0.05);
  EXPECT_EQ(control.judge(nan, 0), Answer::refused);  // never into NaN
  EXPECT_EQ(control.judge(1, 0), Answer::forced);
  EXPECT_EQ(control.state().forced, 1);
  EXPECT_EQ(control.state().accepted, 1);
}

TEST(StepControl, IsStuckWhereTimeCannotMove) {
  StepControl control({.first = 1e-3});
  EXPECT_FALSE(control.stuck(1));
  EXPECT_TRUE(control.stuck(1e14));
}

TEST(StepControl, IsStuckWhereAThousandTrialsLeadNowhere) {
  // Accepted and refused in turn, as before a kink.
  StepControl control({.first = 1e-14});
  bool stuck = false;
  double time = 1;
  for (int trial = 0; trial < 1000; ++trial) {
    if (control.judge(trial % 2 == 0 ? 0 : 1, 0) == Answer::accepted) time += 1e-14;
    control.restore({1e-14, control.state().accepted, control.state().refused, 0, control.state().mark,
                     control.state().mark_trials});
    stuck = stuck || control.stuck(time);
  }
  EXPECT_FALSE(stuck);  // the first thousand came from time 0
  for (int trial = 0; trial < 1000; ++trial) {
    control.judge(1, 0);
    control.restore({1e-14, control.state().accepted, control.state().refused, 0, control.state().mark,
                     control.state().mark_trials});
    stuck = stuck || control.stuck(time);
  }
  EXPECT_TRUE(stuck);
}

TEST(StepControl, RelativeChangeIsThatOfTheArticle) {
  EXPECT_DOUBLE_EQ(relative_gradient_change(2, 8, 4), 1);
  EXPECT_EQ(relative_gradient_change(0, 8, 8), 0);
  // Squares of such norms would be 0 or infinite.
  EXPECT_DOUBLE_EQ(relative_gradient_change(1e-200, 1e-200, 1e-201), 0.01);
}

TEST(StepControl, RefusesRulesWithoutMeaning) {
  EXPECT_THROW(check_step_rule({.max_dgrad = 0}), ConfigError);
  EXPECT_THROW(check_step_rule({.max_dout = nan}), ConfigError);
  EXPECT_THROW(check_step_rule({.first = -1}), ConfigError);
  EXPECT_NO_THROW(check_step_rule({.max_dgrad = std::numeric_limits<double>::infinity()}));
}

}  // namespace
}  // namespace widthwise
