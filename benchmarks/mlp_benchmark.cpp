// Times training steps through train(), for benchmarks/run: MLPs of 784 inputs, 3 hidden relu layers with biases and 10
// classes, cross-entropy, SGD unless another is asked for; "deep" has 6 hidden layers; "lockstep" is 64 of them on one
// batch; "flow" is a trial step of gradient flow of five seeds (softplus, no biases, softhinge of one centred output,
// all samples), every trial accepted; "cnn" is three 3 x 3 convolutions of WIDTH channels over 28 x 28 pixels, relu,
// the mean, a readout. Reads requests line by line from standard input, so that benchmarks/run can take turns with the
// peer, and answers each with one line:
//
//   mlp|deep|lockstep|flow|cnn float32|float64 WIDTH BATCH ->  <seconds a step> <operations a step>
//   kernel float32|float64 WIDTH SAMPLES         ->  <seconds> <operations>  of a tangent kernel: one output, no biases
//   peak float32|float64                         ->  <operations a second>
//
//   echo mlp float32 512 128 | mlp_benchmark THREADS SECONDS [OPTIMIZER]     SECONDS: time spent on a row
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "widthwise/kernel/empirical.h"
#include "widthwise/linalg/cpu.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

constexpr Index inputs = 784, classes = 10;
constexpr std::int64_t windows = 5;
OptimizerKind optimizer = OptimizerKind::sgd;

struct Shape {
  Index width, batch, members;
  bool images = false;
  int hidden_layers = 3;
};

Architecture network(const Shape& shape) {
  FamilyOptions options;
  options.input_dimension = inputs;
  options.outputs = classes;
  options.width = shape.width;
  options.hidden_layers = shape.hidden_layers;
  options.bias_input = options.bias_hidden = options.bias_output = true;
  if (!shape.images) return mlp(options);
  options.image = {28, 28, 1};
  options.blocks = 1;
  options.convolutions = options.kernel = 3;
  options.stride_first = false;
  return cnn(options);
}

template <class T>
class Problem {
 public:
  explicit Problem(const Shape& shape)
      : architecture_(network(shape)),
        ensemble_(architecture_, members(shape), InitialWeights::forgotten),
        x_(shape.batch, inputs),
        y_(Matrix<T>::Zero(shape.batch, classes)),
        loss_(make_loss("cross-entropy")) {
    fill_normal<T>(Key(2), static_cast<std::size_t>(shape.batch), inputs, 1.0, x_.data(), inputs);
    for (Index i = 0; i < shape.batch; ++i) y_(i, i % classes) = T(1);
  }

  /// The shortest of some windows of `steps` steps each: other programs only ever add time. Two steps before them warm
  /// up the caches and threads.
  double best_window(std::int64_t steps) {
    TrainingOptions options;
    options.optimizer = optimizer;
    options.steps = 2 + windows * steps;
    std::vector<std::int64_t> marks;
    for (std::int64_t window = 0; window <= windows; ++window) marks.push_back(2 + window * steps);
    std::vector<double> times;
    const auto note = [&](const TrainingState<T>& state) {
      if (state.member == 0)
        times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count());
    };
    train<T>(ensemble_, view(std::as_const(x_)), view(std::as_const(y_)), *loss_, options, marks, note);
    double best = times[1] - times[0];
    for (std::size_t mark = 2; mark < times.size(); ++mark) best = std::min(best, times[mark] - times[mark - 1]);
    return best;
  }
  double operations(const Shape& shape) const {
    return training_flops_per_sample(architecture_) * static_cast<double>(shape.batch * shape.members);
  }

 private:
  std::vector<Member> members(const Shape& shape) const {
    ScaleRequest request;
    request.optimizer = optimizer;
    request.width = static_cast<double>(shape.width);
    request.hidden_layers = shape.hidden_layers;
    request.input_dimension = inputs;
    request.learning_rate = 1e-3;
    if (shape.images)
      for (const Dense& matrix : architecture_.weight_matrices())
        request.matrices.push_back({static_cast<double>(matrix.fan_in), matrix.block});
    const Scaling scaling = scale(named_scheme("standard", optimizer), request);
    std::vector<Member> all;
    for (Index m = 0; m < shape.members; ++m) all.push_back({Key(static_cast<std::uint64_t>(m)), scaling});
    return all;
  }

  Architecture architecture_;
  Ensemble<T> ensemble_;
  Matrix<T> x_, y_;
  std::shared_ptr<const Loss> loss_;
};

