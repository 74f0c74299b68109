// Convolutions, pools and residual sums against loops written down from their definitions, and whole networks of them
// against finite differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "network/make_ensemble.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/base/error.h"
#include "widthwise/network/propagation.h"

namespace widthwise {
namespace {

struct Case {
  Index height, width, channels_in, channels_out, kernel_height, kernel_width, stride;
  Padding padding;
};

Architecture single(const Case& c) {
  Architecture made;
  made.family = "one convolution";
  made.image = {c.height, c.width, c.channels_in};
  made.input_dimension = c.height * c.width * c.channels_in;
  Convolution one{c.channels_in, c.channels_out, c.kernel_height, c.kernel_width, c.stride, c.padding, true, 1,
                  Block::input};
  const Shape out = shape_after(one, {c.channels_in, c.height, c.width}, "it");
  made.layers = {one, Flatten{}, Dense{out.size(), 2, true, 2, Block::output}};
  made.outputs = 2;
  return made;
}

class EveryConvolution : public ::testing::TestWithParam<Case> {};

// Seven loops.
TEST_P(EveryConvolution, IsTheSumOverItsKernel) {
  const Case c = GetParam();
  const Architecture network = single(c);
  const Index samples = 3;
  Ensemble<double> ensemble(network, testing::members(network, 2));
  const Matrix<double> x = testing::random_matrix<double>(samples, network.input_dimension, 5);
  Propagation<double> propagation(ensemble, samples);
  propagation.forward(ensemble, view(x));
  const Shape out = shape_after(network.layers[0], {c.channels_in, c.height, c.width}, "it");
  for (Index m = 0; m < 2; ++m) {
    const View<const double> z = propagation.preactivation(m, 1), w = std::as_const(ensemble).weight(m, 1);
    ASSERT_EQ(z.rows, samples * out.positions());
    ASSERT_EQ(w.cols, c.kernel_height * c.kernel_width * c.channels_in);
    for (Index n = 0; n < samples; ++n)
      for (Index i = 0; i < out.height; ++i)
        for (Index j = 0; j < out.width; ++j)
          for (Index o = 0; o < c.channels_out; ++o) {
            double sum = ensemble.bias(m, 1)(0, o);
            for (Index a = 0; a < c.kernel_height; ++a)
              for (Index b = 0; b < c.kernel_width; ++b)
                for (Index k = 0; k < c.channels_in; ++k) {
                  const Index row = i * c.stride + a - c.padding.top, col = j * c.stride + b - c.padding.left;
                  if (row < 0 || row >= c.height || col < 0 || col >= c.width) continue;
                  sum +=
                      w(o, (a * c.kernel_width + b) * c.channels_in + k) * x(n, (k * c.height + row) * c.width + col);
                }
            ASSERT_NEAR(z(n * out.positions() + i * out.width + j, o), sum, 1e-12);
          }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, EveryConvolution,
                         ::testing::Values(Case{6, 5, 1, 2, 3, 3, 1, {}}, Case{6, 5, 3, 4, 3, 3, 1, padding_of(1)},
                                           Case{7, 8, 2, 3, 5, 5, 2, padding_of(1)}, Case{4, 4, 3, 2, 1, 1, 1, {}},
                                           Case{4, 4, 3, 2, 1, 1, 2, {}}, Case{5, 6, 2, 2, 3, 2, 1, {0, 1, 1, 0}},
                                           Case{9, 9, 2, 3, 4, 4, 3, same_padding(9, 9, 4, 4, 3)}));

TEST(Convolution, SamePaddingKeepsTheSize) {
  for (const Index kernel : {1, 2, 3, 5})
    for (const Index stride : {1, 2, 3}) {
      Convolution one{1,     1, kernel,      kernel, stride, same_padding(11, 8, kernel, kernel, stride),
                      false, 1, Block::input};
      const Shape out = shape_after(one, {1, 11, 8}, "it");
      EXPECT_EQ(out.height, (11 + stride - 1) / stride);
      EXPECT_EQ(out.width, (8 + stride - 1) / stride);
    }
}

// Everything at once: planes in, strides, pool, a residual sum whose shortcut is the identity and one with a 1 x 1
// convolution, flatten and a dense layer between.
Architecture motley(const std::string& activation = "tanh") {
  Architecture made;
  made.family = "motley";
  made.image = {8, 7, 2};
  made.input_dimension = 8 * 7 * 2;
  made.outputs = 2;
  const Pointwise phi{activation};
  int layer = 0;
  const auto convolution = [&](Index in, Index out, Index kernel, Index stride, Index padding, bool bias) {
    return Convolution{
        in, out, kernel, kernel, stride, padding_of(padding), bias, ++layer, layer == 1 ? Block::input : Block::hidden};
  };
  made.layers.emplace_back(convolution(2, 3, 3, 1, 1, true));
  Residual same;  // reads the first convolution twice, before any activation
  same.branch = {phi, convolution(3, 3, 3, 1, 1, true)};
  same.branch_scale = 0.8;
  same.shortcut_scale = 0.6;
  made.layers.emplace_back(same);
  Residual other;
  other.branch = {phi, convolution(3, 4, 3, 2, 1, false), phi, convolution(4, 4, 3, 1, 1, true)};
  other.shortcut = {convolution(3, 4, 1, 2, 0, true)};
  other.branch_scale = 0.5;
  made.layers.emplace_back(other);
  made.layers.emplace_back(phi);
  made.layers.emplace_back(AveragePool{2, 2});
  made.layers.emplace_back(Flatten{});
  made.layers.emplace_back(Dense{2 * 2 * 4, 5, true, ++layer, Block::hidden});
  made.layers.emplace_back(phi);
  made.layers.emplace_back(Dense{5, 2, true, ++layer, Block::output});
  return made;
}

Architecture family(const std::string& name) {
  FamilyOptions options;
  options.image = {20, 20, 1};
  options.input_dimension = 400;
  options.outputs = 2;
  options.width = 2;
  options.activation = "softplus";
  if (name == "wide-resnet") {
    options.blocks = 1;
    options.width = 1;
    options.image = {5, 5, 3};
    options.input_dimension = 75;
  }
  return make_architecture(name, options);
}

double weighted(const Ensemble<double>& ensemble, Index member, const Matrix<double>& x, const Matrix<double>& c) {
  Propagation<double> propagation(ensemble, x.rows(), 1);
  propagation.forward(ensemble, view(x), member);
  return testing::matrix_of(propagation.output(member)).cwiseProduct(c).sum();
}

void expect_derivatives(const Architecture& network) {
  const Index samples = 3, member = 1;
  Ensemble<double> ensemble(network, testing::members(network, 2));
  const Matrix<double> x = testing::random_matrix<double>(samples, network.input_dimension, 21);
  const Matrix<double> c = testing::random_matrix<double>(samples, network.outputs, 22);
  Propagation<double> propagation(ensemble, samples);
  propagation.forward(ensemble, view(x));
  Parameters<double> gradient(network, 1), direction(network, 1);
  propagation.gradient(ensemble, member, view(c), gradient);
  // Along a random direction of everything: <C, J v> = <J^T C, v>, and the difference quotient.
  double along = 0;
  Ensemble<double> above = ensemble, below = ensemble;
  const double h = 1e-5;
  for (Index l = 1; l <= ensemble.layers(); ++l)
    for (const bool bias : {false, true}) {
      const View<double> v = bias ? direction.bias(0, l) : direction.weight(0, l);
      const View<double> g = bias ? gradient.bias(0, l) : gradient.weight(0, l);
      const View<double> up = bias ? above.bias(member, l) : above.weight(member, l);
      const View<double> down = bias ? below.bias(member, l) : below.weight(member, l);
      for (Index i = 0; i < v.rows; ++i)
        for (Index j = 0; j < v.cols; ++j) {
          v(i, j) = normal(Key(static_cast<std::uint64_t>(100 + 2 * l + bias)), static_cast<std::uint64_t>(i),
                           static_cast<std::uint64_t>(j));
          along += v(i, j) * g(i, j);
          up(i, j) += h * v(i, j);
          down(i, j) -= h * v(i, j);
        }
    }
  const View<const double> moved = propagation.jvp(ensemble, member, direction);
  double by_jvp = testing::matrix_of(moved).cwiseProduct(c).sum();
  const double quotient = (weighted(above, member, x, c) - weighted(below, member, x, c)) / (2 * h);
  EXPECT_NEAR(by_jvp, along, 1e-10 * std::max(1.0, std::abs(along)));
  EXPECT_NEAR(along, quotient, 1e-6 * std::max(1.0, std::abs(along)));
  // Along the inputs too.
  const Matrix<double> dx = testing::random_matrix<double>(samples, network.input_dimension, 23);
  by_jvp = testing::matrix_of(propagation.jvp(ensemble, member, direction, 0, view(dx))).cwiseProduct(c).sum();
  const Matrix<double> x_up = x + h * dx, x_down = x - h * dx;
  EXPECT_NEAR(by_jvp, (weighted(above, member, x_up, c) - weighted(below, member, x_down, c)) / (2 * h),
              1e-6 * std::max(1.0, std::abs(by_jvp)));
  // A few entries of each gradient by themselves.
  for (Index l = 1; l <= ensemble.layers(); ++l) {
    const View<double> w = ensemble.weight(member, l);
    for (Index k = 0; k < 4; ++k) {
      const Index i = (7 * k) % w.rows, j = (11 * k + 3) % w.cols;
      const double kept = w(i, j);
      w(i, j) = kept + h;
      const double up = weighted(ensemble, member, x, c);
      w(i, j) = kept - h;
      const double down = weighted(ensemble, member, x, c);
      w(i, j) = kept;
      ASSERT_NEAR(gradient.weight(0, l)(i, j), (up - down) / (2 * h), 1e-6) << "layer " << l;
    }
  }
}

TEST(ConvolutionalNetwork, GradientAndDerivativeAreThoseOfDifferences) {
  expect_derivatives(motley());
  expect_derivatives(family("cnn"));
  expect_derivatives(family("wide-resnet"));
}

TEST(ConvolutionalNetwork, MembersTogetherAreThoseAlone) {
  const Architecture network = motley();
  const auto members = testing::members(network, 3);
  Ensemble<double> together(network, members);
  const Matrix<double> x = testing::random_matrix<double>(5, network.input_dimension, 1);
  Propagation<double> all(together, 5);
  all.forward(together, view(x));
  for (Index m = 0; m < 3; ++m) {
    Ensemble<double> alone(network, std::span(members).subspan(static_cast<std::size_t>(m), 1));
    Propagation<double> one(alone, 5);
    one.forward(alone, view(x), 0);
    EXPECT_LT((testing::matrix_of(all.output(m)) - testing::matrix_of(one.output(0))).cwiseAbs().maxCoeff(), 1e-13);
  }
}

TEST(ConvolutionalNetwork, FloatIsDoubleToRounding) {
  const Architecture network = motley();
  const auto members = testing::members(network, 1);
  Ensemble<double> exact(network, members);
  Ensemble<float> single(network, members);
  const Matrix<double> x = testing::random_matrix<double>(4, network.input_dimension, 1);
  const Matrix<float> y = x.cast<float>();
  Propagation<double> p(exact, 4);
  Propagation<float> q(single, 4);
  p.forward(exact, view(x), 0);
  q.forward(single, view(y), 0);
  EXPECT_LT((testing::matrix_of(p.output(0)) - testing::matrix_of(q.output(0)).cast<double>()).cwiseAbs().maxCoeff(),
            1e-5);
}

// Images of one pixel: a convolution of 1 x 1 is a dense layer.
TEST(ConvolutionalNetwork, OfOnePixelIsTheDenseOne) {
  const Architecture dense = testing::architecture({4, 2, 6, 1, "tanh", true});
  Architecture convolutional = dense;
  convolutional.image = {1, 1, 4};
  convolutional.layers[0] = Convolution{4, 6, 1, 1, 1, {}, true, 1, Block::input};
  const auto members = testing::members(dense, 2);
  Ensemble<double> a(dense, members), b(convolutional, members);
  const Matrix<double> x = testing::random_matrix<double>(5, 4, 1);
  Propagation<double> p(a, 5), q(b, 5);
  p.forward(a, view(x));
  q.forward(b, view(x));
  EXPECT_EQ(testing::matrix_of(p.output(1)), testing::matrix_of(q.output(1)));
}

TEST(ConvolutionalNetwork, DrawsAreNestedInTheChannels) {
  FamilyOptions options;
  options.image = {20, 20, 1};
  options.input_dimension = 400;
  options.width = 3;
  const Architecture narrow = cnn(options);
  options.width = 5;
  const Architecture wide = cnn(options);
  auto member = testing::members(narrow, 1);
  Ensemble<double> a(narrow, member), b(wide, testing::members(wide, 1));
  // Deviations differ by sqrt(5/3): fan-in is proportional to the channels.
  const View<const double> v = std::as_const(a).weight(0, 2), w = std::as_const(b).weight(0, 2);
  for (Index place = 0; place < 25; ++place)
    for (Index o = 0; o < 3; ++o)
      for (Index c = 0; c < 3; ++c) EXPECT_NEAR(v(o, place * 3 + c), w(o, place * 5 + c) * std::sqrt(5.0 / 3), 1e-12);
}

TEST(ConvolutionalNetwork, ImagesOfSeveralChannelsBeginWithAConvolution) {
  Architecture network = motley();
  network.layers.insert(network.layers.begin(), AveragePool{2, 2});
  EXPECT_THROW(Parameters<double>(network, 1), Error);  // shapes do not fit any more
  Architecture pooled;
  pooled.image = {4, 4, 2};
  pooled.input_dimension = 32;
  pooled.outputs = 1;
  pooled.layers = {AveragePool{2, 2}, Flatten{}, Dense{8, 1, false, 1, Block::output}};
  Ensemble<double> ensemble(pooled, testing::members(pooled, 1));
  EXPECT_THROW(Propagation<double>(ensemble, 2), ConfigError);
}

}  // namespace
}  // namespace widthwise
