#include "widthwise/parameterization/gauge.h"

namespace widthwise {

Decay default_decay(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::adam ? Decay::decoupled : Decay::in_gradient;
}

BlockExponents gauge_shift(const BlockExponents& block, const Rational& theta, OptimizerKind optimizer, Decay decay) {
  const bool adam = optimizer == OptimizerKind::adam;
  BlockExponents shifted = block;
  shifted.a += theta;
  shifted.b -= theta;
  shifted.c -= adam ? theta : theta + theta;
  if (adam) shifted.e += theta;
  shifted.d += decay == Decay::decoupled && adam ? theta : theta + theta;
  return shifted;
}

BlockExponents effective_form(const BlockExponents& block, OptimizerKind optimizer) {
  return gauge_shift(block, -block.a, optimizer);
}

bool same_orbit(const BlockExponents& left, const BlockExponents& right, OptimizerKind optimizer) {
  return effective_form(left, optimizer) == effective_form(right, optimizer);
}

}  // namespace widthwise
