// The class of a two-layer network as plain text: each sentence with the inequality behind it and its numbers.
#pragma once

#include <string>

#include "widthwise/parameterization/two_layer.h"

namespace widthwise {

/// Several lines, no newline at the end; `found` is classify_two_layer(exponents, init_corrected).
std::string two_layer_text(const TwoLayerExponents& exponents, const TwoLayerClass& found, bool init_corrected);

}  // namespace widthwise
