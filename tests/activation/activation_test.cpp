#include "widthwise/activation/activation.h"

#include "widthwise/activation/elementwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "cases.h"

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

class EveryActivation : public ::testing::TestWithParam<ActivationCase> {
 protected:
  std::shared_ptr<const Activation> phi = GetParam().make();
};

TEST(ActivationCases, HoldEveryActivation) {
  std::set<std::string> tested;
  for (const ActivationCase& c : activation_cases()) tested.insert(c.name);
  for (const Named& named : known_activations())
    if (named.name != "cube") {  // registered below
      EXPECT_TRUE(tested.contains(named.name)) << named.name;
    }
}

TEST_P(EveryActivation, SlopeIsTheDerivative) {
  // Central differences away from kinks: error h^2 phi'''/6, and the third derivative is at most about beta^2 or a
  // share of the value; to which comes its rounding over h.
  for (int i = -400; i <= 400; ++i) {
    const double z = i * 0.0201 + 0.0003, h = 1e-5;
    if (std::abs(z) < 2 * h) continue;
    const double above = z + h, below = z - h, tolerance = 1e-8 + 3e-11 * std::abs(phi->value(z));
    EXPECT_NEAR(phi->slope(z), (phi->value(above) - phi->value(below)) / (above - below), tolerance) << z;
  }
}

TEST_P(EveryActivation, SlopeJumpsAtKinksAndNowhereElse) {
  std::vector<double> found;
  for (int i = -5; i <= 5; ++i)
    if (std::abs(phi->slope(i + 1e-9) - phi->slope(i - 1e-9)) > 1e-3) found.push_back(i);
  EXPECT_EQ(found, phi->kinks());
  EXPECT_NEAR(phi->slope_right_of_zero(), phi->slope(1e-12), 1e-9);
  EXPECT_NEAR(phi->slope_at_zero(), phi->slope(-1e-12), 1e-9);
}

TEST_P(EveryActivation, BreaksAreTheKinksAndWhereCurvatureJumps) {
  const std::vector<double> breaks = phi->breaks();
  for (const double kink : phi->kinks()) EXPECT_EQ(std::ranges::count(breaks, kink), 1) << kink;
  const double h = 1e-4;  // one-sided curvatures differ by 3 h phi''' where nothing jumps
  for (int i = -5; i <= 5; ++i) {
    const double left = (phi->slope(i - h) - phi->slope(i - 2 * h)) / h;
    const double right = (phi->slope(i + 2 * h) - phi->slope(i + h)) / h;
    if (std::abs(left - right) > 1e-2 * (1 + std::abs(left))) {
      EXPECT_EQ(std::ranges::count(breaks, i), 1) << i;
    }
  }
  // max(z, 0)^5 too has one, in its fifth derivative.
  if (GetParam().name == "relu_power" || GetParam().name == "elu") {
    EXPECT_EQ(breaks, std::vector<double>{0});
  }
}

TEST_P(EveryActivation, HomogeneousAsItSays) {
  // phi(2 z) / phi(z) is 2^p everywhere, or not the same everywhere.
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double z : {-1.0, -0.3, 0.7, 1.0}) {
    const double doubled = phi->value(2 * z), once = phi->value(z);
    if (phi->homogeneity_degree()) {
      EXPECT_NEAR(doubled, std::pow(2, *phi->homogeneity_degree()) * once, 1e-14 * (1 + std::abs(doubled)));
    } else {
      least = std::min(least, doubled / once), most = std::max(most, doubled / once);
    }
  }
  if (!phi->homogeneity_degree()) {
    EXPECT_GT(most - least, 0.05);
  }
}

TEST_P(EveryActivation, BoundedAndCentredAsItSays) {
  EXPECT_EQ(phi->bounded(), GetParam().bounded);
  EXPECT_EQ(phi->bounded(), std::max(std::abs(phi->value(1e4)), std::abs(phi->value(-1e4))) < 10);
  EXPECT_NEAR(phi->value_at_zero(), GetParam().value_at_zero, 1e-15);
  EXPECT_EQ(phi->centred(), GetParam().value_at_zero == 0);
  EXPECT_EQ(phi->value_at_zero(), phi->value(0));
}

TEST_P(EveryActivation, LargeInputsStayFinite) {
  // None grows faster than |z|^p or has a slope beyond 1.2 p |z|^(p-1) (gelu's largest is 1.13), p = 1 or its degree.
  const int p = phi->homogeneity_degree().value_or(1);
  for (double z = -1e4; z <= 1e4; z += 97.3) {
    EXPECT_LE(std::abs(phi->value(z)), (1 + 1e-14) * std::pow(std::abs(z), p) + 1) << z;
    EXPECT_LE(std::abs(phi->slope(z)), 1.2 * p * std::pow(std::abs(z), p - 1)) << z;
  }
  EXPECT_TRUE(std::isnan(phi->value(none)));  // a divergence must not be masked
}

