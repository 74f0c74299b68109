// How alike two Gram matrices K, L of n points are, and how far one has gone. Sums are in double, differences formed
// entry by entry.
//
//   relative change     |K - L|_F / |L|_F
//   alignment           <K, L>_F / (|K|_F |L|_F)                       (Cristianini et al. 2001)
//   centred alignment   H(K, L) / sqrt(H(K, K) H(L, L))                (Kornblith et al. 2019), with the unbiased
//     H(K, L) = [ <K~, L~> + (1'K~1)(1'L~1) / ((n-1)(n-2)) - 2/(n-2) 1'K~L~1 ] / (n (n-3))     (Song et al. 2012)
//                                                                      K~, L~: K, L with their diagonals set to 0
//
// H(K, L) estimates the covariance of the two kernels without the bias of order 1/n that centring by H = 1 - 11'/n
// leaves; it needs n >= 4, and independent kernels score 0 on average (any sign). NaN where it has no meaning: n < 4, a
// kernel that is constant or holds NaN.
#pragma once

#include "widthwise/linalg/view.h"

namespace widthwise {

/// sqrt(sum k_ij^2). T = float or double; all matrices n x n and symmetric. @throws ShapeError where two differ.
template <class T>
double frobenius_norm(View<const T> k);
/// Infinite where L = 0 and K is not; 0 where both are.
template <class T>
double relative_change(View<const T> k, View<const T> l);
template <class T>
double alignment(View<const T> k, View<const T> l);
template <class T>
double centred_alignment(View<const T> k, View<const T> l);

/// y y', the kernel of targets (samples x outputs).
template <class T>
void write_target_kernel(View<const T> targets, View<T> out);

}  // namespace widthwise
