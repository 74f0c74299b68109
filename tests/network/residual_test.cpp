// Residual mlps: passes against loops written down from their equations and against difference quotients, and the size
// of features over the depth.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "network/make_ensemble.h"
#include "widthwise/base/key.h"
#include "widthwise/network/propagation.h"

namespace widthwise {
namespace {

Architecture residual(BranchOrder order, const std::string& activation, Index width, Index blocks, double beta,
                      bool bias = false) {
  FamilyOptions options;
  options.input_dimension = 5;
  options.outputs = 2;
  options.width = width;
  options.hidden_layers = blocks;
  options.activation = activation;
  options.branch = order;
  options.branch_scale = beta;
  options.bias_input = options.bias_hidden = options.bias_output = bias;
  return residual_mlp(options);
}

using Vector = std::vector<double>;

Vector affine(const Ensemble<double>& ensemble, Index member, Index layer, const Vector& x) {
  const View<const double> w = ensemble.weight(member, layer), b = ensemble.bias(member, layer);
  Vector out(static_cast<std::size_t>(w.rows), 0.0);
  for (Index i = 0; i < w.rows; ++i) {
    double sum = b.data ? b(0, i) : 0;
    for (Index j = 0; j < w.cols; ++j) sum += w(i, j) * x[static_cast<std::size_t>(j)];
    out[static_cast<std::size_t>(i)] = sum;
  }
  return out;
}

Vector tanh_of(Vector x) {
  for (double& one : x) one = std::tanh(one);
  return x;
}

// The equations of architecture.h for one sample.
Vector by_hand(const Ensemble<double>& ensemble, Index member, BranchOrder order, Index blocks, double beta,
               const Vector& x) {
  const bool activation_first = order == BranchOrder::activation_first;
  Vector h = affine(ensemble, member, 1, x);
  for (Index l = 1; l <= blocks; ++l) {
    const Vector branch =
        activation_first ? affine(ensemble, member, l + 1, tanh_of(h)) : tanh_of(affine(ensemble, member, l + 1, h));
    for (std::size_t i = 0; i < h.size(); ++i) h[i] += beta * branch[i];
  }
  return affine(ensemble, member, blocks + 2, activation_first ? tanh_of(h) : h);
}

constexpr BranchOrder orders[] = {BranchOrder::activation_first, BranchOrder::matrix_first};

TEST(ResidualMlp, OutputIsThatOfItsEquations) {
  const Index blocks = 3, samples = 4;
  const double beta = 0.7;
  for (const BranchOrder order : orders) {
    const Architecture network = residual(order, "tanh", 6, blocks, beta, true);
    const Ensemble<double> ensemble(network, testing::members(network, 2));
    const Matrix<double> x = testing::random_matrix<double>(samples, 5, 11);
    Propagation<double> passes(ensemble, samples);
    passes.forward(ensemble, view(x));
    for (Index member = 0; member < 2; ++member)
      for (Index i = 0; i < samples; ++i) {
        const Vector f = by_hand(ensemble, member, order, blocks, beta, Vector(x.row(i).data(), x.row(i).data() + 5));
        for (Index k = 0; k < 2; ++k) EXPECT_NEAR(passes.output(member)(i, k), f[static_cast<std::size_t>(k)], 1e-13);
      }
  }
}

double weighted(const Ensemble<double>& ensemble, const Matrix<double>& x, const Matrix<double>& c) {
  Propagation<double> passes(ensemble, x.rows());
  passes.forward(ensemble, view(x));
  return testing::matrix_of(passes.output(0)).cwiseProduct(c).sum();
}

// Every entry of every gradient: f has error h^2 of differences of 1e-5, that is 1e-10, and rounding 1e-16 / 1e-5.
TEST(ResidualMlp, GradientIsThatOfDifferences) {
  for (const BranchOrder order : orders) {
    const Architecture network = residual(order, "tanh", 4, 3, 0.6, true);
    Ensemble<double> ensemble(network, testing::members(network, 1));
    const Matrix<double> x = testing::random_matrix<double>(3, 5, 21), c = testing::random_matrix<double>(3, 2, 22);
    Propagation<double> passes(ensemble, 3);
    passes.forward(ensemble, view(x));
    Parameters<double> gradient(network, 1);
    passes.gradient(ensemble, 0, view(c), gradient);
    const double h = 1e-5;
    for (Index l = 1; l <= ensemble.layers(); ++l)
      for (const bool bias : {false, true}) {
        const View<double> w = bias ? ensemble.bias(0, l) : ensemble.weight(0, l);
        const View<const double> g = bias ? gradient.bias(0, l) : gradient.weight(0, l);
        for (Index i = 0; i < w.rows; ++i)
          for (Index j = 0; j < w.cols; ++j) {
            const double kept = w(i, j);
            w(i, j) = kept + h;
            const double up = weighted(ensemble, x, c);
            w(i, j) = kept - h;
            const double down = weighted(ensemble, x, c);
            w(i, j) = kept;
            ASSERT_NEAR(g(i, j), (up - down) / (2 * h), 1e-8) << "layer " << l << (bias ? ", bias" : "");
          }
      }
  }
}

// <C, J v> = <J^T C, v>: the derivative forward is the transpose of the pass backward.
TEST(ResidualMlp, DerivativeForwardIsTheTransposeOfBackward) {
  for (const BranchOrder order : orders) {
    const Architecture network = residual(order, "softplus", 5, 4, 0.5, true);
    const Ensemble<double> ensemble(network, testing::members(network, 2));
    const Matrix<double> x = testing::random_matrix<double>(3, 5, 31), c = testing::random_matrix<double>(3, 2, 32);
    Propagation<double> passes(ensemble, 3);
    passes.forward(ensemble, view(x));
    Parameters<double> gradient(network, 1), direction(network, 1);
    passes.gradient(ensemble, 1, view(c), gradient);
    double along = 0;
    for (Index l = 1; l <= ensemble.layers(); ++l)
      for (const bool bias : {false, true}) {
        const View<double> v = bias ? direction.bias(0, l) : direction.weight(0, l);
        const View<const double> g = bias ? gradient.bias(0, l) : gradient.weight(0, l);
        for (Index i = 0; i < v.rows; ++i)
          for (Index j = 0; j < v.cols; ++j) {
            v(i, j) = normal(Key(static_cast<std::uint64_t>(40 + 2 * l + bias)), static_cast<std::uint64_t>(i),
                             static_cast<std::uint64_t>(j));
            along += v(i, j) * g(i, j);
          }
      }
    EXPECT_NEAR(testing::matrix_of(passes.jvp(ensemble, 1, direction)).cwiseProduct(c).sum(), along,
                1e-12 * std::abs(along));
  }
}

// Both orders are the same network without an activation, to the rounding of the same operations.
TEST(ResidualMlp, OrdersAgreeWhereThereIsNoActivation) {
  const Architecture one = residual(orders[0], "linear", 6, 4, 0.4), other = residual(orders[1], "linear", 6, 4, 0.4);
  const Ensemble<double> a(one, testing::members(one, 1)), b(other, testing::members(other, 1));
  const Matrix<double> x = testing::random_matrix<double>(3, 5, 41);
  Propagation<double> p(a, 3), q(b, 3);
  p.forward(a, view(x));
  q.forward(b, view(x));
  EXPECT_LT((testing::matrix_of(p.output(0)) - testing::matrix_of(q.output(0))).cwiseAbs().maxCoeff(), 1e-15);
}

TEST(ResidualMlp, FloatIsDoubleToRounding) {
  for (const BranchOrder order : orders) {
    const Architecture network = residual(order, "relu", 8, 5, 0.5, true);
    const auto members = testing::members(network, 1);
    const Ensemble<double> exact(network, members);
    const Ensemble<float> single(network, members);
    const Matrix<double> x = testing::random_matrix<double>(4, 5, 1);
    const Matrix<float> y = x.cast<float>();
    Propagation<double> p(exact, 4);
    Propagation<float> q(single, 4);
    p.forward(exact, view(x), 0);
    q.forward(single, view(y), 0);
    EXPECT_LT((testing::matrix_of(p.output(0)) - testing::matrix_of(q.output(0)).cast<double>()).cwiseAbs().maxCoeff(),
              1e-5);
  }
}

// rms of what the readout reads, over that without blocks, for weights of deviation gain / sqrt(fan_in).
double growth(BranchOrder order, const std::string& activation, double gain, Index blocks, double beta) {
  constexpr Index width = 256;
  const auto size = [&](Index depth, double scale) {
    const Architecture network = residual(order, activation, width, depth, scale);
    std::vector<Member> members;
    for (std::uint64_t seed = 0; seed < 8; ++seed)
      members.push_back({Key(seed), testing::scaling(network, gain, 0, 0.1)});
    const Ensemble<double> ensemble(network, members);
    const Matrix<double> x = testing::random_matrix<double>(8, 5, 51);
    Propagation<double> passes(ensemble, 8);
    passes.forward(ensemble, view(x));
    double squares = 0;
    for (Index member = 0; member < ensemble.size(); ++member)
      squares += testing::matrix_of(passes.input(member, passes.layers())).squaredNorm();
    return squares;
  };
  return std::sqrt(size(blocks, beta) / size(1, 0));
}

// A branch W phi(h) is independent of h with as much energy as h where gain^2 E phi(z)^2 = E z^2, so that
// |h^{L+1}|^2 = (1 + beta^2)^L |h^1|^2: e^(beta_0^2) for beta = beta_0 / sqrt(L) at any depth, 2^L for beta = 1. A
// member's log |h|^2 has a variance of about 4 L beta^2 / n, so that of 8 members of width 256 rms h is off by 2 %.
TEST(ResidualMlp, FeaturesKeepTheirSizeOverDepthWhereBranchesFallLikeItsRoot) {
  for (const auto& [activation, gain] :
       std::vector<std::pair<std::string, double>>{{"linear", 1}, {"relu", std::sqrt(2.0)}})
    for (const Index blocks : {4, 16, 64}) {
      SCOPED_TRACE(activation + ", L = " + std::to_string(blocks));
      const double falling =
          growth(BranchOrder::activation_first, activation, gain, blocks, 1 / std::sqrt(static_cast<double>(blocks)));
      EXPECT_NEAR(falling, std::pow(1 + 1.0 / static_cast<double>(blocks), static_cast<double>(blocks) / 2),
                  0.1 * falling);
      EXPECT_LT(falling, 1.1 * std::exp(0.5));
    }
  for (const Index blocks : {4, 16}) {
    const double constant = growth(BranchOrder::activation_first, "relu", std::sqrt(2.0), blocks, 1);
    EXPECT_NEAR(std::log2(constant) / static_cast<double>(blocks), 0.5, 0.1);  // 2^(L/2)
  }
  EXPECT_NEAR(growth(BranchOrder::activation_first, "relu", std::sqrt(2.0), 64, 1.0 / 64), 1, 0.05);  // 1/L: nothing
}

// phi(W h) of an odd phi has no mean, and features keep their size. Of relu with gain sqrt(2) the mean is
// c |h| with c = 1/sqrt(pi), and the part of h along it grows by beta c |h| each block: at least like
// exp(beta c L)/2 for rms h, that is exp(4.5)/2 for L = 64 and beta = 1/8, against exp(1/2).
TEST(ResidualMlp, FeaturesBehindReluPileUp) {
  EXPECT_LT(growth(BranchOrder::matrix_first, "tanh", 1, 64, 1.0 / 8), std::exp(0.5));
  const double shallow = growth(BranchOrder::matrix_first, "relu", std::sqrt(2.0), 16, 1.0 / 4);
  const double deep = growth(BranchOrder::matrix_first, "relu", std::sqrt(2.0), 64, 1.0 / 8);
  EXPECT_GT(deep, std::exp(8 / std::sqrt(std::numbers::pi)) / 2);
  EXPECT_GT(deep, 4 * shallow);
}

}  // namespace
}  // namespace widthwise
