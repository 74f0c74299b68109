// Passes of networks of images: what a backward pass hands over as patches and as images, float (which takes another
// way through convolutions) against double, members together against alone, and layers that only move numbers by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "network/make_ensemble.h"
#include "widthwise/network/propagation.h"
#include "widthwise/network/weight_gradient.h"

namespace widthwise {
namespace {

constexpr Index samples = 5;

Architecture family(const std::string& name) {
  FamilyOptions options;
  options.image = name == "cnn" ? InputImage{20, 20, 3} : InputImage{6, 6, 3};
  options.input_dimension = options.image.height * options.image.width * options.image.channels;
  options.outputs = 2;
  options.width = name == "cnn" ? 7 : 1;
  options.activation = "softplus";
  options.blocks = name == "cnn" ? 2 : 1;
  options.bias_input = options.bias_hidden = true;
  return make_architecture(name, options);
}

template <class T>
using Gradients = std::map<std::pair<Index, Index>, Matrix<double>>;  // of member and layer

template <class T>
Gradients<T> gradients(const Ensemble<T>& ensemble, Propagation<T>& passes, const Matrix<T>& x, MemberRange members,
                       Reads reads) {
  passes.forward(ensemble, view(x), members);
  for (Index m = members.first; m < members.first + members.count; ++m) {
    const View<T> c = passes.output_gradient(m);
    for (Index i = 0; i < c.rows; ++i)
      for (Index j = 0; j < c.cols; ++j) c(i, j) = static_cast<T>(0.3 * static_cast<double>(i + 1 - 2 * j));
  }
  Gradients<T> all;
  passes.backward(
      ensemble, members,
      [&](const Factors<T>& factors) {
        const Index count = factors.members.count, fan_out = factors.delta.cols / count;
        EXPECT_EQ(factors.delta.rows, samples * factors.positions);
        if (reads == Reads::patches) {
          EXPECT_NE(factors.input.data, nullptr);
        }
        for (Index m = 0; m < count; ++m) {
          Matrix<T> dw(fan_out, factors.input.cols);
          weight_gradient<T>(T(1), factors, factors.delta.block(0, m * fan_out, factors.delta.rows, fan_out), T(0),
                             view(dw));
          all[{factors.members.first + m, factors.layer}] = dw.template cast<double>();
        }
      },
      reads);
  return all;
}

double distance(const Matrix<double>& a, const Matrix<double>& b) {
  return (a - b).norm() / std::max(1e-3, b.norm());
}

template <class T>
void expect_same_by_patches_and_images(double tolerance) {
  for (const char* name : {"cnn", "wide-resnet"}) {
    SCOPED_TRACE(name);
    const Architecture network = family(name);
    const Ensemble<T> ensemble(network, testing::members(network, 2));
    const Matrix<T> x = testing::random_matrix<T>(samples, network.input_dimension, 3);
    Propagation<T> passes(ensemble, samples);
    const auto images = gradients(ensemble, passes, x, {0, 2}, Reads::images);
    const auto patches = gradients(ensemble, passes, x, {0, 2}, Reads::patches);
    ASSERT_EQ(images.size(), static_cast<std::size_t>(2 * ensemble.layers()));
    for (const auto& [which, gradient] : images)
      EXPECT_LT(distance(gradient, patches.at(which)), tolerance) << which.first << ", layer " << which.second;
    // And the products with other weights that observables make.
    for (Index l = 1; l <= ensemble.layers(); ++l) {
      const Matrix<T> v = testing::random_matrix<T>(3, ensemble.weight(1, l).cols, 4);
      const Matrix<T> input = testing::matrix_of(passes.input(1, l));
      Matrix<T> product(input.rows(), 3);
      passes.multiply(1, l, view(v), view(product));
      const Matrix<double> slow = input.template cast<double>() * v.template cast<double>().transpose();
      EXPECT_LT(distance(product.template cast<double>(), slow), tolerance) << "layer " << l;
    }
  }
}

TEST(ConvolutionalPasses, GradientsByPatchesAreThoseByImages) {
  expect_same_by_patches_and_images<double>(1e-13);
  expect_same_by_patches_and_images<float>(1e-5);
}

TEST(ConvolutionalPasses, FloatGradientsAreThoseOfDouble) {
  // Weights rounded to float, then some ten layers of rounding; softplus has no kink at which they could part.
  for (const char* name : {"cnn", "wide-resnet"}) {
    SCOPED_TRACE(name);
    const Architecture network = family(name);
    const auto members = testing::members(network, 1);
    const Ensemble<double> exact(network, members);
    const Ensemble<float> single(network, members);
    const Matrix<double> x = testing::random_matrix<double>(samples, network.input_dimension, 3);
    Propagation<double> p(exact, samples);
    Propagation<float> q(single, samples);
    const auto slow = gradients(exact, p, x, {0, 1}, Reads::images);
    const auto fast = gradients<float>(single, q, x.cast<float>(), {0, 1}, Reads::images);
    for (const auto& [which, gradient] : slow)
      EXPECT_LT(distance(fast.at(which), gradient), 1e-4) << "layer " << which.second;
    const Parameters<double>& along = exact.parameters();
    const Matrix<double> jvp = testing::matrix_of(p.jvp(exact, 0, along));
    EXPECT_LT(distance(testing::matrix_of(q.jvp(single, 0, single.parameters())).cast<double>(), jvp), 1e-4);
  }
}

TEST(ConvolutionalPasses, MembersTogetherHaveTheGradientsOfEachAlone) {
  for (const char* name : {"cnn", "wide-resnet"}) {
    const Architecture network = family(name);
    const auto members = testing::members(network, 3);
    const Ensemble<double> together(network, members);
    const Matrix<double> x = testing::random_matrix<double>(samples, network.input_dimension, 3);
    Propagation<double> all(together, samples + 2);  // buffers with room to spare
    const auto fast = gradients(together, all, x, {0, 3}, Reads::images);
    for (Index m = 0; m < 3; ++m) {
      const Ensemble<double> alone(network, std::span(members).subspan(static_cast<std::size_t>(m), 1));
      Propagation<double> one(alone, samples);
      for (const auto& [which, gradient] : gradients(alone, one, x, {0, 1}, Reads::images))
        EXPECT_LT(distance(fast.at({m, which.second}), gradient), 1e-13) << name << ", layer " << which.second;
    }
    // Some of them again, in a block that begins elsewhere.
    const auto block = gradients(together, all, x, {1, 2}, Reads::images);
    for (const auto& [which, gradient] : block) EXPECT_LT(distance(gradient, fast.at(which)), 1e-13);
  }
}

TEST(ConvolutionalPasses, PoolsFlattenAndSumsAreTheirDefinitions) {
  // Linear throughout; the convolution hands on its channels as they are, so everything can be written out from x.
  Architecture network;
  network.image = {5, 6, 2};
  network.input_dimension = 60;
  network.outputs = 8;
  const auto copy = [](int layer) { return Convolution{2, 2, 1, 1, 1, {}, false, layer, Block::input}; };
  Residual sum;
  sum.branch = {AveragePool{3, 2}};
  sum.shortcut = {AveragePool{3, 2}};
  sum.branch_scale = 0.25;
  sum.shortcut_scale = 2;
  network.layers = {copy(1), sum, Flatten{}, Dense{8, 8, false, 2, Block::output}};
  Ensemble<double> ensemble(network, testing::members(network, 1));
  for (Index l = 1; l <= 2; ++l)
    for (Index i = 0; i < ensemble.weight(0, l).rows; ++i)
      for (Index j = 0; j < ensemble.weight(0, l).cols; ++j) ensemble.weight(0, l)(i, j) = i == j ? 1 : 0;
  const Matrix<double> x = testing::random_matrix<double>(3, 60, 1);
  Propagation<double> passes(ensemble, 3);
  passes.forward(ensemble, view(x), 0);
  for (Index n = 0; n < 3; ++n)
    for (Index i = 0; i < 2; ++i)
      for (Index j = 0; j < 2; ++j)
        for (Index c = 0; c < 2; ++c) {
          double mean = 0;
          for (Index a = 0; a < 3; ++a)
            for (Index b = 0; b < 3; ++b) mean += x(n, c * 30 + (2 * i + a) * 6 + 2 * j + b) / 9;
          EXPECT_NEAR(passes.output(0)(n, (i * 2 + j) * 2 + c), 2.25 * mean, 1e-14);
        }

  network.layers = {copy(1), GlobalPool{}, Dense{2, 8, false, 2, Block::output}};
  Ensemble<double> pooled(network, testing::members(network, 1));
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 2; ++j) pooled.weight(0, 1)(i, j) = i == j ? 1 : 0;
  Propagation<double> other(pooled, 3);
  other.forward(pooled, view(x), 0);
  for (Index n = 0; n < 3; ++n)
    for (Index c = 0; c < 2; ++c) EXPECT_NEAR(other.input(0, 2)(n, c), x.row(n).segment(c * 30, 30).mean(), 1e-14);
}

}  // namespace
}  // namespace widthwise
