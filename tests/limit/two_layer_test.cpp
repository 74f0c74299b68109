// Limits of networks of one hidden layer against the same dynamics written out in plain loops, against a wide network
// of the same particles, and against closed forms.
#include "widthwise/limit/two_layer.h"

#include <gtest/gtest.h>

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

constexpr Index samples = 7, others = 3, features = 4;

struct Problem {
  Matrix<double> inputs{samples, features}, targets{samples, 1}, others_{others, features};
  LimitProblem problem;

  explicit Problem(const std::string& activation = "leaky_relu", const std::string& loss = "logistic") {
    const Key key(11);
    fill_normal(key.split("x"), samples, features, 1.0, inputs.data(), features);
    fill_normal(key.split("z"), others, features, 1.0, others_.data(), features);
    for (Index i = 0; i < samples; ++i) targets(i, 0) = i % 2 == 0 ? 1 : -1;
    problem = {view(std::as_const(inputs)), view(std::as_const(targets)), view(std::as_const(others_)),
               make_activation(activation), make_loss(loss)};
  }
};

TwoLayerReference reference() {
  return {.width = 16, .sigma = 0.25, .input_std = 0.5, .rate_a = 3, .rate_w = 2};
}

TwoLayerOptions options(const char* q_sigma, const char* q_a, const char* q_w, bool corrected = false) {
  TwoLayerOptions out;
  out.exponents = parse_two_layer(q_sigma, q_a, q_w);
  out.init_corrected = corrected;
  out.reference = reference();
  out.particles = 200;
  out.key = Key(5);
  return out;
}

