#include "widthwise/data/generated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <Eigen/LU>

#include <cmath>
#include <functional>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

GeneratedOptions some(const std::string& labels) {
  GeneratedOptions options;
  options.train = 50;
  options.test = 20;
  options.dimension = 6;
  options.outputs = labels == "classes" ? 4 : 2;
  options.labels = labels;
  options.key = Key(11);
  return options;
}

using Draw = Split (*)(const GeneratedOptions&);

TEST(Generated, TheFirstSamplesOfALargerSetAreThoseOfTheSmaller) {
  for (const Draw draw : {gaussian, teacher})
    for (const char* labels : {"values", "sign", "classes"}) {
      GeneratedOptions larger = some(labels);
      larger.train = 77;
      const Split small = draw(some(labels)), large = draw(larger);
      EXPECT_EQ(small.train.inputs, large.train.inputs.topRows(50));
      EXPECT_EQ(small.train.targets, large.train.targets.topRows(50));
      EXPECT_EQ(small.test.inputs, large.test.inputs);  // however many there are to train on
      EXPECT_EQ(small.test.targets, large.test.targets);
    }
}

TEST(Generated, IsAFunctionOfItsKeyAndTestSamplesAreOthers) {
  const Split first = gaussian(some("sign")), again = gaussian(some("sign"));
  EXPECT_EQ(first.train.inputs, again.train.inputs);
  EXPECT_EQ(first.fingerprint, again.fingerprint);
  GeneratedOptions other = some("sign");
  other.key = Key(12);
  EXPECT_NE(first.fingerprint, gaussian(other).fingerprint);
  EXPECT_NE(first.train.inputs.topRows(20), first.test.inputs);
}

TEST(Generated, GaussianInputsHaveUnitVarianceAndLinearScores) {
  GeneratedOptions options = some("values");
  options.train = 4000;
  const Split split = gaussian(options);
  const double count = static_cast<double>(split.train.inputs.size());
  EXPECT_NEAR(split.train.inputs.array().square().mean(), 1, 5 * std::sqrt(2 / count));
  // A linear rule is found exactly from d + 1 samples: solve on the first 6, check all others.
  const Matrix<double> rule = split.train.inputs.topRows(6).inverse() * split.train.targets.topRows(6);
  EXPECT_LT((split.train.inputs * rule - split.train.targets).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(Generated, SignAndClassesAreThoseOfTheScores) {
  for (const Draw draw : {gaussian, teacher}) {
    const Matrix<double> scores = draw(some("values")).train.targets, signs = draw(some("sign")).train.targets;
    EXPECT_EQ(signs, (scores.unaryExpr([](double s) { return s > 0 ? 1.0 : -1.0; })));
    GeneratedOptions options = some("values");
    options.outputs = 4;
    const Matrix<double> four = draw(options).train.targets;
    const Dataset classes = draw(some("classes")).train;
    for (Index i = 0; i < classes.samples(); ++i) {
      EXPECT_EQ(classes.targets.row(i).sum(), 1);
      EXPECT_EQ(four(i, classes.classes[static_cast<std::size_t>(i)]), four.row(i).maxCoeff());
    }
  }
}

TEST(Generated, TeacherOutputsHaveUnitSecondMomentOverTeachers) {
  // E s^2 = 1 over a, w and x; each teacher gives one independent sample of s^2. Given w and x, s is Gaussian in a, so
  // E s^4 = 3 E[(3/m sum_r erf_r^2)^2] <= 27 E erf^4 <= 27 E erf^2 = 9, and s^2 deviates by less than 3.
  double sum = 0;
  constexpr int teachers = 4000;
  for (std::uint64_t t = 0; t < teachers; ++t) {
    GeneratedOptions options = some("values");
    options.train = 1;
    options.test = 0;
    options.outputs = 1;
    options.key = Key(t);
    sum += std::pow(teacher(options).train.targets(0, 0), 2);
  }
  EXPECT_NEAR(sum / teachers, 1, 5 * 3 / std::sqrt(double{teachers}));
}

TEST(Generated, TeacherIsOneFunctionOfTheInput) {
  // With one neuron s = a sqrt(3) erf(<w, x>/sqrt(2 d)), so erf^-1 of s is linear in x up to its scale: the ratio of
  // two outputs is constant over samples (they share w).
  GeneratedOptions options = some("values");
  options.teacher_width = 1;
  const Matrix<double> s = teacher(options).train.targets;
  for (Index i = 1; i < s.rows(); ++i) EXPECT_NEAR(s(i, 0) * s(0, 1), s(0, 0) * s(i, 1), 1e-12);
}

TEST(Generated, RandomLabelsAreFairCoinsAndNested) {
  GeneratedOptions options = some("random");
  options.train = 10000;
  const Matrix<double> coins = gaussian(options).train.targets;
  EXPECT_EQ(coins.array().abs().minCoeff(), 1);
  EXPECT_NEAR(coins.mean(), 0, 5 / std::sqrt(20000.0));
  EXPECT_EQ(gaussian(some("random")).train.targets, coins.topRows(50));
}

TEST(Generated, OneSignedOutputHasClassesOfTheSameParity) {
  GeneratedOptions options = some("sign");
  options.outputs = 1;
  const Dataset data = gaussian(options).train;
  for (Index i = 0; i < data.samples(); ++i)
    EXPECT_EQ(data.targets(i, 0), data.classes[static_cast<std::size_t>(i)] % 2 == 0 ? 1 : -1);
}

TEST(Generated, RefusesWhatCannotBeDrawnByItsKey) {
  const auto key_of = [](Draw draw, const std::function<void(GeneratedOptions&)>& change) -> std::string {
    GeneratedOptions options = some("sign");
    change(options);
    try {
      draw(options);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return {};
  };
  using O = GeneratedOptions;
  EXPECT_EQ(key_of(gaussian, [](O& o) { o.train = 0; }), "data.train");
  EXPECT_EQ(key_of(gaussian, [](O& o) { o.train = Index{1} << 40; }), "data.train");
  EXPECT_EQ(key_of(gaussian, [](O& o) { o.test = -1; }), "data.test");
  EXPECT_EQ(key_of(gaussian, [](O& o) { o.dimension = 0; }), "data.dimension");
  EXPECT_EQ(key_of(gaussian, [](O& o) { o.outputs = 1, o.labels = "classes"; }), "data.outputs");
  EXPECT_EQ(key_of(gaussian, [](O& o) { o.labels = "parity"; }), "data.labels");
  EXPECT_EQ(key_of(teacher, [](O& o) { o.labels = "random"; }), "data.labels");
  EXPECT_EQ(key_of(teacher, [](O& o) { o.teacher_width = 0; }), "data.teacher_width");
}

}  // namespace
}  // namespace widthwise
