// Similarities and spectra against the definitions written out, and against kernels whose answer is known.
#include "widthwise/kernel/similarity.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

#include "matrices.h"
#include "widthwise/base/error.h"
#include "widthwise/kernel/spectrum.h"

namespace widthwise {
namespace {

Matrix<double> gram_of(Index samples, Index features, std::uint64_t seed) {
  const Matrix<double> x = testing::random_matrix<double>(samples, features, seed);
  return x * x.transpose();
}

// Song et al. 2012, equation 5, as sums over tuples of different indices: the mean of k_ij l_ij over pairs, of
// k_ij l_kl over quadruples and of k_ij l_ik over triples.
double covariance_by_tuples(const Matrix<double>& k, const Matrix<double>& l) {
  const Index n = k.rows();
  double pairs = 0, triples = 0, quadruples = 0;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      if (j == i) continue;
      pairs += k(i, j) * l(i, j);
      for (Index a = 0; a < n; ++a) {
        if (a == i || a == j) continue;
        triples += k(i, j) * l(i, a);
        for (Index b = 0; b < n; ++b)
          if (b != i && b != j && b != a) quadruples += k(i, j) * l(a, b);
      }
    }
  const auto m = static_cast<double>(n);
  return pairs / (m * (m - 1)) + quadruples / (m * (m - 1) * (m - 2) * (m - 3)) - 2 * triples / (m * (m - 1) * (m - 2));
}

TEST(Similarity, CentredAlignmentIsTheRatioOfUnbiasedCovariances) {
  const Matrix<double> k = gram_of(9, 4, 1), l = gram_of(9, 3, 2);
  const double slow = covariance_by_tuples(k, l) / std::sqrt(covariance_by_tuples(k, k) * covariance_by_tuples(l, l));
  EXPECT_NEAR(centred_alignment(view(k), view(l)), slow, 1e-12);
  EXPECT_NEAR(centred_alignment(view(k), view(k)), 1, 1e-12);
}

TEST(Similarity, CentredAlignmentSeesNeitherMeanNorScale) {
  // Unbiased covariances do not change where K gains a_i + a_j: features that gain one vector.
  const Matrix<double> k = gram_of(12, 5, 3), l = gram_of(12, 5, 4);
  const Matrix<double> a = testing::random_matrix<double>(12, 1, 5);
  Matrix<double> moved = 3 * k;
  moved += a * Matrix<double>::Ones(1, 12) + Matrix<double>::Ones(12, 1) * a.transpose();
  EXPECT_NEAR(centred_alignment(view(std::as_const(moved)), view(l)), centred_alignment(view(k), view(l)), 1e-10);
}

TEST(Similarity, IndependentKernelsHaveCentredAlignmentZeroOnAverage) {
  // The estimator's point: centring by 1 - 11'/n gives about 0.24 here, n = 16 points of as many features.
  double sum = 0, squares = 0;
  constexpr int draws = 400;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const Matrix<double> k = gram_of(16, 16, 10 + 2 * seed), l = gram_of(16, 16, 11 + 2 * seed);
    const double one = centred_alignment(view(k), view(l));
    sum += one;
    squares += one * one;
  }
  const double mean = sum / draws, error = std::sqrt(squares / draws / draws);
  EXPECT_LT(std::abs(mean), 4 * error);
  EXPECT_LT(error, 0.02);
}

TEST(Similarity, AlignmentWithTheLabelsIsTheQuadraticForm) {
  const Matrix<double> k = gram_of(8, 5, 6), y = testing::random_matrix<double>(8, 1, 7);
  Matrix<double> labels(8, 8);
  write_target_kernel<double>(view(y), view(labels));
  const double slow = (y.transpose() * k * y)(0, 0) / (k.norm() * y.squaredNorm());
  EXPECT_NEAR(alignment(view(k), view(std::as_const(labels))), slow, 1e-12);
}

TEST(Similarity, RelativeChangeKeepsSmallChanges) {
  const Matrix<double> k = gram_of(8, 5, 8);
  Matrix<double> moved = k;
  moved(2, 3) += 1e-9;
  moved(3, 2) += 1e-9;
  EXPECT_NEAR(relative_change(view(std::as_const(moved)), view(k)) * k.norm(), std::sqrt(2.0) * 1e-9, 1e-14);
  EXPECT_EQ(relative_change(view(k), view(k)), 0);
  const Matrix<double> zero = Matrix<double>::Zero(8, 8);
  EXPECT_EQ(relative_change(view(zero), view(zero)), 0);
  EXPECT_TRUE(std::isinf(relative_change(view(k), view(zero))));
}

TEST(Similarity, HasNoValueWhereItHasNoMeaning) {
  const Matrix<double> k = gram_of(6, 5, 9), three = gram_of(3, 5, 9), constant = Matrix<double>::Constant(6, 6, 2);
  EXPECT_TRUE(std::isnan(centred_alignment(view(three), view(three))));
  EXPECT_TRUE(std::isnan(centred_alignment(view(k), view(constant))));
  EXPECT_THROW(centred_alignment(view(k), view(three)), ShapeError);
  EXPECT_THROW(alignment(view(k), view(three)), ShapeError);
  EXPECT_THROW(relative_change(view(k), view(three)), ShapeError);
}

TEST(Spectrum, IsThatOfTheMatrix) {
  const Matrix<double> k = gram_of(60, 80, 10);
  const Eigen::SelfAdjointEigenSolver<Matrix<double>> solved(k);
  const Vector<double> exact = solved.eigenvalues().reverse();
  EXPECT_LT((kernel_spectrum(view(k)) - exact).norm(), 1e-10 * exact.norm());
  EXPECT_NEAR(top_eigenvalue(view(k)), exact[0], 1e-10 * exact[0]);
  EXPECT_NEAR(participation(view(k)), exact.sum() * exact.sum() / exact.squaredNorm(), 1e-10);
  const Matrix<float> single = k.cast<float>();
  EXPECT_NEAR(top_eigenvalue(view(single)), exact[0], 1e-5 * exact[0]);
}

TEST(Spectrum, OfKernelsKnownByHeart) {
  const Matrix<double> one = Matrix<double>::Identity(40, 40), flat = Matrix<double>::Constant(40, 40, 3);
  EXPECT_NEAR(top_eigenvalue(view(one)), 1, 1e-12);
  EXPECT_NEAR(participation(view(one)), 40, 1e-12);
  EXPECT_NEAR(top_eigenvalue(view(flat)), 120, 1e-10);
  EXPECT_NEAR(participation(view(flat)), 1, 1e-12);
  const Matrix<double> zero = Matrix<double>::Zero(4, 4);
  EXPECT_EQ(top_eigenvalue(view(zero)), 0);
}

TEST(Spectrum, RefusesWhatIsNoKernel) {
  Matrix<double> broken = gram_of(5, 5, 11);
  broken(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(top_eigenvalue(view(std::as_const(broken)))));
  EXPECT_THROW(kernel_spectrum(view(std::as_const(broken))), Error);
  const Matrix<double> wide(2, 3);
  EXPECT_THROW(top_eigenvalue(view(wide)), ShapeError);
  EXPECT_THROW(participation(view(wide)), ShapeError);
  EXPECT_THROW(kernel_spectrum(view(wide)), ShapeError);
}

}  // namespace
}  // namespace widthwise
