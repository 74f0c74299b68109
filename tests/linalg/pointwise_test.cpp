#include "widthwise/linalg/pointwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"

namespace widthwise::pointwise {
namespace {

using long_double = long double;

/// phi and phi' in long double through the C library: shares nothing with the vector code.
long_double value(Function f, long_double p, long_double z) {
  switch (f) {
    case Function::linear:
      return z;
    case Function::relu:
      return z > 0 ? z : 0;
    case Function::leaky_relu:
      return z > 0 ? z : p * z;
    case Function::erf:
      return std::erf(z);
    case Function::gelu:
      return z * std::erfc(-z / std::sqrt(2.0L)) / 2;
    case Function::tanh:
      return std::tanh(z);
    case Function::softplus:
      return (p * z > 0 ? z : 0) + std::log1p(std::exp(-std::abs(p * z))) / p;
    case Function::relu_power:
      return z > 0 ? std::pow(z, p) : 0;
    case Function::abs:
      return std::abs(z);
    case Function::sigmoid:
      return 1 / (1 + std::exp(-z));
    case Function::silu:
      return z / (1 + std::exp(-z));
    case Function::elu:
      return z > 0 ? z : p * std::expm1(z);
    case Function::sin:
      return std::sin(z);
    case Function::cos:
      return std::cos(z);
    case Function::quadratic:
      return z * z;
  }
  return 0;
}
long_double slope(Function f, long_double p, long_double z) {
  const long_double pi = 3.14159265358979323846264338327950288L;
  switch (f) {
    case Function::linear:
      return 1;
    case Function::relu:
      return z > 0 ? 1 : 0;
    case Function::leaky_relu:
      return z > 0 ? 1 : p;
    case Function::erf:
      return 2 / std::sqrt(pi) * std::exp(-z * z);
    case Function::gelu:
      return std::erfc(-z / std::sqrt(2.0L)) / 2 + z * std::exp(-z * z / 2) / std::sqrt(2 * pi);
    case Function::tanh:
      return 1 / std::pow(std::cosh(z), 2);
    case Function::softplus:
      return 1 / (1 + std::exp(-p * z));
    case Function::relu_power:
      return z > 0 ? p * std::pow(z, p - 1) : 0;
    case Function::abs:
      return z > 0 ? 1 : -1;
    case Function::sigmoid:
      return 1 / (2 + 2 * std::cosh(z));
    case Function::silu:
      return 1 / (1 + std::exp(-z)) + z / (2 + 2 * std::cosh(z));
    case Function::elu:
      return z > 0 ? 1 : p * std::exp(z);
    case Function::sin:
      return std::cos(z);
    case Function::cos:
      return -std::sin(z);
    case Function::quadratic:
      return 2 * z;
  }
  return 0;
}

struct Case {
  Function function;
  double parameter;
  std::string name;
  double tolerance;  // relative error of the value, in units of eps (of float and of double)
};

// Highway states 1 ulp for exp and 4 for tanh; erf adds the error of one polynomial and one division; gelu the
// rounding of z / sqrt 2, which erfc amplifies by about z^2 (up to 100 in the range tested). Each factor of a power
// adds half a unit. sin and cos state 3 ulp; near a zero of theirs, up to 10, the reduction by multiples of pi costs
// some.
const std::vector<Case> cases = {
    {Function::linear, 0, "linear", 0},
    {Function::relu, 0, "relu", 0},
    {Function::leaky_relu, 0.1, "leaky", 1},
    {Function::erf, 0, "erf", 6},
    {Function::gelu, 0, "gelu", 150},
    {Function::tanh, 0, "tanh", 8},
    {Function::softplus, 1, "softplus", 16},
    {Function::softplus, 8, "softplus8", 100},
    {Function::relu_power, 1, "relu1", 0},
    {Function::relu_power, 2, "relu2", 1},
    {Function::relu_power, 5, "relu5", 3},
    {Function::abs, 0, "abs", 0},
    {Function::sigmoid, 0, "sigmoid", 6},
    {Function::silu, 0, "silu", 6},
    {Function::elu, 0.7, "elu", 6},
    {Function::sin, 0, "sin", 6},
    {Function::cos, 0, "cos", 6},
    {Function::quadratic, 0, "quadratic", 1},
};

template <class T>
class Pointwise : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Pointwise, Types);

/// -limit..limit densely, and powers of ten down to 1e-30 of both signs.
template <class T>
std::vector<T> points(T limit) {
  std::vector<T> z = {T(0), T(-0.0), T(1), T(-1)};
  for (int i = -20000; i <= 20000; ++i) z.push_back(limit * T(i) / T(20000));
  for (int e = -30; e <= 0; ++e) {
    z.push_back(T(1.7) * std::pow(T(10), T(e)));
    z.push_back(-z.back());
  }
  return z;
}

template <class T>
View<T> row(std::vector<T>& v) {
  return {v.data(), 1, static_cast<Index>(v.size())};
}
template <class T>
View<const T> row(const std::vector<T>& v) {
  return {v.data(), 1, static_cast<Index>(v.size())};
}

TYPED_TEST(Pointwise, ValuesAgreeWithTheLibraryInRelativeError) {
  using T = TypeParam;
  for (const Case& c : cases) {
    std::vector<T> z = points<T>(10), h(z.size());
    forward<T>(c.function, c.parameter, row(z), nullptr, row(h));
    double worst = 0;
    T where = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const long_double exact = value(c.function, static_cast<T>(c.parameter), z[i]);
      const long_double error = std::abs(static_cast<long_double>(h[i]) - exact);
      // Below the smallest normal number nothing is promised.
      const long_double size = std::max<long_double>(std::abs(exact), std::numeric_limits<T>::min() * 1e6L);
      const double in_eps = static_cast<double>(error / size / std::numeric_limits<T>::epsilon());
      if (in_eps > worst) worst = in_eps, where = z[i];
    }
    EXPECT_LE(worst, c.tolerance) << c.name << " at " << where;
  }
}

