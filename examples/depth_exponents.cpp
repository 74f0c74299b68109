// Does the exponent of rich training on power-law modes depend on depth? Deep linear networks of several widths and
// seeds by gradient flow: slopes of log loss against log t in each decade, and what they go to as the width grows.
//
//   depth_exponents [key=value ...]     keys and their defaults are those of Setting below; curves=FILE keeps the
//   curves
//
// Theory of balanced matrices (n = layers + 1): loss ~ t^(-n beta / (1 + (n - 1) beta)) for beta < 1, t^-beta above,
// and kernel ~ |b|^(2 - 2/n); without dependence on depth it would be n = 2 for all. layers=0 is the closed flow of one
// hidden layer at infinite width.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/base/number.h"
#include "widthwise/limit/deep_linear_flow.h"
#include "widthwise/limit/deep_linear_network_flow.h"
#include "widthwise/numerics/extrapolation.h"
#include "widthwise/numerics/local_slope.h"

namespace {

using namespace widthwise;

struct Setting {
  double source = 0.4, capacity = 2;  // beta, a
  double log2_modes = 36;
  double exact = 4, per_octave = 2;  // merging of modes
  double layers = 2, gamma0 = 3, centred = 1, tolerance = 1e-4;
  double seeds = 2, first_seed = 0;
  double decades = 4;    // windows [1, 10], [10, 100], ...
  double wide_from = 2;  // and one window from 10^this to the end
  std::string widths = "32,64", curves;
};

Setting read(int count, char** arguments) {
  Setting setting;
  struct Key_ {
    const char* name;
    double* value;
  };
  const Key_ keys[] = {
      {"source", &setting.source},      {"capacity", &setting.capacity},     {"log2_modes", &setting.log2_modes},
      {"exact", &setting.exact},        {"per_octave", &setting.per_octave}, {"layers", &setting.layers},
      {"gamma0", &setting.gamma0},      {"centred", &setting.centred},       {"tolerance", &setting.tolerance},
      {"seeds", &setting.seeds},        {"first_seed", &setting.first_seed}, {"decades", &setting.decades},
      {"wide_from", &setting.wide_from}};
  for (int k = 1; k < count; ++k) {
    const std::string argument = arguments[k];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals),
                      value = equals < argument.size() ? argument.substr(equals + 1) : "";
    bool known = true;
    if (name == "widths")
      setting.widths = value;
    else if (name == "curves")
      setting.curves = value;
    else {
      known = false;
      for (const Key_& key : keys)
        if (name == key.name) {
          const std::optional<double> number = number_in(value);
          if (!number) throw ConfigError({"command line", name}, "a number", value);
          *key.value = *number;
          known = true;
        }
    }
    if (!known) throw ConfigError({"command line", name}, "a key of depth_exponents", argument);
  }
  return setting;
}

