#include "widthwise/loss/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A block with rows farther apart than they are long, as parts of an arena are.
template <class T>
struct Block {
  Block(Index rows, Index cols) : memory(static_cast<std::size_t>(rows * (cols + 3))) {
    view = {memory.data(), rows, cols, cols + 3};
  }
  std::vector<T> memory;
  View<T> view;
  View<const T> constant() const { return view; }
};

template <class T>
Block<T> gaussian(Index rows, Index cols, double scale, std::uint64_t seed) {
  Block<T> block(rows, cols);
  fill_normal(Key(seed), static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), scale, block.view.data,
              static_cast<std::size_t>(block.view.stride));
  return block;
}

/// Rows of probabilities: every third one-hot, the others spread.
template <class T>
Block<T> distributions(Index rows, Index cols, std::uint64_t seed) {
  Block<T> block(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    const auto r = static_cast<std::uint64_t>(i);
    double sum = 0;
    for (Index j = 0; j < cols; ++j) {
      const double u = uniform(Key(seed), r, static_cast<std::uint64_t>(j));
      const double p = i % 3 == 0 ? (j == i % cols ? 1 : 0) : u;
      block.view(i, j) = static_cast<T>(p);
      sum += p;
    }
    for (Index j = 0; j < cols; ++j) block.view(i, j) = static_cast<T>(static_cast<double>(block.view(i, j)) / sum);
  }
  return block;
}

class EveryLoss : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<const Loss> loss = make_loss(GetParam());
};

TEST_P(EveryLoss, GradientIsTheDerivativeOfTheValue) {
  // Central differences, error about h^2 = 1e-10 and the rounding of the value over h. Sizes straddle the blocks in
  // which rows are handled (1024 entries).
  for (const auto& [rows, cols] : {std::pair<Index, Index>{5, 10}, {1, 2}, {150, 7}, {2, 1500}}) {
    const auto f = gaussian<double>(rows, cols, 2, 1);
    const auto y = distributions<double>(rows, cols, 2);
    Block<double> g(rows, cols), moved = f;
    moved.view.data = moved.memory.data();
    EXPECT_DOUBLE_EQ(loss->gradient(f.constant(), y.constant(), g.view), loss->value(f.constant(), y.constant()));
    for (Index probe = 0; probe < 20; ++probe) {
      const Index i = probe * 37 % rows, j = probe * 53 % cols;
      const double h = 1e-5, at = f.view(i, j);
      moved.view(i, j) = at + h;
      const double above = loss->value(moved.constant(), y.constant());
      moved.view(i, j) = at - h;
      const double below = loss->value(moved.constant(), y.constant());
      moved.view(i, j) = at;
      EXPECT_NEAR(g.view(i, j), (above - below) / (2 * h), 3e-9 + 3e-11 * loss->value(f.constant(), y.constant()))
          << i << " " << j;
    }
  }
}

TEST_P(EveryLoss, FloatAgreesWithDouble) {
  const auto f = gaussian<float>(130, 10, 3, 5);
  const auto y = distributions<float>(130, 10, 6);
  Block<double> f2(130, 10), y2(130, 10), g2(130, 10);
  Block<float> g(130, 10);
  for (Index i = 0; i < 130; ++i)
    for (Index j = 0; j < 10; ++j) f2.view(i, j) = f.view(i, j), y2.view(i, j) = y.view(i, j);
  const double value = loss->gradient(f.constant(), y.constant(), g.view);
  EXPECT_NEAR(value / loss->gradient(f2.constant(), y2.constant(), g2.view), 1, 1e-6);
  for (Index i = 0; i < 130; ++i)
    for (Index j = 0; j < 10; ++j)
      EXPECT_NEAR(130 * g.view(i, j), 130 * g2.view(i, j), 3e-6 * (1 + std::abs(f2.view(i, j))));
}

TEST_P(EveryLoss, GradientMayOverwriteTheOutputs) {
  auto f = gaussian<float>(40, 10, 1, 3);
  f.view.data = f.memory.data();
  const auto y = distributions<float>(40, 10, 4);
  Block<float> g(40, 10);
  loss->gradient(f.constant(), y.constant(), g.view);
  loss->gradient(f.constant(), y.constant(), f.view);
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j < 10; ++j) EXPECT_EQ(f.view(i, j), g.view(i, j));
}

TEST_P(EveryLoss, DivergenceShowsAndShapesAreChecked) {
  auto f = gaussian<float>(4, 3, 1, 3);
  f.view.data = f.memory.data();
  const auto y = distributions<float>(4, 3, 4);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    f.view(2, 1) = bad;
    EXPECT_FALSE(std::isfinite(loss->value(f.constant(), y.constant())));
  }
  EXPECT_THAT([&] { loss->value(f.constant(), y.constant().block(0, 0, 3, 3)); },
              ThrowsMessage<ShapeError>(HasSubstr("4 x 3")));
}

INSTANTIATE_TEST_SUITE_P(Losses, EveryLoss, ::testing::Values("squared", "cross-entropy"),
                         [](const auto& chosen) { return chosen.param == "squared" ? "Squared" : "CrossEntropy"; });