TYPED_TEST(Pointwise, SlopesAgreeWithTheLibrary) {
  using T = TypeParam;
  for (const Case& c : cases) {
    const std::vector<T> z = points<T>(10);
    std::vector<T> d(z.size(), T(-3));
    multiply_slope<T>(c.function, c.parameter, row(z), row(d));
    double worst = 0;
    T where = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      // gelu' and silu' cross zero near -0.75 and -1.28, so their errors are absolute; the others are kept relative
      // where not tiny.
      const long_double exact = -3 * slope(c.function, static_cast<T>(c.parameter), z[i]);
      const bool crosses = c.function == Function::gelu || c.function == Function::silu;
      const long_double size = crosses ? 3.0L : std::max(std::abs(exact), 1e-30L);
      const long_double error = std::abs(static_cast<long_double>(d[i]) - exact) / size;
      const double in_eps = static_cast<double>(error / std::numeric_limits<T>::epsilon());
      if (in_eps > worst) worst = in_eps, where = z[i];
    }
    EXPECT_LE(worst, std::max(c.tolerance, 12.0)) << c.name << " at " << where;
  }
}

TYPED_TEST(Pointwise, ErfIsExactToTheLastDigits) {
  using T = TypeParam;
  std::vector<T> z = points<T>(7), h(z.size());
  forward<T>(Function::erf, 0, row(z), nullptr, row(h));
  for (std::size_t i = 0; i < z.size(); ++i)  // the double bound asked for: 1e-15, absolute
    ASSERT_NEAR(h[i], std::erf(z[i]), sizeof(T) == 8 ? 1e-15 : 3e-7) << z[i];
}

TYPED_TEST(Pointwise, LargeArgumentsReachTheirLimits) {
  using T = TypeParam;
  const T infinity = std::numeric_limits<T>::infinity();
  for (const T size : {T(100), T(1e4), infinity}) {
    const auto at = [&](Function f, T z) {
      std::vector<T> x(19, z), h(19);  // 19: whole vectors and a rest
      forward<T>(f, 1.0, row(x), nullptr, row(h));
      for (const T each : h) EXPECT_EQ(each, h[0]);
      return h[0];
    };
    const auto slope_at = [&](Function f, T z) {
      std::vector<T> x(19, z), d(19, T(1));
      multiply_slope<T>(f, 1.0, row(x), row(d));
      return d[18];
    };
    EXPECT_EQ(at(Function::erf, size), 1);
    EXPECT_EQ(at(Function::erf, -size), -1);
    EXPECT_EQ(at(Function::tanh, size), 1);
    EXPECT_EQ(at(Function::tanh, -size), -1);
    EXPECT_EQ(at(Function::gelu, size), size);
    EXPECT_EQ(at(Function::gelu, -size), 0);
    EXPECT_EQ(at(Function::softplus, size), size);
    EXPECT_NEAR(at(Function::softplus, -size), 0, 1e-40);  // exp(-100) = 4e-44 in double
    EXPECT_EQ(slope_at(Function::gelu, size), 1);
    EXPECT_EQ(slope_at(Function::gelu, -size), 0);
    EXPECT_NEAR(slope_at(Function::tanh, size), 0, 1e-40);
    EXPECT_EQ(slope_at(Function::softplus, size), 1);
    EXPECT_NEAR(slope_at(Function::softplus, -size), 0, 1e-40);
    EXPECT_EQ(slope_at(Function::erf, -size), 0);
    EXPECT_EQ(at(Function::sigmoid, size), 1);
    EXPECT_NEAR(at(Function::sigmoid, -size), 0, 1e-40);
    EXPECT_NEAR(slope_at(Function::sigmoid, size), 0, 1e-40);
    EXPECT_EQ(at(Function::silu, size), size);
    EXPECT_NEAR(at(Function::silu, -size), 0, 1e-40);
    EXPECT_EQ(slope_at(Function::silu, size), 1);
    EXPECT_NEAR(slope_at(Function::silu, -size), 0, 1e-40);
    EXPECT_EQ(at(Function::elu, size), size);
    EXPECT_EQ(at(Function::elu, -size), -1);
    EXPECT_EQ(slope_at(Function::elu, size), 1);
    EXPECT_NEAR(slope_at(Function::elu, -size), 0, 1e-40);
    EXPECT_EQ(at(Function::relu_power, -size), 0);
    EXPECT_EQ(at(Function::abs, -size), size);
  }
}

