// Points in the basis of their span: inner products are all that a Gaussian first layer sees, and they stay.
#include "widthwise/data/span.h"

#include <gtest/gtest.h>

#include "matrices.h"
#include "widthwise/data/load.h"

namespace widthwise {
namespace {

TEST(Span, KeepsAllInnerProductsWithinAndBetweenParts) {
  Matrix<double> a = testing::random_matrix<double>(7, 40, 1), b = testing::random_matrix<double>(4, 40, 2),
                 none(0, 40);
  const Matrix<double> aa = a * a.transpose(), ab = a * b.transpose(), bb = b * b.transpose();
  write_in_span({&a, &none, &b});
  EXPECT_EQ(a.cols(), 11);
  EXPECT_EQ(b.cols(), 11);
  EXPECT_EQ(none.rows(), 0);
  EXPECT_LT((a * a.transpose() - aa).norm(), 1e-12 * aa.norm());
  EXPECT_LT((a * b.transpose() - ab).norm(), 1e-12 * aa.norm());
  EXPECT_LT((b * b.transpose() - bb).norm(), 1e-12 * bb.norm());
}

TEST(Span, OfPointsThatAreTheSameIsStillTheirInnerProducts) {
  Matrix<double> a = testing::random_matrix<double>(3, 20, 1);
  a.row(2) = a.row(0);
  const Matrix<double> aa = a * a.transpose();
  write_in_span({&a});
  EXPECT_LT((a * a.transpose() - aa).norm(), 1e-12 * aa.norm());
}

TEST(Span, IsLeftAloneWhereThereAreAsManyPointsAsFeatures) {
  Matrix<double> a = testing::random_matrix<double>(5, 5, 1);
  const Matrix<double> before = a;
  write_in_span({&a});
  EXPECT_EQ(a, before);
}

TEST(Span, OfADataSetHasTheFeaturesItsShapeSays) {
  DataOptions options;
  options.name = "gaussian";
  options.dimension = 60;
  options.train = 12;
  options.test = 5;
  const Split own = load_data(options);
  options.span = true;
  const Split split = load_data(options);
  EXPECT_EQ(split.train.features(), 17);
  EXPECT_EQ(shape_of(options).inputs, 17);
  EXPECT_EQ(shape_of(options).own_inputs, 60);
  const Matrix<double> before = own.train.inputs * own.test.inputs.transpose(),
                       after = split.train.inputs * split.test.inputs.transpose();
  EXPECT_LT((before - after).norm(), 1e-12 * before.norm() + 1e-12);
  EXPECT_EQ(split.fingerprint, own.fingerprint);
}

}  // namespace
}  // namespace widthwise
