#include "widthwise/network/init_law.h"

#include <fmt/format.h>

#include "widthwise/base/error.h"

namespace widthwise {

InitLaw parse_init_law(std::string_view name) {
  for (const InitLaw law : {InitLaw::normal, InitLaw::uniform})
    if (name == init_law_name(law)) return law;
  throw ConfigError({"", "parameterization.init_law"}, "normal or uniform", fmt::format("'{}'", name),
                    unknown_name_hint(name, {"normal", "uniform"}));
}

std::string_view init_law_name(InitLaw law) {
  return law == InitLaw::normal ? "normal" : "uniform";
}

std::vector<Named> known_init_laws() {
  return {{"normal", "independent normal weights"},
          {"uniform", "independent weights, uniform between -sqrt(3) and sqrt(3) deviations"}};
}

}  // namespace widthwise
