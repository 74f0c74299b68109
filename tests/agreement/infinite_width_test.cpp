// Extrapolation against theory: the size of the preactivations at initialization tends, at infinite width, to what the
// recursion of Gaussian expectations says,
//
//   K_1 = g^2 (inputs on the sphere |x|^2 = d),    K_{l+1} = g^2 E phi(z)^2,  z ~ N(0, K_l),    rms h^l -> sqrt(K_l),
//
// with corrections of order 1/n and noise of order n^(-1/2). Neither side knows the other. The gain g = 2 is far from
// those that keep K at 1.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/activation/expectations.h"
#include "widthwise/numerics/extrapolation.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/schedule.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

constexpr int seeds = 120;
constexpr double gain = 2;

std::string study_text(const std::string& activation) {
  return R"(
title = "sizes at infinite width"
[architecture]
hidden_layers = 3
activation = ")" +
         activation + R"("
[parameterization]
name = "ntk"
init_gain = 2
[data]
name = "gaussian"
labels = "values"
preprocess = "sphere"
train = 8
dimension = 12
[training]
learning_rate = 1
steps = 0
dtype = "float64"
[measure]
observables = ["preactivation_size"]
[[sweep]]
name = "s"
"architecture.width" = [16, 32, 64, 128, 256]
"seed.init" = { from = 0, count = )" +
         std::to_string(seeds) + R"( }
[[derived]]
name = "size of layer 3"
sweep = "s"
of = "initial.preactivation_size.3"
over = "architecture.width"
how = "infinite-width"
)";
}

double theory(const Activation& activation, int layer) {
  double k = gain * gain;
  for (int l = 1; l < layer; ++l) k = gain * gain * mean_square(activation, k);
  return std::sqrt(k);
}

class InfiniteWidth : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("widthwise-infinite-" + std::string(GetParam()) + "-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_P(InfiniteWidth, ExtrapolatedSizesAreThoseOfTheGaussianRecursion) {
  const double limit = theory(*make_activation(GetParam()), 3);
  Study study = parse_study(study_text(GetParam()) +
                                "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nof = \"size of layer "
                                "3\"\ntolerance = 0.02\nsource = \"recursion\"\nvalue = " +
                                std::to_string(limit) + "\n",
                            "study.toml");
  RunOptions options;
  options.store = folder_;
  options.quiet = true;
  run_study(study, options);
  const StoreReader reader(folder_);

  const Judgement judgement = judge(study, reader).front();
  EXPECT_EQ(judgement.verdict, Verdict::agrees) << judgement.explanation;
  // Without the extrapolation it would not: the mean at width 16 is farther away than the interval reaches.
  EXPECT_GT(std::abs(judgement.limit->at(16) - limit), judgement.high - judgement.measured);

  // Five seeds at a time, 24 times: the 95 % interval holds the limit 22.8 times, with deviation 1.1.
  const Table table = select(study, "s", {"initial.preactivation_size.3"}, reader);
  int covered = 0;
  const auto width = table.axis("architecture.width"), seed = table.axis("seed.init");
  for (int first = 0; first < seeds; first += 5) {
    std::vector<Point> points;
    for (const Row& row : table.rows) {
      const double s = row.axes[static_cast<std::size_t>(seed)].number();
      if (s < first || s >= first + 5) continue;
      points.push_back({row.axes[static_cast<std::size_t>(width)].number(), std::to_string(s), row.values.front()});
    }
    const Extrapolation found = extrapolate(points);
    covered += found.interval.contains(limit);
    EXPECT_LT(found.interval.high - found.limit, 0.15 * limit);  // five seeds of a noise of 6 % at the largest width
  }
  EXPECT_GE(covered, 20);
}

INSTANTIATE_TEST_SUITE_P(Activations, InfiniteWidth, ::testing::Values("erf", "tanh"),
                         [](const auto& named) { return std::string(named.param); });

}  // namespace
}  // namespace widthwise
