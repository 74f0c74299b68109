#include "widthwise/linalg/products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

template <class T>
class Products : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Products, Types);

/// A rows x cols block of normal draws inside a wider buffer, so that every test has a stride; the margin is NaN, so
/// that reading it shows in the result.
template <class T>
struct Padded {
  std::vector<T> buffer;
  Index rows, cols, stride;
  Padded(std::uint64_t key, Index rows_, Index cols_, Index padding = 3)
      : rows{rows_}, cols{cols_}, stride{cols_ + padding} {
    buffer.assign(static_cast<std::size_t>(rows * stride + 1), std::numeric_limits<T>::quiet_NaN());
    fill_normal(Key(key), static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, buffer.data(),
                static_cast<std::size_t>(stride));
  }
  View<T> view() { return {buffer.data(), rows, cols, stride}; }
  View<const T> view() const { return {buffer.data(), rows, cols, stride}; }
};

/// The definition, in double; `size` gets the sum of |terms|, to which rounding is proportional.
template <class T>
double naive(Op a_op, Op b_op, T alpha, View<const T> a, View<const T> b, T beta, double c, Index i, Index j,
             double& size) {
  const Index k = a_op == Op::none ? a.cols : a.rows;
  double sum = 0;
  size = 0;
  for (Index l = 0; l < k; ++l) {
    const double term = double(a_op == Op::none ? a(i, l) : a(l, i)) * double(b_op == Op::none ? b(l, j) : b(j, l));
    sum += term;
    size += std::abs(term);
  }
  const double old = beta == T(0) ? 0.0 : double(beta) * c;
  size = std::abs(double(alpha)) * size + std::abs(old);
  return double(alpha) * sum + old;
}

/// |computed - exact| <= (k + 8) eps sum |terms|: the bound on rounding of any order of summation, with room for alpha
/// and beta.
template <class T>
void check_gemm(Op a_op, Op b_op, T alpha, T beta, Index m, Index n, Index k) {
  const Padded<T> a(1, a_op == Op::none ? m : k, a_op == Op::none ? k : m);
  const Padded<T> b(2, b_op == Op::none ? k : n, b_op == Op::none ? n : k, 1);
  Padded<T> c(3, m, n, 2);
  const Padded<T> before = c;
  gemm<T>(a_op, b_op, alpha, a.view(), b.view(), beta, c.view());
  const double eps = std::numeric_limits<T>::epsilon();
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      double size = 0;
      const double exact =
          naive<T>(a_op, b_op, alpha, a.view(), b.view(), beta, double(before.view()(i, j)), i, j, size);
      const double error = std::abs(double(c.view()(i, j)) - exact);
      ASSERT_LE(error, (double(k) + 8) * eps * size)
          << "m n k = " << m << ' ' << n << ' ' << k << ", entry " << i << ' ' << j << ", transposed "
          << (a_op == Op::transpose) << (b_op == Op::transpose) << ", alpha " << alpha << ", beta " << beta;
    }
    for (Index j = n; j < c.stride; ++j)  // nothing is written beside the block
      ASSERT_TRUE(std::isnan(c.buffer[static_cast<std::size_t>(i * c.stride + j)]));
  }
}

constexpr Op ops[] = {Op::none, Op::transpose};

TYPED_TEST(Products, EverySmallSizeInOneDimensionAgreesWithTheDefinition) {
  using T = TypeParam;
  for (const Op a_op : ops)
    for (const Op b_op : ops)
      for (Index size = 1; size <= 70; ++size) {
        check_gemm<T>(a_op, b_op, T(1), T(0), size, 37, 19);
        check_gemm<T>(a_op, b_op, T(-0.5), T(1), 13, size, 33);
        check_gemm<T>(a_op, b_op, T(2), T(0.25), 18, 34, size);
        check_gemm<T>(a_op, b_op, T(1), T(0), size, size, size);
      }
}

TYPED_TEST(Products, LayerShapesAgreeWithTheDefinition) {
  using T = TypeParam;
  for (const Op a_op : ops)
    for (const Op b_op : ops)
      for (const Index width : {48, 128, 200, 256}) {
        check_gemm<T>(a_op, b_op, T(1), T(0), 128, width, width);
        check_gemm<T>(a_op, b_op, T(-0.1), T(1), width, 10, 128);
      }
}

