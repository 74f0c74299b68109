#include "widthwise/parameterization/gauge.h"

namespace widthwise {

BlockExponents gauge_shift(const BlockExponents& block, const Rational& theta, OptimizerKind optimizer) {
  const bool sizeless = forgets_size(optimizer);
  BlockExponents shifted = block;
  shifted.a += theta;
  shifted.b -= theta;
  shifted.c -= sizeless ? theta : theta + theta;
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
