// An observable of your own: the share of hidden units that are dead (relu zero on every measured sample). A probe is
// called for every member of an ensemble at the steps you choose and sees its weights; what it measures is yours.
#include <fmt/format.h>

#include <vector>

#include "widthwise/data/load.h"
#include "widthwise/network/propagation.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace {

using widthwise::Index;
using widthwise::View;

/// Share of the units of layer `layer` whose activation is 0 for every row of the last forward pass.
double dead_share(const widthwise::Propagation<float>& passes, Index member, Index layer) {
  const View<const float> features = passes.activation(member, layer);
  Index dead = 0;
  for (Index unit = 0; unit < features.cols; ++unit) {
    bool alive = false;
    for (Index sample = 0; sample < features.rows && !alive; ++sample) alive = features(sample, unit) > 0;
    if (!alive) ++dead;
  }
  return static_cast<double>(dead) / static_cast<double>(features.cols);
}

}  // namespace

int main() {
  using namespace widthwise;
  DataOptions data_options;
  data_options.name = "gaussian";
  data_options.dimension = 16;
  data_options.train = 256;
  const Split data = load_data(data_options);
  const Matrix<float> inputs = data.train.inputs.cast<float>(), targets = data.train.targets.cast<float>();

  FamilyOptions family;
  family.input_dimension = 16;
  family.width = 128;
  family.hidden_layers = 2;
  const Architecture architecture = mlp(family);
  ScaleRequest request;
  request.width = 128;
  request.hidden_layers = 2;
  request.input_dimension = 16;
  request.learning_rate = 0.05;
  request.gains = default_gains(make_activation("relu")->gain());
  Parameterization scheme = named_scheme("mup", OptimizerKind::sgd);
  scheme.reference_width = 64;
  const std::vector<Member> members = {{Key(0), scale(scheme, request)}, {Key(1), scale(scheme, request)}};
  Ensemble<float> ensemble(architecture, members);

  Propagation<float> passes(ensemble, inputs.rows(), 1);
  double largest = 0;
  const auto probe = [&](const TrainingState<float>& state) {
    passes.forward(state.ensemble, view(inputs), state.member);
    const double share = dead_share(passes, state.member, 2);
    largest = std::max(largest, share);
    fmt::print("member {}  step {:3}  dead share of layer 2: {:.3f}\n", state.member, state.step, share);
  };

  TrainingOptions options;
  options.batch = 64;
  options.steps = 100;
  const std::vector<std::int64_t> steps = {0, 10, 100};
  const auto results = train(ensemble, view(inputs), view(targets), *make_loss("squared"), options, steps, probe);
  // With 256 random samples hardly a unit is dead at these rates.
  return results[0].status == RunStatus::finished && largest < 0.5 ? 0 : 1;
}
