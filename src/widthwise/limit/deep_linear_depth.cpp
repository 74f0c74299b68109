#include "widthwise/limit/deep_linear_depth.h"

#include <cmath>
#include <utility>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

DeepLinearModel of_depth(DeepLinearModel model, int blocks) {
  model.hidden_layers = blocks;
  model.residual_branch = *model.residual_branch / std::sqrt(blocks);
  return model;
}

constexpr std::array<int, 3> depths{InfiniteDepthTheory::least_blocks, 2 * InfiniteDepthTheory::least_blocks,
                                    4 * InfiniteDepthTheory::least_blocks};

struct Extrapolated {
  double value, change;
};
Extrapolated extrapolate(double one, double two, double four) {
  const double first = 2 * two - one, second = 2 * four - two;
  return {(4 * second - first) / 3, (second - first) / 3};
}

}  // namespace

InfiniteDepthTheory::InfiniteDepthTheory(const DeepLinearModel& model) {
  if (!model.residual_branch)
    throw ConfigError({{}, "limit.residual_branch"}, "beta_0 of beta = beta_0 / sqrt(L), for infinite depth",
                      "nothing");
  for (const int blocks : depths) depths_.emplace_back(of_depth(model, blocks));
}

void InfiniteDepthTheory::step() {
  for (DeepLinearTheory& theory : depths_) theory.step();
  const auto last = [&](const std::vector<double>& (DeepLinearTheory::*loss)() const) {
    return extrapolate((depths_[0].*loss)().back(), (depths_[1].*loss)().back(), (depths_[2].*loss)().back());
  };
  const Extrapolated test = last(&DeepLinearTheory::test_loss);
  test_.push_back(test.value);
  error_.push_back(std::abs(test.change / test.value));
  train_.push_back(last(&DeepLinearTheory::train_loss).value);
}

double InfiniteDepthTheory::bytes(const DeepLinearModel& model, double times) {
  double sum = 0;
  for (const int blocks : depths) sum += DeepLinearTheory::bytes(of_depth(model, blocks), times);
  return sum;
}

double InfiniteDepthTheory::flops(const DeepLinearModel& model, double times) {
  double sum = 0;
  for (const int blocks : depths) sum += DeepLinearTheory::flops(of_depth(model, blocks), times);
  return sum;
}

}  // namespace widthwise
