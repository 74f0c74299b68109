#include "widthwise/loss/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

using ::testing::AllOf;
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

/// -1 and 1 by turns and by chance.
template <class T>
Block<T> signs(Index rows, Index cols, std::uint64_t seed) {
  Block<T> block(rows, cols);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j)
      block.view(i, j) =
          uniform(Key(seed), static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(j)) < 0.5 ? T(-1) : T(1);
  return block;
}

using Wide = long double;

/// A loss and its definition: of one sample, by the library's exp and log in long double.
struct Case {
  std::string name;
  LossParameters parameters;
  bool of_signs;
  std::function<Wide(const std::vector<Wide>& f, const std::vector<Wide>& y)> sample;
  int fewest_outputs = 1;

  std::shared_ptr<const Loss> make() const { return make_loss(name, parameters); }
  template <class T>
  Block<T> targets(Index rows, Index cols, std::uint64_t seed) const {
    return of_signs ? signs<T>(rows, cols, seed) : distributions<T>(rows, cols, seed);
  }
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name << " beta " << c.parameters.beta << " margin " << c.parameters.margin;
}

/// Sum of l(u) over outputs.
Case of_margin(const std::string& name, const LossParameters& parameters, const std::function<Wide(Wide)>& l) {
  return {name, parameters, true, [l](const std::vector<Wide>& f, const std::vector<Wide>& y) {
            Wide sum = 0;
            for (std::size_t j = 0; j < f.size(); ++j) sum += l(f[j] * y[j]);
            return sum;
          }};
}

std::vector<Case> all_losses() {
  const auto soft = [](Wide beta, Wide m) {
    return [=](Wide u) {
      const Wide z = m - u;
      return std::max<Wide>(z, 0) + std::log1p(std::exp(-std::abs(beta * z))) / beta;
    };
  };
  const auto squared = [](const std::vector<Wide>& f, const std::vector<Wide>& y) {
    Wide sum = 0;
    for (std::size_t j = 0; j < f.size(); ++j) sum += (f[j] - y[j]) * (f[j] - y[j]) / 2;
    return sum;
  };
  const auto entropy = [](const std::vector<Wide>& f, const std::vector<Wide>& y) {
    const Wide most = *std::ranges::max_element(f);
    Wide z = 0, sum = 0;
    for (const Wide each : f) z += std::exp(each - most);
    for (std::size_t j = 0; j < f.size(); ++j) sum -= y[j] * (f[j] - most - std::log(z));
    return sum;
  };
  const auto half_square = [](Wide z) { return z * z / 2; };
  return {{"squared", {}, false, squared},
          {"cross-entropy", {}, false, entropy, 2},
          of_margin("logistic", {}, soft(1, 0)),
          of_margin("hinge", {}, [](Wide u) { return std::max<Wide>(1 - u, 0); }),
          of_margin("hinge", {.margin = -0.5}, [](Wide u) { return std::max<Wide>(-0.5L - u, 0); }),
          of_margin("squared-hinge", {}, [=](Wide u) { return half_square(std::max<Wide>(1 - u, 0)); }),
          of_margin("squared-hinge", {.margin = 2}, [=](Wide u) { return half_square(std::max<Wide>(2 - u, 0)); }),
          of_margin("softhinge", {}, soft(20, 1)),
          of_margin("softhinge", {.beta = 3, .margin = 0.25}, soft(3, 0.25)),
          of_margin("exponential", {}, [](Wide u) { return std::exp(-u); }),
          of_margin("squared-margin", {}, [=](Wide u) { return half_square(1 - u); }),
          of_margin("squared-margin", {.margin = 1.5}, [=](Wide u) { return half_square(1.5L - u); })};
}

class EveryLoss : public ::testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const Loss> loss = GetParam().make();

  template <class T>
  double reference(const Block<T>& f, const Block<T>& y) const {
    Wide sum = 0;
    for (Index i = 0; i < f.view.rows; ++i) {
      const std::vector<Wide> outputs(f.constant().row(i), f.constant().row(i) + f.view.cols);
      const std::vector<Wide> targets(y.constant().row(i), y.constant().row(i) + f.view.cols);
      sum += GetParam().sample(outputs, targets);
    }
    return static_cast<double>(sum / static_cast<Wide>(f.view.rows));
  }

  template <class T>
  void check_value() const {
    for (const Index cols : {1, 2, 10}) {
      if (cols < GetParam().fewest_outputs) continue;
      const auto f = gaussian<T>(700, cols, 3, 8);
      const auto y = GetParam().template targets<T>(700, cols, 9);
      const double exact = reference(f, y);
      // Roundings of u and of exp: each term is right to some eps of 1 + beta |u|, at most 200.
      EXPECT_NEAR(loss->value(f.constant(), y.constant()) / exact, 1, 30 * double(std::numeric_limits<T>::epsilon()));
    }
  }

  template <class T>
  void check_large() const {
    const Index cols = GetParam().fewest_outputs;
    for (const double size : {1e4, 1e3, 88.0, 30.0})
      for (const double sign : {-1.0, 1.0}) {
        Block<T> f(1, cols), y(1, cols), g(1, cols);
        y.view(0, 0) = 1;
        if (cols > 1) y.view(0, 1) = 0;
        f.view(0, 0) = static_cast<T>(sign * size);
        const double exact = reference(f, y);
        const double value = loss->gradient(f.constant(), y.constant(), g.view);
        EXPECT_FALSE(std::isnan(value)) << sign * size;
        EXPECT_FALSE(std::isnan(g.view(0, 0))) << sign * size;
        if (exact > 1e300) {
          EXPECT_TRUE(std::isinf(value)) << sign * size;  // exp(1000)
        } else {
          // Tiny ones may be flushed to 0; cross-entropy takes the logarithm of a sum beside 1, right to eps itself.
          const double floor = cols > 1 ? 4e-16 : 1e-30;
          EXPECT_NEAR(value, exact, 4 * double(std::numeric_limits<T>::epsilon()) * exact + floor) << sign * size;
        }
      }
  }
};

