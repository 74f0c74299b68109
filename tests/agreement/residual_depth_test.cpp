// Residual networks against what is known of them: linear ones against the updates of their fields, and over depth what
// branches move the output by.
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "matrices.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/study/one_run.h"

namespace widthwise {
namespace {

using Vector = Eigen::VectorXd;

// D inputs, P samples, width N, L blocks.
constexpr Index inputs = 7, samples = 9, width = 12, blocks = 3, steps = 12;
constexpr double eta = 0.03, gamma = 0.8, beta_0 = 0.9;

// Every weight N(0, 1), every rate eta gamma_0^2 N, f = sqrt(D)/(gamma_0 N) w . h^{L+1}: the multipliers are those of
// mean-field at reference width 1 with 1/sqrt(fan in) in the multiplier, and alpha = sqrt(D)/gamma_0.
Settings linear_network(std::int64_t updates) {
  return {{"architecture.family", {std::string("residual-mlp"), 0}},
          {"architecture.activation", {std::string("linear"), 0}},
          {"architecture.hidden_layers", {std::int64_t{blocks}, 0}},
          {"architecture.width", {std::int64_t{width}, 0}},
          {"architecture.branch_scale", {beta_0, 0}},
          {"parameterization.branch_exponent", {0.5, 0}},
          {"parameterization.name", {std::string("mean-field"), 0}},
          {"parameterization.base_in", {std::string("multiplier"), 0}},
          {"training.alpha", {std::sqrt(double{inputs}) / gamma, 0}},
          {"training.learning_rate", {eta * gamma * gamma, 0}},
          {"training.steps", {updates, 0}},
          {"training.dtype", {std::string("float64"), 0}},
          {"measure.observables", {ValueList{{std::string("train_loss"), 0}}, 0}},
          {"measure.times.every", {std::int64_t{1}, 0}}};
}

// The fields of Bordelon and Pehlevan (2025) and their updates, one after the other: only s = sqrt(D)/P X' Delta goes
// through the network,
//
//   h^1 = W^0 s/sqrt(D),  h^{l+1} = h^l + beta W^l h^l/sqrt(N),   g^{L+1} = w,  g^l = g^{l+1} + beta W^l'
//   g^{l+1}/sqrt(N) W^0 += (eta gamma_0/sqrt(D)) g^1 s',   W^l += (beta eta gamma_0/sqrt(N)) g^{l+1} h^l',   w += eta
//   gamma_0 h^{L+1}.
struct Fields {
  Matrix<double> read_in;
  std::vector<Matrix<double>> branches;
  Vector readout;
  double root_d = std::sqrt(double{inputs}), root_n = std::sqrt(double{width});
  double beta = beta_0 / std::sqrt(double{blocks});

