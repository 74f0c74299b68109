#include "widthwise/linalg/eigen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "matrices.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing::random_matrix;

Matrix<double> symmetric(Index size, std::uint64_t seed) {
  const Matrix<double> draw = random_matrix<double>(size, size, seed);
  return draw + draw.transpose();
}

void expect_pairs_of(const Matrix<double>& a, const SymmetricEigen& pairs) {
  const Index count = pairs.values.size();
  const double scale = a.norm();
  const Matrix<double> grams = pairs.vectors * pairs.vectors.transpose();
  EXPECT_LT((grams - Matrix<double>::Identity(count, count)).norm(), 1e-11 * static_cast<double>(count));
  for (Index i = 0; i < count; ++i) {
    const Vector<double> u = pairs.vectors.row(i).transpose();
    EXPECT_LE((a * u - pairs.values[i] * u).norm(), 1e-12 * scale) << i;
    EXPECT_LE(pairs.values[i], pairs.values[std::max<Index>(i - 1, 0)]);
    Index largest = 0;
    u.cwiseAbs().maxCoeff(&largest);
    EXPECT_GT(u[largest], 0);
  }
}

TEST(LargestEigenpairs, AgreeWithEigen) {
  for (const Index size : {1, 2, 3, 10, 64, 129})
    for (const Index count : {Index{1}, (size + 1) / 2, size}) {
      const Matrix<double> a = symmetric(size, static_cast<std::uint64_t>(size));
      const SymmetricEigen ours = largest_eigenpairs(view(a), count);
      const SymmetricEigen reference = largest_eigenpairs_reference(view(a), count);
      expect_pairs_of(a, ours);
      expect_pairs_of(a, reference);
      EXPECT_LT((ours.values - reference.values).norm(), 1e-12 * a.norm());
      // Eigenvalues of a random matrix are apart, so with their signs fixed the vectors are the same.
      EXPECT_LT((ours.vectors - reference.vectors).norm(), 1e-8 * static_cast<double>(size)) << size << " " << count;
    }
}

// With D diagonal and a Householder reflection H = 1 - 2 v v^T, H D H has the eigenvalues D and the eigenvectors H e_i.
TEST(LargestEigenpairs, OfAMatrixMadeFromThem) {
  const Index size = 20;
  Vector<double> v = random_matrix<double>(size, 1, 3).col(0);
  v.normalize();
  const Matrix<double> h = Matrix<double>::Identity(size, size) - 2 * v * v.transpose();
  const Vector<double> values = Vector<double>::LinSpaced(size, 10, -9);
  const Matrix<double> a = h * values.asDiagonal() * h;
  const SymmetricEigen pairs = largest_eigenpairs(view(a), 5);
  for (Index i = 0; i < 5; ++i) {
    EXPECT_NEAR(pairs.values[i], values[i], 1e-12);
    EXPECT_NEAR(std::abs(pairs.vectors.row(i).dot(h.row(i))), 1, 1e-12);
  }
}

TEST(LargestEigenpairs, EqualEigenvaluesHaveOrthogonalVectors) {
  Matrix<double> a = Matrix<double>::Identity(40, 40);
  expect_pairs_of(a, largest_eigenpairs(view(a), 7));
  a.topLeftCorner(10, 10).setConstant(1);  // eigenvalues 10, 1 (30 times), 0 (9 times)
  const SymmetricEigen pairs = largest_eigenpairs(view(a), 40);
  expect_pairs_of(a, pairs);
  EXPECT_NEAR(pairs.values[0], 10, 1e-12);
  EXPECT_NEAR(pairs.values[30], 1, 1e-12);
  EXPECT_NEAR(pairs.values[31], 0, 1e-12);
  a.setZero();
  expect_pairs_of(a, largest_eigenpairs(view(a), 3));
}

TEST(LargestEigenpairs, TakeAViewWithAStride) {
  const Matrix<double> a = symmetric(12, 5);
  Matrix<double> larger = Matrix<double>::Constant(14, 20, 7);
  larger.block(1, 3, 12, 12) = a;
  const View<const double> inside = view(std::as_const(larger)).block(1, 3, 12, 12);
  EXPECT_EQ(largest_eigenpairs(inside, 12).vectors, largest_eigenpairs(view(a), 12).vectors);
}

TEST(LargestEigenpairs, RefuseWhatIsNoSymmetricMatrix) {
  Matrix<double> a = symmetric(4, 1);
  const Matrix<double> oblong(3, 4), empty(0, 0);
  EXPECT_THROW(largest_eigenpairs(view(oblong), 1), ShapeError);
  EXPECT_THROW(largest_eigenpairs(view(empty), 1), ShapeError);
  EXPECT_THROW(largest_eigenpairs(view(std::as_const(a)), 0), ShapeError);
  EXPECT_THROW(largest_eigenpairs(view(std::as_const(a)), 5), ShapeError);
  a(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(largest_eigenpairs(view(std::as_const(a)), 1), Error);
}

}  // namespace
}  // namespace widthwise