/// Arrays against the scalar formulas: `tolerance` is relative to 1 + |value|. Row strides exceed the columns.
template <class T>
void check_arrays(const Activation& phi, Index cols, double tolerance) {
  const Index rows = 3, stride = cols + 4;
  std::vector<T> z(static_cast<std::size_t>(rows * stride)), h(z.size()), d(z.size(), T(2)),
      bias(static_cast<std::size_t>(cols));
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) {
      const double scale = i == 0 ? 1 : i == 1 ? 10 : 1e4;  // the last row: extremes
      z[static_cast<std::size_t>(i * stride + j)] = static_cast<T>(
          scale * (2 * uniform(Key(1), static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(j)) - 1));
    }
  for (std::size_t j = 0; j < bias.size(); ++j) bias[j] = static_cast<T>(0.1) * static_cast<T>(j % 5);
  const std::vector<T> before = z;
  phi.forward(View<T>(z.data(), rows, cols, stride), bias.data(), View<T>(h.data(), rows, cols, stride));
  phi.multiply_slope(View<const T>(z.data(), rows, cols, stride), View<T>(d.data(), rows, cols, stride));
  std::vector<T> in_place = before;
  const View<T> same(in_place.data(), rows, cols, stride);
  phi.forward(same, bias.data(), same);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const std::size_t j = i % static_cast<std::size_t>(stride);
    if (j >= bias.size()) {
      EXPECT_EQ(h[i], 0);  // between the rows nothing is written
      EXPECT_EQ(d[i], 2);
      continue;
    }
    const double x = z[i];
    EXPECT_EQ(z[i], before[i] + bias[j]);
    EXPECT_NEAR(h[i], phi.value(x), tolerance * (1 + std::abs(phi.value(x)))) << x;
    EXPECT_NEAR(d[i], 2 * phi.slope(x), 2 * tolerance * (1 + std::abs(phi.slope(x)))) << x;
    EXPECT_EQ(in_place[i], h[i]);
  }
  std::vector<T> plain = before;
  phi.forward(View<T>(plain.data(), rows, cols, stride), nullptr, View<T>(h.data(), rows, cols, stride));
  EXPECT_EQ(plain, before);
  EXPECT_NEAR(h[0], phi.value(before[0]), tolerance * 2);
}

TEST_P(EveryActivation, ArraysAgreeWithScalars) {
  for (const Index cols : {1, 3, 16, 37}) {  // remainders for any vector width
    check_arrays<float>(*phi, cols, 1e-6);
    check_arrays<double>(*phi, cols, 1e-14);
  }
}

template <class T>
void check_not_a_number(const Activation& phi) {
  std::vector<T> z(19, std::numeric_limits<T>::quiet_NaN()), h(19), d(19, T(1));
  phi.forward(View<T>(z.data(), 1, 19), nullptr, View<T>(h.data(), 1, 19));
  phi.multiply_slope(View<const T>(z.data(), 1, 19), View<T>(d.data(), 1, 19));
  for (std::size_t i = 0; i < 19; ++i) EXPECT_TRUE(std::isnan(h[i]) && std::isnan(d[i])) << i;
}

TEST_P(EveryActivation, NotANumberStaysSo) {
  check_not_a_number<float>(*phi);
  check_not_a_number<double>(*phi);
}

INSTANTIATE_TEST_SUITE_P(Activations, EveryActivation, ::testing::ValuesIn(activation_cases()));

TEST(MakeActivation, KnowsEveryNameItLists) {
  for (const Named& named : known_activations()) {
    EXPECT_EQ(make_activation(named.name)->name(), named.name);
    EXPECT_FALSE(named.sentence.empty());
  }
  EXPECT_EQ(make_activation("leaky_relu")->parameter(), 0.01);
  EXPECT_EQ(make_activation("softplus", 3)->parameter(), 3);
  EXPECT_TRUE(std::isnan(make_activation("relu")->parameter()));
  EXPECT_EQ(make_activation("relu_power")->parameter(), 2);
  EXPECT_EQ(make_activation("elu")->parameter(), 1);
}

TEST(MakeActivation, RefusesWhatHasNoMeaning) {
  EXPECT_THAT([] { make_activation("rleu"); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("architecture.activation:"), HasSubstr("'relu'"))));
  EXPECT_THAT([] { make_activation("softplus", 0); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("architecture.activation_parameter"), HasSubstr("above 0"))));
  EXPECT_THROW(make_activation("softplus", -1), ConfigError);
  EXPECT_THROW(make_activation("leaky_relu", std::numeric_limits<double>::infinity()), ConfigError);
  for (const double power : {0.0, -1.0, 1.5, 21.0})
    EXPECT_THAT([power] { make_activation("relu_power", power); },
                ThrowsMessage<ConfigError>(
                    AllOf(HasSubstr("architecture.activation_parameter"), HasSubstr("whole number from 1 to 20"))));
  EXPECT_THROW(make_activation("elu", 0), ConfigError);
  EXPECT_THROW(make_activation("elu", std::numeric_limits<double>::infinity()), ConfigError);
  EXPECT_THROW(make_activation("silu", 1), ConfigError);
  EXPECT_THAT([] { make_activation("relu", 2); }, ThrowsMessage<ConfigError>(HasSubstr("no parameter for relu")));
}

// A registered name is made like a built-in one, and cannot be taken twice.
class Cube final : public Elementwise<Cube> {
 public:
  std::string_view name() const override { return "cube"; }
  template <class T>
  T phi(T z) const {
    return z * z * z;
  }
  template <class T>
  T dphi(T z) const {
    return 3 * z * z;
  }
};

TEST(RegisterActivation, MakesItKnownByNameOnce) {
  const auto make = [](double) { return std::make_shared<const Cube>(); };
  register_activation({"cube", "z^3"}, make);
  EXPECT_EQ(make_activation("cube")->value(2), 8);
  EXPECT_EQ(known_activations().back().name, "cube");
  EXPECT_THROW(register_activation({"cube", "again"}, make), ConfigError);
  EXPECT_THROW(register_activation({"relu", "mine"}, make), ConfigError);
  EXPECT_THROW(make_activation("cube", 2.0), ConfigError);
}

}  // namespace
}  // namespace widthwise
