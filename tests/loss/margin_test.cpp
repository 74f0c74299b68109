#include "widthwise/loss/margin.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/loss/loss.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Margins, OfSignsIsTheWorstProductOfClassesTheLeadOverTheNextBest) {
  const std::array<double, 6> f{0.5, -2, 3, 1, -1, 4}, y{1, -1, -1, 1, 1, 1};
  std::array<double, 3> out{};
  margins(View<const double>(f.data(), 3, 2), View<const double>(y.data(), 3, 2), out);
  EXPECT_EQ(out, (std::array<double, 3>{0.5, -3, -1}));
  const std::array<float, 6> g{0.5F, -2, 3, 1, -1, 4}, one_hot{0, 0, 1, 0, 1, 0};
  std::array<double, 2> lead{};
  margins(View<const float>(g.data(), 2, 3), View<const float>(one_hot.data(), 2, 3), lead);
  EXPECT_EQ(lead, (std::array<double, 2>{2.5, -5}));
  EXPECT_EQ(smallest_margin(View<const float>(g.data(), 2, 3), View<const float>(one_hot.data(), 2, 3)), -5);
}

TEST(Margins, ArePositiveExactlyWhereTheClassificationErrorCountsNone) {
  const std::array<double, 3> y{1, -1, 1};
  for (const double third : {-0.1, 0.0, 0.1}) {
    const std::array<double, 3> f{2, -1, third};
    const View<const double> outputs(f.data(), 3, 1), targets(y.data(), 3, 1);
    EXPECT_EQ(smallest_margin(outputs, targets) > 0, classification_error(outputs, targets) == 0) << third;
  }
}

TEST(Margins, KeepNotANumber) {
  const std::array<double, 4> y{1, 1, 1, 1};
  for (std::size_t at = 0; at < 4; ++at) {
    std::array<double, 4> f{1, 2, 3, 4};
    f[at] = nan;
    EXPECT_TRUE(std::isnan(smallest_margin(View<const double>(f.data(), 2, 2), View<const double>(y.data(), 2, 2))));
  }
}

TEST(Margins, RefuseShapesThatDoNotFit) {
  const std::array<double, 4> x{1, 2, 3, 4};
  std::array<double, 3> out{};
  const View<const double> tall(x.data(), 4, 1), square(x.data(), 2, 2);
  EXPECT_THROW(smallest_margin(tall, square), ShapeError);
  EXPECT_THROW(margins(square, square, out), ShapeError);
}

}  // namespace
}  // namespace widthwise
