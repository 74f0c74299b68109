// The law initial weights are drawn from, at mean 0 and the deviation of the scaling. At infinite width only the
// deviation matters; at finite width the laws differ in their tails.
#pragma once

#include <string_view>
#include <vector>

#include "widthwise/base/named.h"

namespace widthwise {

enum class InitLaw {
  normal,   // N(0, std^2)
  uniform,  // on [-sqrt(3) std, sqrt(3) std]
};
/// @throws ConfigError with key parameterization.init_law for an unknown name.
InitLaw parse_init_law(std::string_view name);
std::string_view init_law_name(InitLaw law);
/// All names, with a sentence each.
std::vector<Named> known_init_laws();

}  // namespace widthwise
