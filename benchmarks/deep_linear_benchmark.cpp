// Deep linear networks (limit/deep_linear_theory.h, deep_linear_network.h), on the calling thread's number of threads:
//
//   theory L TIMES [SECONDS]      ->  <seconds of one> : repeated data, nu = 0.75, alpha = 2
//   sweep L TIMES RATES           ->  <seconds> : that many rates, a theory a thread
//   network D NU L [SECONDS]      ->  <seconds a step> <bytes its matrices are read and written a second>
//                                     <bytes a second of copying 256 MB, in this run>, float32
//
// benchmarks/peer_numpy.py sets the first beside NumPy.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "widthwise/limit/deep_linear_network.h"
#include "widthwise/limit/deep_linear_theory.h"
#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/threads.h"

namespace {

using widthwise::DeepLinearModel;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The best of as many runs as fit into some time.
template <class Work>
double seconds_of(double time, const Work& work) {
  double best = 1e9;
  for (const double begun = now(); now() - begun < time;) {
    const double start = now();
    work();
    best = std::min(best, now() - start);
  }
  return best;
}

DeepLinearModel model_of(int layers) {
  DeepLinearModel model;
  model.hidden_layers = layers;
  model.learning_rate = 0.05;
  model.richness = 1.5;
  model.width_ratio = 0.75;
  model.sample_ratio = 2;
  model.noise = 0.3;
  return model;
}

void follow(const DeepLinearModel& model, int times) {
  widthwise::DeepLinearTheory theory(model);
  while (theory.times() < times) theory.step();
}

void network(Eigen::Index dimension, double ratio, int layers, double time) {
  DeepLinearModel model = model_of(layers);
  model.width_ratio = ratio;
  widthwise::DeepLinearNetwork<float> one(model, dimension, widthwise::Key(0));
  one.step();
  const double step = seconds_of(time, [&] { one.step(); });
  const auto& sizes = one.sizes();
  const double weights = widthwise::DeepLinearNetwork<float>::bytes(model, sizes) -
                         4.0 * static_cast<double>(sizes.samples) * static_cast<double>(sizes.inputs);
  const double samples = 4.0 * static_cast<double>(sizes.samples) * static_cast<double>(sizes.inputs);
  const double moved = 3 * weights + samples;  // weights read twice and written once, samples read once
  std::vector<char> from(256 << 20, 1), to(from.size());
  const double copy = seconds_of(time, [&] { std::memcpy(to.data(), from.data(), from.size()); });
  std::printf("%.6g %.4g %.4g\n", step, moved / step, 2.0 * static_cast<double>(from.size()) / copy);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  const auto number = [&](std::size_t i, double otherwise) {
    return given.size() > i ? std::stod(given[i]) : otherwise;
  };
  if (given.size() >= 3 && given[0] == "theory") {
    const int layers = static_cast<int>(number(1, 3)), times = static_cast<int>(number(2, 400));
    std::printf("%.6g\n", seconds_of(number(3, 1), [&] { follow(model_of(layers), times); }));
  } else if (given.size() >= 4 && given[0] == "sweep") {
    const int layers = static_cast<int>(number(1, 3)), times = static_cast<int>(number(2, 100)),
              rates = static_cast<int>(number(3, 50)), workers = widthwise::threads();
    const double start = now();
    widthwise::parallel(workers, [&](int worker) {
      for (int i = worker; i < rates; i += workers) {
        DeepLinearModel model = model_of(layers);
        model.learning_rate = 0.001 * (i + 1);
        follow(model, times);
      }
    });
    std::printf("%.6g\n", now() - start);
  } else if (given.size() >= 4 && given[0] == "network") {
    network(static_cast<Eigen::Index>(number(1, 512)), number(2, 2), static_cast<int>(number(3, 3)), number(4, 1));
  } else {
    std::fputs("theory L TIMES [SECONDS] | sweep L TIMES RATES | network D NU L [SECONDS]\n", stderr);
    return 2;
  }
}
