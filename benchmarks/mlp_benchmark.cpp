// Times training steps of MLPs (784 inputs, 3 hidden relu layers, 10 classes, cross-entropy, SGD) and of 64 nets in
// lockstep, for benchmarks/run: one line a row, tab-separated,
//
//   row <kind> <dtype> <width> <batch> <threads> <seconds a step> <operations a step>
//   peak <dtype> <threads> <operations a second>
//
//   mlp_benchmark THREADS SECONDS [mlp|lockstep]     SECONDS: time spent on a row
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "widthwise/linalg/cpu.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

template <class T>
constexpr const char* dtype = sizeof(T) == 4 ? "float32" : "float64";

constexpr Index inputs = 784, classes = 10;

struct Shape {
  const char* kind;
  Index width, batch, members;
};

template <class T>
class Problem {
 public:
  explicit Problem(const Shape& shape)
      : architecture_(mlp({.input_dimension = inputs,
                           .outputs = classes,
                           .width = shape.width,
                           .hidden_layers = 3,
                           .activation = {},
                           .bias_input = true,
                           .bias_hidden = true,
                           .bias_output = true})),
        ensemble_(architecture_, members(shape)),
        x_(shape.batch, inputs),
        y_(Matrix<T>::Zero(shape.batch, classes)),
        loss_(make_loss("cross-entropy")) {
    fill_normal<T>(Key(2), static_cast<std::size_t>(shape.batch), inputs, 1.0, x_.data(), inputs);
    for (Index i = 0; i < shape.batch; ++i) y_(i, i % classes) = T(1);
  }

  double seconds_for(std::int64_t steps) {
    TrainingOptions options;
    options.steps = steps;
    return train(ensemble_, view(std::as_const(x_)), view(std::as_const(y_)), *loss_, options)[0].seconds;
  }
  double operations(const Shape& shape) const {
    return training_flops_per_sample(architecture_) * static_cast<double>(shape.batch * shape.members);
  }

 private:
  std::vector<Member> members(const Shape& shape) const {
    ScaleRequest request;
    request.width = static_cast<double>(shape.width);
    request.hidden_layers = 3;
    request.input_dimension = inputs;
    request.learning_rate = 1e-3;
    const Scaling scaling = scale(named_scheme("standard", OptimizerKind::sgd), request);
    std::vector<Member> all;
    for (Index m = 0; m < shape.members; ++m) all.push_back({Key(static_cast<std::uint64_t>(m)), scaling});
    return all;
  }

  Architecture architecture_;
  Ensemble<T> ensemble_;
  Matrix<T> x_, y_;
  std::shared_ptr<const Loss> loss_;
};

template <class T>
void time_row(const Shape& shape, double seconds) {
  Problem<T> problem(shape);
  const double first = problem.seconds_for(1);
  const auto steps = std::max<std::int64_t>(2, static_cast<std::int64_t>(seconds / 6 / first));
  // Starting and ending (buffers, the last look at the state) cost as much as a step: the difference leaves them out.
  // Each is the best of three, since other programs only ever add time.
  double few = first, more = problem.seconds_for(1 + steps);
  for (int again = 0; again < 2; ++again) {
    few = std::min(few, problem.seconds_for(1));
    more = std::min(more, problem.seconds_for(1 + steps));
  }
  const double each = (more - few) / static_cast<double>(steps);
  std::printf("row\t%s\t%s\t%td\t%td\t%d\t%.6e\t%.6e\n", shape.kind, dtype<T>, shape.width, shape.batch, threads(),
              each, problem.operations(shape));
  std::fflush(stdout);
}

template <class T>
void time_all(std::string_view kind, double seconds) {
  std::printf("peak\t%s\t%d\t%.6e\n", dtype<T>, threads(), 1e9 * measured_peak<T>(threads()));
  if (kind != "lockstep")
    for (const Index width : {32, 128, 512, 2048})
      for (const Index batch : {128, 512}) time_row<T>({"mlp", width, batch, 1}, seconds);
  if (kind == "mlp" || sizeof(T) == 8) return;
  for (const Index width : {16, 32, 64, 128}) time_row<T>({"lockstep", width, 32, 64}, seconds);
  time_row<T>({"lockstep", 64, 128, 64}, seconds);
}

}  // namespace
}  // namespace widthwise

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 1;
  const double seconds = count > 2 ? std::atof(arguments[2]) : 0.3;
  const std::string_view kind = count > 3 ? arguments[3] : "";
  widthwise::set_threads(threads);
  widthwise::time_all<float>(kind, seconds);
  widthwise::time_all<double>(kind, seconds);
}
