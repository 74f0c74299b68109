// The list of activations: names, parameters and their ranges.
#include <fmt/format.h>

#include <cmath>
#include <mutex>
#include <string>
#include <utility>

#include "widthwise/activation/activations.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using Made = std::shared_ptr<const Activation>;

// What a parameter must be, in words and as a test of a finite number.
struct Range {
  const char* words = "a finite number";
  bool (*holds)(double) = [](double) { return true; };
};
constexpr Range positive{"a number above 0", [](double x) { return x > 0; }};
// Beyond this power even E phi(z)^2 = (2p - 1)!! / 2 is no size to train at, and quadrature would cut it off.
constexpr Range power{"a whole number from 1 to 20", [](double x) { return x >= 1 && x <= 20 && x == std::floor(x); }};

struct Known {
  Named named;
  ActivationMaker make;
  double default_parameter = std::numeric_limits<double>::quiet_NaN();  // NaN: takes none
  Range range = {};                                                     // of the parameter
};

// The list, to be read and extended under its mutex.
struct Registry {
  std::mutex mutex;
  std::vector<Known> activations = {
      {{"linear", "z"}, [](double) { return make_linear(); }},
      {{"relu", "max(z, 0)"}, [](double) { return make_relu(); }},
      {{"leaky_relu", "z above 0, s z below; the parameter is s, 0.01 by default"}, make_leaky_relu, 0.01},
      {{"erf", "the error function of z"}, [](double) { return make_erf(); }},
      {{"gelu", "z times the normal distribution function of z (erf form)"}, [](double) { return make_gelu(); }},
      {{"tanh", "the hyperbolic tangent of z"}, [](double) { return make_tanh(); }},
      {{"softplus", "log(1 + exp(beta z)) / beta; the parameter is beta > 0, 1 by default"},
       make_softplus,
       1,
       positive},
      {{"relu_power", "max(z, 0)^p; the parameter is p, a whole number, 2 by default"}, make_relu_power, 2, power},
      {{"abs", "the modulus of z"}, [](double) { return make_abs(); }},
      {{"sigmoid", "1 / (1 + exp(-z))"}, [](double) { return make_sigmoid(); }},
      {{"silu", "z / (1 + exp(-z)), also called swish"}, [](double) { return make_silu(); }},
      {{"elu", "z above 0, alpha (exp(z) - 1) below; the parameter is alpha > 0, 1 by default"}, make_elu, 1, positive},
      {{"sin", "the sine of z"}, [](double) { return make_sin(); }},
      {{"cos", "the cosine of z"}, [](double) { return make_cos(); }},
      {{"quadratic", "z^2"}, [](double) { return make_quadratic(); }}};
};

Registry& registry() {
  static Registry instance;
  return instance;
}

// A copy: makers may be called, and names read, while somebody registers another.
std::vector<Known> known() {
  const std::lock_guard lock(registry().mutex);
  return registry().activations;
}

Made make(const Known& entry, double parameter) {
  const ConfigError::Place place{"", "architecture.activation_parameter"};
  if (std::isnan(parameter)) return entry.make(entry.default_parameter);
  if (std::isnan(entry.default_parameter))
    throw ConfigError(place, "no parameter for " + entry.named.name, fmt::format("{}", parameter));
  if (!std::isfinite(parameter)) throw ConfigError(place, "a finite number", fmt::format("{}", parameter));
  if (!entry.range.holds(parameter)) throw ConfigError(place, entry.range.words, fmt::format("{}", parameter));
  return entry.make(parameter);
}

}  // namespace

std::shared_ptr<const Activation> make_activation(std::string_view name, double parameter) {
  std::vector<std::string> names;
  for (const auto& entry : known()) {
    if (entry.named.name == name) return make(entry, parameter);
    names.push_back(entry.named.name);
  }
  throw ConfigError({"", "architecture.activation"}, "a known activation", "'" + std::string(name) + "'",
                    unknown_name_hint(name, names));
}

void register_activation(const Named& named, ActivationMaker make, double default_parameter) {
  const std::lock_guard lock(registry().mutex);
  for (const auto& entry : registry().activations)
    if (entry.named.name == named.name)
      throw ConfigError({"", "architecture.activation"}, "a new name", "'" + named.name + "', which there is already");
  registry().activations.push_back({named, std::move(make), default_parameter, {}});
}

std::vector<Named> known_activations() {
  std::vector<Named> all;
  for (const auto& entry : known()) all.push_back(entry.named);
  return all;
}

}  // namespace widthwise