/// Whether the slope over the wide window, at the largest width, is nearer to theory's than to that of one hidden
/// layer.
bool run(const Setting& setting) {
  const FlowSpectrum spectrum =
      power_law_spectrum({setting.capacity, setting.source, static_cast<std::uint64_t>(std::exp2(setting.log2_modes))},
                         {static_cast<std::uint64_t>(setting.exact), static_cast<int>(setting.per_octave)});
  std::vector<double> times, edges;
  const int decades = static_cast<int>(setting.decades), each = 20, layers = static_cast<int>(setting.layers);
  for (int k = 0; k <= decades * each; ++k) times.push_back(std::pow(10, static_cast<double>(k) / each));
  for (int k = 0; k <= decades; ++k) edges.push_back(std::pow(10, k));
  const double wide[] = {std::pow(10, setting.wide_from), edges.back()};

  const double n = layers == 0 ? 2 : layers + 1, beta = setting.source;
  const double theory = beta < 1 ? -n * beta / (1 + (n - 1) * beta) : -beta;
  const double depthless = beta < 1 ? -2 * beta / (1 + beta) : -beta;
  fmt::print(
      "beta {} layers {} gamma0 {} modes {} (a {}, {} merged): theory {:.4f}, if no depth {:.4f}, kernel {:.4f}\n",
      beta, layers, setting.gamma0, spectrum.variance.size(), setting.capacity, std::exp2(setting.log2_modes), theory,
      depthless, 2 - 2 / n);

  std::ofstream curves;
  if (!setting.curves.empty()) {
    curves.open(setting.curves, std::ios::app);
    if (!curves) throw ConfigError({"command line", "curves"}, "a file that can be written", setting.curves);
    if (curves.tellp() == 0) curves << "beta,layers,gamma0,width,seed,time,loss,kernel_scale,reach\n";
  }
  // Windows, then the wide one, then the kernel's exponent in |b| over the wide one.
  std::vector<std::vector<Point>> points(static_cast<std::size_t>(decades) + 2);
  std::vector<double> widths;
  std::stringstream list(setting.widths);
  for (std::string word; std::getline(list, word, ',');) {
    const std::optional<double> width = number_in(word);
    if (!width) throw ConfigError({"command line", "widths"}, "numbers with commas between", setting.widths);
    widths.push_back(*width);
  }
  for (const double width : widths) {
    for (int seed = 0; seed < static_cast<int>(setting.seeds); ++seed) {
      const auto number = static_cast<std::uint64_t>(seed) + static_cast<std::uint64_t>(setting.first_seed);
      const Trace trace = layers == 0 ? two_layer_flow(spectrum, {setting.gamma0, 1, setting.tolerance}, times)
                                      : deep_linear_network_flow(spectrum,
                                                                 {layers, static_cast<Index>(width), setting.gamma0, 1,
                                                                  setting.centred != 0, setting.tolerance, Key(number)},
                                                                 times);
      const std::vector<double>& loss = trace.values("loss");
      std::vector<double> slopes;
      for (const LocalSlope& local : local_slopes(times, loss, edges)) slopes.push_back(local.slope);
      slopes.push_back(local_slopes(times, loss, wide)[0].slope);
      if (layers > 0 && beta < 1) {  // |b| of easy tasks stops growing
        const std::vector<double>& reach = trace.values("reach");
        const double ends[] = {trace.at_time("reach", wide[0]), reach.back()};
        slopes.push_back(local_slopes(reach, trace.values("kernel_scale"), ends)[0].slope);
      }
      fmt::print("  N {} seed {} steps {}:", width, number, trace.step.back());
      for (std::size_t k = 0; k < slopes.size(); ++k) {
        fmt::print(" {:.4f}", slopes[k]);
        points[k].push_back({width, std::to_string(number), slopes[k]});
      }
      fmt::print("\n");
      std::fflush(stdout);
      if (curves.is_open())
        for (std::size_t k = 0; k < times.size(); ++k)
          curves << fmt::format("{},{},{},{},{},{},{},{},{}\n", beta, layers, setting.gamma0, width, number, times[k],
                                loss[k], trace.values("kernel_scale")[k], layers == 0 ? 0 : trace.values("reach")[k]);
    }
  }
  double measured = 0;
  for (std::size_t k = 0; k < points.size(); ++k) {
    if (points[k].empty()) continue;
    const std::string name = k < static_cast<std::size_t>(decades) ? fmt::format("t 1e{}..1e{}", k, k + 1)
                             : k == static_cast<std::size_t>(decades)
                                 ? fmt::format("t 1e{}..1e{}", setting.wide_from, decades)
                                 : "kernel against |b|";
    fmt::print("  {}:", name);
    for (const double width : widths) {
      std::vector<double> values;
      for (const Point& point : points[k])
        if (point.x == width) values.push_back(point.y);
      if (k == static_cast<std::size_t>(decades)) measured = mean(values);
      fmt::print(" N {} {:.4f} +- {:.4f};", width, mean(values), standard_error(values));
    }
    const Extrapolation limit = extrapolate(points[k]);
    fmt::print(" N -> infinity {:.4f} in [{:.4f}, {:.4f}] {}\n", limit.limit, limit.interval.low, limit.interval.high,
               limit.reason);
  }
  return layers < 2 || beta >= 1 || std::abs(measured - theory) < std::abs(measured - depthless);
}

}  // namespace

int main(int count, char** arguments) try {
  install_interrupt_handlers();
  return run(read(count, arguments)) ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