std::vector<std::uint32_t> everything() {
  std::vector<std::uint32_t> rows(samples);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

double slope_of(GradientMode mode, double y, double f) {
  if (mode == GradientMode::linear) return y / 2;
  if (mode == GradientMode::logistic) return y / (1 + std::exp(y * f));
  return y * f < 0 ? y : 0;
}

double phi(double z) {
  return z > 0 ? z : 0.01 * z;
}
double dphi(double z) {
  return z > 0 ? 1 : 0.01;
}

struct Modes {
  GradientMode first, later;
};
constexpr auto lin = GradientMode::linear, log_ = GradientMode::logistic, perc = GradientMode::perceptron;

// The cells of the spec with a constant kernel: exponents, slopes before and after the first step, whether g0 stays.
struct KernelCell {
  const char *name, *q_sigma, *q;
  Modes modes;
  bool keep;
};

class ConstantKernel : public testing::TestWithParam<KernelCell> {};

TEST_P(ConstantKernel, IsDescentWithTheKernelWrittenOut) {
  const KernelCell cell = GetParam();
  const Problem p;
  TwoLayerLimit limit(p.problem, options(cell.q_sigma, cell.q, cell.q));
  const TwoLayerReference r = reference();
  // E phi phi and E phi' phi' of leaky relu, slope 0.01 (Cho and Saul 2009), written out.
  const auto x = [&](Index i) { return Vector<double>(i < samples ? p.inputs.row(i) : p.others_.row(i - samples)); };
  const auto kernel = [&](Index i, Index j) {
    const double c = x(i).dot(x(j)), n = x(i).norm() * x(j).norm(), t = i == j ? 1 : c / n, s = 0.01;
    const double sum = std::pow(1 + s, 2) / 4, bend = std::pow(1 - s, 2) / 4 * 2 / M_PI, v = std::pow(r.input_std, 2);
    const double of_features = v * (sum * c + bend * n * (std::sqrt(1 - t * t) + t * std::asin(t)));
    return r.sigma * r.sigma * r.width * (r.rate_a * of_features + r.rate_w * c * (sum + bend * std::asin(t)));
  };
  Vector<double> g0(samples + others), f(samples + others);
  g0 << limit.training_output(), limit.other_output();
  f = cell.keep ? g0 : Vector<double>::Zero(samples + others).eval();
  const std::vector<std::uint32_t> rows = everything();
  for (int k = 0; k < 6; ++k) {
    Vector<double> step = Vector<double>::Zero(f.size());
    for (Index j = 0; j < samples; ++j) {
      const double slope = k == 0 ? slope_of(cell.modes.first, p.targets(j, 0), g0[j])
                                  : slope_of(cell.modes.later, p.targets(j, 0), f[j]);
      for (Index i = 0; i < f.size(); ++i) step[i] += kernel(i, j) * slope / samples;
    }
    f += step;
    limit.advance(rows);
    EXPECT_LT((limit.training_output() - f.head(samples)).norm(), 1e-8 * f.norm()) << k;
    EXPECT_LT((limit.other_output() - f.tail(others)).norm(), 1e-8 * f.norm()) << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, ConstantKernel,
                         testing::Values(KernelCell{"NTK", "-1/2", "0", {log_, log_}, true},
                                         KernelCell{"MF-NTK", "-3/4", "1/2", {lin, log_}, false},
                                         KernelCell{"NTK-sym-default", "-1/2", "1/4", {log_, perc}, false},
                                         KernelCell{"post-NTK", "-1", "1/2", {lin, lin}, true},
                                         KernelCell{"pre-NTK", "0", "-1/2", {perc, perc}, true},
                                         KernelCell{"triangle", "-33/50", "1/2", {lin, perc}, false},
                                         KernelCell{"post-MF-NTK", "-1", "3/4", {lin, lin}, false},
                                         KernelCell{"pre-NTK-sym-default", "0", "-1/4", {perc, perc}, false}),
                         [](const auto& cell) {
                           std::string name = cell.param.name;
                           std::erase(name, '-');
                           return name;
                         });

// Cells with particles. The same particles, drawn the same way, in plain loops.
struct ParticleCell {
  const char *name, *q_sigma, *q_a, *q_w;
  Modes modes;
  bool corrected = false, forgets_a = false, forgets_w = false, a_moves = true;
};

class MeanField : public testing::TestWithParam<ParticleCell> {};

TEST_P(MeanField, IsTheDynamicsOfTheParticlesWrittenOut) {
  const ParticleCell cell = GetParam();
  const Problem p;
  const TwoLayerOptions asked = options(cell.q_sigma, cell.q_a, cell.q_w, cell.corrected);
  TwoLayerLimit limit(p.problem, asked);
  const TwoLayerReference r = reference();
  const Index pairs = asked.particles / 2;
  const Key key = asked.key.split("particles");
  std::vector<double> a;
  std::vector<Vector<double>> w;
  for (const double sign : {1.0, -1.0})
    for (Index m = 0; m < pairs; ++m) {
      a.push_back(sign * normal(key.split("a"), static_cast<std::uint64_t>(m), 0));
      w.emplace_back(features);
      for (Index j = 0; j < features; ++j)
        w.back()[j] =
            r.input_std * normal(key.split("w"), static_cast<std::uint64_t>(m), static_cast<std::uint64_t>(j));
    }
  if (cell.forgets_a) std::ranges::fill(a, 0.0);
  const auto output = [&](const auto& x) {
    double sum = 0;
    for (std::size_t m = 0; m < a.size(); ++m) sum += a[m] * phi(w[m].dot(Vector<double>(x)));
    return r.sigma * r.width * sum / static_cast<double>(a.size());
  };
  const Vector<double> g0 = limit.training_output(), other_g0 = limit.other_output();
  const std::vector<std::uint32_t> rows = everything();
  for (int k = 0; k < 4; ++k) {
    Vector<double> slopes(samples);
    for (Index i = 0; i < samples; ++i) {
      const double f = k == 0 ? g0[i] : output(p.inputs.row(i)) + (cell.corrected ? g0[i] : 0);
      slopes[i] = slope_of(k == 0 ? cell.modes.first : cell.modes.later, p.targets(i, 0), f) / samples;
    }
    for (std::size_t m = 0; m < a.size(); ++m) {
      double da = 0;
      Vector<double> dw = Vector<double>::Zero(features);
      for (Index i = 0; i < samples; ++i) {
        const Vector<double> x = p.inputs.row(i);
        const double z = w[m].dot(x);
        da += slopes[i] * phi(z);
        dw += slopes[i] * a[m] * dphi(z) * x;
      }
      const bool gated = cell.forgets_w && k == 0;
      if (cell.a_moves && !gated) a[m] += r.rate_a * r.sigma * da;
      if (gated) w[m].setZero();
      w[m] += r.rate_w * r.sigma * dw;
    }
    limit.advance(rows);
    const Vector<double> found = limit.training_output(), there = limit.other_output();
    for (Index i = 0; i < samples; ++i)
      EXPECT_NEAR(found[i], output(p.inputs.row(i)) + (cell.corrected ? g0[i] : 0), 1e-10) << k;
    for (Index i = 0; i < others; ++i)
      EXPECT_NEAR(there[i], output(p.others_.row(i)) + (cell.corrected ? other_g0[i] : 0), 1e-10) << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, MeanField,
                         testing::Values(ParticleCell{"MF", "-1", "1", "1", {lin, log_}},
                                         ParticleCell{"ICMF", "-1", "1", "1", {log_, log_}, true},
                                         ParticleCell{"symdefault", "-1/2", "1/2", "1/2", {log_, perc}},
                                         ParticleCell{"MFsymdefault", "-3/4", "3/4", "3/4", {lin, perc}},
                                         ParticleCell{"postMF", "-3/2", "3/2", "3/2", {lin, lin}},
                                         ParticleCell{"presymdefault", "0", "0", "0", {perc, perc}},
                                         ParticleCell{"default", "-1/2", "1", "0", {log_, perc}, false, true},
                                         ParticleCell{"forgetsw", "-1/2", "0", "1", {log_, perc}, false, false, true},
                                         ParticleCell{
                                             "onlyw", "-1/2", "1/4", "1/2", {log_, perc}, false, false, false, false}),
                         [](const auto& cell) { return std::string(cell.param.name); });

// How far a network whose units are the particles is from the limit after the first step, relative: in plain loops.
// (In the second it follows signs, and points whose logit is near 0 may have either for long.)
double distance_of_network(const char* q_a, const char* q_w, Index width) {
  const Problem p;
  TwoLayerOptions asked = options("-1/2", q_a, q_w);
  asked.reference.rate_a = asked.reference.rate_w = 6;
  asked.particles = width;
  asked.initial_output = Vector<double>::Zero(samples + others);  // units come in pairs a, -a
  TwoLayerLimit limit(p.problem, asked);
  const TwoLayerReference r = asked.reference;
  const double rho = static_cast<double>(width) / r.width, sigma = r.sigma / std::sqrt(rho);
  const double rate_a = 6 * std::pow(rho, asked.exponents.q_a.value()),
               rate_w = 6 * std::pow(rho, asked.exponents.q_w.value());
  const Key key = asked.key.split("particles");
  Vector<double> a(width);
  Matrix<double> w(width, features);
  for (Index m = 0; m < width; ++m) {
    const auto drawn = static_cast<std::uint64_t>(m % (width / 2));
    a[m] = (m < width / 2 ? 1 : -1) * normal(key.split("a"), drawn, 0);
    for (Index j = 0; j < features; ++j)
      w(m, j) = r.input_std * normal(key.split("w"), drawn, static_cast<std::uint64_t>(j));
  }
  const Matrix<double> z = w * p.inputs.transpose();
  const Vector<double> f = sigma * z.unaryExpr(&phi).transpose() * a;
  Vector<double> slopes(samples);
  for (Index i = 0; i < samples; ++i) slopes[i] = slope_of(log_, p.targets(i, 0), f[i]) / samples;
  const Vector<double> da = rate_a * sigma * z.unaryExpr(&phi) * slopes;
  const Matrix<double> delta = (a * slopes.transpose()).cwiseProduct(z.unaryExpr(&dphi));
  w += rate_w * sigma * delta * p.inputs;
  a += da;
  limit.advance(everything());
  const Vector<double> there = sigma * (w * p.others_.transpose()).unaryExpr(&phi).transpose() * a,
                       expected = std::pow(rho, limit.exponent()) * limit.other_output();
  return (there - expected).norm() / expected.norm();
}

TEST(TwoLayerLimit, InputWeightsThatGrowAreThoseOfWideNetworks) {
  // s_w = 1/2, s_a = -1/2: what is left out falls like rho^(-1/2), 1/4 over a factor of 16 in the width. With s_w = 1/4
  // alone like rho^(-1/4): 1/2.
  EXPECT_LT(distance_of_network("0", "1", 32768), 0.4 * distance_of_network("0", "1", 2048));
  EXPECT_LT(distance_of_network("0", "1", 32768), 0.02);
  EXPECT_LT(distance_of_network("-1/4", "3/4", 32768), 0.7 * distance_of_network("-1/4", "3/4", 2048));
}

TEST(TwoLayerLimit, OneKernelOfAsymmetricRatesIsThatOfTheLayerThatDominates) {
  // s_a = -1/2, s_w far below: only the readout moves, so that its kernel alone drives F (rate_w may be anything).
  const Problem p;
  TwoLayerOptions asked = options("-1/2", "0", "-3");
  TwoLayerLimit limit(p.problem, asked);
  asked.reference.rate_w = 1e6;
  TwoLayerLimit other(p.problem, asked);
  for (int k = 0; k < 3; ++k) {
    limit.advance(everything());
    other.advance(everything());
  }
  EXPECT_EQ(limit.other_output(), other.other_output());
}

TEST(TwoLayerLimit, SmallLogitsMoveAlongAStraightLine) {
  // post-MF-NTK: F_k = k sum_i K(x, x_i) y_i / 2 / samples, whatever came before.
  const Problem p;
  TwoLayerLimit limit(p.problem, options("-1", "3/4", "3/4"));
  limit.advance(everything());
  const Vector<double> first = limit.other_output();
  for (int k = 2; k <= 5; ++k) {
    limit.advance(everything());
    EXPECT_LT((limit.other_output() - k * first).norm(), 1e-12 * k * first.norm());
  }
}

TEST(TwoLayerLimit, TheInitialOutputHasTheCovarianceOfTheWideNetwork) {
  // g0 ~ GP(0, sigma*^2 d* E phi phi): second moments over 4000 draws, each known to some sqrt(3 / 4000).
  const Problem p;
  TwoLayerOptions asked = options("-1/2", "0", "0");
  const int draws = 4000;
  Matrix<double> second = Matrix<double>::Zero(samples, samples);
  for (int s = 0; s < draws; ++s) {
    asked.key = Key(static_cast<std::uint64_t>(s));
    const Vector<double> g = TwoLayerLimit(p.problem, asked).training_output();
    second += g * g.transpose() / draws;
  }
  const TwoLayerReference r = reference();
  const Index units = 200000;  // Monte Carlo over w of E phi phi
  Matrix<double> w(units, features);
  fill_normal(Key(9), units, features, r.input_std, w.data(), features);
  const Matrix<double> h = (w * p.inputs.transpose()).unaryExpr(&phi);
  const Matrix<double> expected = r.sigma * r.sigma * r.width / units * (h.transpose() * h);
  for (Index i = 0; i < samples; ++i)
    for (Index j = 0; j < samples; ++j) {
      const double error = std::sqrt((expected(i, i) * expected(j, j) + std::pow(expected(i, j), 2)) / draws);
      EXPECT_NEAR(second(i, j), expected(i, j), 5 * error);
    }
}

TEST(TwoLayerLimit, FewPointsInManyDimensionsAreSeenInTheirSpan) {
  // Gaussian w see inner products alone: constant kernels are the same to rounding, and antithetic particles agree to
  // their Monte Carlo error, which falls like M^(-1/2).
  const Index wide = 300;
  Matrix<double> embed(features, wide);
  fill_normal(Key(3), features, wide, 1.0, embed.data(), wide);
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(Eigen::MatrixXd(embed.transpose()));
  const Matrix<double> q = Matrix<double>((qr.householderQ() * Eigen::MatrixXd::Identity(wide, features)).transpose());
  const Problem p;
  const Matrix<double> inputs = p.inputs * q, there = p.others_ * q;
  LimitProblem embedded = p.problem;
  embedded.inputs = view(inputs);
  embedded.others = view(there);
  TwoLayerOptions asked = options("-1", "1", "1");
  asked.particles = 40000;
  TwoLayerLimit few(p.problem, asked), many(embedded, asked);
  for (int k = 0; k < 3; ++k) {
    few.advance(everything());
    many.advance(everything());
  }
  EXPECT_LT((few.training_output() - many.training_output()).norm(), 0.03 * few.training_output().norm());
}

TEST(TwoLayerLimit, IsTheSameOnAnyNumberOfThreads) {
  const Problem p;
  TwoLayerOptions asked = options("-1", "1", "1");
  asked.particles = 5000;  // several chunks, the last one short
  std::vector<Vector<double>> outputs;
  for (const int count : {1, 2, 3}) {
    const ThreadScope scope(count);
    TwoLayerLimit limit(p.problem, asked);
    for (int k = 0; k < 3; ++k) limit.advance(everything());
    outputs.push_back(limit.other_output());
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);
}

TEST(TwoLayerLimit, BatchesThatAreAllSamplesInAnotherOrderChangeNothing) {
  const Problem p;
  std::vector<std::uint32_t> back = everything();
  std::ranges::reverse(back);
  for (const char* q : {"1", "3/4"}) {  // particles, kernel
    TwoLayerLimit one(p.problem, options("-1", q, q)), other(p.problem, options("-1", q, q));
    for (int k = 0; k < 3; ++k) {
      one.advance(everything());
      other.advance(back);
    }
    EXPECT_LT((one.training_output() - other.training_output()).norm(), 1e-12);
  }
}

TEST(TwoLayerLimit, RefusesWhatHasNoLimit) {
  const Problem p;
  EXPECT_THROW(TwoLayerLimit(p.problem, options("1", "1", "1")), ConfigError);     // diverging
  EXPECT_THROW(TwoLayerLimit(p.problem, options("-1", "-1", "-1")), ConfigError);  // stagnating
  const Problem squared("leaky_relu", "squared");
  EXPECT_THROW(TwoLayerLimit(squared.problem, options("-1/2", "1/2", "1/2")), ConfigError);  // no slope far out
  EXPECT_NO_THROW(TwoLayerLimit(squared.problem, options("-1/2", "0", "0")));
  const Problem bounded("tanh");
  EXPECT_THROW(TwoLayerLimit(bounded.problem, options("-1/2", "0", "1")), ConfigError);  // w grows
  EXPECT_NO_THROW(TwoLayerLimit(bounded.problem, options("-1", "1", "1")));
  TwoLayerOptions odd = options("-1", "1", "1");
  odd.particles = 201;
  EXPECT_THROW(TwoLayerLimit(p.problem, odd), ConfigError);
}

}  // namespace
}  // namespace widthwise
