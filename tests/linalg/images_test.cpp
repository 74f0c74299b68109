// Convolutions and their gradients against the definition, seven loops over sample, position, output channel, kernel
// place and input channel, which share no code with products or patches.
#include "widthwise/linalg/convolution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "matrices.h"
#include "widthwise/base/error.h"
#include "widthwise/linalg/patches.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

using testing::matrix_of;
using testing::random_matrix;

ConvolutionSizes sizes(Index height, Index width, Index in, Index out, Index kernel_height, Index kernel_width,
                       Index stride, Index top, Index left, Index bottom, Index right) {
  return {height,
          width,
          in,
          kernel_height,
          kernel_width,
          stride,
          top,
          left,
          (height + top + bottom - kernel_height) / stride + 1,
          (width + left + right - kernel_width) / stride + 1,
          out};
}

/// Square kernels, padding on all sides.
ConvolutionSizes square(Index side, Index in, Index out, Index kernel, Index stride, Index padding) {
  return sizes(side, side, in, out, kernel, kernel, stride, padding, padding, padding, padding);
}

std::vector<ConvolutionSizes> grid() {
  std::vector<ConvolutionSizes> all;
  for (const Index kernel : {1, 2, 3, 5})
    for (const Index stride : {1, 2, 3})
      for (Index padding = 0; padding < kernel; ++padding) all.push_back(square(7, 3, 4, kernel, stride, padding));
  all.push_back(sizes(6, 9, 2, 5, 3, 1, 1, 1, 0, 1, 0));    // kernels and images that are no squares
  all.push_back(sizes(9, 4, 17, 33, 2, 4, 2, 0, 1, 1, 2));  // uneven padding, odd channels
  all.push_back(sizes(5, 5, 1, 1, 3, 3, 1, 3, 3, 3, 3));    // more padding than the kernel reaches from inside
  all.push_back(square(11, 16, 32, 3, 1, 1));               // whole vectors
  all.push_back(square(11, 16, 32, 5, 2, 1));
  all.push_back(square(1, 8, 16, 3, 1, 1));  // one pixel under its padding
  return all;
}

std::string text(const ConvolutionSizes& s) {
  const auto n = [](Index i) { return std::to_string(i); };
  return n(s.in_height) + " x " + n(s.in_width) + " x " + n(s.in_channels) + " by " + n(s.kernel_height) + " x " +
         n(s.kernel_width) + ", stride " + n(s.stride) + ", padding " + n(s.top) + ", " + n(s.left) + ", to " +
         n(s.out_height) + " x " + n(s.out_width) + " x " + n(s.out_channels);
}

/// Calls use(row of z, o, row of x, c, column of w) for every term of a convolution.
template <class Use>
void each_term(const ConvolutionSizes& s, Index samples, const Use& use) {
  for (Index n = 0; n < samples; ++n)
    for (Index i = 0; i < s.out_height; ++i)
      for (Index j = 0; j < s.out_width; ++j)
        for (Index o = 0; o < s.out_channels; ++o)
          for (Index a = 0; a < s.kernel_height; ++a)
            for (Index b = 0; b < s.kernel_width; ++b)
              for (Index c = 0; c < s.in_channels; ++c) {
                const Index y = i * s.stride + a - s.top, x = j * s.stride + b - s.left;
                if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) continue;
                use(n * s.out_positions() + i * s.out_width + j, o, n * s.in_positions() + y * s.in_width + x, c,
                    (a * s.kernel_width + b) * s.in_channels + c);
              }
}

/// A matrix in rows that are `margin` longer.
template <class T>
struct Rows {
  Matrix<T> memory;
  Index cols;
  Rows(const Matrix<T>& from, Index margin)
      : memory(Matrix<T>::Constant(from.rows(), from.cols() + margin, std::numeric_limits<T>::quiet_NaN())),
        cols(from.cols()) {
    memory.leftCols(cols) = from;
  }
  View<T> view() { return {memory.data(), memory.rows(), cols, memory.cols()}; }
};

/// |computed - exact| <= (terms + 8) eps sum |terms|, the bound for any order of summation.
template <class T>
void expect_close(const View<T>& computed, const Matrix<double>& exact, const Matrix<double>& size, Index terms) {
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (Index i = 0; i < computed.rows; ++i)
    for (Index j = 0; j < computed.cols; ++j)
      ASSERT_LE(std::abs(static_cast<double>(computed(i, j)) - exact(i, j)),
                static_cast<double>(terms + 8) * eps * size(i, j))
          << i << ", " << j;
}

