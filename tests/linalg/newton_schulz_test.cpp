#include "widthwise/linalg/newton_schulz.h"

#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <vector>

#include "matrices.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

double quintic(double s) {
  return 3.4445 * s - 4.775 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
}

template <class T>
Matrix<T> orthogonalised(const Matrix<T>& matrix, int iterations) {
  Matrix<T> x = matrix, w(matrix.rows(), matrix.cols());
  w.setConstant(std::numeric_limits<T>::quiet_NaN());  // beta = 0: not read
  std::vector<T> room(static_cast<std::size_t>(newton_schulz_room(x.rows(), x.cols())));
  newton_schulz<T>(iterations, T(1), view(x), T(0), view(w), room.data());
  return w;
}

// U p(p(...(S/|S|))) V^T, from a dense SVD: odd polynomials act on singular values alone.
Matrix<double> by_svd(const Matrix<double>& matrix, int iterations) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(matrix, Eigen::ComputeThinU | Eigen::ComputeThinV);
  Eigen::VectorXd s = svd.singularValues() / svd.singularValues().norm();
  for (int k = 0; k < iterations; ++k)
    for (double& value : s) value = quintic(value);
  return svd.matrixU() * s.asDiagonal() * svd.matrixV().transpose();
}

TEST(NewtonSchulz, ActsOnSingularValuesAlone) {
  for (const auto& [rows, cols] : std::vector<std::pair<Index, Index>>{
           {1, 1}, {1, 7}, {7, 1}, {5, 5}, {16, 16}, {9, 40}, {40, 9}, {100, 100}, {64, 130}})
    for (const int iterations : {1, 2, 5}) {
      const Matrix<double> x = testing::random_matrix<double>(rows, cols, 3);
      const Matrix<double> expected = by_svd(x, iterations);
      // p'(0)^5 = 485 is by what rounding may grow.
      EXPECT_LT((orthogonalised(x, iterations) - expected).cwiseAbs().maxCoeff(), 1e-12) << rows << " x " << cols;
      const Matrix<float> single = orthogonalised<float>(x.cast<float>(), iterations);
      EXPECT_LT((single.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-4) << rows << " x " << cols;
    }
}

TEST(NewtonSchulz, SingularValuesComeNearOneAndRankStays) {
  // A product of rank 3 among 60 x 50: three singular values of order one, the others stay zero.
  const Matrix<double> x = testing::random_matrix<double>(60, 3, 1) * testing::random_matrix<double>(3, 50, 2);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(orthogonalised(x, 5));
  for (Index k = 0; k < 3; ++k) {
    EXPECT_GT(svd.singularValues()[k], 0.65);
    EXPECT_LT(svd.singularValues()[k], 1.25);
  }
  EXPECT_LT(svd.singularValues()[3], 1e-11);
}

TEST(NewtonSchulz, ForgetsTheSizeOfItsArgument) {
  // Even where the squares of its entries are no floats.
  const Matrix<float> x = testing::random_matrix<double>(20, 20, 4).cast<float>();
  const Matrix<float> expected = orthogonalised(x, 5);
  for (const float factor : {1e-30F, 1e-38F, 1e25F}) {
    const Matrix<float> scaled = factor * x;
    EXPECT_LT((orthogonalised(scaled, 5) - expected).cwiseAbs().maxCoeff(), factor < 1e-35F ? 1e-2F : 1e-4F);
  }
}

TEST(NewtonSchulz, AddsToWhatIsThere) {
  const Matrix<double> start = testing::random_matrix<double>(12, 8, 5);
  Matrix<double> x = testing::random_matrix<double>(12, 8, 6), w = start;
  const Matrix<double> expected = 0.9 * start - 0.3 * by_svd(x, 5);
  std::vector<double> room(static_cast<std::size_t>(newton_schulz_room(12, 8)));
  newton_schulz<double>(5, -0.3, view(x), 0.9, view(w), room.data());
  EXPECT_LT((w - expected).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(NewtonSchulz, ZeroStaysZeroAndNotANumberIsNotMasked) {
  Matrix<double> x = Matrix<double>::Zero(6, 4);
  EXPECT_EQ(orthogonalised(x, 5), x);
  x(2, 1) = std::nan("");
  EXPECT_TRUE(orthogonalised(x, 5).hasNaN());
  x.setOnes();
  x(2, 1) = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(orthogonalised(x, 5).hasNaN());
}

TEST(NewtonSchulz, RefusesSizesThatDoNotFit) {
  Matrix<double> x(3, 4), w(4, 3);
  std::vector<double> room(100);
  EXPECT_THROW(newton_schulz<double>(5, 1, view(x), 0, view(w), room.data()), ShapeError);
}

}  // namespace
}  // namespace widthwise
