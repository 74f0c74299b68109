// Trains two widths under mup for a few steps: every layer below the command line is linked from the package.
#include <widthwise/data/load.h>
#include <widthwise/parameterization/schemes.h>
#include <widthwise/training/training.h>

#include <cstdio>

int main() {
  using namespace widthwise;
  DataOptions data;
  data.name = "gaussian";
  data.dimension = 8;
  data.train = 32;
  const Split split = load_data(data);
  for (const Index width : {32, 64}) {
    ScaleRequest request;
    request.width = static_cast<double>(width);
    request.hidden_layers = 2;
    request.input_dimension = 8;
    request.learning_rate = 0.1;
    const Member member{Key(1), scale(named_scheme("mup", OptimizerKind::sgd), request)};
    Ensemble<double> network(mlp({.input_dimension = 8, .width = width, .hidden_layers = 2}), {&member, 1});
    TrainingOptions options;
    options.steps = 10;
    const auto results =
        train(network, view(split.train.inputs), view(split.train.targets), *make_loss("squared"), options);
    std::printf("width %td: %s\n", width, std::string(status_name(results[0].status)).c_str());
    if (results[0].status != RunStatus::finished) return 1;
  }
  return 0;
}