TEST(Squared, ByHand) {
  const double f[] = {1, 2, 3, 4}, y[] = {0, 0, 3, 2};
  // Two samples: (1 + 4)/2 and (0 + 4)/2, mean 2.25.
  EXPECT_DOUBLE_EQ(make_loss("squared")->value(View<const double>(f, 2, 2), View<const double>(y, 2, 2)), 2.25);
}

TEST(CrossEntropy, EqualOutputsSayNothing) {
  // softmax is uniform: the loss is log k for any distribution as target.
  for (const Index k : {2, 10, 3000}) {
    Block<double> f(3, k);
    for (double& entry : f.memory) entry = 7;
    EXPECT_NEAR(make_loss("cross-entropy")->value(f.constant(), distributions<double>(3, k, 1).constant()),
                std::log(static_cast<double>(k)), 1e-12);
  }
}

TEST(CrossEntropy, DoesNotSeeAShiftOfARowAndItsGradientRowsSumToZero) {
  const auto loss = make_loss("cross-entropy");
  const auto f = gaussian<double>(150, 10, 3, 1);
  const auto y = distributions<double>(150, 10, 2);
  Block<double> moved(150, 10), g(150, 10);
  for (Index i = 0; i < 150; ++i)
    for (Index j = 0; j < 10; ++j) moved.view(i, j) = f.view(i, j) + 100.0 * static_cast<double>(i);
  EXPECT_NEAR(loss->gradient(moved.constant(), y.constant(), g.view), loss->value(f.constant(), y.constant()), 1e-11);
  for (Index i = 0; i < 150; ++i) {
    double sum = 0;
    for (Index j = 0; j < 10; ++j) sum += g.view(i, j);
    EXPECT_NEAR(sum, 0, 1e-15);
  }
}

TEST(CrossEntropy, MatchesTheDirectFormula) {
  // The definition with the library's exp, in long double: an independent reference for the vectorised exponentials.
  const auto f = gaussian<double>(77, 13, 5, 8);
  const auto y = distributions<double>(77, 13, 9);
  long double sum = 0;
  for (Index i = 0; i < 77; ++i) {
    long double z = 0;
    for (Index j = 0; j < 13; ++j) z += std::exp(static_cast<long double>(f.view(i, j)));
    for (Index j = 0; j < 13; ++j) sum -= y.view(i, j) * (f.view(i, j) - std::log(z));
  }
  EXPECT_NEAR(make_loss("cross-entropy")->value(f.constant(), y.constant()), static_cast<double>(sum / 77), 1e-13);
}

template <class T>
void check_extremes() {
  // Outputs 0 and u: for class 0 the loss is log(1 + e^u), u itself to rounding for large u, 0 for very negative.
  const auto loss = make_loss("cross-entropy");
  const T y[] = {1, 0};
  for (const double u : {1e4, 300.0, 30.0, -30.0, -300.0, -1e4}) {
    const T f[] = {0, static_cast<T>(u)};
    T g[2];
    const double value = loss->gradient(View<const T>(f, 1, 2), View<const T>(y, 1, 2), View<T>(g, 1, 2));
    EXPECT_NEAR(value, u > 0 ? u : 0, 1e-6) << u;
    EXPECT_NEAR(static_cast<double>(g[1]), u > 0 ? 1 : 0, 1e-6);
    EXPECT_NEAR(static_cast<double>(g[0] + g[1]), 0, 1e-6);
  }
}

TEST(CrossEntropy, ExtremeOutputs) {
  check_extremes<float>();
  check_extremes<double>();
}

TEST(CrossEntropy, NeedsTwoOutputs) {
  const float f[] = {1}, y[] = {1};
  EXPECT_THROW(make_loss("cross-entropy")->value(View<const float>(f, 1, 1), View<const float>(y, 1, 1)), ShapeError);
}

TEST(ClassificationError, ArgmaxSignTiesAndNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  // Right, wrong, tie (wrong), NaN (wrong).
  const float f[] = {0, 2, 1, 3, 2, 1, 1, 1, 0, 5, nan, 1}, y[] = {0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0};
  EXPECT_DOUBLE_EQ(classification_error(View<const float>(f, 4, 3), View<const float>(y, 4, 3)), 0.75);
  // One output: right, right, wrong, zero (wrong).
  const double u[] = {0.1, -2, 3, 0}, v[] = {1, -1, -1, 1};
  EXPECT_DOUBLE_EQ(classification_error(View<const double>(u, 4, 1), View<const double>(v, 4, 1)), 0.5);
}

TEST(KnownLosses, EachCanBeMadeAndTyposAreHinted) {
  for (const Named& named : known_losses()) {
    EXPECT_EQ(make_loss(named.name)->name(), named.name);
    EXPECT_FALSE(named.sentence.empty());
  }
  EXPECT_THAT([] { make_loss("sqared"); },
              ThrowsMessage<ConfigError>(::testing::AllOf(HasSubstr("training.loss"), HasSubstr("'squared'"))));
}

}  // namespace
}  // namespace widthwise
