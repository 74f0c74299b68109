// Weight decay and epsilon over widths: with the named schemes' exponents the share of each weight that a step's decay
// takes is the same at every width, or as small as a whole step is. Measured as what one step with decay does beyond
// one without, along W_0.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "training/training_cases.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

constexpr int hidden_layers = 2;
constexpr double reference = 32;

struct Setting {
  std::string scheme;
  OptimizerKind optimizer;
  double epsilon, decay;  // at the reference
};

Scaling scaling(const Setting& setting, Index width) {
  Parameterization scheme = named_scheme(setting.scheme, setting.optimizer);
  scheme.reference_width = reference;
  ScaleRequest request;
  request.optimizer = setting.optimizer;
  request.width = static_cast<double>(width);
  request.hidden_layers = hidden_layers;
  request.input_dimension = 6;
  request.learning_rate = 1e-3;
  request.epsilon = setting.epsilon;
  request.weight_decay = setting.decay;
  return scale(scheme, request);
}

// 1 - <W_1, W_0>/|W_0|^2 of each layer after one step with decay, less the same without.
std::vector<double> shares(const Setting& setting, Index width) {
  const testing::Data data = testing::small_data();
  std::vector<double> share(hidden_layers + 1, 0);
  for (const bool decays : {false, true}) {
    Setting one = setting;
    if (!decays) one.decay = 0;
    std::vector<Member> members;
    for (std::uint64_t seed = 0; seed < 4; ++seed) members.push_back({Key(seed), scaling(one, width)});
    Ensemble<double> ensemble(testing::small_mlp(width, false), members);
    TrainingOptions options;
    options.optimizer = setting.optimizer;
    options.steps = 1;
    train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options);
    for (Index l = 1; l <= hidden_layers + 1; ++l)
      for (Index m = 0; m < 4; ++m) {
        const Matrix<double> start = testing::matrix_of(ensemble.initial_weight(m, l));
        const Matrix<double> end = testing::matrix_of(ensemble.weight(m, l));
        const double along = 1 - end.cwiseProduct(start).sum() / start.squaredNorm();
        share[static_cast<std::size_t>(l - 1)] += (decays ? along : -along) / 4;
      }
  }
  return share;
}

// Slope of log share in log width, per layer, between `width` and eight times that.
std::vector<double> slopes(const Setting& setting, Index width) {
  const std::vector<double> narrow = shares(setting, width), wide = shares(setting, 8 * width);
  std::vector<double> out;
  for (std::size_t l = 0; l < narrow.size(); ++l) {
    EXPECT_GT(narrow[l], 0);
    out.push_back(std::log(wide[l] / narrow[l]) / std::log(8.0));
  }
  return out;
}

TEST(Decay, TakesTheSameShareAtEveryWidth) {
  // On W itself: rate * decay exactly, whatever the gradient.
  for (const char* scheme : {"standard", "ntk", "mup", "mean-field"})
    for (const OptimizerKind optimizer :
         {OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adamw, OptimizerKind::muon}) {
      const Setting setting{scheme, optimizer, 1e-3, 0.1};
      for (const double share : shares(setting, 64)) EXPECT_NEAR(share, 1e-4, 1e-12) << scheme;
      for (const double slope : slopes(setting, 16)) EXPECT_NEAR(slope, 0, 1e-9) << scheme;
    }
}

TEST(Decay, InTheGradientTakesTheShareThatAWholeStepIs) {
  // Decay times weight is kept the same share of the gradient, so what decay takes of a weight scales as the step does
  // beside the weight: rate over size. By division by |G| + epsilon that is rate * decay / epsilon for a dominant
  // epsilon, and since named epsilons scale as gradients do, the same power of the width for one that does not
  // dominate, up to what finite widths hide.
  const std::map<std::string, std::array<double, 3>> exponents = {
      {"ntk", {-0.5, -1, -0.5}}, {"mup", {0, -0.5, 0}}, {"mean-field", {0, -0.5, 0}}};
  for (const OptimizerKind optimizer : {OptimizerKind::adam, OptimizerKind::rmsprop})
    for (const auto& [scheme, expected] : exponents) {
      const auto dominant = slopes({scheme, optimizer, 100, 0.1}, 64),
                 small = slopes({scheme, optimizer, 0.05, 1e-3}, 64);
      for (std::size_t l = 0; l < expected.size(); ++l) {
        EXPECT_NEAR(dominant[l], expected[l], 0.02) << scheme << l + 1;
        EXPECT_NEAR(small[l], expected[l], 0.1) << scheme << l + 1;
      }
    }
}

TEST(Decay, WithAnotherExponentTheShareScales) {
  // d one less than -c: decay grows by n against the named schemes', and so does the share.
  Parameterization scheme = named_scheme("mup", OptimizerKind::adamw);
  scheme.reference_width = reference;
  scheme.width.hidden.d -= 1;
  ScaleRequest request;
  request.optimizer = OptimizerKind::adamw;
  request.width = 8 * reference;
  request.hidden_layers = hidden_layers;
  request.weight_decay = 0.1;
  const Scaling wide = scale(scheme, request);
  EXPECT_DOUBLE_EQ(wide.weights[1].effective_rate * wide.weights[1].effective_decay, 8 * 0.1);
  EXPECT_DOUBLE_EQ(wide.weights[0].effective_rate * wide.weights[0].effective_decay, 0.1);
}

}  // namespace
}  // namespace widthwise
