// Convolutional networks through train(): every update rule takes their layers as it takes dense ones.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "matrices.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

constexpr Index count = 48;

Architecture small_cnn() {
  FamilyOptions options;
  options.image = {8, 8, 1};
  options.input_dimension = 64;
  options.width = 16;
  options.blocks = 1;
  options.kernel = 3;
  options.stride_first = false;
  return cnn(options);
}

Scaling scaling(const Architecture& network, OptimizerKind optimizer, double rate) {
  ScaleRequest request;
  request.optimizer = optimizer;
  request.width = 16;
  request.hidden_layers = static_cast<int>(network.hidden_layers);
  request.input_dimension = 64;
  request.learning_rate = rate;
  request.gains.hidden = std::sqrt(2.0);
  for (const Dense& matrix : network.weight_matrices())
    request.matrices.push_back({static_cast<double>(matrix.fan_in), matrix.block});
  return scale(named_scheme("standard", optimizer), request);
}

template <class T>
struct Data {
  Matrix<T> x = testing::random_matrix<T>(count, 64, 1), y = Matrix<T>(count, 1);
  Data() {
    for (Index i = 0; i < count; ++i) y(i, 0) = i % 2 == 0 ? T(1) : T(-1);
  }
};

// Seeds and rates differ from member to member.
std::vector<Member> members(const Architecture& network, OptimizerKind optimizer, double rate, Index number) {
  std::vector<Member> all;
  for (Index m = 0; m < number; ++m)
    all.push_back({Key(static_cast<std::uint64_t>(7 + m)),
                   scaling(network, optimizer, rate * (1 + 0.25 * static_cast<double>(m)))});
  return all;
}

template <class T>
std::vector<RunResult> run(Ensemble<T>& ensemble, OptimizerKind optimizer, std::int64_t steps) {
  const Data<T> data;
  TrainingOptions options;
  options.optimizer = optimizer;
  options.steps = steps;
  return train<T>(ensemble, view(data.x), view(data.y), *make_loss("squared"), options);
}

constexpr std::pair<OptimizerKind, double> rules[] = {{OptimizerKind::sgd, 0.2},      {OptimizerKind::momentum, 0.02},
                                                      {OptimizerKind::adam, 3e-3},    {OptimizerKind::adamw, 3e-3},
                                                      {OptimizerKind::rmsprop, 1e-3}, {OptimizerKind::muon, 3e-3}};

TEST(ConvolutionalTraining, FitsNoiseWithEveryRule) {
  // More weights than samples of independent pixels: any labels can be fitted. The loss begins near 1/2 + f_0^2 / 2.
  for (const auto& [optimizer, rate] : rules) {
    SCOPED_TRACE(optimizer_name(optimizer));
    const Architecture network = small_cnn();
    Ensemble<float> ensemble(network, members(network, optimizer, rate, 1));
    const auto results = run(ensemble, optimizer, 600);
    EXPECT_EQ(results[0].status, RunStatus::finished) << results[0].reason;
    EXPECT_LT(results[0].last_batch_loss, 0.1);
  }
}

TEST(ConvolutionalTraining, MembersTogetherTrainAsEachAlone) {
  for (const auto& [optimizer, rate] : rules) {
    SCOPED_TRACE(optimizer_name(optimizer));
    const Architecture network = small_cnn();
    const auto all = members(network, optimizer, rate, 3);
    Ensemble<double> together(network, all);
    run(together, optimizer, 5);
    for (Index m = 0; m < 3; ++m) {
      Ensemble<double> alone(network, std::span(all).subspan(static_cast<std::size_t>(m), 1));
      run(alone, optimizer, 5);
      for (Index l = 1; l <= alone.layers(); ++l) {
        const Matrix<double> a = testing::matrix_of(std::as_const(together).weight(m, l)),
                             b = testing::matrix_of(std::as_const(alone).weight(0, l));
        EXPECT_LT((a - b).norm(), 1e-10 * b.norm()) << "layer " << l;
      }
    }
  }
}

TEST(ConvolutionalTraining, FloatFollowsDouble) {
  // Ten steps of plain descent: rounding of 6e-8 a step and layer has had no time to grow.
  const Architecture network = small_cnn();
  const auto one = members(network, OptimizerKind::sgd, 0.05, 1);
  Ensemble<double> exact(network, one);
  Ensemble<float> single(network, one);
  const auto slow = run(exact, OptimizerKind::sgd, 10), fast = run(single, OptimizerKind::sgd, 10);
  EXPECT_NEAR(fast[0].last_batch_loss, slow[0].last_batch_loss, 1e-4 * slow[0].last_batch_loss);
}

TEST(ConvolutionalTraining, WideResnetTrains) {
  FamilyOptions options;
  options.image = {8, 8, 1};
  options.input_dimension = 64;
  options.width = 1;
  options.blocks = 1;
  const Architecture network = wide_resnet(options);
  Ensemble<float> ensemble(network, members(network, OptimizerKind::adam, 1e-3, 2));
  const auto results = run(ensemble, OptimizerKind::adam, 150);
  for (const RunResult& result : results) EXPECT_LT(result.last_batch_loss, 0.1) << result.reason;
}

}  // namespace
}  // namespace widthwise
