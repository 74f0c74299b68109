// The plane (q_sigma, q) of two-layer networks with equal rates q = q_a = q_w as a drawing: the band of stable
// exponents, the lines P1..P4 on which a property of finite networks survives, the thirteen cells by name, and one
// point. A self-contained SVG text.
#pragma once

#include <string>

#include "widthwise/parameterization/two_layer.h"

namespace widthwise::report {

/// `found` is the class of `exponents`. Unequal rates are drawn at their mean, a point outside the drawing at its edge;
/// the caption says so.
std::string draw_plane(const TwoLayerExponents& exponents, const TwoLayerClass& found);

}  // namespace widthwise::report
