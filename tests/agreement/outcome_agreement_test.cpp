// Theory against training: exponents that the outcome engine derives from a parameterization, against slopes of what
// the ensemble, its training and the recorder measure at four widths. Neither side knows the other.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/data/load.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/outcome.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/scheme.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

struct Case {
  const char *scheme, *activation;
  OptimizerKind optimizer;
  double rate;  // small: the first order in it is what the exponents of an unstable scheme speak of
};

constexpr int hidden_layers = 3, seeds = 8;
constexpr Index dimension = 16;
const std::vector<Index> widths = {64, 128, 256, 512};

/// Points (width, seed, value) of every series after three steps, and of the output at initialization.
std::map<std::string, std::vector<Point>> measure(const Case& c) {
  DataOptions data_options;
  data_options.name = "gaussian";
  data_options.dimension = dimension;
  data_options.train = 32;
  const Split data = load_data(data_options);
  const MeasuredData<double> measured{view(data.train.inputs), view(data.train.targets), {}, {}};
  const std::shared_ptr<const Loss> loss = make_loss("squared");

  std::map<std::string, std::vector<Point>> points;
  for (const Index width : widths) {
    Parameterization scheme = named_scheme(c.scheme, c.optimizer);
    scheme.reference_width = 64;
    ScaleRequest request;
    request.optimizer = c.optimizer;
    request.width = static_cast<double>(width);
    request.hidden_layers = hidden_layers;
    request.input_dimension = dimension;
    request.learning_rate = c.rate;
    request.epsilon = 1e-14;
    request.gains = default_gains(make_activation(c.activation)->gain());
    std::vector<Member> members;
    for (int seed = 0; seed < seeds; ++seed)
      members.push_back({Key(static_cast<std::uint64_t>(seed)), scale(scheme, request)});
    FamilyOptions family;
    family.input_dimension = dimension;
    family.width = width;
    family.hidden_layers = hidden_layers;
    family.activation = c.activation;
    Ensemble<double> ensemble(mlp(family), members);

    TrainingOptions options;
    options.optimizer = c.optimizer;
    options.steps = 3;
    Recorder<double> recorder(
        ensemble, {{"output_size", "output_change", "own_update", "feature_change"}, loss, {0, 3}}, measured);
    const auto results = train(ensemble, view(data.train.inputs), view(data.train.targets), *loss, options,
                               recorder.probe_steps(), std::ref(recorder));
    for (int seed = 0; seed < seeds; ++seed) {
      EXPECT_EQ(results[static_cast<std::size_t>(seed)].status, RunStatus::finished);
      const Trace& trace = recorder.trace(seed);
      for (const auto& [name, values] : trace.series)
        points[name].push_back({static_cast<double>(width), std::to_string(seed), trace.final_value(name)});
      points["initial.output_size"].push_back(
          {static_cast<double>(width), std::to_string(seed), trace.at_step("output_size", 0)});
    }
  }
  return points;
}

double mean_slope(const std::vector<Point>& points) {
  const Slopes slopes = log_log_slopes(points);
  EXPECT_EQ(slopes.seeds.size(), static_cast<std::size_t>(seeds));
  double sum = 0;
  for (const auto& seed : slopes.seeds) sum += seed.slope;
  return sum / static_cast<double>(slopes.seeds.size());
}

class OutcomeAgreement : public ::testing::TestWithParam<Case> {};

TEST_P(OutcomeAgreement, PredictedExponentsAreTheMeasuredSlopes) {
  const Case c = GetParam();
  const Outcome outcome = classify(named_scheme(c.scheme, c.optimizer),
                                   {c.optimizer, hidden_layers, activation_facts(*make_activation(c.activation))});
  const auto points = measure(c);
  int compared = 0;
  for (const auto& [name, measured] : points) {
    // Sums of an order-one part and a vanishing one (the output after training, the features of an unstable scheme)
    // reach their exponents at far larger widths; what is one product of sizes is there already at these.
    const bool sharp =
        name == "initial.output_size" || name == "own_update.1" || name == "own_update.2" || name == "own_update.3";
    if (!sharp) continue;
    const auto predicted = outcome.predictions.find(name);
    ASSERT_NE(predicted, outcome.predictions.end()) << name;
    // Finite-width corrections of relative size n^(-1/2) move a slope by up to 0.1 between 64 and 512; exponents are
    // multiples of 1/2. The random initial output adds noise of 0.1 over eight seeds.
    EXPECT_NEAR(mean_slope(measured), predicted->second.value(), name == "initial.output_size" ? 0.3 : 0.2) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, OutcomeAgreement,
    ::testing::Values(Case{"standard", "relu", OptimizerKind::sgd, 1e-4},
                      Case{"standard", "tanh", OptimizerKind::adam, 1e-5},
                      Case{"ntk", "relu", OptimizerKind::sgd, 1e-2}, Case{"ntk", "gelu", OptimizerKind::adam, 1e-4},
                      Case{"mup", "relu", OptimizerKind::sgd, 1e-2}, Case{"mup", "tanh", OptimizerKind::momentum, 1e-2},
                      Case{"mup", "relu", OptimizerKind::adam, 1e-4},
                      Case{"mean-field", "tanh", OptimizerKind::sgd, 1e-2},
                      Case{"ntk", "abs", OptimizerKind::sgd, 1e-3}, Case{"mup", "cos", OptimizerKind::adam, 1e-4},
                      Case{"mup", "silu", OptimizerKind::sgd, 1e-2}),
    [](const auto& named) {
      std::string name = std::string(named.param.scheme) + "_" + named.param.activation + "_" +
                         std::string(optimizer_name(named.param.optimizer));
      for (char& letter : name)
        if (letter == '-') letter = '_';
      return name;
    });

}  // namespace
}  // namespace widthwise
