#include "widthwise/numerics/finite_width.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace widthwise {
namespace {

/// Slopes of y(n) with `spread` between the seeds' changes of slope, over 32..512.
Slopes slopes_of(const std::function<double(double)>& y, double spread = 0, int seeds = 3) {
  std::vector<Point> points;
  for (int s = 0; s < seeds; ++s)
    for (const double n : {32.0, 64.0, 128.0, 256.0, 512.0}) {
      const double at_smallest = n == 32 ? spread * (s - (seeds - 1) / 2.0) : 0;
      points.push_back({n, std::to_string(s), y(n) * std::exp(at_smallest)});
    }
  return log_log_slopes(points);
}

double shift(double e) {
  std::vector<double> log_n, log_y;
  for (const double n : {32.0, 64.0, 128.0, 256.0, 512.0}) {
    log_n.push_back(std::log(n));
    log_y.push_back(std::log(1 + e * std::sqrt(32 / n)));
  }
  return std::abs(fit_line(log_n, log_y).slope);
}

TEST(FiniteWidth, ExactPowerLawsAreAllowedNothing) {
  for (const double exponent : {-1.0, 0.0, 0.5})
    EXPECT_NEAR(finite_width_allowance(slopes_of([=](double n) { return std::pow(n, exponent); }), 0.2, 0.95), 0, 1e-9);
}

// Without noise the change of slope tells the correction, and the allowance is its shift: the interval reaches the
// exponent, for corrections natural or not.
TEST(FiniteWidth, ACorrectionThatShowsIsAllowedExactly) {
  for (const double e : {-0.5, -0.17, 0.05, 0.17, 0.5, 0.99})
    EXPECT_NEAR(finite_width_allowance(slopes_of([=](double n) { return n * (1 + e * std::sqrt(32 / n)); }), 0.2, 0.95),
                shift(e), 1e-9)
        << e;
}

// Where noise hides the change, what is natural is allowed, of the sign that shifts more, and no more than that.
TEST(FiniteWidth, NoiseAllowsTheNaturalCorrection) {
  const double natural = 1 / std::sqrt(32.0);
  const auto power_law = [](double n) { return n; };
  EXPECT_NEAR(finite_width_allowance(slopes_of(power_law, 0.5), 0.2, 0.95), shift(-natural), 1e-12);
  EXPECT_NEAR(finite_width_allowance(slopes_of(power_law, 0.5), 0.1, 0.95), shift(-0.1), 1e-12);
  // Where seeds hardly differ they tell that there is none.
  EXPECT_LT(finite_width_allowance(slopes_of(power_law, 0.001), 0.2, 0.95), shift(-natural) / 4);
}

// Far beyond any correction of this form, the change itself.
TEST(FiniteWidth, NeverLessThanTheChange) {
  const Slopes bent = slopes_of([](double n) { return n == 32 ? 1000 * n : n; });
  EXPECT_GE(finite_width_allowance(bent, 0.2, 0.95), std::abs(bent.seeds[0].change));
  Slopes single = bent;  // one seed alone has three widths
  for (std::size_t i = 1; i < single.seeds.size(); ++i) single.seeds[i].change = std::nan("");
  EXPECT_GE(finite_width_allowance(single, 0.2, 0.95), std::abs(bent.seeds[0].change));
}

}  // namespace
}  // namespace widthwise
