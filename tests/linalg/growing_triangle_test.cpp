// Products with growing triangles are those of the square matrices they stand for, at every size and block: each sum
// is written out entry by entry.
#include "widthwise/linalg/growing_triangle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "widthwise/linalg/matrix.h"

namespace widthwise {
namespace {

struct Pair {
  GrowingTriangle triangle;
  Matrix<double> square;
};

Pair random_pair(Index steps, Index block, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const Index n = steps * block;
  Pair made{GrowingTriangle(block), Matrix<double>::Zero(n, n)};
  for (Index i = 0; i < n; ++i) {
    std::vector<double> row(static_cast<std::size_t>(n + 8), 99.0);  // what lies behind a row's end is not taken
    for (Index j = 0; j < made.triangle.length(i); ++j)
      row[static_cast<std::size_t>(j)] = made.square(i, j) = normal(random);
    made.triangle.append(row.data());
  }
  return made;
}

class Products : public testing::TestWithParam<std::pair<Index, Index>> {};

TEST_P(Products, AreThoseOfTheSquareMatrix) {
  const auto [steps, block] = GetParam();
  const Index n = steps * block;
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  Pair pair = random_pair(steps, block, random);
  const auto& [a, square] = pair;
  PaddedVector x, times, transposed, symmetric;
  for (PaddedVector* v : {&x, &times, &transposed, &symmetric}) v->reset(n);
  Vector<double> plain(n);
  for (Index i = 0; i < n; ++i) x[i] = plain(i) = normal(random);
  // A symmetric matrix is told by its lower blocks; a diagonal block is read as it stands, so it is made symmetric.
  Matrix<double> whole = square;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      if (j / block > i / block) whole(i, j) = square(j, i);
  add_times(x, a, times);
  add_times_transposed(x, a, 2.0, transposed);
  add_symmetric_times(x, a, symmetric);
  for (Index i = 0; i < n; ++i) {
    EXPECT_NEAR(times[i], plain.dot(square.col(i)), 1e-12 * static_cast<double>(n));
    EXPECT_NEAR(transposed[i], 2 * plain.dot(square.row(i)), 1e-12 * static_cast<double>(n));
    EXPECT_NEAR(symmetric[i], plain.dot(whole.row(i)), 1e-12 * static_cast<double>(n));
    for (Index j = 0; j < a.length(i); ++j) ASSERT_EQ(a(i, j), square(i, j));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Products,
                         testing::Values(std::pair<Index, Index>{1, 1}, std::pair<Index, Index>{7, 1},
                                         std::pair<Index, Index>{8, 1}, std::pair<Index, Index>{29, 1},
                                         std::pair<Index, Index>{64, 1}, std::pair<Index, Index>{9, 2},
                                         std::pair<Index, Index>{13, 3}, std::pair<Index, Index>{5, 11}));

}  // namespace
}  // namespace widthwise