/// Where a result goes: numbers it is added to, or NaN, which must not be read.
template <class T>
Rows<T> result(Index rows, Index cols, Index margin, bool add) {
  return {add ? random_matrix<T>(rows, cols, 4) : Matrix<T>::Constant(rows, cols, std::numeric_limits<T>::quiet_NaN()),
          margin};
}
template <class T>
Matrix<double> before(Rows<T>& rows, bool add) {
  if (!add) return Matrix<double>::Zero(rows.memory.rows(), rows.cols);
  return matrix_of(rows.view()).template cast<double>();
}

template <class T>
class Convolutions : public ::testing::Test {
 public:
  // Dense rows take another way than rows with a margin.
  void check(const ConvolutionSizes& s, Index samples, Index margin) {
    SCOPED_TRACE(text(s) + ", margin " + std::to_string(margin));
    const Index in_rows = samples * s.in_positions(), out_rows = samples * s.out_positions();
    Rows<T> x(random_matrix<T>(in_rows, s.in_channels, 1), margin),
        d(random_matrix<T>(out_rows, s.out_channels, 2), margin);
    Rows<T> w(random_matrix<T>(s.out_channels, s.fan_in(), 3), 0);
    const View<T> xs = x.view(), ds = d.view(), ws = w.view();

    Matrix<double> z = Matrix<double>::Zero(out_rows, s.out_channels), z_size = z;
    Matrix<double> dx = Matrix<double>::Zero(in_rows, s.in_channels), dx_size = dx;
    Matrix<double> dw = Matrix<double>::Zero(s.out_channels, s.fan_in()), dw_size = dw;
    each_term(s, samples, [&](Index out, Index o, Index in, Index c, Index place) {
      const double forward = double(xs(in, c)) * double(ws(o, place)), back = double(ds(out, o)) * double(ws(o, place)),
                   gradient = double(ds(out, o)) * double(xs(in, c));
      z(out, o) += forward;
      z_size(out, o) += std::abs(forward);
      dx(in, c) += back;
      dx_size(in, c) += std::abs(back);
      dw(o, place) += gradient;
      dw_size(o, place) += std::abs(gradient);
    });

    for (const bool add : {false, true}) {
      Rows<T> found = result<T>(out_rows, s.out_channels, margin, add);
      Rows<T> back = result<T>(in_rows, s.in_channels, margin, add);
      const Matrix<double> z_old = before(found, add), dx_old = before(back, add);
      convolve<T>(s, xs, ws, add, found.view());
      expect_close<T>(found.view(), z + z_old, z_size + z_old.cwiseAbs(), s.fan_in());
      convolve_back<T>(s, ds, ws, add, back.view());
      expect_close<T>(back.view(), dx + dx_old, dx_size + dx_old.cwiseAbs(), s.fan_in() * s.out_channels);
    }
    for (const T beta : {T(0), T(1), T(0.75)}) {
      Rows<T> gradient(random_matrix<T>(s.out_channels, s.fan_in(), 5), margin);
      const Matrix<double> old =
          Matrix<double>(static_cast<double>(beta) * matrix_of(gradient.view()).template cast<double>());
      if (beta == T(0)) gradient.memory.setConstant(std::numeric_limits<T>::quiet_NaN());
      convolution_gradient<T>(s, T(-0.5), ds, xs, beta, gradient.view());
      expect_close<T>(gradient.view(), -0.5 * dw + old, dw_size + old.cwiseAbs(), out_rows);
    }
  }
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Convolutions, Types);

TYPED_TEST(Convolutions, AgreeWithTheDefinition) {
  for (const ConvolutionSizes& s : grid())
    for (const Index margin : {0, 5}) this->check(s, 3, margin);
}

TYPED_TEST(Convolutions, AgreeWithTheDefinitionOnSeveralThreadsAndBlocks) {
  // Enough patches for several blocks of them and for both threads; samples that do not divide evenly.
  for (const int count : {1, 2, 3}) {
    const ThreadScope scope(count);
    this->check(square(13, 24, 16, 5, 1, 2), 37, 0);
    this->check(square(13, 24, 16, 5, 2, 1), 37, 0);
    this->check(square(13, 24, 16, 5, 2, 1), 37, 3);
  }
}

TYPED_TEST(Convolutions, BackwardIsTheAdjointOfForward) {
  // <W * x, y> = <x, J^T y> = <W, D^T patches> for every x, y, W: three passes, one number.
  using T = TypeParam;
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const ConvolutionSizes& s : grid()) {
    SCOPED_TRACE(text(s));
    const Matrix<T> x = random_matrix<T>(4 * s.in_positions(), s.in_channels, 1),
                    y = random_matrix<T>(4 * s.out_positions(), s.out_channels, 2),
                    w = random_matrix<T>(s.out_channels, s.fan_in(), 3);
    Matrix<T> z(y.rows(), y.cols()), dx(x.rows(), x.cols()), dw(w.rows(), w.cols());
    convolve<T>(s, view(x), view(w), false, view(z));
    convolve_back<T>(s, view(y), view(w), false, view(dx));
    convolution_gradient<T>(s, T(1), view(y), view(x), T(0), view(dw));
    const auto inner = [](const Matrix<T>& a, const Matrix<T>& b) {
      return a.template cast<double>().cwiseProduct(b.template cast<double>()).sum();
    };
    const double size = z.template cast<double>().norm() * y.template cast<double>().norm();
    const double tolerance = 4 * std::sqrt(static_cast<double>(s.fan_in())) * eps * size + eps;
    EXPECT_NEAR(inner(z, y), inner(x, dx), tolerance);
    EXPECT_NEAR(inner(z, y), inner(w, dw), tolerance);
  }
}