// No size is too large for a sine: beyond the range of the vector code it is the library's, lane by lane. At infinity
// there is no limit, and the answer says so.
TYPED_TEST(Pointwise, SineAndCosineOfAnySize) {
  using T = TypeParam;
  std::vector<T> z;
  for (int i = 0; i < 2000; ++i) z.push_back((i % 2 == 0 ? T(1) : T(-1)) * std::pow(T(10), T(i) / T(60)));  // to 2e33
  std::vector<T> sines(z.size()), cosines(z.size());
  forward<T>(Function::sin, 0, row(z), nullptr, row(sines));
  forward<T>(Function::cos, 0, row(z), nullptr, row(cosines));
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double tolerance = 4 * std::numeric_limits<T>::epsilon();
    ASSERT_NEAR(sines[i], std::sin(static_cast<double>(z[i])), tolerance) << z[i];
    ASSERT_NEAR(cosines[i], std::cos(static_cast<double>(z[i])), tolerance) << z[i];
  }
  std::vector<T> ends = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), T(1)}, h(3);
  forward<T>(Function::sin, 0, row(ends), nullptr, row(h));
  EXPECT_TRUE(std::isnan(h[0]) && std::isnan(h[1]) && !std::isnan(h[2]));
}

TYPED_TEST(Pointwise, NotANumberStaysSo) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (const Case& c : cases) {
    std::vector<T> z(21, nan), h(21, T(0)), d(21, T(1));
    forward<T>(c.function, c.parameter, row(z), nullptr, row(h));
    multiply_slope<T>(c.function, c.parameter, row(std::as_const(z)), row(d));
    for (std::size_t i = 0; i < z.size(); ++i) {
      EXPECT_TRUE(std::isnan(h[i])) << c.name;
      EXPECT_TRUE(std::isnan(d[i])) << c.name;
    }
    std::vector<T> good(21, T(-1)), bad(21, nan);
    multiply_slope<T>(c.function, c.parameter, row(std::as_const(good)), row(bad));
    for (const T each : bad) EXPECT_TRUE(std::isnan(each)) << c.name;
  }
}

/// A block with gaps between its rows; the gaps hold 7 and must still hold it afterwards.
template <class T>
struct Block {
  std::vector<T> buffer;
  View<T> view;
  Block(std::uint64_t key, Index rows, Index cols, Index gap)
      : buffer(static_cast<std::size_t>(rows * (cols + gap)), T(7)), view{buffer.data(), rows, cols, cols + gap} {
    fill_normal(Key(key), static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, buffer.data(),
                static_cast<std::size_t>(cols + gap));
  }
  Block(const Block& other) : buffer(other.buffer), view(other.view) { view.data = buffer.data(); }
  View<const T> in() const { return view; }
  void check_gaps() const {
    for (Index i = 0; i < view.rows; ++i)
      for (Index j = view.cols; j < view.stride; ++j) ASSERT_EQ(view.data[i * view.stride + j], T(7));
  }
};

constexpr Index widths[] = {1, 3, 8, 17, 32, 45};

