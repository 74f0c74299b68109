// Layers used at several positions: synthetic factors against gradients of every sample written out.
#include "widthwise/kernel/factor_gram.h"

#include <gtest/gtest.h>

#include <vector>

#include "matrices.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using Gram = FactorGram<double>;
using Outputs = Gram::Outputs;
using Way = Gram::Way;

struct Made {
  Matrix<double> input, delta;
  Index positions, outputs;
  Made(Index samples, Index positions_, Index outputs_, Index fan_in, Index fan_out, std::uint64_t seed)
      : input(testing::random_matrix<double>(samples * positions_, fan_in, seed)),
        delta(testing::random_matrix<double>(samples * outputs_ * positions_, fan_out, seed + 1)),
        positions(positions_),
        outputs(outputs_) {}
  LayerFactors<double> factors() const { return {view(input), view(delta), positions, outputs}; }
  /// Rows n outputs + o: G_no, or its sum over positions for the bias.
  Matrix<double> gradients(bool bias) const {
    const Index rows = delta.rows() / positions;
    Matrix<double> out(rows, bias ? delta.cols() : delta.cols() * input.cols());
    for (Index i = 0; i < rows; ++i) {
      const Matrix<double> d = delta.middleRows(i * positions, positions);
      const Matrix<double> x = input.middleRows(i / outputs * positions, positions);
      const Matrix<double> g = bias ? Matrix<double>(d.colwise().sum()) : Matrix<double>(d.transpose() * x);
      out.row(i) = Eigen::Map<const Matrix<double>>(g.data(), 1, g.size());
    }
    return out;
  }
};

Matrix<double> expected(const Made& a, const Made& b, bool bias, Outputs outputs) {
  const Matrix<double> all = a.gradients(bias) * b.gradients(bias).transpose();
  if (outputs == Outputs::all) return all;
  const Index k = a.outputs;
  Matrix<double> mean = Matrix<double>::Zero(all.rows() / k, all.cols() / k);
  for (Index i = 0; i < mean.rows(); ++i)
    for (Index j = 0; j < mean.cols(); ++j)
      for (Index o = 0; o < k; ++o) mean(i, j) += all(i * k + o, j * k + o) / static_cast<double>(k);
  return mean;
}

struct Case {
  Index positions, outputs, fan_in, fan_out;
};

class FactorGramOf : public ::testing::TestWithParam<Case> {};

TEST_P(FactorGramOf, IsThatOfTheGradientsOfEachSample) {
  const auto [p, k, fan_in, fan_out] = GetParam();
  const Made a(7, p, k, fan_in, fan_out, 1), b(5, p, k, fan_in, fan_out, 3);
  for (const Outputs outputs : {Outputs::all, Outputs::mean})
    for (const Way way : {Way::fewest, Way::pairs_of_positions, Way::gradients})
      for (const double work : {1.0, 3000.0, 1e7})  // bytes: one at a time, some, all
        for (const bool itself : {false, true}) {
          Gram gram(work);
          const LayerFactors<double> left = a.factors(), right = b.factors();
          const Matrix<double> w = expected(a, itself ? a : b, false, outputs),
                               c = expected(a, itself ? a : b, true, outputs);
          Matrix<double> weights = Matrix<double>::Constant(w.rows(), w.cols(), 1), both = weights;
          const std::vector<View<double>> of_weights = {view(weights), view(both)}, of_bias = {view(both)};
          gram.add(left, itself ? nullptr : &right, outputs, {2, of_weights}, {3, of_bias}, way);
          for (Index i = 0; i < w.rows(); ++i)
            for (Index j = 0; j < w.cols(); ++j) {
              const bool left_out = itself && j < i;
              EXPECT_NEAR(weights(i, j), left_out ? 1 : 1 + 2 * w(i, j), 1e-11);
              EXPECT_NEAR(both(i, j), left_out ? 1 : 1 + 2 * w(i, j) + 3 * c(i, j), 1e-11);
            }
        }
}

INSTANTIATE_TEST_SUITE_P(Layers, FactorGramOf,
                         ::testing::Values(Case{1, 1, 5, 4}, Case{1, 3, 5, 4}, Case{6, 1, 5, 4}, Case{6, 2, 3, 8},
                                           Case{2, 3, 9, 1}));

TEST(FactorGram, TakesTheWayWithFewerMultiplications) {
  // Few positions, a large matrix: pairs of positions. Many positions, a small matrix: gradients.
  const Made few(3, 2, 1, 30, 40, 1), many(3, 100, 1, 4, 3, 1);
  const auto cost = [](const Made& made, Way way) {
    return Gram::multiplications(made.factors(), nullptr, Outputs::all, way);
  };
  EXPECT_LT(cost(few, Way::pairs_of_positions), cost(few, Way::gradients));
  EXPECT_LT(cost(many, Way::gradients), cost(many, Way::pairs_of_positions));
  EXPECT_EQ(cost(many, Way::fewest), cost(many, Way::gradients));
  // 6 pairs of samples, 4 of positions, each 30 + 41 multiplications.
  EXPECT_EQ(cost(few, Way::pairs_of_positions), 6 * 4 * 71);
}

TEST(FactorGram, RefusesFactorsThatDoNotFit) {
  const Made a(3, 2, 1, 4, 5, 1), other(3, 2, 1, 4, 6, 1);
  Matrix<double> out(3, 3), wrong(3, 4);
  const std::vector<View<double>> outs = {view(out)}, wrongs = {view(wrong)};
  Gram gram;
  const LayerFactors<double> left = a.factors(), right = other.factors();
  EXPECT_THROW(gram.add(left, &right, Outputs::all, {1, outs}, {}), ShapeError);
  EXPECT_THROW(gram.add(left, nullptr, Outputs::all, {1, wrongs}, {}), ShapeError);
  LayerFactors<double> uneven = left;
  uneven.positions = 4;
  EXPECT_THROW(gram.add(uneven, nullptr, Outputs::all, {1, outs}, {}), ShapeError);
}

}  // namespace
}  // namespace widthwise
