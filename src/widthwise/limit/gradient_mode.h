// The gradient of a loss where the logits of a network go as its width grows: they vanish, stay of order one or grow
// (Golikov 2020). For the logistic loss -dL/df is y/2, y / (1 + exp(y F)) or y [y F < 0], over the number of samples.
#pragma once

#include "widthwise/linalg/view.h"
#include "widthwise/loss/loss.h"
#include "widthwise/parameterization/two_layer.h"

namespace widthwise {

/// Writes dL/df (samples x 1) for rescaled logits F. Where they grow, points with F = 0 have no gradient.
void limit_gradient(GradientMode mode, const Loss& loss, View<const double> logits, View<const double> targets,
                    View<double> gradient);

/// @throws ConfigError (training.loss) where logits that grow have a gradient without bound, or targets are no signs.
void check_gradient_mode(GradientMode mode, const Loss& loss);

}  // namespace widthwise
