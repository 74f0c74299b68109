#include "widthwise/parameterization/gauge.h"

namespace widthwise {

BlockExponents gauge_shift(const BlockExponents& block, const Rational& theta, OptimizerKind optimizer) {
  const bool sizeless = forgets_size(optimizer);
  BlockExponents shifted = block;
  shifted.a += theta;
  shifted.b -= theta;
  const Rational of_rate = sizeless ? theta : theta + theta;
  shifted.c -= of_rate;
  if (shifted.c_first) *shifted.c_first -= of_rate;
  if (sizeless) shifted.e += theta;
  shifted.d += decay_of(optimizer) == Decay::decoupled ? theta : theta + theta;
  return shifted;
}

BlockExponents effective_form(const BlockExponents& block, OptimizerKind optimizer) {
  return gauge_shift(block, -block.a, optimizer);
}

bool same_orbit(const BlockExponents& left, const BlockExponents& right, OptimizerKind optimizer) {
  return effective_form(left, optimizer) == effective_form(right, optimizer);
}

}  // namespace widthwise
