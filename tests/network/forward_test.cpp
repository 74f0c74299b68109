// Forward passes against a triple loop in double that shares no code with the library's products and passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "network/make_ensemble.h"
#include "widthwise/base/error.h"
#include "widthwise/network/propagation.h"

namespace widthwise {
namespace {

using testing::Shape;

// h^l = W_l phi(h^{l-1}) + b_l for one sample, by hand: all preactivations.
template <class T>
std::vector<std::vector<double>> naive_forward(const Ensemble<T>& ensemble, Index member,
                                               const std::vector<double>& x) {
  const auto phi = make_activation(ensemble.architecture().activation);
  std::vector<std::vector<double>> all;
  std::vector<double> in = x;
  for (Index l = 1; l <= ensemble.layers(); ++l) {
    const auto w = ensemble.weight(member, l);
    const auto b = ensemble.bias(member, l);
    std::vector<double> h(static_cast<std::size_t>(w.rows), 0.0);
    for (Index i = 0; i < w.rows; ++i) {
      double& sum = h[static_cast<std::size_t>(i)];
      if (b.data) sum = b(0, i);
      for (Index j = 0; j < w.cols; ++j) sum += static_cast<double>(w(i, j)) * in[static_cast<std::size_t>(j)];
    }
    in.assign(h.size(), 0.0);
    for (std::size_t i = 0; i < h.size(); ++i) in[i] = phi->value(h[i]);
    all.push_back(std::move(h));
  }
  return all;
}

template <class T>
void expect_forward(const Shape& shape, Index count, Index samples, double tolerance) {
  const Architecture network = testing::architecture(shape);
  const auto drawn = testing::members(network, count);
  const Ensemble<T> ensemble(network, drawn);
  Propagation<T> propagation(ensemble, samples + 3);
  const Matrix<T> inputs = testing::random_matrix<T>(samples, shape.inputs, 11);
  propagation.forward(ensemble, view(inputs));
  const auto phi = make_activation(shape.activation);
  for (Index m = 0; m < count; ++m)
    for (Index s = 0; s < samples; ++s) {
      std::vector<double> x(static_cast<std::size_t>(shape.inputs));
      for (Index j = 0; j < shape.inputs; ++j) x[static_cast<std::size_t>(j)] = inputs(s, j);
      const auto expected = naive_forward(ensemble, m, x);
      for (Index l = 1; l <= ensemble.layers(); ++l)
        for (Index i = 0; i < propagation.preactivation(m, l).cols; ++i) {
          const double h = expected[static_cast<std::size_t>(l - 1)][static_cast<std::size_t>(i)];
          ASSERT_NEAR(propagation.preactivation(m, l)(s, i), h, tolerance * std::max(1.0, std::abs(h)))
              << "layer " << l;
          if (l < ensemble.layers()) {
            const double x_i = phi->value(h);
            ASSERT_NEAR(propagation.activation(m, l)(s, i), x_i, tolerance * std::max(1.0, std::abs(x_i)));
          }
        }
    }
}

TEST(Forward, EqualsATripleLoopForEveryActivationDepthAndBias) {
  // Rounding: sums of <= 20 terms of order 1 (of degree 2: up to 2000 in the third layer, so relative to the value), so
  // a few hundred times the unit roundoff of T is generous.
  for (const Named& named : known_activations())
    for (const Index hidden : {1, 2, 3})
      for (const bool bias : {false, true}) {
        SCOPED_TRACE(named.name);
        expect_forward<double>({5, 3, 7, hidden, named.name, bias}, 3, 4, 1e-12);
      }
  expect_forward<float>({9, 2, 18, 3, "relu", true}, 2, 6, 2e-5);
  expect_forward<float>({9, 2, 18, 3, "erf", true}, 2, 6, 2e-5);
}

TEST(Forward, AMemberOfAnEnsembleIsTheNetworkAlone) {
  // The stacked first product may sum in another order than the product of one member: equal to rounding, not bitwise.
  const Architecture network = testing::architecture({40, 3, 48, 2, "relu", true});
  const auto drawn = testing::members(network, 5);
  const Ensemble<double> together(network, drawn);
  Propagation<double> all(together, 33);
  const Matrix<double> inputs = testing::random_matrix<double>(33, 40, 2);
  all.forward(together, view(inputs));
  for (Index m = 0; m < 5; ++m) {
    const Ensemble<double> alone(network, std::span(drawn).subspan(static_cast<std::size_t>(m), 1));
    Propagation<double> one(alone, 33);
    one.forward(alone, view(inputs));
    EXPECT_LT((testing::matrix_of(all.output(m)) - testing::matrix_of(one.output(0))).cwiseAbs().maxCoeff(), 1e-12);
    // Also when asked for by itself, or in a smaller block.
    all.forward(together, view(inputs), MemberRange{m, 1});
    EXPECT_LT((testing::matrix_of(all.output(m)) - testing::matrix_of(one.output(0))).cwiseAbs().maxCoeff(), 1e-12);
    all.forward(together, view(inputs));
  }
}

TEST(Forward, FloatFollowsDouble) {
  // The float weights are the rounded double ones, so outputs of order 1 agree to the roundoff of float, times depth.
  const Architecture network = testing::architecture({30, 4, 64, 3, "gelu", true});
  const auto drawn = testing::members(network, 1);
  const Ensemble<float> single(network, drawn);
  const Ensemble<double> exact(network, drawn);
  const Matrix<double> inputs = testing::random_matrix<double>(16, 30, 5);
  const Matrix<float> rounded = inputs.cast<float>();
  Propagation<float> p(single, 16);
  Propagation<double> q(exact, 16);
  p.forward(single, view(rounded));
  q.forward(exact, view(inputs));
  EXPECT_LT((testing::matrix_of(p.output(0)).cast<double>() - testing::matrix_of(q.output(0))).cwiseAbs().maxCoeff(),
            3e-5);
}

TEST(Forward, RefusesWhatItHasNoRoomFor) {
  const Architecture network = testing::architecture({});
  const Ensemble<double> ensemble(network, testing::members(network, 3));
  Propagation<double> propagation(ensemble, 4, 2);
  const Matrix<double> many = testing::random_matrix<double>(5, 5, 1), wide = testing::random_matrix<double>(4, 6, 1);
  const Matrix<double> good = testing::random_matrix<double>(4, 5, 1);
  EXPECT_THROW(propagation.forward(ensemble, view(many), 0), ShapeError);
  EXPECT_THROW(propagation.forward(ensemble, view(wide), 0), ShapeError);
  EXPECT_THROW(propagation.forward(ensemble, view(good)), ShapeError);  // three members, room for two
  EXPECT_THROW(propagation.forward(ensemble, view(good), 3), ShapeError);
  EXPECT_NO_THROW(propagation.forward(ensemble, view(good), MemberRange{1, 2}));
}

}  // namespace
}  // namespace widthwise
