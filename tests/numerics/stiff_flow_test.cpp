#include "widthwise/numerics/stiff_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"

namespace widthwise {
namespace {

// y' = -y, x' = -rate (x - y^2) - 2 y^2 is solved by y = e^-t, x = e^-2t from (1, 1), for every rate.
class Slaved : public StiffSystem {
 public:
  Slaved(double rate, bool with_jacobian) : rate_{rate}, with_jacobian_{with_jacobian} {}
  void slope(std::span<const double> y, std::span<double> out) override {
    out[0] = -rate_ * (y[0] - y[1] * y[1]) - 2 * y[1] * y[1];
    out[1] = -y[1];
  }
  void linearise(std::span<const double> y) override { y_ = y[1]; }
  void factor(double shift) override { shift_ = shift; }
  void solve(std::span<double> x) override {
    const double a = with_jacobian_ ? rate_ : 0, b = with_jacobian_ ? (2 * rate_ - 4) * y_ : 0,
                 d = with_jacobian_ ? 1 : 0;
    x[1] /= shift_ + d;
    x[0] = (x[0] + b * x[1]) / (shift_ + a);
  }
  double error_size(std::span<const double>, std::span<const double> error) override {
    return std::max(std::abs(error[0]), std::abs(error[1]));
  }

 private:
  double rate_, y_ = 0, shift_ = 0;
  bool with_jacobian_;
};

double error_at_one(double rate, bool with_jacobian, int steps) {
  Slaved system(rate, with_jacobian);
  StiffFlow flow(system, {1, 1}, 1, 1);
  for (int k = 0; k < steps; ++k) flow.step(1.0 / steps);
  return std::max(std::abs(flow.state()[0] - std::exp(-2)), std::abs(flow.state()[1] - std::exp(-1)));
}

TEST(StiffFlow, IsOfOrderThreeWithAndWithoutJacobian) {
  for (const bool with_jacobian : {true, false}) {
    const double ratio = error_at_one(3, with_jacobian, 80) / error_at_one(3, with_jacobian, 160);
    EXPECT_NEAR(std::log2(ratio), 3, 0.1) << with_jacobian;
  }
}

TEST(StiffFlow, StepsAreSetByTheSlowSolutionNotByTheFastRate) {
  for (const double rate : {1e3, 1e9}) {
    Slaved system(rate, true);
    StiffFlow flow(system, {1, 1}, 1e-8, 1e-3);
    flow.advance(1);
    EXPECT_EQ(flow.time(), 1);
    EXPECT_NEAR(flow.state()[0], std::exp(-2), 1e-6) << rate;
    EXPECT_LT(flow.accepted() + flow.refused(), 1000) << rate;  // explicit: rate / 2 at least
  }
}

TEST(StiffFlow, ErrorsFollowTheToleranceAndTimesAreHitExactly) {
  double last = 1;
  for (const double tolerance : {1e-4, 1e-6, 1e-8}) {
    Slaved system(3, true);
    StiffFlow flow(system, {1, 1}, tolerance, 1e-3);
    for (const double t : {0.3, 0.30000001, 2.0}) {
      flow.advance(t);
      EXPECT_EQ(flow.time(), t);
    }
    const double error = std::abs(flow.state()[1] - std::exp(-2));
    EXPECT_LT(error, last / 10) << tolerance;  // by 100 if it were proportional
    last = error;
  }
}

TEST(StiffFlow, BadInputAndFlowsThatEndAreErrors) {
  Slaved system(3, true);
  EXPECT_THROW(StiffFlow(system, {1, 1}, 0, 1), Error);
  EXPECT_THROW(StiffFlow(system, {1, 1}, 1e-6, std::numeric_limits<double>::quiet_NaN()), Error);
  StiffFlow nowhere(system, {std::numeric_limits<double>::quiet_NaN(), 1}, 1e-6, 1);
  EXPECT_THROW(nowhere.advance(1), Error);
  StiffFlow stopped(system, {1, 1}, 1e-6, 1e-3);
  request_interrupt();
  EXPECT_THROW(stopped.advance(1), Interrupted);
  request_interrupt(false);
}

}  // namespace
}  // namespace widthwise
