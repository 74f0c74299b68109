// Times a step of what stands for infinite width, as a share of the peak measured in the same run: a very wide network
// of one hidden layer on images, the same on points in the basis of their span, and mean-field particles.
//
//   limit_benchmark [SCALE]       SCALE below 1 shrinks widths and particles (default 1: 5 GB of memory)
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/data/span.h"
#include "widthwise/limit/two_layer.h"
#include "widthwise/linalg/cpu.h"
#include "widthwise/linalg/threads.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/training/training.h"

namespace widthwise {
namespace {

constexpr Index samples = 1024, pixels = 3072, others = 10;
constexpr int steps = 4;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void print(const std::string& what, double seconds, double flops, double peak) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{:<64}  {:6.3f} s a step  {:3.0f} % of peak  {:4.1f} GB so far at most\n", what, seconds,
             100 * flops / seconds / (1e9 * peak), static_cast<double>(usage.ru_maxrss) / 1e6);
}

// The fastest of some steps: other programs only ever add time.
void wide_network(Index width, const Matrix<double>& inputs, const std::string& what, double peak) {
  const Matrix<float> x = inputs.cast<float>();
  Matrix<float> y(x.rows(), 1);
  for (Index i = 0; i < y.rows(); ++i) y(i, 0) = i % 2 == 0 ? 1 : -1;
  FamilyOptions family;
  family.input_dimension = x.cols();
  family.width = width;
  family.hidden_layers = 1;
  family.activation = "leaky_relu";
  ScaleRequest request;
  request.width = static_cast<double>(width);
  request.input_dimension = static_cast<double>(x.cols());
  request.learning_rate = 1e-3;
  const std::vector<Member> members{{Key(1), scale(named_scheme("ntk", OptimizerKind::sgd), request)}};
  Ensemble<float> ensemble(mlp(family), members, InitialWeights::forgotten);
  TrainingOptions options;
  options.steps = steps;
  std::vector<std::int64_t> marks(steps + 1);
  std::iota(marks.begin(), marks.end(), 0);
  std::vector<double> times;
  train<float>(ensemble, view(std::as_const(x)), view(std::as_const(y)), *make_loss("logistic"), options, marks,
               [&](const TrainingState<float>&) { times.push_back(now()); });
  double best = times[2] - times[1];
  for (std::size_t i = 2; i + 1 < times.size(); ++i) best = std::min(best, times[i + 1] - times[i]);
  print(what, best, 4.0 * static_cast<double>(width) * static_cast<double>(x.rows()) * static_cast<double>(x.cols()),
        peak);
}

void particles(Index count, double peak) {
  constexpr Index points = 512, features = 256;
  Matrix<double> x(points, features), y(points, 1);
  fill_normal(Key(2), points, features, 1.0, x.data(), features);
  for (Index i = 0; i < points; ++i) y(i, 0) = i % 2 == 0 ? 1 : -1;
  TwoLayerOptions options;
  options.exponents = {-1, 1, 1};
  options.reference = {.width = 128, .sigma = 0.05, .input_std = 0.05, .rate_a = 1, .rate_w = 1};
  options.particles = count;
  TwoLayerLimit limit(
      {view(std::as_const(x)), view(std::as_const(y)), {}, make_activation("leaky_relu", 0.1), make_loss("logistic")},
      options);
  std::vector<std::uint32_t> rows(points);
  std::iota(rows.begin(), rows.end(), 0U);
  double best = 1e300;
  for (int k = 0; k < steps; ++k) {
    const double start = now();
    limit.advance(rows);
    if (k > 0) best = std::min(best, now() - start);
  }
  const double products = 8.0 * static_cast<double>(count) * points <= 1e9 ? 2 : 3;
  print(fmt::format("{} particles, {} points of {} features, float64, {} products", count, points, features, products),
        best, 2 * products * static_cast<double>(count) * points * features, peak);
}

}  // namespace
}  // namespace widthwise

int main(int argc, char** argv) {
  using namespace widthwise;
  const double scale = argc > 1 ? std::atof(argv[1]) : 1;
  const double single = measured_peak<float>(threads()), twice = measured_peak<double>(threads());
  fmt::print("{} threads; peak {:.0f} GFLOP/s float32, {:.0f} float64\n", threads(), single, twice);
  const auto width = static_cast<Index>(65536 * scale);
  Matrix<double> images(samples, pixels), points(others, pixels);
  fill_normal(Key(1), samples, pixels, 1.0, images.data(), pixels);
  fill_normal(Key(3), others, pixels, 1.0, points.data(), pixels);
  particles(2 * static_cast<Index>(5e5 * scale), twice);
  wide_network(width, images, fmt::format("width {}, {} samples of {} pixels, float32", width, samples, pixels),
               single);
  const double start = now();
  write_in_span({&images, &points});
  fmt::print("basis of {} points: {:.1f} s, once\n", samples + others, now() - start);
  wide_network(width, images, fmt::format("the same in the basis of {} points", samples + others), single);
  return 0;
}
