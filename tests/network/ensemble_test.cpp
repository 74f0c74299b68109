// What an ensemble draws: sizes, nesting in width, the same draws for every parameterization, and W_0.
#include "widthwise/network/ensemble.h"

#include <gtest/gtest.h>

#include <cmath>

#include "network/make_ensemble.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

TEST(Ensemble, DrawsAreNestedInWidth) {
  // Weight (i, j) is a function of (key, layer, i, j) and the deviation: with one deviation for both widths the narrow
  // network is the leading block of the wide one, bit for bit.
  const Architecture narrow = testing::architecture({5, 3, 8, 2, "relu", true});
  const Architecture wide = testing::architecture({5, 3, 21, 2, "relu", true});
  Member member{Key(9), testing::scaling(narrow, 1, 0.5, 0.1)};
  const Ensemble<float> a(narrow, std::span(&member, 1)), b(wide, std::span(&member, 1));
  for (Index l = 1; l <= 3; ++l) {
    for (Index i = 0; i < a.weight(0, l).rows; ++i) {
      for (Index j = 0; j < a.weight(0, l).cols; ++j) ASSERT_EQ(a.weight(0, l)(i, j), b.weight(0, l)(i, j));
      ASSERT_EQ(a.bias(0, l)(0, i), b.bias(0, l)(0, i));
    }
  }
}

TEST(Ensemble, DrawsAreSharedAcrossParameterizations) {
  // Two scalings of one key differ by the ratio of their deviations alone, exactly so for a power of two.
  const Architecture network = testing::architecture({5, 3, 8, 2, "relu", false});
  const std::vector<Member> two = {{Key(4), testing::scaling(network, 1, 0, 0.1)},
                                   {Key(4), testing::scaling(network, 0.25, 0, 0.7)}};
  const Ensemble<double> ensemble(network, two);
  for (Index l = 1; l <= 3; ++l)
    EXPECT_EQ(0.25 * testing::matrix_of(ensemble.weight(0, l)), testing::matrix_of(ensemble.weight(1, l)));
}

TEST(Ensemble, MembersThatStartAlikeAreTheirOwn) {
  // A sweep over rates: the same key and deviations, copied rather than drawn again, equal to the network alone.
  const Architecture network = testing::architecture({5, 3, 8, 2, "relu", true});
  const std::vector<Member> two = {{Key(4), testing::scaling(network, 1, 0.1, 0.1)},
                                   {Key(4), testing::scaling(network, 1, 0.1, 0.7)}};
  Ensemble<double> ensemble(network, two);
  const Ensemble<double> alone(network, std::span(two).subspan(1, 1));
  for (Index l = 1; l <= 3; ++l) {
    EXPECT_EQ(testing::matrix_of(ensemble.weight(1, l)),
              testing::matrix_of(View<double>(Ensemble<double>(alone).weight(0, l))));
    EXPECT_NE(ensemble.weight(0, l).data, ensemble.weight(1, l).data);
  }
}

TEST(Ensemble, LayersAreIndependentWithTheDeviationAsked) {
  // 40000 entries: the sample deviation of a normal has relative error 1/sqrt(2*40000) = 0.35 %, correlation 0.5 %.
  const Architecture network = testing::architecture({200, 200, 200, 1, "relu", false});
  for (const InitLaw law : {InitLaw::normal, InitLaw::uniform}) {
    Member member{Key(1), testing::scaling(network, 3, 0, 0.1), law};
    const Ensemble<double> ensemble(network, std::span(&member, 1));
    const Matrix<double> first = testing::matrix_of(ensemble.weight(0, 1)),
                         second = testing::matrix_of(ensemble.weight(0, 2));
    const double deviation = 3 / std::sqrt(200.0);
    EXPECT_NEAR(std::sqrt(first.squaredNorm() / 40000), deviation, 0.02 * deviation);
    EXPECT_NEAR(first.cwiseProduct(second).sum() / 40000 / (deviation * deviation), 0, 5.0 / 200);
    if (law == InitLaw::uniform) {
      EXPECT_LE(first.cwiseAbs().maxCoeff(), std::sqrt(3.0) * deviation);
    }
  }
}

TEST(Ensemble, BiasesStartAtZeroUnlessAsked) {
  const Architecture network = testing::architecture({});
  Member member{Key(1), testing::scaling(network, 1, 0, 0.1)};
  const Ensemble<double> ensemble(network, std::span(&member, 1));
  for (Index l = 1; l <= 3; ++l) EXPECT_EQ(testing::matrix_of(ensemble.bias(0, l)).cwiseAbs().maxCoeff(), 0);
  const Architecture without = testing::architecture({5, 3, 7, 2, "tanh", false});
  EXPECT_EQ(Ensemble<double>(without, std::span(&member, 1)).bias(0, 1).data, nullptr);
}

TEST(Ensemble, InitialWeightsStayAndCanBeDrawnAgain) {
  const Architecture network = testing::architecture({});
  const auto drawn = testing::members(network, 3);
  Ensemble<float> ensemble(network, drawn);
  const Ensemble<float> untouched = ensemble;
  ensemble.parameters().fill(7);
  for (Index m = 0; m < 3; ++m)
    for (Index l = 1; l <= 3; ++l) {
      EXPECT_EQ(testing::matrix_of(ensemble.initial_weight(m, l)), testing::matrix_of(untouched.weight(m, l)));
      Matrix<float> again(untouched.weight(m, l).rows, untouched.weight(m, l).cols);
      ensemble.draw_initial_weight(m, l, view(again));
      EXPECT_EQ(again, testing::matrix_of(untouched.weight(m, l)));
    }
  const Ensemble<float> forgetful(network, drawn, InitialWeights::forgotten);
  EXPECT_FALSE(forgetful.keeps_initial());
  EXPECT_THROW(forgetful.initial_weight(0, 1), Error);
}

TEST(Ensemble, RefusesAScalingOfAnotherDepthAndNoMembers) {
  const Architecture network = testing::architecture({});
  Member member{Key(1), testing::scaling(testing::architecture({5, 3, 7, 3, "tanh", true}), 1, 0, 0.1)};
  EXPECT_THROW(Ensemble<double>(network, std::span(&member, 1)), ShapeError);
  EXPECT_THROW(Ensemble<double>(network, std::span<const Member>()), ShapeError);
}

TEST(Parameters, FirstWeightsAreStackedRows) {
  // 7 x 5 entries are no whole number of cache lines: stacking needs them without gaps.
  const Architecture network = testing::architecture({});
  Parameters<float> parameters(network, 4);
  const View<float> all = parameters.stacked_first_weight(1, 3);
  EXPECT_EQ(all.rows, 21);
  EXPECT_EQ(&all(7, 0), &parameters.weight(2, 1)(0, 0));
  EXPECT_EQ(parameters.bias(1, 2).data + 7, parameters.bias(2, 2).data);
}

}  // namespace
}  // namespace widthwise
