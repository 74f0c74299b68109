#include "widthwise/linalg/singular_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "matrices.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing::random_matrix;

TEST(SingularValues, AgreeWithEigen) {
  for (const Index rows : {1, 2, 7, 64, 130})
    for (const Index cols : {1, 3, 64, 129}) {
      const Matrix<double> a = random_matrix<double>(rows, cols, static_cast<std::uint64_t>(rows + 1000 * cols));
      const Vector<double> ours = singular_values(view(a)), reference = singular_values_reference(view(a));
      ASSERT_EQ(ours.size(), std::min(rows, cols));
      EXPECT_LT((ours - reference).norm(), 1e-12 * a.norm()) << rows << " x " << cols;
      EXPECT_NEAR(ours.norm(), a.norm(), 1e-12 * a.norm());  // the sum of their squares is that of the entries
    }
}

// With reflections H = 1 - 2 v v^T, G on both sides of a diagonal matrix D, the values of H D G are |D|.
TEST(SingularValues, OfAMatrixMadeFromThemOverTwelveOrders) {
  const auto reflection = [](Index size, std::uint64_t seed) -> Matrix<double> {
    Vector<double> v = random_matrix<double>(size, 1, seed).col(0);
    v.normalize();
    return Matrix<double>::Identity(size, size) - 2 * v * v.transpose();
  };
  Matrix<double> d = Matrix<double>::Zero(20, 13);
  for (Index i = 0; i < 13; ++i) d(i, i) = std::pow(10.0, -static_cast<double>(i));
  const Matrix<double> a = reflection(20, 1) * d * reflection(13, 2);
  const Vector<double> values = singular_values(view(a));
  // Absolutely to rounding, so that 1e-7 of the largest is told from 0; its square is not.
  for (Index i = 0; i < 13; ++i) EXPECT_NEAR(values[i], d(i, i), 1e-14);
}

TEST(SingularValues, OfZerosAreZeros) {
  const Matrix<double> zero = Matrix<double>::Zero(4, 6);
  EXPECT_EQ(singular_values(view(zero)).norm(), 0);
}

TEST(SingularValues, TakeAViewWithAStride) {
  const Matrix<double> a = random_matrix<double>(6, 5, 9);
  Matrix<double> larger = Matrix<double>::Constant(9, 11, 7);
  larger.block(1, 3, 6, 5) = a;
  EXPECT_EQ(singular_values(view(std::as_const(larger)).block(1, 3, 6, 5)), singular_values(view(a)));
}

TEST(SingularValues, RefuseWhatHasNone) {
  Matrix<double> a = random_matrix<double>(3, 4, 1);
  const Matrix<double> empty(0, 4);
  EXPECT_THROW(singular_values(view(empty)), ShapeError);
  a(2, 1) = std::numeric_limits<double>::infinity();
  EXPECT_THROW(singular_values(view(std::as_const(a))), Error);
}

}  // namespace
}  // namespace widthwise
