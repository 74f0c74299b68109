// Expectations for many pairs at once against the two-dimensional quadrature of activation/expectations.h, which shares
// no formula with them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/activation/expectations.h"
#include "widthwise/base/error.h"
#include "widthwise/kernel/activation_kernel.h"

namespace widthwise {
namespace {

class ActivationKernelOf : public testing::TestWithParam<const char*> {};

TEST_P(ActivationKernelOf, AgreesWithQuadratureAtAllCorrelations) {
  const auto phi = make_activation(GetParam());
  const std::vector<double> rows{0.04, 1, 9}, columns{1, 4, 0.25};
  for (const double t : {-1.0, -0.97, -0.3, 0.0, 0.5, 0.9, 0.999, 1.0}) {
    Matrix<double> covariance(3, 3);
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 3; ++j)
        covariance(i, j) = t * std::sqrt(rows[static_cast<std::size_t>(i)] * columns[static_cast<std::size_t>(j)]);
    const ActivationKernel found = activation_kernel(*phi, rows, columns, view(std::as_const(covariance)));
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 3; ++j) {
        const double a = rows[static_cast<std::size_t>(i)], b = columns[static_cast<std::size_t>(j)];
        const double scale = std::sqrt(mean_square(*phi, a) * mean_square(*phi, b));
        EXPECT_NEAR(found.value(i, j), mean_product(*phi, {a, covariance(i, j), b}), 2e-9 * scale) << t;
        // The law of square roots near t = +-1 leaves half of the digits.
        const double slope_scale = std::sqrt(mean_square_slope(*phi, a) * mean_square_slope(*phi, b));
        EXPECT_NEAR(found.slope(i, j), mean_slope_product(*phi, {a, covariance(i, j), b}),
                    (std::abs(t) == 1 ? 1e-7 : 2e-9) * slope_scale)
            << t;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernel, ActivationKernelOf,
                         testing::Values("relu", "leaky_relu", "abs", "linear", "tanh", "erf", "softplus", "gelu",
                                         "silu", "elu", "sin", "quadratic"));

TEST(ActivationKernel, HoldsWherePreactivationsAreLarge) {
  // erf in closed form (Williams 1997): 2/pi asin(2c / sqrt((1 + 2a)(1 + 2b))), its slope's expectation
  // 4/pi / sqrt((1 + 2a)(1 + 2b) - 4c^2).
  const auto phi = make_activation("erf");
  for (const double s : {10.0, 100.0, 1000.0})
    for (const double t : {0.0, 0.5, 0.9, 0.999}) {
      const std::vector<double> rows{s * s}, columns{4 * s * s};
      const Matrix<double> covariance = Matrix<double>::Constant(1, 1, 2 * t * s * s);
      const ActivationKernel found = activation_kernel(*phi, rows, columns, view(covariance));
      const double d = (1 + 2 * rows[0]) * (1 + 2 * columns[0]), c = covariance(0, 0);
      EXPECT_NEAR(found.value(0, 0), 2 / M_PI * std::asin(2 * c / std::sqrt(d)), 3e-9) << s << ' ' << t;
      const double slope = 4 / M_PI / std::sqrt(d - 4 * c * c);
      EXPECT_NEAR(found.slope(0, 0), slope, 1e-6 * slope) << s << ' ' << t;
    }
}

TEST(ActivationKernel, OfAPointThatIsZeroIsThatOfAConstant) {
  const auto phi = make_activation("softplus");
  const std::vector<double> none{0}, some{2};
  Matrix<double> covariance = Matrix<double>::Zero(1, 1);
  const ActivationKernel found = activation_kernel(*phi, none, some, view(std::as_const(covariance)));
  const double mean = gaussian_mean([&](double z) { return phi->value(z); }, 2);
  EXPECT_NEAR(found.value(0, 0), phi->value(0) * mean, 1e-10);  // u = 0 is no random variable
}

TEST(ActivationKernel, RefusesSizesThatDoNotFitAndVariancesThatAreNone) {
  const auto phi = make_activation("relu");
  const std::vector<double> two{1, 1}, bad{std::numeric_limits<double>::quiet_NaN(), 1};
  const Matrix<double> covariance = Matrix<double>::Zero(2, 1);
  EXPECT_THROW(activation_kernel(*phi, two, two, view(covariance)), ShapeError);
  const Matrix<double> square = Matrix<double>::Zero(2, 2);
  EXPECT_THROW(activation_kernel(*phi, bad, two, view(square)), Error);
}

}  // namespace
}  // namespace widthwise