  std::vector<Vector> forward(const Vector& x) const {
    std::vector<Vector> h{read_in * x / root_d};
    for (const Matrix<double>& w : branches) h.push_back(h.back() + beta / root_n * (w * h.back()));
    return h;
  }
  Vector errors(const Matrix<double>& x, const Matrix<double>& y) const {
    Vector delta(x.rows());
    for (Index i = 0; i < x.rows(); ++i)
      delta(i) = y(i, 0) - root_d / (gamma * width) * readout.dot(forward(x.row(i).transpose()).back());
    return delta;
  }
  void update(const Vector& s) {
    const std::vector<Vector> h = forward(s);
    std::vector<Vector> g(branches.size() + 1);
    g.back() = readout;
    for (std::size_t l = branches.size(); l-- > 0;)
      g[l] = g[l + 1] + beta / root_n * (branches[l].transpose() * g[l + 1]);
    read_in += eta * gamma / root_d * g[0] * s.transpose();
    for (std::size_t l = 0; l < branches.size(); ++l)
      branches[l] += beta * eta * gamma / root_n * g[l + 1] * h[l].transpose();
    readout += eta * gamma * h.back();
  }
};

TEST(LinearResidualNetwork, FollowsTheUpdatesOfItsFields) {
  const Matrix<double> x = testing::random_matrix<double>(samples, inputs, 5),
                       y = testing::random_matrix<double>(samples, 1, 6);
  const MeasuredData<double> data{view(x), view(y), {}, {}};
  const auto start = std::get<Weights<double>>(train_one(linear_network(0), data).weights).weight;
  Fields fields;
  fields.read_in = start[0] * fields.root_d;
  for (std::size_t l = 1; l <= blocks; ++l) fields.branches.emplace_back(start[l] * fields.root_n);
  fields.readout = start.back().row(0).transpose() * width;
  EXPECT_NEAR(fields.branches[0].squaredNorm() / (width * width), 1, 0.5);  // entries N(0, 1)

  const OneRun run = train_one(linear_network(steps), data);
  const std::vector<double>& losses = run.record.trace.series.at("train_loss");
  ASSERT_EQ(losses.size(), static_cast<std::size_t>(steps) + 1);
  for (std::size_t t = 0; t <= steps; ++t) {
    const Vector delta = fields.errors(x, y);
    const double loss = delta.squaredNorm() / (2 * samples);
    EXPECT_NEAR(losses[t], loss, 1e-10 * loss) << "step " << t;
    if (t < steps) fields.update(fields.root_d / samples * (x.transpose() * delta));
  }
  EXPECT_LT(losses.back(), 0.5 * losses.front());
  const auto& end = std::get<Weights<double>>(run.weights).weight;
  for (std::size_t l = 1; l <= blocks; ++l)
    EXPECT_LT((end[l] * fields.root_n - fields.branches[l - 1]).cwiseAbs().maxCoeff(), 1e-10) << "block " << l;
}

struct DepthTrial {
  std::string optimizer, branch_exponent, depth_rates;
  double each;  // exponent in L of what one branch's first update moves the output by
};

Configuration configuration(const DepthTrial& trial, int depth, int seed) {
  const bool forgets = trial.optimizer != "sgd" && trial.optimizer != "momentum";
  Settings settings{{"architecture.family", {std::string("residual-mlp"), 0}},
                    {"architecture.hidden_layers", {std::int64_t{depth}, 0}},
                    {"architecture.width", {std::int64_t{64}, 0}},
                    {"parameterization.name", {std::string("mup"), 0}},
                    {"parameterization.reference_width", {std::int64_t{64}, 0}},
                    {"parameterization.reference_depth", {std::int64_t{8}, 0}},
                    {"parameterization.branch_exponent", {trial.branch_exponent, 0}},
                    {"parameterization.depth_rate_exponents", {trial.depth_rates, 0}},
                    {"architecture.branch_scale", {1.0 / 8, 0}},
                    {"data.name", {std::string("gaussian"), 0}},
                    {"data.dimension", {std::int64_t{16}, 0}},
                    {"data.train", {std::int64_t{32}, 0}},
                    {"training.optimizer", {trial.optimizer, 0}},
                    {"training.learning_rate", {forgets ? 1e-4 : 1e-3, 0}},
                    {"training.epsilon", {1e-14, 0}},  // gradients of branches fall with the depth
                    {"training.steps", {std::int64_t{1}, 0}},
                    {"training.kappa", {-1.0, 0}},  // the outputs drawn at each depth are no part of the first gradient
                    {"training.dtype", {std::string("float64"), 0}},
                    {"seed.init", {std::int64_t{seed}, 0}},
                    {"measure.observables", {ValueList{{std::string("contribution"), 0}}, 0}}};
  return Configuration(settings);
}

class DepthExponents : public ::testing::TestWithParam<DepthTrial> {};

// Under gradient descent one factor beta ~ L^-a is in the gradient of a branch, one in what its update does to the
// output: L^-(2a+c) for rates L^-c, so that L branches together are of order one where c = 1 - 2a. Where steps forget
// the gradient's size only the second is there: L^-(a+c), and c = 1 - a. Sizes of order one around them are powers of
// (1 + beta^2)^L, with beta = 1/8 at L = 8 at most 1.13 and at least 1: slopes over a factor of eight in depth are off
// by 0.06.
TEST_P(DepthExponents, AreThoseOfABranchsUpdate) {
  const DepthTrial& trial = GetParam();
  std::vector<Point> each;
  DataCache cache;
  for (const int depth : {8, 16, 32, 64})
    for (int seed = 0; seed < 4; ++seed) {
      const RunRecord record = train_one(configuration(trial, depth, seed), cache).record;
      double sum = 0;
      for (int l = 2; l <= depth + 1; ++l) sum += record.finals.at("contribution." + std::to_string(l));
      each.push_back({static_cast<double>(depth), std::to_string(seed), sum / depth});
    }
  const Slopes slopes = log_log_slopes(each);
  ASSERT_EQ(slopes.seeds.size(), 4U);
  double sum = 0;
  for (const auto& seed : slopes.seeds) sum += seed.slope;
  EXPECT_NEAR(sum / 4, trial.each, 0.15);
}

std::string trial_name(const ::testing::TestParamInfo<DepthTrial>& info) {
  std::string name = info.param.optimizer + "_" + info.param.branch_exponent + "_" + info.param.depth_rates;
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = letter == '-' ? 'm' : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, DepthExponents,
    ::testing::Values(DepthTrial{"sgd", "1/2", "0,0,0", -1}, DepthTrial{"sgd", "1", "0,0,0", -2},
                      DepthTrial{"sgd", "1", "0,-1,0", -1}, DepthTrial{"momentum", "1/2", "0,0,0", -1},
                      DepthTrial{"adam", "1/2", "0,0,0", -0.5}, DepthTrial{"adam", "1/2", "0,1/2,0", -1},
                      DepthTrial{"adam", "1", "0,0,0", -1}, DepthTrial{"muon", "1/2", "0,1/2,0", -1}),
    trial_name);

}  // namespace
}  // namespace widthwise