TYPED_TEST(Products, ThreadedProductAgreesWithOneThread) {
  using T = TypeParam;
  const Padded<T> a(1, 1024, 600), b(2, 512, 600);
  Padded<T> one(3, 1024, 512), all = one;
  {
    const ThreadScope scope(1);
    gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), one.view());
  }
  gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), all.view());
  for (Index i = 0; i < one.rows; ++i)
    for (Index j = 0; j < one.cols;
         ++j)  // sums of 600 products of normals: size about 25, rounding about 25 eps sqrt(600)
      ASSERT_NEAR(one.view()(i, j), all.view()(i, j), 600 * 4 * std::numeric_limits<T>::epsilon() * 8);
}

TYPED_TEST(Products, TheSameCallGivesTheSameBits) {
  using T = TypeParam;
  for (const Index size : {16, 33, 96, 300}) {
    const Padded<T> a(1, size, size), b(2, size, size);
    Padded<T> first(3, size, size, 0), second(4, size, size, 0);
    gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), first.view());
    gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), second.view());
    for (Index i = 0; i < size; ++i)
      for (Index j = 0; j < size; ++j) ASSERT_EQ(first.view()(i, j), second.view()(i, j));
  }
}

TYPED_TEST(Products, BetaZeroDoesNotReadTheResult) {
  using T = TypeParam;
  for (const Index size : {5, 40, 300}) {  // own kernel, and the libraries
    const Padded<T> a(1, size, size), b(2, size, size);
    Padded<T> c(3, size, size);
    for (Index i = 0; i < size; ++i)
      for (Index j = 0; j < size; ++j) c.view()(i, j) = std::numeric_limits<T>::quiet_NaN();
    gemm<T>(Op::none, Op::none, T(1), a.view(), b.view(), T(0), c.view());
    for (Index i = 0; i < size; ++i)
      for (Index j = 0; j < size; ++j) ASSERT_TRUE(std::isfinite(c.view()(i, j)));
  }
}

TYPED_TEST(Products, NothingToSumLeavesBetaTimesTheResult) {
  using T = TypeParam;
  const Padded<T> a(1, 4, 0), b(2, 5, 0);
  Padded<T> c(3, 4, 5);
  const Padded<T> before = c;
  gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0.5), c.view());
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 5; ++j) EXPECT_EQ(c.view()(i, j), T(0.5) * before.view()(i, j));
  gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), c.view());
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 5; ++j) EXPECT_EQ(c.view()(i, j), T(0));
  Padded<T> empty(4, 0, 5);
  gemm<T>(Op::none, Op::none, T(1), View<const T>(nullptr, 0, 4), c.view(), T(0), empty.view());  // no rows: no work
}

TYPED_TEST(Products, SyrkIsTheWholeSymmetricProduct) {
  using T = TypeParam;
  const double eps = std::numeric_limits<T>::epsilon();
  for (const Op op : ops)
    for (const Index n : {1, 7, 32, 65, 150})
      for (const Index k : {1, 20, 90}) {
        const Padded<T> a(1, op == Op::none ? n : k, op == Op::none ? k : n);
        Padded<T> c(2, n, n);
        for (Index i = 0; i < n; ++i)
          for (Index j = 0; j < i; ++j) c.view()(i, j) = c.view()(j, i);
        const Padded<T> before = c;
        syrk<T>(op, T(0.5), a.view(), T(2), c.view());
        const Op other = op == Op::none ? Op::transpose : Op::none;
        for (Index i = 0; i < n; ++i)
          for (Index j = 0; j < n; ++j) {
            double size = 0;
            const double exact =
                naive<T>(op, other, T(0.5), a.view(), a.view(), T(2), double(before.view()(i, j)), i, j, size);
            ASSERT_NEAR(c.view()(i, j), exact, (double(k) + 8) * eps * size);
            ASSERT_EQ(c.view()(i, j), c.view()(j, i));
          }
      }
}

TYPED_TEST(Products, SizesThatDoNotFitAreRefused) {
  using T = TypeParam;
  const Padded<T> a(1, 3, 4), b(2, 5, 4);
  Padded<T> c(3, 3, 5), wrong(4, 3, 4);
  EXPECT_NO_THROW(gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), c.view()));
  EXPECT_THROW(gemm<T>(Op::none, Op::none, T(1), a.view(), b.view(), T(0), c.view()), ShapeError);
  EXPECT_THROW(gemm<T>(Op::none, Op::transpose, T(1), a.view(), b.view(), T(0), wrong.view()), ShapeError);
  EXPECT_THROW(syrk<T>(Op::none, T(1), a.view(), T(0), c.view()), ShapeError);
}

}  // namespace
}  // namespace widthwise
