#include "widthwise/activation/activation.h"

#include "widthwise/activation/elementwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

struct Case {
  std::string name;
  double parameter;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name << " " << c.parameter;
}

class EveryActivation : public ::testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const Activation> phi = make_activation(GetParam().name, GetParam().parameter);
};

TEST_P(EveryActivation, SlopeIsTheDerivative) {
  // Central differences away from kinks: error h^2 phi'''/6, and the third derivative is at most about beta^2.
  for (int i = -400; i <= 400; ++i) {
    const double z = i * 0.0201 + 0.0003, h = 1e-5;
    if (std::abs(z) < 2 * h) continue;
    EXPECT_NEAR(phi->slope(z), (phi->value(z + h) - phi->value(z - h)) / (2 * h), 1e-8) << z;
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

TEST_P(EveryActivation, HomogeneousAsItSays) {
  for (const double z : {-1.0, -0.3, 0.7, 1.0}) {
    const double doubled = phi->value(2 * z), once = phi->value(z);
    if (phi->homogeneity_degree()) {
      EXPECT_NEAR(doubled, std::pow(2, *phi->homogeneity_degree()) * once, 1e-14);
    } else {
      EXPECT_GT(std::abs(doubled - 2 * once), 1e-3) << z;  // at these z the curved ones are visibly not of degree 1
    }
  }
}

TEST_P(EveryActivation, BoundedAndCentredAsItSays) {
  EXPECT_EQ(phi->bounded(), std::abs(phi->value(1e4)) < 10);
  EXPECT_EQ(phi->centred(), phi->name() != "softplus");
  EXPECT_EQ(phi->value_at_zero(), phi->value(0));
  if (phi->name() == "softplus") {
    EXPECT_NEAR(phi->value_at_zero(), std::log(2.0) / phi->parameter(), 1e-15);
  }
}

TEST_P(EveryActivation, LargeInputsStayFinite) {
  // None grows faster than |z| or has a slope beyond 1.2 (gelu's largest is 1.13).
  for (double z = -1e4; z <= 1e4; z += 97.3) {
    EXPECT_LE(std::abs(phi->value(z)), std::abs(z) + 1) << z;
    EXPECT_LE(std::abs(phi->slope(z)), 1.2) << z;
  }
  EXPECT_TRUE(std::isnan(phi->value(none)));  // a divergence must not be masked
}

/// Arrays against the scalar formulas: `tolerance` is relative to 1 + |value|. Sizes leave remainders for any vector
/// width; row strides exceed the columns.
template <class T>
void check_arrays(const Activation& phi, double tolerance) {
  const Index rows = 3, cols = 37, stride = 41;
  std::vector<T> z(rows * stride), h(z.size()), d(z.size(), T(2)), bias(cols);
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
    const std::size_t j = i % stride;
    if (j >= cols) {
      EXPECT_EQ(h[i], 0);  // between the rows nothing is written
      EXPECT_EQ(d[i], 2);
      continue;
    }
    const double x = z[i];
    EXPECT_EQ(z[i], before[i] + bias[j]);
    EXPECT_NEAR(h[i], phi.value(x), tolerance * (1 + std::abs(phi.value(x)))) << x;
    EXPECT_NEAR(d[i], 2 * phi.slope(x), 4 * tolerance) << x;
    EXPECT_EQ(in_place[i], h[i]);
  }
  std::vector<T> plain = before;
  phi.forward(View<T>(plain.data(), rows, cols, stride), nullptr, View<T>(h.data(), rows, cols, stride));
  EXPECT_EQ(plain, before);
  EXPECT_NEAR(h[0], phi.value(before[0]), tolerance * 2);
}

TEST_P(EveryActivation, ArraysAgreeWithScalars) {
  check_arrays<float>(*phi, 1e-6);
  check_arrays<double>(*phi, 1e-14);
}

INSTANTIATE_TEST_SUITE_P(Activations, EveryActivation,
                         ::testing::Values(Case{"linear", none}, Case{"relu", none}, Case{"leaky_relu", none},
                                           Case{"leaky_relu", 0.3}, Case{"erf", none}, Case{"gelu", none},
                                           Case{"tanh", none}, Case{"softplus", none}, Case{"softplus", 5}));

TEST(MakeActivation, KnowsEveryNameItLists) {
  for (const Named& named : known_activations()) {
    EXPECT_EQ(make_activation(named.name)->name(), named.name);
    EXPECT_FALSE(named.sentence.empty());
  }
  EXPECT_EQ(make_activation("leaky_relu")->parameter(), 0.01);
  EXPECT_EQ(make_activation("softplus", 3)->parameter(), 3);
  EXPECT_TRUE(std::isnan(make_activation("relu")->parameter()));
}

TEST(MakeActivation, RefusesWhatHasNoMeaning) {
  EXPECT_THAT([] { make_activation("rleu"); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("architecture.activation:"), HasSubstr("'relu'"))));
  EXPECT_THAT([] { make_activation("softplus", 0); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("architecture.activation_parameter"), HasSubstr("above 0"))));
  EXPECT_THROW(make_activation("softplus", -1), ConfigError);
  EXPECT_THROW(make_activation("leaky_relu", std::numeric_limits<double>::infinity()), ConfigError);
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
