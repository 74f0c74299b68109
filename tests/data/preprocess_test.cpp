#include "widthwise/data/preprocess.h"

#include <gtest/gtest.h>

#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise {
namespace {

Dataset drawn(Key key, Index samples, Index features) {
  Dataset data;
  data.inputs.resize(samples, features);
  fill_uniform(key, static_cast<std::size_t>(samples), static_cast<std::size_t>(features), 2.0, data.inputs.data(),
               static_cast<std::size_t>(features));
  data.inputs.array() += 3;
  for (Index j = 0; j < features; ++j) data.inputs.col(j) *= 1.0 + static_cast<double>(j);  // features of many scales
  return data;
}

TEST(Preprocess, StandardiseGivesTheTrainingEntriesMeanZeroAndDeviationOne) {
  Dataset train = drawn(Key(1), 40, 7), test = drawn(Key(2), 11, 7);
  preprocess("standardise", train, test);
  EXPECT_NEAR(train.inputs.mean(), 0, 1e-13);
  EXPECT_NEAR(train.inputs.array().square().mean(), 1, 1e-13);
}

TEST(Preprocess, StandardiseFeaturesDoesSoForEachFeature) {
  Dataset train = drawn(Key(1), 40, 7), test = drawn(Key(2), 11, 7);
  train.inputs.col(3).setConstant(0.1);  // never varies: centred, and not divided by its rounding error
  preprocess("standardise-features", train, test);
  for (Index j = 0; j < 7; ++j) {
    EXPECT_NEAR(train.inputs.col(j).mean(), 0, 1e-13);
    EXPECT_NEAR(train.inputs.col(j).squaredNorm() / 40, j == 3 ? 0 : 1, 1e-13);
  }
}

TEST(Preprocess, TheTestSetGetsTheSameMapAndNeverHasASay) {
  // A sample that lies in both sets ends at the same place, and training inputs do not depend on the test set.
  for (const Named& how : known_preprocessing()) {
    Dataset train = drawn(Key(1), 20, 5), test = drawn(Key(2), 6, 5);
    test.inputs.row(2) = train.inputs.row(7);
    Dataset same = train, other = drawn(Key(3), 9, 5);
    preprocess(how.name, train, test);
    preprocess(how.name, same, other);
    EXPECT_EQ(test.inputs.row(2), train.inputs.row(7)) << how.name;
    EXPECT_EQ(same.inputs, train.inputs) << how.name;
  }
}

TEST(Preprocess, SpheresHaveRadiusRootOfTheFeatures) {
  for (const char* how : {"sphere", "centred-sphere"}) {
    Dataset train = drawn(Key(1), 20, 9), test = drawn(Key(2), 6, 9);
    preprocess(how, train, test);
    for (const Dataset* data : {&train, &test})
      for (Index i = 0; i < data->samples(); ++i) EXPECT_NEAR(data->inputs.row(i).norm(), 3, 1e-13) << how;
  }
}

TEST(Preprocess, SphereKeepsDirectionsAndZero) {
  Dataset train = drawn(Key(1), 3, 4), test = drawn(Key(2), 1, 4);
  test.inputs.setZero();
  const Matrix<double> before = train.inputs;
  preprocess("sphere", train, test);
  for (Index i = 0; i < 3; ++i)  // parallel: Cauchy-Schwarz holds with equality
    EXPECT_NEAR(before.row(i).dot(train.inputs.row(i)), before.row(i).norm() * 2, 1e-12);
  EXPECT_EQ(test.inputs, (Matrix<double>::Zero(1, 4)));
}

TEST(Preprocess, AnEmptyTestSetIsFine) {
  for (const Named& how : known_preprocessing()) {
    Dataset train = drawn(Key(1), 3, 4), test;
    test.inputs.resize(0, 4);
    EXPECT_NO_THROW(preprocess(how.name, train, test));
  }
}

TEST(Preprocess, RefusesUnknownNamesAndSetsThatDoNotFit) {
  Dataset train = drawn(Key(1), 3, 4), test = drawn(Key(2), 3, 5), empty;
  EXPECT_THROW(preprocess("sphere", train, test), ShapeError);
  EXPECT_THROW(preprocess("sphere", empty, empty), ShapeError);
  Dataset fitting = drawn(Key(2), 3, 4);
  try {
    preprocess("standardize", train, fitting);
    FAIL() << "an unknown name was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "data.preprocess");
    EXPECT_EQ(error.hint(), "did you mean 'standardise'?");
  }
}

Split three_parts(Index features = 4) {
  Split split;
  split.train = drawn(Key(1), 30, features);
  split.test = drawn(Key(2), 20, features);
  split.validation = drawn(Key(3), 10, features);
  return split;
}

TEST(Preprocess, CentreTakesOffTheTrainingMeans) {
  Split split = three_parts();
  const Matrix<double> test = split.test.inputs;
  const Eigen::RowVectorXd mean = split.train.inputs.colwise().mean();
  preprocess({.how = "centre"}, split);
  EXPECT_LT(split.train.inputs.colwise().mean().norm(), 1e-14);
  EXPECT_LT((split.test.inputs - (test.rowwise() - mean)).norm(), 1e-14);
}

TEST(Preprocess, FitAllEstimatesOnAllPartsTogether) {
  for (const char* how : {"centre", "standardise-features", "standardise"}) {
    Split split = three_parts();
    preprocess({.how = how, .fit = "all"}, split);
    Matrix<double> all(60, 4);
    all << split.train.inputs, split.test.inputs, split.validation.inputs;
    EXPECT_NEAR(all.mean(), 0, 1e-14) << how;
    if (std::string(how) != "centre") {
      EXPECT_NEAR(all.array().square().mean(), 1, 1e-13) << how;
    }
    EXPECT_GT(std::abs(split.train.inputs.mean()), 1e-6) << how;
  }
}

TEST(Preprocess, PcaComesAfterScalingAndIsNotBroughtBackToTheSphere) {
  Split split = three_parts();
  preprocess({.how = "sphere", .pca = 2}, split);
  EXPECT_EQ(split.train.features(), 2);
  EXPECT_EQ(split.test.features(), 2);
  EXPECT_EQ(split.validation.features(), 2);
  EXPECT_NEAR(split.train.inputs.array().square().mean(), 1, 1e-12);  // whitened
  EXPECT_NEAR(split.train.inputs.mean(), 0, 1e-12);
}

TEST(Preprocess, PartsWithoutSamplesKeepTheirShape) {
  Split split = three_parts();
  split.validation = empty_like(split.train);
  preprocess({.how = "standardise", .pca = 3, .fit = "all"}, split);
  EXPECT_EQ(split.validation.features(), 3);
  EXPECT_EQ(split.validation.samples(), 0);
}

TEST(Preprocess, GreyNeedsColour) {
  Split split = three_parts();
  EXPECT_THROW(preprocess({.grayscale = true}, split), ConfigError);
  Split colour = three_parts(12);
  for (Dataset* part : {&colour.train, &colour.test, &colour.validation}) part->image = {3, 2, 2};
  const Matrix<double> before = colour.test.inputs;
  preprocess({.grayscale = true}, colour);
  EXPECT_EQ(colour.test.image, (ImageShape{1, 2, 2}));
  EXPECT_NEAR(colour.test.inputs(4, 1), 0.299 * before(4, 1) + 0.587 * before(4, 5) + 0.114 * before(4, 9), 1e-15);
}

TEST(Preprocess, UnknownWordsAreRefusedByTheirKey) {
  Split split = three_parts();
  const auto key_of = [&](const PreprocessOptions& options) {
    try {
      preprocess(options, split);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return std::string();
  };
  EXPECT_EQ(key_of({.how = "center"}), "data.preprocess");
  EXPECT_EQ(key_of({.fit = "test"}), "data.fit");
  EXPECT_EQ(key_of({.pca = 5}), "data.pca");
}

}  // namespace
}  // namespace widthwise