TEST(LossCases, HoldEveryLoss) {
  std::set<std::string> tested;
  for (const Case& c : all_losses()) tested.insert(c.name);
  for (const Named& named : known_losses()) EXPECT_TRUE(tested.contains(named.name)) << named.name;
}

TEST_P(EveryLoss, ValueIsItsDefinition) {
  check_value<float>();
  check_value<double>();
}

TEST_P(EveryLoss, GradientIsTheDerivativeOfTheValue) {
  // Central differences, error about h^2 = 1e-10 and the rounding of the value over h. Sizes straddle the blocks in
  // which rows are handled (1024 entries, or 512).
  for (const auto& [rows, cols] : {std::pair<Index, Index>{5, 10}, {1, 2}, {150, 7}, {2, 1500}, {1100, 1}}) {
    if (cols < GetParam().fewest_outputs) continue;
    const auto f = gaussian<double>(rows, cols, 2, 1);
    const auto y = GetParam().targets<double>(rows, cols, 2);
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
  const auto y = GetParam().targets<float>(130, 10, 6);
  Block<double> f2(130, 10), y2(130, 10), g2(130, 10);
  Block<float> g(130, 10);
  for (Index i = 0; i < 130; ++i)
    for (Index j = 0; j < 10; ++j) f2.view(i, j) = f.view(i, j), y2.view(i, j) = y.view(i, j);
  const double value = loss->gradient(f.constant(), y.constant(), g.view);
  EXPECT_NEAR(value / loss->gradient(f2.constant(), y2.constant(), g2.view), 1, 1e-6);
  for (Index i = 0; i < 130; ++i)
    for (Index j = 0; j < 10; ++j)
      EXPECT_NEAR(130 * g.view(i, j), 130 * g2.view(i, j),
                  3e-6 * (1 + std::abs(f2.view(i, j)) + std::abs(130 * g2.view(i, j))));
}

TEST_P(EveryLoss, RowsSideBySideAreTheSameAsRowsApart) {
  for (const Index cols : {1, 3}) {
    if (cols < GetParam().fewest_outputs) continue;
    const Index rows = 1300;
    const auto f = gaussian<float>(rows, cols, 2, 1), y = GetParam().targets<float>(rows, cols, 2);
    Block<float> g(rows, cols);
    const auto size = static_cast<std::size_t>(rows * cols);
    std::vector<float> f_dense(size), y_dense(size), g_dense(size);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j) {
        f_dense[static_cast<std::size_t>(i * cols + j)] = f.view(i, j);
        y_dense[static_cast<std::size_t>(i * cols + j)] = y.view(i, j);
      }
    const View<const float> f_view(f_dense.data(), rows, cols), y_view(y_dense.data(), rows, cols);
    const double dense = loss->gradient(f_view, y_view, View<float>(g_dense.data(), rows, cols));
    // Sums of double in another order.
    EXPECT_NEAR(loss->gradient(f.constant(), y.constant(), g.view) / dense, 1, 1e-13);
    EXPECT_NEAR(loss->value(f_view, y_view) / dense, 1, 1e-13);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j) ASSERT_EQ(g.view(i, j), g_dense[static_cast<std::size_t>(i * cols + j)]);
  }
}

TEST_P(EveryLoss, IsConvexInTheOutputs) {
  const Index cols = 3;
  const auto y = GetParam().targets<double>(1, cols, 4);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto a = gaussian<double>(1, cols, 3, 100 + seed), b = gaussian<double>(1, cols, 3, 1000 + seed);
    Block<double> middle(1, cols);
    for (Index j = 0; j < cols; ++j) middle.view(0, j) = (a.view(0, j) + b.view(0, j)) / 2;
    const double mean = (loss->value(a.constant(), y.constant()) + loss->value(b.constant(), y.constant())) / 2;
    EXPECT_LE(loss->value(middle.constant(), y.constant()), mean * (1 + 1e-14));
  }
}

TEST_P(EveryLoss, LargeOutputsAreExactOrOverflow) {
  check_large<float>();
  check_large<double>();
}

