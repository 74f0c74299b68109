#include "widthwise/data/pca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "matrices.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;
using testing::random_matrix;
using ::testing::ThrowsMessage;

Matrix<double> covariance(const Matrix<double>& x) {
  const Matrix<double> centred = x.rowwise() - x.colwise().mean();
  return centred.transpose() * centred / static_cast<double>(x.rows());
}

// Correlated samples with a mean: normal draws through a matrix.
Matrix<double> samples(Index rows, Index cols, std::uint64_t seed) {
  const Matrix<double> drawn = random_matrix<double>(rows, cols, seed) * random_matrix<double>(cols, cols, seed + 1);
  return drawn.array() + 3.0;
}

TEST(Pca, WhitenedDataHaveCovarianceOne) {
  for (const Index rows : {50, 5000}) {  // 5000: goes through in blocks
    const Matrix<double> x = samples(rows, 8, 1);
    const Matrix<double> out = PrincipalComponents({&x}, 5, true).apply(x);
    EXPECT_LT((covariance(out) - Matrix<double>::Identity(5, 5)).norm(), 1e-10);
    EXPECT_LT(out.colwise().mean().norm(), 1e-12);
  }
}

TEST(Pca, WithoutWhiteningTheCloudKeepsItsShape) {
  // Divided by sqrt of the mean eigenvalue, the covariance is diag(l_i) / mean(l): its trace is the number of
  // directions.
  const Matrix<double> x = samples(400, 8, 2);
  const PrincipalComponents components({&x}, 4, false);
  const Matrix<double> c = covariance(components.apply(x));
  EXPECT_NEAR(c.trace(), 4, 1e-11);
  for (Index i = 0; i < 4; ++i)
    EXPECT_NEAR(c(i, i), components.eigenvalues()[i] / components.eigenvalues().mean(), 1e-11);
  EXPECT_GT(c(0, 0), c(3, 3));
}

TEST(Pca, AllDirectionsKeepDistances) {
  // All components without whitening are a rotation, a shift and one scale: distances keep their ratios.
  const Matrix<double> x = samples(30, 6, 3);
  const Matrix<double> out = PrincipalComponents({&x}, 6, false).apply(x);
  const double scale = (out.row(0) - out.row(1)).norm() / (x.row(0) - x.row(1)).norm();
  for (Index i = 2; i < 30; ++i)
    EXPECT_NEAR((out.row(i) - out.row(i - 1)).norm(), scale * (x.row(i) - x.row(i - 1)).norm(), 1e-10);
}

TEST(Pca, IsFittedOnAllThatIsGiven) {
  const Matrix<double> x = samples(30, 4, 4), y = samples(20, 4, 8);
  Matrix<double> both(50, 4);
  both << x, y;
  const PrincipalComponents apart({&x, &y}, 4, true), together({&both}, 4, true);
  EXPECT_LT((apart.apply(y) - together.apply(y)).norm(), 1e-9);
}

TEST(Pca, NoMoreDirectionsThanTheSamplesSpan) {
  // 5 samples span 4 directions about their mean.
  const Matrix<double> x = samples(5, 8, 5);
  EXPECT_EQ(PrincipalComponents({&x}, 4, true).apply(x).cols(), 4);
  EXPECT_THAT([&] { PrincipalComponents({&x}, 5, true); }, ThrowsMessage<ConfigError>(HasSubstr("at most 4")));
  const Matrix<double> out = PrincipalComponents({&x}, 6, false).apply(x);
  EXPECT_LT(out.rightCols(2).norm(), 1e-6);  // nothing varies there
  const Matrix<double> constant = Matrix<double>::Constant(5, 3, 2);
  EXPECT_THAT([&] { PrincipalComponents({&constant}, 1, false); }, ThrowsMessage<ConfigError>(HasSubstr("at most 0")));
}

TEST(Pca, TheNumberOfDirectionsIsChecked) {
  const Matrix<double> x = samples(5, 8, 5);
  for (const Index count : {0, -1, 9})
    EXPECT_THAT([&] { PrincipalComponents({&x}, count, false); }, ThrowsMessage<ConfigError>(HasSubstr("data.pca")));
}

}  // namespace
}  // namespace widthwise
