#include "widthwise/study/convergence.h"

#include <cmath>

namespace widthwise {

bool unconverged(const Configuration& run, std::string_view status, std::string_view reason) {
  const bool asked = !std::isnan(run.number("training.stop_margin")) || run.number("training.target_loss") > 0;
  if (!asked || status == "diverged" || status == "missing") return false;
  // Training's sentences: "all margins had reached 1", "batch loss 0.01 reached the target 0.01".
  return status != "stopped" || reason.find("reached") == std::string_view::npos;
}

}  // namespace widthwise
