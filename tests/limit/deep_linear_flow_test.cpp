// Closed flows of deep linear networks against the full system they reduce, by small Runge-Kutta steps, against closed
// forms and against the exponents of theory.
#include "widthwise/limit/deep_linear_flow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>

#include "widthwise/base/error.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/numerics/local_slope.h"

namespace widthwise {
namespace {

const FlowSpectrum few{{1, 0.5, 0.2, 0.03}, {0.5, 2, 1, 3}};

std::vector<double> decades(double first, double last, int each) {
  std::vector<double> out;
  for (int k = 0; k <= std::lround(std::log10(last / first) * each); ++k)
    out.push_back(first * std::pow(10, static_cast<double>(k) / each));
  return out;
}

/// v, A and b of one hidden layer, without the reduction: what the flow must reproduce.
struct Full {
  Vector<double> v;
  Matrix<double> a;
  double b = 1;
  Full operator+(const Full& o) const { return {v + o.v, a + o.a, b + o.b}; }
  Full operator*(double x) const { return {x * v, x * a, x * b}; }
};

Full full_at(const FlowSpectrum& spectrum, double gamma0, double eta, double time, int steps) {
  const auto n = static_cast<Index>(spectrum.variance.size());
  Vector<double> lambda(n), w(n);
  for (Index k = 0; k < n; ++k) {
    lambda(k) = spectrum.variance[static_cast<std::size_t>(k)];
    w(k) = std::sqrt(spectrum.target_squared[static_cast<std::size_t>(k)]);
  }
  const auto slope = [&](const Full& y) -> Full {
    const Vector<double> s = lambda.cwiseProduct(y.v), c = gamma0 * (w - y.v);
    return {-eta * (y.b * s + y.a * s), eta * gamma0 * (c * s.transpose() + s * c.transpose()),
            2 * eta * gamma0 * c.dot(s)};
  };
  Full y{w, Matrix<double>::Identity(n, n), 1};
  const double h = time / steps;
  for (int k = 0; k < steps; ++k) {
    const Full k1 = slope(y), k2 = slope(y + k1 * (h / 2)), k3 = slope(y + k2 * (h / 2)), k4 = slope(y + k3 * h);
    y = y + (k1 + k2 * 2 + k3 * 2 + k4) * (h / 6);
  }
  return y;
}

TEST(TwoLayerFlow, IsTheFullSystemOfCorrelations) {
  for (const double gamma0 : {0.01, 1.0, 5.0}) {
    const double time = 3;
    const Full full = full_at(few, gamma0, 0.7, time, 20000);
    const Trace trace = two_layer_flow(few, {gamma0, 0.7, 1e-9}, std::vector{time});
    double loss = 0;
    for (std::size_t k = 0; k < 4; ++k) loss += few.variance[k] * std::pow(full.v(static_cast<Index>(k)), 2);
    EXPECT_NEAR(trace.final_value("loss") / loss, 1, 1e-6) << gamma0;
    EXPECT_NEAR(trace.final_value("kernel_scale"), 0.7 * (1 + full.b), 1e-6 * full.b) << gamma0;
  }
}

TEST(TwoLayerFlow, TheFullSystemStaysABoost) {
  // What the reduction rests on, of the system that does not know it: b^2 - |c|^2 = 1 and A = 1 + c c^T / (1 + b).
  const double gamma0 = 3;
  const Full full = full_at(few, gamma0, 1, 5, 20000);
  Vector<double> c(4);
  for (Index k = 0; k < 4; ++k)
    c(k) = gamma0 * (std::sqrt(few.target_squared[static_cast<std::size_t>(k)]) - full.v(k));
  EXPECT_GT(full.b, 5);  // far from the start
  EXPECT_NEAR(full.b * full.b - c.squaredNorm(), 1, 1e-8);
  const Matrix<double> boost = Matrix<double>::Identity(4, 4) + c * c.transpose() / (1 + full.b);
  EXPECT_LT((full.a - boost).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(TwoLayerFlow, OfOneModeIsSolvedInClosedForm) {
  for (const double gamma0 : {0.1, 1.0, 8.0}) {
    const std::vector<double> times{0, 0.1, 0.5, 2};
    const Trace trace = two_layer_flow({{1}, {1}}, {gamma0, 0.3, 1e-9}, times);
    for (std::size_t k = 0; k < times.size(); ++k)
      EXPECT_NEAR(trace.values("loss")[k] / std::pow(isotropic_flow(gamma0, 0.3, times[k]), 2), 1, 1e-6) << gamma0;
  }
}

TEST(TwoLayerFlow, DescentHasTheFlowAsItsLimitToFirstOrder) {
  double last = 0;
  for (const int steps : {1000, 2000}) {
    const double time = 2, eta = time / steps;  // flow time of eta = 1
    const double error = isotropic_descent(2, eta, steps).back() - isotropic_flow(2, 1, time);
    if (steps == 2000) {
      EXPECT_NEAR(last / error, 2, 0.02);
    }
    last = error;
  }
  // Two steps by hand: e = eta gamma0 = 1/2; c = 1, A = B = 5/4, a = 1/2; then e = 1/4, c = 1 + 5/8 + 1/16.
  const std::vector<double> a = isotropic_descent(2, 0.25, 2);
  EXPECT_DOUBLE_EQ(a[1], 0.5);
  EXPECT_DOUBLE_EQ(a[2], 1 - (1 + 0.625 + 0.0625) / 2);
}

TEST(TwoLayerFlow, WithoutFeatureLearningIsTheSumOverModes) {
  const FlowSpectrum spectrum = power_law_modes({1.5, 0.6, 500});
  const std::vector<double> times = decades(0.1, 1e5, 1);
  const Trace trace = two_layer_flow(spectrum, {0, 0.5, 1e-8}, times);
  for (std::size_t i = 0; i < times.size(); ++i) {
    double loss = 0;
    for (std::size_t k = 0; k < 500; ++k)
      loss += spectrum.variance[k] * spectrum.target_squared[k] * std::exp(-2 * spectrum.variance[k] * times[i]);
    EXPECT_NEAR(trace.values("loss")[i] / loss, 1, 1e-5) << times[i];
  }
}

TEST(TwoLayerFlow, ErrorsFallWithTheTolerance) {
  const FlowSpectrum spectrum = power_law_spectrum({1.5, 0.4, 1 << 20});
  const std::vector<double> times{1e8};
  const double exact = two_layer_flow(spectrum, {3, 1, 1e-10}, times).final_value("loss");
  double last = 1;
  for (const double tolerance : {1e-4, 1e-6, 1e-8}) {
    const double error = std::abs(two_layer_flow(spectrum, {3, 1, tolerance}, times).final_value("loss") / exact - 1);
    EXPECT_LT(error, last / 5) << tolerance;
    EXPECT_LT(error, 300 * tolerance);
    last = error;
  }
}

TEST(BalancedFlow, OfOneMatrixIsLinear) {
  const std::vector<double> times{0.5, 3, 40};
  const Trace linear = balanced_flow(few, {1, 1, 1e-8}, times), lazy = two_layer_flow(few, {0, 0.5, 1e-8}, times);
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_NEAR(linear.values("loss")[i] / lazy.values("loss")[i], 1, 1e-6);
}

/// The loss where the kernel has this scale: of two flows from small starts only this, not the time, can be compared.
double loss_at(const Trace& trace, double scale) {
  const std::vector<double>&loss = trace.values("loss"), &kernel = trace.values("kernel_scale");
  std::size_t k = 1;
  while (k + 1 < kernel.size() && kernel[k] < scale) ++k;
  const double share = (scale - kernel[k - 1]) / (kernel[k] - kernel[k - 1]);
  return loss[k - 1] + share * (loss[k] - loss[k - 1]);
}

TEST(BalancedFlow, OfTwoMatricesIsTheRichLimitOfTwoLayers) {
  // eta gamma0 = 1, gamma0 -> infinity: p = |B|, q = 1 / |B|.
  const double gamma0 = 1e6;
  std::vector<double> times;
  for (int k = 1; k <= 4000; ++k) times.push_back(0.01 * k);
  const Trace rich = two_layer_flow(few, {gamma0, 1 / gamma0, 1e-8}, times),
              balanced = balanced_flow(few, {2, 1 / (gamma0 * gamma0), 1e-8}, times);
  for (const double scale : {0.3, 0.8, 1.5}) EXPECT_NEAR(loss_at(rich, scale) / loss_at(balanced, scale), 1, 1e-3);
  EXPECT_LT(loss_at(balanced, 1.5), 0.5 * loss_at(balanced, 0.3));  // not the same number thrice
}

TEST(BalancedFlow, IsTheProductOfBalancedMatrices) {
  // Three matrices of rank one, equal in size: a row x and two numbers y, z, f = z y x, under gradient flow
  // dx = z y s, dy = z x . s, dz = y x . s by the midpoint rule, from a small start along the first gradient.
  Vector<double> lambda(4), w(4);
  for (Index k = 0; k < 4; ++k) {
    lambda(k) = few.variance[static_cast<std::size_t>(k)];
    w(k) = std::sqrt(few.target_squared[static_cast<std::size_t>(k)]);
  }
  struct State {
    Vector<double> x;
    double y, z;
  };
  const auto slope = [&](const State& at) {
    const Vector<double> s = lambda.cwiseProduct(w - at.z * at.y * at.x);
    const double along = at.x.dot(s);
    return State{at.z * at.y * s, at.z * along, at.y * along};
  };
  const auto moved = [](const State& from, const State& by, double t) {
    return State{from.x + t * by.x, from.y + t * by.y, from.z + t * by.z};
  };
  const double each = 0.01, floor = std::pow(each, 6);
  std::vector<double> times;
  for (int k = 1; k <= 20000; ++k) times.push_back(0.01 * k);
  const Trace trace = balanced_flow(few, {3, floor, 1e-8}, times);
  State at{each * lambda.cwiseProduct(w).normalized(), each, each};
  double asked = 0.3;
  for (int k = 0; k < 200000 && asked < 2; ++k) {
    at = moved(at, slope(moved(at, slope(at), 5e-4)), 1e-3);
    const Vector<double> b = at.z * at.y * at.x;
    if (b.norm() < asked) continue;
    const double loss = lambda.dot((w - b).cwiseAbs2());
    EXPECT_NEAR(loss_at(trace, std::pow(b.norm(), 4.0 / 3)) / loss, 1, 2e-3) << asked;
    asked += 0.5;
  }
  EXPECT_GT(asked, 2);  // all three were met
}

TEST(PowerLaws, SpectraAreMergedWithinTheirAccuracy) {
  const PowerLaw law{1.5, 0.4, 2000};
  const FlowSpectrum all = power_law_modes(law), merged = power_law_spectrum(law);
  EXPECT_EQ(all.variance.size(), 2000U);
  EXPECT_LT(merged.variance.size(), 90U);
  EXPECT_NEAR(initial_loss(merged) / initial_loss(all), 1, 1e-12);
  const auto total = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
  EXPECT_NEAR(total(merged.target_squared) / total(all.target_squared), 1, 1e-12);
  for (std::size_t k = 0; k < 16; ++k) EXPECT_EQ(merged.variance[k], std::pow(static_cast<double>(k) + 1, -1.5));
  for (const double gamma0 : {0.0, 3.0}) {
    // While the last mode is far from learned (kernel times its variance times t: 0.2 in both cases): later there is no
    // power law, and the rate of the last bin is all.
    const std::vector<double> times = decades(1, gamma0 == 0 ? 1e4 : 316, 4);
    const Trace exact = two_layer_flow(all, {gamma0}, times), fast = two_layer_flow(merged, {gamma0}, times);
    double worst = 0;
    for (std::size_t i = 0; i < times.size(); ++i)
      worst = std::max(worst, std::abs(fast.values("loss")[i] / exact.values("loss")[i] - 1));
    EXPECT_LT(worst, 1e-3) << gamma0;  // bins of 1/8 octave: variance of log lambda 1.4e-3, times about beta / 2
  }
}

TEST(PowerLaws, SumsFarOutAreIntegrals) {
  // A million modes one by one against bins; target_squared = k^-p with p on both sides of 1 and at it.
  for (const double source : {0.4, 1.0, 1.25}) {
    const PowerLaw law{1.5, source, 1000000};
    const FlowSpectrum all = power_law_modes(law), merged = power_law_spectrum(law);
    EXPECT_NEAR(initial_loss(merged) / initial_loss(all), 1, 1e-9) << source;
  }
  EXPECT_LT(power_law_spectrum({1.5, 0.4, std::uint64_t{1} << 50}).variance.size(), 420U);
}

double slope_at(const Trace& trace, double from, double to) {
  const double edges[] = {from, to};
  return local_slopes(trace.time, trace.values("loss"), edges)[0].slope;
}

TEST(PowerLaws, TwoLayersHaveTheSlopesOfAnIndependentSolver) {
  // Slopes of the four decades from t = 10, gamma0 = 3, a = 2 and a million modes, by another program that integrates
  // c, A and b; the last of beta = 0.4 is past theory's -0.571 because the modes end.
  const double decades_from_ten[] = {10, 1e2, 1e3, 1e4, 1e5};
  const auto slopes = [&](double source, double gamma0) {
    const FlowSpectrum spectrum = power_law_spectrum({2, source, 1000000});
    const Trace trace = two_layer_flow(spectrum, {gamma0, 1, 1e-7}, decades(10, 1e5, 20));
    return local_slopes(trace.time, trace.values("loss"), decades_from_ten);
  };
  struct Row {
    double source, slope[4];
  };
  for (const Row& row : {Row{0.4, {-0.559, -0.566, -0.571, -0.579}}, Row{0.6, {-0.745, -0.744, -0.745, -0.748}},
                         Row{1.25, {-1.296, -1.271, -1.261, -1.256}}}) {
    const std::vector<LocalSlope> rich = slopes(row.source, 3), lazy = slopes(row.source, 1e-3);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(rich[i].slope, row.slope[i], 0.0015) << row.source << " " << i;
      EXPECT_NEAR(lazy[i].slope, -row.source, 0.0015) << row.source << " " << i;
    }
  }
}

TEST(PowerLaws, TwoLayersReachTheExponentOfRichTraining) {
  // 2 beta / (1 + beta) for hard tasks, beta for easy ones, where modes do not end.
  for (const double source : {0.4, 0.6, 1.25}) {
    const FlowSpectrum spectrum = power_law_spectrum({1.5, source, std::uint64_t{1} << 50});
    const Trace trace = two_layer_flow(spectrum, {3, 1, 1e-7}, decades(1e6, 1e7, 10));
    EXPECT_NEAR(slope_at(trace, 1e6, 1e7), -(source < 1 ? 2 * source / (1 + source) : source), 0.003) << source;
  }
}

TEST(PowerLaws, BalancedMatricesHaveAnExponentForEachDepth) {
  for (const double source : {0.4, 0.6, 1.25})
    for (const int n : {1, 2, 3, 4}) {
      const FlowSpectrum spectrum = power_law_spectrum({1.5, source, std::uint64_t{1} << 40});
      const Trace trace = balanced_flow(spectrum, {n, 1, 1e-7}, decades(1e5, 1e6, 10));
      const double expected = source < 1 ? n * source / (1 + (n - 1) * source) : source;
      EXPECT_NEAR(slope_at(trace, 1e5, 1e6), -expected, 0.006) << source << " " << n;
    }
}

TEST(DeepLinearFlow, BadInputIsNamed) {
  const std::vector<double> times{1};
  const auto key = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const ConfigError& error) {
      return error.place().key;
    }
    return "nothing";
  };
  EXPECT_EQ(key([&] { two_layer_flow(few, {-1}, times); }), "limit.richness");
  EXPECT_EQ(key([&] { two_layer_flow(few, {1, 0}, times); }), "limit.learning_rate");
  EXPECT_EQ(key([&] { two_layer_flow(few, {1, 1, 0}, times); }), "limit.tolerance");
  EXPECT_EQ(key([&] { two_layer_flow(few, {}, std::vector{2.0, 1.0}); }), "measure.times");
  EXPECT_EQ(key([&] { balanced_flow(few, {0}, times); }), "limit.hidden_layers");
  EXPECT_EQ(key([&] { balanced_flow(few, {2, 0}, times); }), "limit.floor");
  EXPECT_EQ(key([&] { two_layer_flow({{1, -1}, {1, 1}}, {}, times); }), "limit.spectrum.variance");
  EXPECT_EQ(key([&] { two_layer_flow({{}, {}}, {}, times); }), "limit.spectrum.variance");
  EXPECT_EQ(key([&] { two_layer_flow({{1, 1}, {1}}, {}, times); }), "limit.spectrum.target_squared");
  EXPECT_EQ(key([&] { isotropic_descent(0, 1, 1); }), "limit.richness");
  EXPECT_EQ(key([&] { isotropic_descent(1, 1, -1); }), "limit.steps");
  EXPECT_EQ(key([&] { isotropic_flow(1, 1, -1); }), "measure.times");
  EXPECT_EQ(key([] { power_law_modes({0, 0.5, 5}); }), "limit.spectrum.exponent");
  EXPECT_EQ(key([] { power_law_modes({1, 0, 5}); }), "limit.spectrum.target_exponent");
  EXPECT_EQ(key([] { power_law_modes({1, 1, 0}); }), "limit.spectrum.modes");
  EXPECT_EQ(key([] { power_law_modes({1, 1, 1 << 25}); }), "limit.spectrum.modes");
  EXPECT_EQ(key([] { power_law_spectrum({}, {1 << 25, 1}); }), "limit.spectrum.exact");
  EXPECT_EQ(key([] { power_law_spectrum({}, {1, 0}); }), "limit.spectrum.per_octave");
}

}  // namespace
}  // namespace widthwise