// Trials of gradient flow, by the same windows.
template <class T>
double flow_trial(const Shape& shape, double seconds, double& operations) {
  FamilyOptions net;
  net.input_dimension = inputs;
  net.width = shape.width;
  net.hidden_layers = 3;
  net.activation = "softplus";
  net.activation_parameter = 5;
  const Architecture network = mlp(net);
  operations = training_flops_per_sample(network) * static_cast<double>(shape.batch * shape.members);
  ScaleRequest request;
  request.optimizer = OptimizerKind::flow;
  request.width = static_cast<double>(shape.width);
  request.hidden_layers = 3;
  request.input_dimension = inputs;
  request.base_in = BaseIn::multiplier;
  const Scaling scaling = scale(named_scheme("ntk", OptimizerKind::flow), request);
  std::vector<Member> members;
  for (Index m = 0; m < shape.members; ++m) members.push_back({Key(static_cast<std::uint64_t>(m)), scaling});
  Ensemble<T> ensemble(network, members, InitialWeights::forgotten);
  Matrix<T> x(shape.batch, inputs), y(shape.batch, 1);
  fill_normal<T>(Key(2), static_cast<std::size_t>(shape.batch), inputs, 1.0, x.data(), inputs);
  for (Index i = 0; i < shape.batch; ++i) y(i, 0) = i % 2 == 0 ? T(1) : T(-1);
  TrainingOptions options;
  options.optimizer = OptimizerKind::flow;
  options.kappa = -1;
  options.flow.rule = {.max_dgrad = 1e300, .max_dout = 1e300, .first = 1e-6, .growth = 1};
  // Members take their turns in blocks, so only whole runs tell; the start, two passes more, is taken off.
  const auto run = [&](std::int64_t steps) {
    options.steps = steps;
    const auto start = std::chrono::steady_clock::now();
    train<T>(ensemble, view(std::as_const(x)), view(std::as_const(y)), *make_loss("softhinge"), options);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto window = [&](std::int64_t steps) {
    double without = run(1), with = run(1 + steps);
    for (std::int64_t w = 1; w < windows; ++w) {
      without = std::min(without, run(1));
      with = std::min(with, run(1 + steps));
    }
    return (with - without) / static_cast<double>(steps);
  };
  const double first = window(2);
  return window(std::max<std::int64_t>(2, static_cast<std::int64_t>(seconds / windows / first)));
}

template <class T>
void answer_kernel(double seconds) {
  Index width = 0, samples = 0;
  std::cin >> width >> samples;
  const Architecture network = mlp({.input_dimension = inputs,
                                    .outputs = 1,
                                    .width = width,
                                    .hidden_layers = 3,
                                    .activation = {},
                                    .bias_input = false,
                                    .bias_hidden = false,
                                    .bias_output = false});
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.hidden_layers = 3;
  request.input_dimension = inputs;
  const std::vector<Member> members = {{Key(1), scale(named_scheme("ntk", OptimizerKind::sgd), request)}};
  const Ensemble<T> ensemble(network, members, InitialWeights::forgotten);
  Matrix<T> points(samples, inputs), out(samples, samples);
  fill_normal<T>(Key(2), static_cast<std::size_t>(samples), inputs, 1.0, points.data(), inputs);
  TangentKernel<T> kernel;
  double best = 1e9, spent = 0;
  for (int round = 0; round < 3 || spent < seconds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    kernel(ensemble, 0, view(std::as_const(points)), {view(out)});
    const double once = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (round > 0) best = std::min(best, once);
    spent += once;
  }
  // Forward; back through all but the first layer; a multiplication and an addition for each entry on or above the
  // diagonal, for every input and delta.
  const auto n = static_cast<double>(samples);
  double operations = n * flops_per_sample(network);
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const View<const T> w = ensemble.weight(0, layer);
    if (layer > 1) operations += 2 * n * static_cast<double>(w.size());
    operations += n * (n + 1) * static_cast<double>(w.rows + w.cols);
  }
  std::cout << best << ' ' << operations << std::endl;
}

template <class T>
void answer(const std::string& kind, double seconds) {
  if (kind == "peak") {
    std::cout << 1e9 * measured_peak<T>(threads()) << std::endl;
    return;
  }
  if (kind == "kernel") return answer_kernel<T>(seconds);
  Shape shape{0, 0, kind == "lockstep" ? 64 : kind == "flow" ? 5 : 1, kind == "cnn", kind == "deep" ? 6 : 3};
  std::cin >> shape.width >> shape.batch;
  if (kind == "flow") {
    double operations = 0;
    const double trial = flow_trial<T>(shape, seconds, operations);
    std::cout << trial << ' ' << operations << std::endl;
    return;
  }
  Problem<T> problem(shape);
  const double first = problem.best_window(1);
  const auto steps = std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds / windows / first));
  const double best = steps == 1 ? first : problem.best_window(steps) / static_cast<double>(steps);
  std::cout << best << ' ' << problem.operations(shape) << std::endl;
}

}  // namespace
}  // namespace widthwise

int main(int count, char** arguments) {
  widthwise::set_threads(count > 1 ? std::atoi(arguments[1]) : 1);
  const double seconds = count > 2 ? std::atof(arguments[2]) : 0.3;
  if (count > 3) widthwise::optimizer = widthwise::parse_optimizer(arguments[3]);
  for (std::string kind, dtype; std::cin >> kind >> dtype;)
    dtype == "float64" ? widthwise::answer<double>(kind, seconds) : widthwise::answer<float>(kind, seconds);
}
