// What a limit at infinite width is asked about: training points with targets, other points, activation and loss.
#pragma once

#include <memory>

#include "widthwise/activation/activation.h"
#include "widthwise/linalg/view.h"
#include "widthwise/loss/loss.h"

namespace widthwise {

/// Inputs are samples x features, targets samples x outputs; all must stay in place.
struct LimitProblem {
  View<const double> inputs, targets;
  View<const double> others;  // points at which outputs are wanted besides; may have no rows
  std::shared_ptr<const Activation> activation;
  std::shared_ptr<const Loss> loss;
};

}  // namespace widthwise
