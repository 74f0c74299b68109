// The table of docs/rules.md against training: every exponent a row claims, against the slope of what comes out when
// small networks train under that scheme and optimizer.
#include <cmath>

#include "agreement/small_networks.h"
#include "widthwise/parameterization/rules.h"
#include "widthwise/study/scheme.h"

namespace widthwise::testing {
namespace {

constexpr Index layers = hidden_layers + 1;

struct Row {
  const char* scheme;
  OptimizerKind optimizer;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const char* scheme : {"standard", "ntk", "mup", "mean-field"})
    for (const OptimizerKind optimizer :
         {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop, OptimizerKind::muon})
      all.push_back({scheme, optimizer});
  return all;
}

// Small beside the weights at the reference; one rate everywhere, as standard has it, must be small at the largest
// width.
double small_rate(const Row& row) {
  const double rate = row.optimizer == OptimizerKind::sgd       ? 1e-2
                      : row.optimizer == OptimizerKind::muon    ? 1e-3
                      : row.optimizer == OptimizerKind::rmsprop ? 1e-5
                                                                : 1e-4;
  return std::string(row.scheme) == "standard" ? rate / 10 : rate;
}

double inner(View<const double> left, View<const double> right) {
  double sum = 0;
  for (Index i = 0; i < left.rows; ++i)
    for (Index j = 0; j < left.cols; ++j) sum += left(i, j) * right(i, j);
  return sum;
}

double rms(View<const double> values) {
  return std::sqrt(inner(values, values) / static_cast<double>(values.size()));
}

Matrix<double> difference(View<const double> left, View<const double> right) {
  Matrix<double> result(left.rows, left.cols);
  for (Index i = 0; i < left.rows; ++i)
    for (Index j = 0; j < left.cols; ++j) result(i, j) = left(i, j) - right(i, j);
  return result;
}

/// Of the gradient in each effective weight at initialization, by one step of gradient descent at rate 1; [seed][l-1].
std::vector<std::vector<double>> gradient_sizes(const Trial& trial, Index width, const SmallData& data) {
  std::vector<Member> members = members_of(trial, width);
  for (Member& member : members)
    for (TensorScaling& tensor : member.scaling.weights) tensor.effective_rate = 1;
  Ensemble<double> ensemble = networks(trial, width, members);
  train_all(ensemble, OptimizerKind::sgd, 1, data);
  std::vector<std::vector<double>> sizes(seeds);
  for (Index seed = 0; seed < seeds; ++seed)
    for (Index layer = 1; layer <= layers; ++layer)
      sizes[static_cast<std::size_t>(seed)].push_back(
          rms(view(difference(ensemble.initial_weight(seed, layer), ensemble.weight(seed, layer)))));
  return sizes;
}

/// "gradient.l", and "epsilon.l": epsilon over the gradient.
Points measure_gradients(const Trial& trial) {
  const SmallData data;
  Points points;
  for (const Index width : widths) {
    const std::vector<TensorScaling> scaling = members_of(trial, width)[0].scaling.weights;
    const auto sizes = gradient_sizes(trial, width, data);
    for (std::size_t seed = 0; seed < sizes.size(); ++seed)
      for (std::size_t l = 0; l < sizes[seed].size(); ++l) {
        const auto add = [&](const char* name, double value) {
          points[name + std::to_string(l + 1)].push_back({static_cast<double>(width), std::to_string(seed), value});
        };
        add("gradient.", sizes[seed][l]);
        add("epsilon.", scaling[l].effective_epsilon / sizes[seed][l]);
      }
  }
  return points;
}

/// Weight decay of each layer at the reference width whose pull is `share` of the gradient in it, in rms.
std::vector<double> decays_beside_gradient(const Trial& trial, double share) {
  std::vector<double> decays = gradient_sizes(trial, reference_width, {})[0];
  const Scaling scaling = members_of(trial, reference_width)[0].scaling;
  for (std::size_t l = 0; l < decays.size(); ++l) decays[l] *= share / scaling.weights[l].effective_std;
  return decays;
}

/// The share of each initial weight W_0 that decay has taken after one step, (W without - W with it) along W_0, mean
/// over the seeds: by layer, a point a width.
std::vector<std::vector<Point>> measure_decay(const Trial& trial, const std::vector<double>& decays) {
  const SmallData data;
  Trial decaying = trial;
  decaying.weight_decays = decays;
  std::vector<std::vector<Point>> points(layers);
  for (const Index width : widths) {
    Ensemble<double> plain = networks(trial, width, members_of(trial, width));
    Ensemble<double> decayed = networks(trial, width, members_of(decaying, width));
    train_all(plain, trial.optimizer, 1, data);
    train_all(decayed, trial.optimizer, 1, data);
    for (Index layer = 1; layer <= layers; ++layer) {
      double share = 0;
      for (Index seed = 0; seed < seeds; ++seed) {
        const View<const double> start = plain.initial_weight(seed, layer);
        share += inner(view(difference(plain.weight(seed, layer), decayed.weight(seed, layer))), start) /
                 inner(start, start) / seeds;
      }
      points[static_cast<std::size_t>(layer - 1)].push_back({static_cast<double>(width), "mean", share});
    }
  }
  return points;
}

class Rules : public ::testing::TestWithParam<Row> {
 protected:
  const BlockRule& rule(Index layer) const { return rules[layer == 1 ? 0 : layer == layers ? 2 : 1]; }

