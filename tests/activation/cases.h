// Every activation, some with two parameters: what the tests of this room run over. A row of the library that is
// missing here fails a test of its own.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "widthwise/activation/activation.h"

namespace widthwise {

struct ActivationCase {
  std::string name;
  double parameter = std::numeric_limits<double>::quiet_NaN();
  double value_at_zero = 0;
  bool bounded = false;
  std::shared_ptr<const Activation> make() const { return make_activation(name, parameter); }
};

inline void PrintTo(const ActivationCase& c, std::ostream* out) {
  *out << c.name << " " << c.parameter;
}

inline std::vector<ActivationCase> activation_cases() {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return {{"linear", none, 0, false},
          {"relu", none, 0, false},
          {"leaky_relu", none, 0, false},
          {"leaky_relu", 0.3, 0, false},
          {"erf", none, 0, true},
          {"gelu", none, 0, false},
          {"tanh", none, 0, true},
          {"softplus", none, std::log(2.0), false},
          {"softplus", 5, std::log(2.0) / 5, false},
          {"relu_power", none, 0, false},
          {"relu_power", 1, 0, false},
          {"relu_power", 5, 0, false},
          {"abs", none, 0, false},
          {"sigmoid", none, 0.5, true},
          {"silu", none, 0, false},
          {"elu", none, 0, false},
          {"elu", 0.4, 0, false},
          {"sin", none, 0, true},
          {"cos", none, 1, true},
          {"quadratic", none, 0, false}};
}

}  // namespace widthwise
