#include <string>

#include "widthwise/base/error.h"
#include "widthwise/training/training.h"

namespace widthwise {

std::string_view status_name(RunStatus status) {
  switch (status) {
    case RunStatus::finished:
      return "finished";
    case RunStatus::stopped:
      return "stopped";
    case RunStatus::diverged:
      return "diverged";
    case RunStatus::interrupted:
      return "interrupted";
  }
  return "unknown";
}

AlphaConvention parse_alpha_convention(std::string_view name) {
  if (name == "none") return AlphaConvention::none;
  if (name == "article") return AlphaConvention::article;
  if (name == "code") return AlphaConvention::code;
  throw ConfigError({"", "training.alpha_convention"}, "none, article or code", "'" + std::string(name) + "'");
}

double objective_factor(AlphaConvention convention, double alpha) {
  switch (convention) {
    case AlphaConvention::article:
      return 1 / alpha;
    case AlphaConvention::code:
      return 1;
    default:
      return alpha;
  }
}

}  // namespace widthwise
