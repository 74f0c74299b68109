// HPZ as networks: mup whose initial hidden matrices are taken out after step 0. Training goes on with the rates of
// mup, so that its limit must be approached at the rate n^(-1/2) of f_0 and of averages over n units. A single hidden
// layer has nothing to take out: there mup itself has this limit.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "small_networks.h"
#include "widthwise/limit/integrable.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/kept_arrays.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/schedule.h"

namespace widthwise {
namespace {

const std::string study_text = R"(
title = "mup of one hidden layer"
[architecture]
hidden_layers = 1
activation = "relu"
[parameterization]
name = "mup"
reference_width = 16
[data]
name = "gaussian"
dimension = 6
train = 6
test = 32
[training]
loss = "logistic"
learning_rate = 0.375
steps = 3
dtype = "float64"
[measure]
observables = ["output_size"]
keep = ["test_outputs"]
[[sweep]]
name = "networks"
"architecture.width" = [512, 1024, 2048, 4096, 8192, 16384]
"seed.init" = { from = 0, count = 24 }
[[sweep]]
name = "limits"
"limit.kind" = "hpz"
"limit.particles" = 16384
"limit.clouds" = 2
"architecture.width" = [512, 1024, 2048, 4096, 8192, 16384]
"seed.init" = { from = 0, count = 24 }
[[derived]]
name = "distance"
sweep = "networks"
of = "test_outputs"
with = "limits"
how = "relative_distance"
[[prediction]]
name = "distance"
sweep = "networks"
of = "distance"
against = "architecture.width"
exponent = -0.5
source = "f_0 and fluctuations of averages over n units"
)";

TEST(IntegrableLimit, WideNetworksApproachItAtTheRateOfTheirFluctuations) {
  const Study study = parse_study(study_text, "hpz.toml");
  RunOptions options;
  options.store = std::filesystem::temp_directory_path() / ("widthwise-hpz-" + std::to_string(getpid()));
  options.quiet = true;
  std::filesystem::remove_all(options.store);
  run_study(study, options);
  for (const Judgement& judgement : judge(study, StoreReader(options.store))) {
    EXPECT_NE(judgement.verdict, Verdict::disagrees) << judgement.explanation;
    EXPECT_NEAR(judgement.measured, -0.5, 0.1) << judgement.name;
    EXPECT_TRUE(judgement.dropped.empty());
  }
  std::filesystem::remove_all(options.store);
}

constexpr int steps = 3, draws = 40;

struct Deep {
  int layers;
  const char* activation;
  double rate;  // with which losses neither stay nor grow
};

// mup, one member a draw.
Ensemble<double> networks(const Deep& deep, Index width, double reference) {
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.hidden_layers = deep.layers;
  request.input_dimension = testing::dimension;
  request.learning_rate = deep.rate;
  request.gains = default_gains(make_activation(deep.activation)->gain());
  Parameterization scheme = named_scheme("mup", OptimizerKind::sgd);
  scheme.reference_width = reference;
  std::vector<Member> members;
  for (int seed = 0; seed < draws; ++seed)
    members.push_back({Key(static_cast<std::uint64_t>(seed)), scale(scheme, request)});
  FamilyOptions family;
  family.input_dimension = testing::dimension;
  family.width = width;
  family.hidden_layers = deep.layers;
  family.activation = deep.activation;
  return {mlp(family), members};
}

// Leaves `share` of the initial part of the hidden matrices.
void take_out_initial_matrices(Ensemble<double>& ensemble, double share = 0) {
  for (Index m = 0; m < ensemble.size(); ++m)
    for (Index l = 2; l < ensemble.layers(); ++l) {
      const View<double> now = ensemble.weight(m, l);
      const View<const double> initial = std::as_const(ensemble).initial_weight(m, l);
      for (Index i = 0; i < now.rows; ++i)
        for (Index j = 0; j < now.cols; ++j) now(i, j) -= (1 - share) * initial(i, j);
    }
}

// Losses of HPZ networks after 1, 2, .. steps, draws x steps.
Matrix<double> losses_of_networks(const Deep& deep, Index width, const testing::SmallData& data) {
  Ensemble<double> ensemble = networks(deep, width, testing::reference_width);
  Matrix<double> out(draws, steps);
  for (int step = 0; step < steps; ++step) {
    testing::train_all(ensemble, OptimizerKind::sgd, 1, data);
    if (step == 0) take_out_initial_matrices(ensemble);
    for (Index m = 0; m < draws; ++m) {
      const Matrix<double> f = outputs_of(ensemble, m, data.inputs());
      out(m, step) = make_loss("squared")->value(view(f), data.targets());
    }
  }
  return out;
}

class DeepNetworks : public ::testing::TestWithParam<Deep> {};

TEST_P(DeepNetworks, ApproachTheLimitOfTheSameSettings) {
  const Deep deep = GetParam();
  const testing::SmallData data;
  Settings settings{{"architecture.hidden_layers", {std::int64_t{deep.layers}, 0}},
                    {"architecture.activation", {std::string(deep.activation), 0}},
                    {"architecture.width", {std::int64_t{testing::reference_width}, 0}},
                    {"parameterization.name", {std::string("mup"), 0}},
                    {"parameterization.reference_width", {static_cast<double>(testing::reference_width), 0}},
                    {"training.loss", {std::string("squared"), 0}},
                    {"training.learning_rate", {deep.rate, 0}},
                    {"training.steps", {std::int64_t{steps}, 0}},
                    {"measure.times.every", {std::int64_t{1}, 0}},
                    {"measure.observables", {ValueList{{std::string("train_loss"), 0}}, 0}},
                    {"limit.kind", {std::string("hpz"), 0}}};
  const std::vector<double> limit = train_one(settings, MeasuredData<double>{data.inputs(), data.targets(), {}, {}})
                                        .record.trace.values("train_loss");
  const auto distance = [](const Vector<double>& off) { return off.norm() / std::sqrt(draws); };
  const Matrix<double> narrow = losses_of_networks(deep, 128, data), wide = losses_of_networks(deep, 1024, data);
  for (int step = 0; step < steps; ++step) {
    const double expected = limit[static_cast<std::size_t>(step) + 1];
    const Vector<double> off = wide.col(step).array() - expected;
    EXPECT_LT(distance(off), 0.2 * expected) << step;
    EXPECT_LT(std::abs(off.mean()), 4 * distance(off) / std::sqrt(draws)) << step;
    // Fluctuations of order n^(-1/2) leave 8^(-1/2) = .35, to some 20 %; a bias of order 1/n less.
    EXPECT_LT(distance(off), 0.6 * distance(narrow.col(step).array() - expected)) << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, DeepNetworks,
                         ::testing::Values(Deep{2, "relu", 0.1}, Deep{3, "relu", 0.25}, Deep{2, "gelu", 0.3}));

// f of two updates, the first on one sample, projected on the way from the plain limit (0) to the revived one (1).
struct TwoForms {
  Deep deep{2, "relu", 0.2};
  testing::SmallData data;
  Matrix<double> plain = limit(false), way = limit(true) - plain;

  Matrix<double> limit(bool revived) const {
    IntegrableOptions options;  // a reference width of 1: bases are those of the limit
    options.hidden_layers = 2;
    options.input_variance = 1.0 / testing::dimension;
    options.hidden_variance = 2;
    options.rates = {{deep.rate, deep.rate, deep.rate}};
    options.revived = revived;
    IntegrableLimit out({data.inputs(), data.targets(), {}, make_activation(deep.activation), make_loss("squared")},
                        options);
    out.advance(std::vector<std::uint32_t>{0});
    std::vector<std::uint32_t> all(static_cast<std::size_t>(data.inputs().rows));
    std::iota(all.begin(), all.end(), 0U);
    out.advance(all);
    return out.training_output().mean;
  }

  Vector<double> places(double share) const {
    Ensemble<double> ensemble = networks(deep, 1024, 1);
    TrainingOptions options;
    options.steps = 1;
    const Index inputs = data.inputs().cols;
    train<double>(ensemble, data.inputs().block(0, 0, 1, inputs), data.targets().block(0, 0, 1, 1),
                  *make_loss("squared"), options);
    take_out_initial_matrices(ensemble, share);
    testing::train_all(ensemble, OptimizerKind::sgd, 1, data);
    Vector<double> out(draws);
    for (Index m = 0; m < draws; ++m)
      out[m] = (outputs_of(ensemble, m, data.inputs()) - plain).cwiseProduct(way).sum() / way.squaredNorm();
    return out;
  }
};

double standard_error(const Vector<double>& values) {
  return std::sqrt((values.array() - values.mean()).square().sum() / (draws * (draws - 1)));
}

TEST(IntegrableLimit, VanishingInitialMatricesReviveUnitsOfRelu) {
  // What is left of them decides by its sign alone, however small: a millionth of it makes the limit another one.
  const TwoForms forms;
  const Vector<double> none = forms.places(0), gained = forms.places(1e-6) - none;
  EXPECT_NEAR(none.mean(), 0, 4 * standard_error(none));
  EXPECT_NEAR(gained.mean(), 1, 4 * standard_error(gained));
  EXPECT_LT(standard_error(gained), 0.1);  // so that the other form is told apart
}

}  // namespace
}  // namespace widthwise
