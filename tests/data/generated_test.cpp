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
  for (const Draw draw : {gaussian, teacher, sphere})
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

GeneratedOptions power_law_options(Index train) {
  GeneratedOptions options;
  options.train = train;
  options.test = 10;
  options.dimension = 12;
  options.outputs = 1;
  options.labels = "values";
  options.key = Key(4);
  return options;
}

TEST(Sphere, EverySampleHasLengthSqrtOfTheDimension) {
  GeneratedOptions options = some("sign");
  options.dimension = 37;
  const Split split = sphere(options);
  for (const Dataset* part : {&split.train, &split.test})
    for (Index i = 0; i < part->samples(); ++i) EXPECT_NEAR(part->inputs.row(i).squaredNorm(), 37, 37 * 4e-16 * 4);
}

TEST(Sphere, HasNoDirection) {
  // Uniform on the sphere: E x = 0, E x x^T = 1 and E x_i^4 = 3 d/(d+2). Each mean over n samples is within 5 of its
  // standard deviations, at most sqrt(E x^4/n) < sqrt(3/n) for the second moments.
  GeneratedOptions options = some("sign");
  options.train = 20000;
  options.dimension = 5;
  const Matrix<double> x = sphere(options).train.inputs;
  const double n = 20000;
  EXPECT_LT(x.colwise().mean().cwiseAbs().maxCoeff(), 5 / std::sqrt(n));
  const Matrix<double> second = x.transpose() * x / n;
  EXPECT_LT((second - Matrix<double>::Identity(5, 5)).cwiseAbs().maxCoeff(), 5 * std::sqrt(3 / n));
  EXPECT_NEAR(x.array().pow(4).mean(), 15.0 / 7, 5 * std::sqrt(25.0 / n));
}

TEST(PowerLaw, InputsHaveTheSpectrum) {
  GeneratedOptions options = power_law_options(40000);
  const Matrix<double> x = power_law(options).train.inputs;
  const Matrix<double> covariance = x.transpose() * x / 40000.0;
  for (Index k = 1; k <= 12; ++k) {
    const double lambda = std::pow(static_cast<double>(k), -options.spectrum_exponent);
    EXPECT_NEAR(covariance(k - 1, k - 1), lambda, 5 * std::sqrt(2 / 40000.0) * lambda) << k;  // var x^2 = 2 lambda^2
    if (k > 1) {
      EXPECT_NEAR(covariance(0, k - 1), 0, 5 * std::sqrt(lambda / 40000.0)) << k;
    }
  }
}

TEST(PowerLaw, TargetIsTheSumAndHasItsSize) {
  GeneratedOptions options = power_law_options(40000);
  options.target_exponent = 0.6;
  const std::vector<double> w = power_law_coefficients(options);
  double expected = 0;  // E y^2 = sum lambda_k w_k^2 = sum k^(-a beta - 1)
  for (Index k = 1; k <= 12; ++k) {
    const double strength = std::pow(static_cast<double>(k), -1.5 * 0.6 - 1);
    EXPECT_NEAR(std::pow(static_cast<double>(k), -1.5) * w[static_cast<std::size_t>(k - 1)] *
                    w[static_cast<std::size_t>(k - 1)],
                strength, 1e-15);
    expected += strength;
  }
  const Dataset train = power_law(options).train;
  EXPECT_NEAR(train.targets.array().square().mean(), expected, 5 * std::sqrt(2 / 40000.0) * expected);
  for (Index i = 0; i < 5; ++i) {
    double y = 0;
    for (Index k = 0; k < 12; ++k) y += w[static_cast<std::size_t>(k)] * train.inputs(i, k);
    EXPECT_NEAR(train.targets(i, 0), y, 1e-14);
  }
}

TEST(PowerLaw, CoefficientsMayBeGivenAndNoiseAdded) {
  GeneratedOptions options = power_law_options(40000);
  options.coefficients = {2, -1};
  const Dataset clean = power_law(options).train;
  EXPECT_NEAR(clean.targets(7, 0), 2 * clean.inputs(7, 0) - clean.inputs(7, 1), 1e-14);
  options.noise = 0.5;
  const Dataset noisy = power_law(options).train;
  EXPECT_EQ(noisy.inputs, clean.inputs);
  const Matrix<double> noise = noisy.targets - clean.targets;
  EXPECT_NEAR(noise.array().square().mean(), 0.25, 5 * std::sqrt(2 / 40000.0) * 0.25);
  options.labels = "sign";
  EXPECT_EQ(std::abs(power_law(options).train.targets(0, 0)), 1);
}

TEST(PowerLaw, SamplesAreNestedAndPartsIndependent) {
  GeneratedOptions options = power_law_options(40);
  options.noise = 0.1;
  options.validation = 15;
  const Split split = power_law(options);
  options.train = 25;
  options.validation = 5;
  const Split fewer = power_law(options);
  EXPECT_EQ(fewer.train.inputs, split.train.inputs.topRows(25));
  EXPECT_EQ(fewer.train.targets, split.train.targets.topRows(25));
  EXPECT_EQ(fewer.validation.inputs, split.validation.inputs.topRows(5));
  EXPECT_NE(split.validation.inputs.row(0), split.train.inputs.row(0));
  EXPECT_NE(split.validation.inputs.row(0), split.test.inputs.row(0));
}

TEST(PowerLaw, BadOptionsAreRefusedByTheirKey) {
  const auto key_with = [&](const std::function<void(GeneratedOptions&)>& change) -> std::string {
    GeneratedOptions options = power_law_options(5);
    change(options);
    try {
      power_law(options);
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return "";
  };
  EXPECT_EQ(key_with([](GeneratedOptions&) {}), "");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.spectrum_exponent = -1; }), "data.spectrum_exponent");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.target_exponent = NAN; }), "data.target_exponent");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.noise = -1; }), "data.label_noise");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.coefficients.resize(13); }), "data.target_coefficients");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.coefficients = {INFINITY}; }), "data.target_coefficients");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.outputs = 2; }), "data.outputs");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.labels = "classes"; }), "data.labels");
  EXPECT_EQ(key_with([](GeneratedOptions& o) { o.validation = -1; }), "data.validation");
}

}  // namespace
}  // namespace widthwise
