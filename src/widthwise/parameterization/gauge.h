// The gauge symmetry of a parameterization: a factor n^-theta moved from the initial weights into the multiplier,
// W = n^-(a+theta) w with w_0 ~ n^-(b-theta), changes no network output at any step if the rest follows:
//
//                   rate c        epsilon e    weight decay d
//   sgd, momentum   c - 2 theta   (unused, e)  d + 2 theta   (in the gradient: decay / m^2 is kept)
//   adam, rmsprop   c - theta     e + theta    d + 2 theta   (in the gradient)
//   adamw, muon     c - theta     e + theta    d + theta     (decoupled: rate * decay is kept)
//
// for the gradient in w is n^-(a+theta) times that in W. Muon's hidden step, an orthogonal factor, is as blind to a
// factor on the gradient as Adam's, and has no epsilon. In effective form (a = 0): std a + b; rate 2a + c or a + c;
// epsilon e - a; decay d - 2a, or d - a where decoupled (rate and decay together keep c + d). c_first moves as c does.
#pragma once

#include "widthwise/parameterization/exponents.h"

namespace widthwise {

/// The block moved along its gauge orbit by theta.
BlockExponents gauge_shift(const BlockExponents& block, const Rational& theta, OptimizerKind optimizer);

/// The representative with a = 0: exponents of the effective weight.
BlockExponents effective_form(const BlockExponents& block, OptimizerKind optimizer);

/// Whether two blocks train identically.
bool same_orbit(const BlockExponents& left, const BlockExponents& right, OptimizerKind optimizer);

}  // namespace widthwise
