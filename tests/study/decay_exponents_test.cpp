// Exponents of weight decay as a setting: what they do to a scheme, and an update written out.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "text.h"
#include "training/training_cases.h"
#include "widthwise/study/run.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;
using testing::matrix_of;

constexpr Index n = 8, inputs = 6;

Configuration configuration(const std::string& scheme, const std::string& decay_exponents) {
  const Study study = parse(tiny + "[[sweep]]\nname = \"s\"\n\"training.weight_decay\" = 0.1\n" +
                            "\"parameterization.name\" = \"" + scheme + "\"\n" + decay_exponents);
  return expand(study, study.sweeps.front()).front().configuration;
}

std::string decay(const std::string& exponents) {
  return "\"parameterization.decay_exponents\" = \"" + exponents + "\"\n";
}

double share(const TensorScaling& tensor) {
  return tensor.effective_rate * tensor.effective_decay;
}

// The share of a weight that a step takes is rate * decay ~ n^-(c+d), of biases too.
TEST(DecayExponents, SetTheShareOfWeightsAndOfTheBiasesBesideThem) {
  const Scaling own = make_scaling(configuration("ip-llr", ""), inputs),
                same = make_scaling(configuration("ip-llr", decay("1,2,1")), inputs),
                authors = make_scaling(configuration("ip-llr", decay("1,1,1")), inputs),
                mup = make_scaling(configuration("mup", decay("0,1,1/2")), inputs);
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_DOUBLE_EQ(share(own.weights[l]), 0.05 * 0.1) << l << ": the same at every width";
    EXPECT_EQ(same.weights[l].effective_decay, own.weights[l].effective_decay) << l << ": d = -c is the scheme's own";
    EXPECT_EQ(same.biases[l].effective_decay, own.biases[l].effective_decay) << l;
    EXPECT_DOUBLE_EQ(share(authors.weights[l]), 0.05 * 0.1 * (l == 1 ? n : 1)) << l << ": n^2 times 1/n";
    EXPECT_DOUBLE_EQ(share(authors.biases[l]), share(authors.weights[l])) << l;
    EXPECT_DOUBLE_EQ(share(mup.weights[l]), 0.05 * 0.1 * std::pow(n, std::vector{0., -1., -0.5}[l])) << l;
    EXPECT_DOUBLE_EQ(share(mup.biases[l]), share(mup.weights[l])) << l;
  }
  // Blocks a layer, as those of ip-bias are.
  const std::string biases = "\"architecture.bias\" = true\n\"architecture.hidden_layers\" = 3\n";
  const Scaling layered = make_scaling(configuration("ip-bias", biases + decay("1,1,1")), inputs);
  for (const std::size_t l : {1U, 2U}) {
    EXPECT_DOUBLE_EQ(share(layered.weights[l]), 0.05 * 0.1 * n) << l;
    EXPECT_DOUBLE_EQ(share(layered.biases[l]), 0.05 * 0.1 * n) << l;
  }
}

TEST(DecayExponents, AreOfTheIdentityWhereTheyAreSet) {
  EXPECT_NE(configuration("ip-llr", "").identity(), configuration("ip-llr", decay("1,1,1")).identity());
  EXPECT_EQ(configuration("ip-llr", "").identity(),
            configuration("ip-llr", "\"parameterization.decay_exponents\" = \"none\"\n").identity());
}

// The trained w of Hajjar, Chizat and Giraud 2021: f = n^-1 w_3 relu(n^-1 w_2 relu(w_1 x)), w <- w - rate (g + 0.1/n w)
// with rates 0.05 n^(3/2, 2, 3/2) (L = 2) at first and 0.05 n^(1, 2, 1) from step 1 on. Decay goes by the latter alone:
// at first by the former it would take n^(1/2) times as much of W_1 and W_3.
TEST(DecayExponents, WeightDecayOverTheWidthIsThatOfTheTrainedWeights) {
  const Member member{Key(3), make_scaling(configuration("ip-llr", decay("1,1,1")), inputs)};
  const Architecture network = testing::small_mlp(n, false, "relu");
  const testing::Data data = testing::small_data();
  for (const std::int64_t steps : {1, 2, 3}) {
    Ensemble<double> trained(network, std::span(&member, 1));
    TrainingOptions options;
    options.steps = steps;
    train<double>(trained, view(data.inputs), view(data.targets), *make_loss("squared"), options);

    const double m = n, rate = 0.05, multiplier[] = {1, 1 / m, 1 / m};
    const double first[] = {std::pow(m, 1.5), m * m, std::pow(m, 1.5)}, later[] = {m, m * m, m};
    Matrix<double> w[3];
    for (Index l = 0; l < 3; ++l) w[l] = matrix_of(trained.initial_weight(0, l + 1)) / multiplier[l];
    for (std::int64_t t = 0; t < steps; ++t) {
      const Matrix<double> h1 = data.inputs * w[0].transpose(), x1 = h1.cwiseMax(0);
      const Matrix<double> h2 = x1 * w[1].transpose() / m, x2 = h2.cwiseMax(0);
      const Matrix<double> f = x2 * w[2].transpose() / m;
      const Matrix<double> d3 = (f - data.targets) / (static_cast<double>(data.inputs.rows()));
      const Matrix<double> d2 = ((d3 * w[2] / m).array() * (h2.array() > 0).cast<double>()).matrix();
      const Matrix<double> d1 = ((d2 * w[1] / m).array() * (h1.array() > 0).cast<double>()).matrix();
      const Matrix<double> g[] = {d1.transpose() * data.inputs, d2.transpose() * x1 / m, d3.transpose() * x2 / m};
      for (std::size_t l = 0; l < 3; ++l)
        w[l] -= rate * ((t == 0 ? first : later)[l] * g[l] + later[l] * (0.1 / m) * w[l]);
    }
    for (Index l = 0; l < 3; ++l) {
      const Matrix<double> end = matrix_of(trained.weight(0, l + 1));
      EXPECT_LT((end - multiplier[l] * w[l]).norm(), 1e-13 * end.norm()) << steps << " " << l;
    }
  }
}

}  // namespace
}  // namespace widthwise
