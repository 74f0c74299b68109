#include "widthwise/linalg/direct_gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/base/key.h"

namespace widthwise::linalg {
namespace {

template <class T>
class DirectGemm : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(DirectGemm, Types);

/// Every path of the kernel at sizes where products.h may prefer a library: A and B each by rows or columns, in place
/// or packed, several blocks in every dimension.
template <class T>
void check(bool a_by_columns, bool b_by_columns, T alpha, T beta, Index m, Index n, Index k, Index gap) {
  const Index a_stride = (a_by_columns ? m : k) + gap, b_stride = (b_by_columns ? k : n) + gap, c_stride = n + gap;
  const auto draw = [](std::uint64_t key, Index size) {
    std::vector<T> v(static_cast<std::size_t>(size));
    fill_normal(Key(key), 1, v.size(), 1.0, v.data(), v.size());
    return v;
  };
  const auto a = draw(1, (a_by_columns ? k : m) * a_stride), b = draw(2, (b_by_columns ? n : k) * b_stride);
  const auto before = draw(3, m * c_stride);
  auto c = before;
  direct_gemm<T>({m, n, k, alpha, beta, a.data(), a_by_columns ? 1 : a_stride, a_by_columns ? a_stride : 1, b.data(),
                  b_by_columns ? 1 : b_stride, b_by_columns ? b_stride : 1, c.data(), c_stride});
  const auto at = [](const std::vector<T>& v, Index i) { return double(v[static_cast<std::size_t>(i)]); };
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      double sum = 0, size = 0;
      for (Index l = 0; l < k; ++l) {
        const double term = at(a, a_by_columns ? l * a_stride + i : i * a_stride + l) *
                            at(b, b_by_columns ? j * b_stride + l : l * b_stride + j);
        sum += term;
        size += std::abs(term);
      }
      const double old = beta == T(0) ? 0.0 : double(beta) * at(before, i * c_stride + j);
      // Rounding of k additions in any order is below k eps sum |terms|; alpha, beta and two roundings more.
      const double bound = (double(k) + 8) * double(std::numeric_limits<T>::epsilon()) *
                           (std::abs(double(alpha)) * size + std::abs(old));
      ASSERT_NEAR(at(c, i * c_stride + j), double(alpha) * sum + old, bound)
          << m << ' ' << n << ' ' << k << " entry " << i << ' ' << j << (a_by_columns ? " A^T" : "")
          << (b_by_columns ? " B^T" : "");
    }
    for (Index j = n; j < c_stride; ++j) ASSERT_EQ(at(c, i * c_stride + j), at(before, i * c_stride + j));
  }
}

TYPED_TEST(DirectGemm, EverySizeUpToSeventy) {
  using T = TypeParam;
  for (const bool a_by_columns : {false, true})
    for (const bool b_by_columns : {false, true})
      for (Index size = 1; size <= 70; ++size) {
        check<T>(a_by_columns, b_by_columns, T(1), T(0), size, 35, 21, 0);
        check<T>(a_by_columns, b_by_columns, T(-0.5), T(1), 26, size, 21, 3);
        check<T>(a_by_columns, b_by_columns, T(2), T(0.5), 50, 33, size, 1);
      }
}

TYPED_TEST(DirectGemm, SeveralBlocksInEveryDimension) {
  using T = TypeParam;
  for (const bool a_by_columns : {false, true})
    for (const bool b_by_columns : {false, true}) {
      check<T>(a_by_columns, b_by_columns, T(1), T(0.5), 530, 70, 390, 2);    // two blocks of rows and of k
      check<T>(a_by_columns, b_by_columns, T(1), T(0), 30, 2060, 9, 0);       // two blocks of columns
      check<T>(a_by_columns, b_by_columns, T(-1), T(1), 50, 150, 500, 1000);  // A far apart: gathered
    }
}

// A few rows against a matrix many times their size, given by rows: computed by way of the transpose.
TYPED_TEST(DirectGemm, FewRowsAgainstManyColumns) {
  using T = TypeParam;
  for (const Index n : {300, 531, 1100})  // less than a block, an odd rest, three blocks
    for (const Index gap : {0, 3}) {
      check<T>(false, true, T(-0.5), T(0), 33, n, 70, gap);
      check<T>(false, true, T(1), T(0), 128, n, 300, gap);  // two blocks of k
      check<T>(false, true, T(2), T(0.5), 50, n, 70, gap);  // C is read: not turned
    }
}

}  // namespace
}  // namespace widthwise::linalg
