// Gradients and directional derivatives against central finite differences in double. With step h = 1e-5 their error is
// O(h^2) + O(1e-16 / h), about 1e-10 for quantities of order 1. At a kink the difference is wrong, but random
// preactivations are farther than h from it.
#include <gtest/gtest.h>

#include <cmath>

#include "network/make_ensemble.h"
#include "widthwise/base/error.h"
#include "widthwise/network/propagation.h"

namespace widthwise {
namespace {

using testing::Shape;
constexpr double step = 1e-5;
constexpr Index samples = 4;

// sum(C * f), whose output gradient is C.
double weighted_output(const Ensemble<double>& ensemble, Index member, const Matrix<double>& inputs,
                       const Matrix<double>& weights) {
  Propagation<double> propagation(ensemble, inputs.rows(), 1);
  propagation.forward(ensemble, view(inputs), member);
  return testing::matrix_of(propagation.output(member)).cwiseProduct(weights).sum();
}

double difference(Ensemble<double>& ensemble, Index member, double& parameter, const Matrix<double>& inputs,
                  const Matrix<double>& weights) {
  const double kept = parameter;
  parameter = kept + step;
  const double above = weighted_output(ensemble, member, inputs, weights);
  parameter = kept - step;
  const double below = weighted_output(ensemble, member, inputs, weights);
  parameter = kept;
  return (above - below) / (2 * step);
}

void expect_gradient(const Shape& shape) {
  const Architecture network = testing::architecture(shape);
  Ensemble<double> ensemble(network, testing::members(network, 2));
  const Matrix<double> inputs = testing::random_matrix<double>(samples, shape.inputs, 21);
  const Matrix<double> weights = testing::random_matrix<double>(samples, shape.outputs, 22);
  Propagation<double> propagation(ensemble, samples);
  propagation.forward(ensemble, view(inputs));
  Parameters<double> gradient(network, 1);
  const Index member = 1;
  propagation.gradient(ensemble, member, view(weights), gradient);
  for (Index l = 1; l <= ensemble.layers(); ++l) {
    const View<double> w = ensemble.weight(member, l), b = ensemble.bias(member, l);
    for (Index i = 0; i < w.rows; ++i) {
      for (Index j = 0; j < w.cols; ++j) {
        const double slow = difference(ensemble, member, w(i, j), inputs, weights);
        ASSERT_NEAR(gradient.weight(0, l)(i, j), slow, 1e-6 * std::max(1.0, std::abs(slow))) << "layer " << l;
      }
      if (!b.data) continue;
      const double slow = difference(ensemble, member, b(0, i), inputs, weights);
      ASSERT_NEAR(gradient.bias(0, l)(0, i), slow, 1e-6 * std::max(1.0, std::abs(slow))) << "bias " << l;
    }
  }
}

// f along theta + s V, x + s U.
void expect_jvp(const Shape& shape) {
  const Architecture network = testing::architecture(shape);
  Ensemble<double> ensemble(network, testing::members(network, 2));
  const Index member = 1;
  const Matrix<double> inputs = testing::random_matrix<double>(samples, shape.inputs, 31);
  const Matrix<double> along = testing::random_matrix<double>(samples, shape.inputs, 32);
  Parameters<double> direction(network, 1);
  for (Index l = 1; l <= ensemble.layers(); ++l)
    for (const View<double> v : {direction.weight(0, l), direction.bias(0, l)})
      for (Index i = 0; i < v.rows; ++i)
        for (Index j = 0; j < v.cols; ++j)
          v(i, j) = normal(Key(33).split(static_cast<std::uint64_t>(l)), static_cast<std::uint64_t>(i + v.rows),
                           static_cast<std::uint64_t>(j));
  Propagation<double> propagation(ensemble, samples);
  propagation.forward(ensemble, view(inputs));
  const Matrix<double> in_inputs = testing::matrix_of(propagation.jvp(ensemble, member, view(along)));
  const Matrix<double> in_both = testing::matrix_of(propagation.jvp(ensemble, member, direction, 0, view(along)));
  const Matrix<double> in_weights = testing::matrix_of(propagation.jvp(ensemble, member, direction));
  // The derivative is linear in the direction.
  EXPECT_LT((in_both - in_inputs - in_weights).cwiseAbs().maxCoeff(), 1e-12);

  const auto outputs_at = [&](double s) {
    Ensemble<double> moved = ensemble;
    for (Index l = 1; l <= ensemble.layers(); ++l) {
      const View<double> w = moved.weight(member, l), b = moved.bias(member, l);
      for (Index i = 0; i < w.rows; ++i)
        for (Index j = 0; j < w.cols; ++j) w(i, j) += s * direction.weight(0, l)(i, j);
      for (Index j = 0; j < b.cols; ++j) b(0, j) += s * direction.bias(0, l)(0, j);
    }
    const Matrix<double> moved_inputs = inputs + s * along;
    Propagation<double> p(moved, samples);
    p.forward(moved, view(moved_inputs));
    return testing::matrix_of(p.output(member));
  };
  const Matrix<double> slow = (outputs_at(step) - outputs_at(-step)) / (2 * step);
  EXPECT_LT((in_both - slow).cwiseAbs().maxCoeff(), 1e-6 * std::max(1.0, slow.cwiseAbs().maxCoeff()));
}

TEST(Derivatives, GradientIsThatOfFiniteDifferences) {
  for (const Named& named : known_activations()) {
    SCOPED_TRACE(named.name);
    for (const Index hidden : {1, 2, 3})
      for (const bool bias : {false, true}) expect_gradient({4, 2, 5, hidden, named.name, bias});
  }
}

TEST(Derivatives, DirectionalDerivativeIsThatOfFiniteDifferences) {
  for (const Named& named : known_activations()) {
    SCOPED_TRACE(named.name);
    for (const Index hidden : {1, 2, 3})
      for (const bool bias : {false, true}) expect_jvp({4, 3, 6, hidden, named.name, bias});
  }
}

TEST(Derivatives, ForwardAndBackwardModesAgree) {
  // <C, J V> = <J^T C, V> for every C and V: two different passes, equal to rounding.
  const Architecture network = testing::architecture({20, 4, 33, 3, "softplus", true});
  const Ensemble<double> ensemble(network, testing::members(network, 1));
  const Ensemble<double> direction(network, testing::members(network, 1, 77));
  const Matrix<double> inputs = testing::random_matrix<double>(17, 20, 41),
                       c = testing::random_matrix<double>(17, 4, 42);
  Propagation<double> propagation(ensemble, 17);
  propagation.forward(ensemble, view(inputs));
  Parameters<double> gradient(network, 1);
  propagation.gradient(ensemble, 0, view(c), gradient);
  const double forward_mode =
      testing::matrix_of(propagation.jvp(ensemble, 0, direction.parameters())).cwiseProduct(c).sum();
  double backward_mode = 0;
  for (Index l = 1; l <= ensemble.layers(); ++l) {
    backward_mode +=
        testing::matrix_of(gradient.weight(0, l)).cwiseProduct(testing::matrix_of(direction.weight(0, l))).sum();
    backward_mode +=
        testing::matrix_of(gradient.bias(0, l)).cwiseProduct(testing::matrix_of(direction.bias(0, l))).sum();
  }
  EXPECT_NEAR(forward_mode, backward_mode, 1e-10 * std::abs(forward_mode));
}

TEST(Derivatives, FactorsOfAllMembersMakeTheGradientsOfEach) {
  // The stacked factors of layer 1 hold each member's delta: their products are the gradients computed one by one.
  const Architecture network = testing::architecture({6, 2, 5, 2, "erf", false});
  const Ensemble<double> ensemble(network, testing::members(network, 3));
  const Matrix<double> inputs = testing::random_matrix<double>(8, 6, 51), c = testing::random_matrix<double>(8, 2, 52);
  Propagation<double> propagation(ensemble, 8);
  propagation.forward(ensemble, view(inputs));
  Parameters<double> expected(network, 3);
  for (Index m = 0; m < 3; ++m) propagation.gradient(ensemble, m, view(c), expected, m);
  int calls = 0;
  propagation.backward(ensemble, {0, 3}, [&](const Factors<double>& factors) {
    ++calls;
    const Matrix<double> delta = testing::matrix_of(factors.delta), input = testing::matrix_of(factors.input);
    for (Index m = 0; m < factors.members.count; ++m) {
      const Index n = factors.delta.cols / factors.members.count;
      const Matrix<double> product = delta.middleCols(m * n, n).transpose() * input;
      const Matrix<double> one = testing::matrix_of(expected.weight(factors.members.first + m, factors.layer));
      EXPECT_LT((product - one).cwiseAbs().maxCoeff(), 1e-12);
    }
  });
  EXPECT_EQ(calls, 3 + 3 + 1);  // layers 3 and 2 member by member, layer 1 once
}

TEST(Derivatives, RefuseDirectionsOfAnotherShape) {
  const Architecture network = testing::architecture({});
  const Ensemble<double> ensemble(network, testing::members(network, 1));
  Propagation<double> propagation(ensemble, 4);
  const Matrix<double> inputs = testing::random_matrix<double>(4, 5, 1),
                       other = testing::random_matrix<double>(3, 5, 1);
  propagation.forward(ensemble, view(inputs));
  Parameters<double> gradient(network, 1);
  EXPECT_THROW(propagation.jvp(ensemble, 0, view(other)), ShapeError);
  EXPECT_THROW(propagation.gradient(ensemble, 0, view(other), gradient), ShapeError);
}

}  // namespace
}  // namespace widthwise
