// Update rules against plain references that hold parameters and state as Eigen matrices and follow the published
// algorithm line by line; the gradient is that of Propagation::gradient, which the network's tests compare with finite
// differences. Rounding is all that may differ: 1e-12 in double after some ten steps.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <functional>

#include "training/training_cases.h"
#include "widthwise/base/error.h"
#include "widthwise/data/batches.h"

namespace widthwise {
namespace {

using testing::Data;

// One tensor's update in a reference: (values, gradient, state, tensor's scaling, t = 1, 2, ...).
struct State {
  Matrix<double> first, second;
};
using Reference = std::function<void(Matrix<double>&, const Matrix<double>&, State&, const TensorScaling&, int)>;

void assign(View<double> to, const Matrix<double>& from) {
  for (Index i = 0; i < to.rows; ++i)
    for (Index j = 0; j < to.cols; ++j) to(i, j) = from(i, j);
}

// The schedule's factor at update t = 1, 2, ... of `steps`, for a warm-up with half a cosine behind it.
double factor_of(const Schedule& schedule, int t, double steps) {
  const double warmup = static_cast<double>(schedule.warmup_steps), f = schedule.final_rate;
  if (t <= warmup) return t / warmup;
  if (schedule.shape == Schedule::Shape::constant) return 1;
  return f + (1 - f) * 0.5 * (1 + std::cos(std::acos(-1.0) * (t - 1 - warmup) / (steps - warmup)));
}

// Trains one member by `reference`: the slow loop of the header's equations, batch by batch.
void train_slowly(Ensemble<double>& ensemble, Index member, const Data& data, const Loss& loss,
                  const TrainingOptions& options, const Reference& reference) {
  const Batches batches(data.inputs.rows(), options.batch, options.batch_key);
  Propagation<double> propagation(ensemble, batches.batch(), 1);
  Parameters<double> gradient(ensemble.architecture(), 1);
  std::vector<State> weights(static_cast<std::size_t>(ensemble.layers())), biases = weights;
  const auto update = [&](View<double> values, View<double> slope, State& state, const TensorScaling& scaling, int t) {
    Matrix<double> w = testing::matrix_of(values);
    if (t == 1) state.first = state.second = Matrix<double>::Zero(w.rows(), w.cols());
    TensorScaling scheduled = scaling;
    scheduled.effective_rate *= factor_of(options.schedule, t, static_cast<double>(options.steps));
    reference(w, testing::matrix_of(slope), state, scheduled, t);
    assign(values, w);
  };
  for (int t = 1; t <= options.steps; ++t) {
    Matrix<double> inputs(batches.batch(), data.inputs.cols()), targets(batches.batch(), data.targets.cols());
    const auto rows = batches.rows(t - 1);
    for (Index i = 0; i < inputs.rows(); ++i) {
      inputs.row(i) = data.inputs.row(rows[static_cast<std::size_t>(i)]);
      targets.row(i) = data.targets.row(rows[static_cast<std::size_t>(i)]);
    }
    propagation.forward(ensemble, view(inputs), member);
    Matrix<double> output_gradient(targets.rows(), targets.cols());
    loss.gradient(propagation.output(member), view(std::as_const(targets)), view(output_gradient));
    propagation.gradient(ensemble, member, view(output_gradient), gradient);
    for (Index l = 1; l <= ensemble.layers(); ++l) {
      const auto at = static_cast<std::size_t>(l - 1);
      update(ensemble.weight(member, l), gradient.weight(0, l), weights[at], ensemble.scaling(member).weights[at], t);
      if (ensemble.bias(member, l).data)
        update(ensemble.bias(member, l), gradient.bias(0, l), biases[at], ensemble.scaling(member).biases[at], t);
    }
  }
}

void expect_same_as(const Reference& reference, TrainingOptions options, double decay = 0, double tolerance = 1e-12) {
  if (decay != 0) {  // and the rates change
    options.schedule = {.shape = Schedule::Shape::cosine, .warmup_steps = 4, .final_rate = 0.2};
  }
  const Data data = testing::small_data();
  const auto loss = make_loss("squared");
  const Architecture network = testing::small_mlp();
  const auto members = testing::members_with_rates(network, {0.05, 0.2, 0.01}, decay);
  Ensemble<double> fast(network, members), slow(network, members);
  train<double>(fast, view(data.inputs), view(data.targets), *loss, options);
  for (Index m = 0; m < 3; ++m) {
    train_slowly(slow, m, data, *loss, options, reference);
    EXPECT_LT(testing::distance(fast, m, slow, m), tolerance) << "member " << m;
    EXPECT_GT((testing::matrix_of(fast.weight(m, 2)) - testing::matrix_of(fast.initial_weight(m, 2))).norm(), 1e-3);
  }
}

TrainingOptions options_for(OptimizerKind optimizer, Index batch) {
  TrainingOptions options;
  options.optimizer = optimizer;
  options.batch = batch;
  options.steps = 12;
  options.batch_key = Key(17);
  return options;
}

TEST(UpdateRule, SgdFollowsItsReference) {
  const Reference sgd = [](Matrix<double>& w, const Matrix<double>& g, State&, const TensorScaling& s, int) {
    w -= s.effective_rate * (g + s.effective_decay * w);
  };
  for (const Index batch : {0, 6}) {
    expect_same_as(sgd, options_for(OptimizerKind::sgd, batch));
    expect_same_as(sgd, options_for(OptimizerKind::sgd, batch), 0.3);
  }
}

TEST(UpdateRule, MomentumFollowsItsReference) {
  const Reference momentum = [](Matrix<double>& w, const Matrix<double>& g, State& state, const TensorScaling& s, int) {
    state.first = 0.8 * state.first + g + s.effective_decay * w;
    w -= s.effective_rate * state.first;
  };
  TrainingOptions options = options_for(OptimizerKind::momentum, 6);
  options.momentum = 0.8;
  expect_same_as(momentum, options);
  expect_same_as(momentum, options, 0.3);
}

// Kingma & Ba 2015, algorithm 1, with betas 0.8 and 0.95.
Matrix<double> adam_move(const Matrix<double>& g, State& state, const TensorScaling& s, int t) {
  state.first = 0.8 * state.first + 0.2 * g;
  state.second = 0.95 * state.second + 0.05 * g.cwiseProduct(g);
  const Matrix<double> first = state.first / (1 - std::pow(0.8, t)), second = state.second / (1 - std::pow(0.95, t));
  return s.effective_rate * (first.array() / (second.array().sqrt() + s.effective_epsilon)).matrix();
}

// Loshchilov & Hutter 2019, algorithm 2.
void adamw(Matrix<double>& w, const Matrix<double>& g, State& state, const TensorScaling& s, int t) {
  w = w - adam_move(g, state, s, t) - s.effective_rate * s.effective_decay * w;
}

TrainingOptions adam_options(OptimizerKind optimizer, Index batch) {
  TrainingOptions options = options_for(optimizer, batch);
  options.beta1 = 0.8;
  options.beta2 = 0.95;
  return options;
}

TEST(UpdateRule, AdamFollowsThePublishedAlgorithm) {
  const Reference adam = [](Matrix<double>& w, const Matrix<double>& g, State& state, const TensorScaling& s, int t) {
    w -= adam_move(g + s.effective_decay * w, state, s, t);
  };
  expect_same_as(adam, adam_options(OptimizerKind::adam, 6));
  expect_same_as(adam, adam_options(OptimizerKind::adam, 6), 0.3);
  expect_same_as(adamw, adam_options(OptimizerKind::adamw, 6));
  expect_same_as(adamw, adam_options(OptimizerKind::adamw, 6), 0.3);
}

TEST(UpdateRule, RmspropFollowsItsReference) {
  const Reference rmsprop = [](Matrix<double>& w, const Matrix<double>& gradient, State& state, const TensorScaling& s,
                               int) {
    const Matrix<double> g = gradient + s.effective_decay * w;
    state.second = 0.9 * state.second + 0.1 * g.cwiseProduct(g);
    w -= s.effective_rate * (g.array() / (state.second.array().sqrt() + s.effective_epsilon)).matrix();
  };
  TrainingOptions options = options_for(OptimizerKind::rmsprop, 6);
  options.beta2 = 0.9;
  expect_same_as(rmsprop, options);
  expect_same_as(rmsprop, options, 0.3);
}

TEST(UpdateRule, MuonFollowsItsReference) {
  // The 12 x 12 matrix alone is hidden; its orthogonal factor comes from a dense SVD and the quintic on singular
  // values.
  const Reference muon = [](Matrix<double>& w, const Matrix<double>& g, State& state, const TensorScaling& s, int t) {
    if (w.rows() != 12 || w.cols() != 12) return adamw(w, g, state, s, t);
    state.first = 0.7 * state.first + g;
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(g + 0.7 * state.first, Eigen::ComputeThinU | Eigen::ComputeThinV);
    Eigen::VectorXd sigma = svd.singularValues() / svd.singularValues().norm();
    for (int k = 0; k < 5; ++k)
      for (double& x : sigma) x = 3.4445 * x - 4.775 * std::pow(x, 3) + 2.0315 * std::pow(x, 5);
    w = w - s.effective_rate * s.effective_decay * w -
        s.effective_rate * (svd.matrixU() * sigma.asDiagonal() * svd.matrixV().transpose());
  };
  TrainingOptions options = adam_options(OptimizerKind::muon, 6);
  options.momentum = 0.7;
  expect_same_as(muon, options, 0, 1e-10);  // singular values near zero grow 485-fold a step, and their rounding
  expect_same_as(muon, options, 0.3, 1e-10);
}

TEST(UpdateRule, MuonStepsOfTallMatricesAreLonger) {
  // sqrt(fan_out / fan_in) = 2 for 12 x 3, 1 for 3 x 12: the norm of a step is rate * factor * |O|, O of rank <= 3 with
  // singular values within 0.65 .. 1.25 of rank-many.
  for (const auto& [out, in] : {std::pair<Index, Index>{12, 3}, {3, 12}}) {
    Architecture model;
    model.family = "hand-made";
    model.input_dimension = 6;
    model.outputs = 2;
    model.width = 12;
    model.layers = {Dense{6, in, false, 1, Block::input}, Dense{in, out, false, 2, Block::hidden},
                    Dense{out, 2, false, 3, Block::output}};
    Ensemble<double> ensemble(model, testing::members_with_rates(model, {0.01}));
    TrainingOptions options = adam_options(OptimizerKind::muon, 0);
    options.steps = 1;
    const Data data = testing::small_data();
    train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options);
    const Matrix<double> step =
        testing::matrix_of(ensemble.weight(0, 2)) - testing::matrix_of(ensemble.initial_weight(0, 2));
    const double largest = Eigen::JacobiSVD<Eigen::MatrixXd>(step).singularValues()[0] / 0.01;
    EXPECT_GT(largest, (out > in ? 2 : 1) * 0.65);
    EXPECT_LT(largest, (out > in ? 2 : 1) * 1.25);
  }
}

TEST(UpdateRule, SgdOnALinearModelIsAMatrixPower) {
  // Loss 1/(2N) |X W^T - Y|^2: W_t - W* = (W_0 - W*) (1 - eta S)^t with S = X^T X / N and W* = (Y^T X / N) S^-1.
  const Index samples = 30, inputs = 4, outputs = 3;
  const Matrix<double> x = testing::random_matrix<double>(samples, inputs, 7);
  const Matrix<double> y = testing::random_matrix<double>(samples, outputs, 8);
  const Architecture model = testing::linear_model(inputs, outputs);
  const std::vector<double> rates = {0.1, 0.4};
  Ensemble<double> ensemble(model, testing::members_with_rates(model, rates));
  TrainingOptions options;
  options.steps = 40;
  train<double>(ensemble, view(x), view(y), *make_loss("squared"), options);
  const Matrix<double> s = x.transpose() * x / static_cast<double>(samples);
  const Matrix<double> best = y.transpose() * x / static_cast<double>(samples) * s.inverse();
  for (Index m = 0; m < 2; ++m) {
    const Matrix<double> factor = Matrix<double>::Identity(inputs, inputs) - rates[static_cast<std::size_t>(m)] * s;
    Matrix<double> power = Matrix<double>::Identity(inputs, inputs);
    for (int t = 0; t < 40; ++t) power = power * factor;
    const Matrix<double> expected = best + (testing::matrix_of(ensemble.initial_weight(m, 1)) - best) * power;
    EXPECT_LT((testing::matrix_of(ensemble.weight(m, 1)) - expected).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(UpdateRule, RefusesAveragesOutOfRange) {
  const Data data = testing::small_data();
  const Architecture network = testing::small_mlp();
  Ensemble<double> ensemble(network, testing::members_with_rates(network, {0.1}));
  TrainingOptions options = options_for(OptimizerKind::momentum, 0);
  options.momentum = 1;
  EXPECT_THROW(train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options),
               ConfigError);
  options.optimizer = OptimizerKind::muon;
  EXPECT_THROW(train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options),
               ConfigError);
  options.momentum = 0.9;
  options.beta2 = -0.1;
  for (const OptimizerKind optimizer :
       {OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop, OptimizerKind::muon}) {
    options.optimizer = optimizer;
    EXPECT_THROW(train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options),
                 ConfigError);
  }
}

}  // namespace
}  // namespace widthwise