  const Row row = GetParam();
  const ClassifyRequest request{row.optimizer, hidden_layers, activation_facts(*make_activation("tanh"))};
  const std::vector<BlockRule> rules = block_rules(named_scheme(row.scheme, row.optimizer), request);
  const Trial trial{row.scheme, "tanh", row.optimizer, small_rate(row)};
};

// Corrections of relative size n^(-1/2) move a slope by up to 0.1 between 64 and 512, behind several layers by a little
// more; exponents are multiples of 1/2. An output at initialization adds the noise of eight seeds.
constexpr double near = 0.2, near_random_output = 0.3;

TEST_P(Rules, SizesAndMovesAreTheMeasuredSlopes) {
  const Points points =
      measure(trial, {"preactivation_size", "output_size", "update", "feature_change", "output_change"});
  const auto slope = [&](const std::string& name) { return mean_slope(points.at(name)); };
  const auto numbered = [](const char* name, Index layer) { return name + std::to_string(layer); };
  for (Index l = 1; l <= layers; ++l) EXPECT_NEAR(slope(numbered("update.", l)), rule(l).move->value(), near) << l;
  for (Index l = 1; l <= hidden_layers; ++l)
    EXPECT_NEAR(slope(numbered("initial.preactivation_size.", l)), rule(l).preactivation->value(), near) << l;
  EXPECT_NEAR(slope("initial.output_size"), rule(layers).preactivation->value(), near_random_output);

  // What the moves of all layers add up to; of standard, whose growth feeds back, there is no such exponent.
  const Outcome outcome = classify(named_scheme(row.scheme, row.optimizer), request);
  EXPECT_EQ(outcome.stable, std::string(row.scheme) != "standard");
  if (!outcome.stable) return;
  for (Index l = 1; l <= hidden_layers; ++l)
    EXPECT_NEAR(slope(numbered("feature_change.", l)), outcome.predictions.at(numbered("feature_change.", l)).value(),
                near)
        << l;
  EXPECT_NEAR(slope("output_change"), outcome.predictions.at("output_change").value(), near);
}

TEST_P(Rules, EpsilonFollowsTheMeasuredGradient) {
  const Points points = measure_gradients(trial);
  for (Index l = 1; l <= layers; ++l) {
    EXPECT_NEAR(mean_slope(points.at("gradient." + std::to_string(l))), rule(l).gradient->value(), near) << l;
    if (!rule(l).has_epsilon) continue;
    // standard keeps one epsilon: beside the gradients of all layers but the last it rises as n^(1/2).
    const bool falls_behind = std::string(row.scheme) == "standard" && l < layers;
    EXPECT_NEAR(mean_slope(points.at("epsilon." + std::to_string(l))), falls_behind ? 0.5 : 0, near) << l;
  }
}

TEST_P(Rules, DecayTakesTheMeasuredShare) {
  // A hundredth a step; where it is divided by the gradient's size with the rest, a tenth of that, and 0.3 in the
  // output layer, whose few entries are noisy.
  std::vector<double> decays(layers, 0.01 / trial.rate);
  if (decay_is_divided(row.optimizer)) {
    decays = decays_beside_gradient(trial, 0.1);
    decays.back() *= 3;
  }
  const auto points = measure_decay(trial, decays);
  for (Index l = 1; l <= layers; ++l) {
    const Slopes slopes = log_log_slopes(points[static_cast<std::size_t>(l - 1)]);
    ASSERT_EQ(slopes.seeds.size(), 1u) << l;
    EXPECT_NEAR(slopes.seeds[0].slope, rule(l).decay_share->value(), near) << l;
  }
}

std::vector<Row> rows_with_divided_decay() {
  std::vector<Row> some = rows();
  std::erase_if(some, [](const Row& row) { return !decay_is_divided(row.optimizer); });
  return some;
}

class DividedDecay : public Rules {};

// A decay as large as the gradient at the reference stays beside it, so layers move by the same powers as without. With
// d = e - c, by which the share of the weight would be kept, slopes under mup and ntk fall by 0.4 and 0.6.
TEST_P(DividedDecay, LeavesTheMovesAlone) {
  Trial decaying = trial;
  decaying.weight_decays = decays_beside_gradient(trial, 1);
  const Points points = measure(decaying, {"update"});
  for (Index l = 1; l <= layers; ++l)
    EXPECT_NEAR(mean_slope(points.at("update." + std::to_string(l))), rule(l).move->value(), near) << l;
}

INSTANTIATE_TEST_SUITE_P(Docs, DividedDecay, ::testing::ValuesIn(rows_with_divided_decay()),
                         [](const auto& named) { return test_name(named.param.scheme, named.param.optimizer); });
INSTANTIATE_TEST_SUITE_P(Docs, Rules, ::testing::ValuesIn(rows()),
                         [](const auto& named) { return test_name(named.param.scheme, named.param.optimizer); });

}  // namespace
}  // namespace widthwise::testing
