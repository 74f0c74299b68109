// Products with padded matrices, and updates on the way, against Eigen's of the same numbers.
#include "widthwise/linalg/rank_one.h"

#include <gtest/gtest.h>

#include <random>

namespace widthwise {
namespace {

template <class T>
class RankOne : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RankOne, Types);

TYPED_TEST(RankOne, ProductsAndUpdatesAreThoseOfPlainMatrices) {
  using T = TypeParam;
  const double tolerance = std::is_same_v<T, float> ? 1e-4 : 1e-12;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1}, {4, 16}, {7, 5}, {33, 50}, {9, 129}}) {
    PaddedMatrix<T> w(rows, cols);
    Matrix<T> plain(rows, cols);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j) w(i, j) = plain(i, j) = static_cast<T>(normal(random));
    const auto vector = [&](Index size) {
      Vector<T> v = Vector<T>::Zero(PaddedMatrix<T>::padded(size));
      for (Index i = 0; i < size; ++i) v(i) = static_cast<T>(normal(random));
      return v;
    };
    const Vector<T> a = vector(rows), b = vector(cols), x = vector(rows), z = vector(cols), targets = vector(rows);
    Vector<T> y = vector(rows), t = vector(cols), residuals = vector(rows);
    times_vector<T>(w, z.data(), y.data());
    EXPECT_LE((y.head(rows) - plain * z.head(cols)).cwiseAbs().maxCoeff(), tolerance);
    update_and_transposed_times<T>(w, nullptr, nullptr, x.data(), t.data());
    EXPECT_LE((t.head(cols) - plain.transpose() * x.head(rows)).cwiseAbs().maxCoeff(), tolerance);
    residuals_and_transposed_times<T>(w, T(0.5), targets.data(), z.data(), residuals.data(), t.data());
    const Vector<T> left = targets.head(rows) - T(0.5) * plain * z.head(cols);
    EXPECT_LE((residuals.head(rows) - left).cwiseAbs().maxCoeff(), tolerance);
    EXPECT_LE((t.head(cols) - plain.transpose() * left).cwiseAbs().maxCoeff(), tolerance * 10);
    update_and_transposed_times<T>(w, a.data(), b.data(), x.data(), t.data());
    plain += a.head(rows) * b.head(cols).transpose();
    EXPECT_LE((t.head(cols) - plain.transpose() * x.head(rows)).cwiseAbs().maxCoeff(), tolerance * 10);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j) ASSERT_NEAR(w(i, j), plain(i, j), tolerance);
  }
}

}  // namespace
}  // namespace widthwise