TEST_P(EveryLoss, GradientMayOverwriteTheOutputs) {
  auto f = gaussian<float>(140, 10, 1, 3);
  f.view.data = f.memory.data();
  const auto y = GetParam().targets<float>(140, 10, 4);
  Block<float> g(140, 10);
  loss->gradient(f.constant(), y.constant(), g.view);
  loss->gradient(f.constant(), y.constant(), f.view);
  for (Index i = 0; i < 140; ++i)
    for (Index j = 0; j < 10; ++j) EXPECT_EQ(f.view(i, j), g.view(i, j));
}

TEST_P(EveryLoss, DivergenceShowsAndShapesAreChecked) {
  auto f = gaussian<float>(4, 3, 1, 3);
  f.view.data = f.memory.data();
  const auto y = GetParam().targets<float>(4, 3, 4);
  Block<float> g(4, 3), other(3, 3);
  // An infinite output on the right side is right, for losses of u; everywhere else it is infinitely wrong.
  const float infinity = std::numeric_limits<float>::infinity();
  f.view(2, 1) = y.view(2, 1) > 0 && GetParam().of_signs ? -infinity : infinity;
  EXPECT_FALSE(std::isfinite(loss->value(f.constant(), y.constant())));
  f.view(2, 1) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(loss->gradient(f.constant(), y.constant(), g.view)));
  EXPECT_TRUE(std::isnan(g.view(2, 1)));
  EXPECT_THAT([&] { loss->value(f.constant(), y.constant().block(0, 0, 3, 3)); },
              ThrowsMessage<ShapeError>(HasSubstr("4 x 3")));
  EXPECT_THROW(loss->gradient(f.constant(), y.constant(), other.view), ShapeError);
}

TEST_P(EveryLoss, SaysWhatItIs) {
  EXPECT_EQ(loss->name(), GetParam().name);
  EXPECT_EQ(loss->needs_signs(), GetParam().of_signs);
  const bool has_margin = loss->name().ends_with("hinge") || loss->name() == "squared-margin";
  EXPECT_EQ(std::isnan(loss->parameters().margin), !has_margin);
  EXPECT_EQ(std::isnan(loss->parameters().beta), loss->name() != "softhinge");
}

INSTANTIATE_TEST_SUITE_P(Losses, EveryLoss, ::testing::ValuesIn(all_losses()));

TEST(Hinges, SlopeAtTheMarginIsTheOneFromAbove) {
  for (const char* name : {"hinge", "squared-hinge"})
    for (const double m : {1.0, 2.5}) {
      const auto loss = make_loss(name, {.margin = m});
      const double y[] = {1, -1}, f[] = {m, -m};
      double g[2] = {7, 7};
      EXPECT_EQ(loss->gradient(View<const double>(f, 2, 1), View<const double>(y, 2, 1), View<double>(g, 2, 1)), 0);
      EXPECT_EQ(g[0], 0);
      EXPECT_EQ(g[1], 0);
      const double inside[] = {m - 0.5, -m + 0.5};
      loss->gradient(View<const double>(inside, 2, 1), View<const double>(y, 2, 1), View<double>(g, 2, 1));
      const double slope = name == std::string("hinge") ? 1 : 0.5;  // by two samples
      EXPECT_EQ(g[0], -slope / 2);
      EXPECT_EQ(g[1], slope / 2);
    }
}

// At u = 0 it is 1 but for log(1 + exp(-20)) / 20 = 1.0e-10, and at the margin log(2) / 20: what the loss of a run that
// holds all its margins stays below.
TEST(Softhinge, NumbersOfFeatureVersusLazyTraining) {
  const auto loss = make_loss("softhinge");
  const auto at = [&](double u) {
    const double y = -1, f = -u;
    return loss->value(View<const double>(&f, 1, 1), View<const double>(&y, 1, 1));
  };
  EXPECT_NEAR(at(0), 1.0000000001, 1e-11);
  EXPECT_NEAR(at(1), 0.03466, 5e-6);
}

TEST(MakeLoss, ParametersOutOfRangeOrOutOfPlace) {
  EXPECT_THAT([] { make_loss("squared", {.margin = 1}); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("training.loss_margin"), HasSubstr("squared"))));
  EXPECT_THAT([] { make_loss("hinge", {.beta = 2}); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("training.loss_beta"), HasSubstr("hinge"))));
  EXPECT_THROW(make_loss("logistic", {.margin = 1}), ConfigError);
  for (const double beta : {0.0, -2.0, std::numeric_limits<double>::infinity()})
    EXPECT_THAT([beta] { make_loss("softhinge", {.beta = beta}); },
                ThrowsMessage<ConfigError>(HasSubstr("training.loss_beta")));
  EXPECT_THROW(make_loss("softhinge", {.margin = std::numeric_limits<double>::infinity()}), ConfigError);
  EXPECT_EQ(make_loss("softhinge")->parameters().beta, 20);
  EXPECT_EQ(make_loss("softhinge")->parameters().margin, 1);
  EXPECT_EQ(make_loss("hinge", {.margin = 0.3})->parameters().margin, 0.3);
}

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
