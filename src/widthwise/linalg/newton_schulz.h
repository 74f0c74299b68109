// The orthogonal factor of a matrix, roughly, by products alone: with X_0 = X / |X|_F, each of k iterations maps
//
//   X <- a X + b (X X^T) X + c (X X^T)^2 X,     (a, b, c) = (3.4445, -4.7750, 2.0315)
//
// so that X = U S V^T becomes U p(p(...p(S / |S|))) V^T with p(s) = a s + b s^3 + c s^5: singular vectors stay, zeros
// stay, and after five iterations singular values above about 1/500 of |X|_F lie between 0.7 and 1.2. The coefficients
// are Muon's (Jordan et al. 2024): fast growth at 0 instead of convergence to 1. Not for an exact polar factor.
#pragma once

#include "widthwise/linalg/view.h"

namespace widthwise {

/// Numbers of T that newton_schulz needs as `room` for a matrix of this size.
Index newton_schulz_room(Index rows, Index cols);

/// W = alpha NS(X) + beta W with `iterations` >= 1, for T = float or double, in the last product itself. X is
/// overwritten; X, W and `room` must not overlap. NS(0) = 0; not a number in X makes W so. Two products with the
/// smaller Gram matrix of X and one with X an iteration. @throws ShapeError where X and W differ in size.
template <class T>
void newton_schulz(int iterations, T alpha, View<T> x, T beta, View<T> w, T* room);

}  // namespace widthwise
