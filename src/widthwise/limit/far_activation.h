// An activation far from 0, where weights that grow with the width take it: linear on both sides, if it grows like |z|.
#pragma once

#include <memory>

#include "widthwise/activation/activation.h"
#include "widthwise/parameterization/two_layer.h"

namespace widthwise {

/// z -> lim phi(s z) / s; null where phi does not grow like |z| on at least one side.
std::shared_ptr<const Activation> far_activation(const Activation& phi);

/// @throws ConfigError (architecture.activation): unsupported, for a scaling whose first layer grows with the width
/// (s_w > 0) and an activation that does not grow like |z|.
void check_activation(const TwoLayerClass& found, const Activation& phi);

}  // namespace widthwise
