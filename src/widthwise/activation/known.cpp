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

struct Known {
  Named named;
  ActivationMaker make;
  double default_parameter = std::numeric_limits<double>::quiet_NaN();  // NaN: takes none
  bool positive = false;                                                // whether the parameter must be
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
      {{"softplus", "log(1 + exp(beta z)) / beta; the parameter is beta > 0, 1 by default"}, make_softplus, 1, true}};
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
  if (entry.positive && parameter <= 0) throw ConfigError(place, "a number above 0", fmt::format("{}", parameter));
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
  registry().activations.push_back({named, std::move(make), default_parameter});
}

std::vector<Named> known_activations() {
  std::vector<Named> all;
  for (const auto& entry : known()) all.push_back(entry.named);
  return all;
}

}  // namespace widthwise