TYPED_TEST(Pointwise, ForwardAddsTheBiasAndKeepsStrides) {
  using T = TypeParam;
  for (const Index cols : widths) {
    const Block<T> before(1, 5, cols, 2);
    Block<T> z = before, h(2, 5, cols, 3);
    const Block<T> bias(3, 1, cols, 0);
    forward<T>(Function::relu, 0, z.view, bias.view.data, h.view);
    for (Index i = 0; i < 5; ++i)
      for (Index j = 0; j < cols; ++j) {
        const T sum = before.view(i, j) + bias.view(0, j);  // one rounded addition: equal to the bit
        ASSERT_EQ(z.view(i, j), sum);
        ASSERT_EQ(h.view(i, j), sum > 0 ? sum : T(0));
      }
    z.check_gaps();
    h.check_gaps();
    Block<T> same = before;
    forward<T>(Function::relu, 0, same.view, bias.view.data, same.view);  // in place
    for (Index i = 0; i < 5; ++i)
      for (Index j = 0; j < cols; ++j) ASSERT_EQ(same.view(i, j), h.view(i, j));
  }
}

TYPED_TEST(Pointwise, UpdatesFollowTheirFormulas) {
  using T = TypeParam;
  const double tolerance = 8 * std::numeric_limits<T>::epsilon();  // a few roundings of numbers of order 1..4
  for (const Index cols : widths)
    for (const Index gap : {0, 2}) {
      const Block<T> g(1, 6, cols, gap), w0(2, 6, cols, gap), m0(3, 6, cols, gap);
      Block<T> v0(4, 6, cols, gap);
      for (Index i = 0; i < 6; ++i)
        for (Index j = 0; j < cols; ++j) v0.view(i, j) = std::abs(v0.view(i, j));
      Block<T> w = w0, velocity = m0, w_momentum = w0, m = m0, v = v0, w_adam = w0, sum = w0;
      const AdamStep step{
          .rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .correction1 = 1.5, .correction2 = 3};
      sgd<T>(T(0.25), g.in(), w.view);
      momentum<T>(T(0.9), T(0.25), g.in(), velocity.view, w_momentum.view);
      adam<T>(step, g.in(), m.view, v.view, w_adam.view);
      add_scaled<T>(T(-2), g.in(), sum.view);
      for (Index i = 0; i < 6; ++i)
        for (Index j = 0; j < cols; ++j) {
          const double gij = g.view(i, j), wij = w0.view(i, j), mij = m0.view(i, j), vij = v0.view(i, j);
          ASSERT_NEAR(w.view(i, j), wij - 0.25 * gij, 4 * tolerance);
          ASSERT_NEAR(sum.view(i, j), wij - 2 * gij, 4 * tolerance);
          ASSERT_NEAR(velocity.view(i, j), 0.9 * mij + gij, 4 * tolerance);
          ASSERT_NEAR(w_momentum.view(i, j), wij - 0.25 * (0.9 * mij + gij), 4 * tolerance);
          const double first = 0.8 * mij + 0.2 * gij, second = 0.95 * vij + 0.05 * gij * gij;
          ASSERT_NEAR(m.view(i, j), first, 4 * tolerance);
          ASSERT_NEAR(v.view(i, j), second, 4 * tolerance);
          ASSERT_NEAR(w_adam.view(i, j), wij - 0.01 * 1.5 * first / (std::sqrt(3 * second) + 1e-3), 4 * tolerance);
        }
      w.check_gaps();
      w_momentum.check_gaps();
      velocity.check_gaps();
      w_adam.check_gaps();
      m.check_gaps();
      v.check_gaps();
    }
}

TYPED_TEST(Pointwise, DecayGoesIntoTheGradientOrStandsBesideIt) {
  using T = TypeParam;
  const double tolerance = 32 * std::numeric_limits<T>::epsilon();  // a few roundings of numbers of order 1..4
  for (const Index cols : widths)
    for (const Index gap : {0, 2}) {
      const Block<T> g(1, 6, cols, gap), w0(2, 6, cols, gap), m0(3, 6, cols, gap);
      Block<T> v0(4, 6, cols, gap);
      for (Index i = 0; i < 6; ++i)
        for (Index j = 0; j < cols; ++j) v0.view(i, j) = std::abs(v0.view(i, j)) + T(0.1);
      Block<T> w_adam = w0, m = m0, v = v0, w_rmsprop = w0, square = v0;
      adam<T>({.rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .decay = 0.3, .keep = 0.9}, g.in(), m.view,
              v.view, w_adam.view);
      rmsprop<T>({.rate = 0.02, .beta2 = 0.9, .epsilon = 1e-2, .decay = 0.4}, g.in(), square.view, w_rmsprop.view);
      for (Index i = 0; i < 6; ++i)
        for (Index j = 0; j < cols; ++j) {
          const double wij = w0.view(i, j), vij = v0.view(i, j);
          double h = g.view(i, j) + 0.3 * wij;
          const double first = 0.8 * m0.view(i, j) + 0.2 * h, second = 0.95 * vij + 0.05 * h * h;
          ASSERT_NEAR(m.view(i, j), first, tolerance);
          ASSERT_NEAR(v.view(i, j), second, tolerance);
          ASSERT_NEAR(w_adam.view(i, j), 0.9 * wij - 0.01 * first / (std::sqrt(second) + 1e-3), tolerance);
          h = g.view(i, j) + 0.4 * wij;
          const double mean_square = 0.9 * vij + 0.1 * h * h;
          ASSERT_NEAR(square.view(i, j), mean_square, tolerance);
          ASSERT_NEAR(w_rmsprop.view(i, j), wij - 0.02 * h / (std::sqrt(mean_square) + 1e-2), tolerance);
        }
      for (const Block<T>* block : {&w_adam, &m, &v, &w_rmsprop, &square}) block->check_gaps();
    }
}