TYPED_TEST(Convolutions, AKernelOfOnePixelIsAProductOfRows) {
  using T = TypeParam;
  const ConvolutionSizes s = square(5, 6, 7, 1, 1, 0);
  const Matrix<T> x = random_matrix<T>(50, 6, 1), w = random_matrix<T>(7, 6, 2);
  Matrix<T> z(50, 7);
  convolve<T>(s, view(x), view(w), false, view(z));
  EXPECT_LT((z - x * w.transpose()).cwiseAbs().maxCoeff(), 32 * std::numeric_limits<T>::epsilon());
}

TYPED_TEST(Convolutions, NoSamplesAreNoError) {
  using T = TypeParam;
  const ConvolutionSizes s = square(5, 6, 7, 3, 1, 1);
  Matrix<T> none_in(0, 6), none_out(0, 7), dw = random_matrix<T>(7, 54, 1);
  const Matrix<T> w = dw, before = dw;
  convolve<T>(s, view(std::as_const(none_in)), view(w), false, view(none_out));
  convolve_back<T>(s, view(std::as_const(none_out)), view(w), false, view(none_in));
  convolution_gradient<T>(s, T(1), view(std::as_const(none_out)), view(std::as_const(none_in)), T(1), view(dw));
  EXPECT_EQ(dw, before);
  convolution_gradient<T>(s, T(1), view(std::as_const(none_out)), view(std::as_const(none_in)), T(0), view(dw));
  EXPECT_EQ(dw.cwiseAbs().maxCoeff(), T(0));
}

TYPED_TEST(Convolutions, SizesThatDoNotFitAreRefused) {
  using T = TypeParam;
  const ConvolutionSizes s = square(5, 6, 7, 3, 1, 1);
  const Matrix<T> x = random_matrix<T>(50, 6, 1), w = random_matrix<T>(7, 54, 2), other = random_matrix<T>(7, 53, 2);
  Matrix<T> z(50, 7), wrong(49, 7);
  EXPECT_THROW(convolve<T>(s, view(x), view(other), false, view(z)), ShapeError);
  EXPECT_THROW(convolve<T>(s, view(x), view(w), false, view(wrong)), ShapeError);
  EXPECT_THROW(convolve_back<T>(s, view(std::as_const(wrong)), view(w), false, view(z)), ShapeError);
}

TYPED_TEST(Convolutions, PatchesOfPlanesAreThoseOfChannelsLast) {
  // The same image channel after channel: only where numbers are read from differs.
  using T = TypeParam;
  const ConvolutionSizes s = sizes(6, 5, 3, 1, 3, 2, 2, 1, 0, 1, 1);
  const Matrix<T> last = random_matrix<T>(2 * 30, 3, 1);
  Matrix<T> first(2, 90);
  for (Index n = 0; n < 2; ++n)
    for (Index p = 0; p < 30; ++p)
      for (Index c = 0; c < 3; ++c) first(n, c * 30 + p) = last(n * 30 + p, c);
  Matrix<T> a(2 * s.out_positions(), s.fan_in()), b = a;
  gather_patches<T>(s, channels_last(view(last), 6, 5), 0, view(a));
  gather_patches<T>(s, planes(view(std::as_const(first)), 6, 5), 0, view(b));
  EXPECT_EQ(a, b);
  // Scattering counts how many patches a pixel is in: gathered ones, scattered.
  Matrix<T> counts = Matrix<T>::Zero(2 * 30, 3);
  gather_patches<T>(s, channels_last(view(std::as_const(counts)), 6, 5), 0, view(a));
  EXPECT_EQ(a.cwiseAbs().maxCoeff(), T(0));
  a.setOnes();
  scatter_patches<T>(s, view(std::as_const(a)), 0, channels_last(view(counts), 6, 5));
  Matrix<double> expected = Matrix<double>::Zero(2 * 30, 3);
  each_term(s, 2, [&](Index, Index, Index in, Index c, Index) { expected(in, c) += 1; });
  EXPECT_EQ(counts.template cast<double>(), expected);
}

}  // namespace
}  // namespace widthwise