TYPED_TEST(Pointwise, MomentumMayWriteOverItsGradient) {
  using T = TypeParam;  // g <- g + mu v with the new v: Nesterov's direction
  for (const Index cols : widths) {
    const Block<T> g(1, 3, cols, 1), v0(2, 3, cols, 1);
    Block<T> v = v0, direction = g;
    momentum<T>(T(0.5), T(-0.5), direction.in(), v.view, direction.view);
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < cols; ++j) {
        const double next = 0.5 * v0.view(i, j) + g.view(i, j);
        ASSERT_NEAR(v.view(i, j), next, 8 * std::numeric_limits<T>::epsilon());
        ASSERT_NEAR(direction.view(i, j), g.view(i, j) + 0.5 * next, 16 * std::numeric_limits<T>::epsilon());
      }
  }
}

TYPED_TEST(Pointwise, SumsAgreeWithPlainLoops) {
  using T = TypeParam;
  for (const Index cols : widths)
    for (const Index gap : {0, 3}) {
      const Block<T> x(1, 9, cols, gap), y(2, 9, cols, gap);
      double squares = 0, differences = 0, products = 0;
      for (Index i = 0; i < 9; ++i)
        for (Index j = 0; j < cols; ++j) {
          const double a = x.view(i, j), b = y.view(i, j);
          squares += a * a, differences += (a - b) * (a - b), products += a * b;
        }
      // Both sides sum in double; only the order differs.
      EXPECT_NEAR(sum_squares<T>(x.in()), squares, 1e-12 * squares);
      EXPECT_NEAR((sum_squared_differences<T>(x.in(), y.in())), differences, 1e-12 * differences);
      EXPECT_NEAR((dot<T>(x.in(), y.in())), products, 1e-12 * squares + 1e-13);
      std::vector<T> sums(static_cast<std::size_t>(cols), T(3)),
          fresh(sums.size(), std::numeric_limits<T>::quiet_NaN());
      column_sums<T>(T(0.5), x.in(), T(2), sums.data());
      column_sums<T>(T(1), x.in(), T(0), fresh.data());
      for (Index j = 0; j < cols; ++j) {
        double column = 0;
        for (Index i = 0; i < 9; ++i) column += x.view(i, j);
        const double tolerance = 50 * std::numeric_limits<T>::epsilon();  // nine additions of numbers of order 3
        EXPECT_NEAR(sums[static_cast<std::size_t>(j)], 0.5 * column + 6, tolerance);
        EXPECT_NEAR(fresh[static_cast<std::size_t>(j)], column, tolerance);
      }
    }
}

TYPED_TEST(Pointwise, SizesThatDoNotFitAreRefused) {
  using T = TypeParam;
  Block<T> a(1, 3, 4, 0), b(2, 4, 3, 0);
  EXPECT_THROW(forward<T>(Function::relu, 0, a.view, nullptr, b.view), ShapeError);
  EXPECT_THROW(multiply_slope<T>(Function::relu, 0, a.in(), b.view), ShapeError);
  EXPECT_THROW(sgd<T>(T(1), a.in(), b.view), ShapeError);
  EXPECT_THROW(adam<T>({}, a.in(), a.view, a.view, b.view), ShapeError);
  EXPECT_THROW(rmsprop<T>({}, a.in(), b.view, a.view), ShapeError);
  EXPECT_THROW((void)dot<T>(a.in(), b.in()), ShapeError);
}

}  // namespace
}  // namespace widthwise::pointwise
