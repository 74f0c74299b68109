// Weights of a member in the normalised variables of its first update (parameterization/normalised_start.h) and back:
// exact, by powers of two. Which ones is measured: of activations of degree p the size of an input counts in f by its
// power p^L, so that no typical size speaks for all samples. The largest one does: what is too small beside it for the
// range of T is rounding in every sum over samples.
#pragma once

#include "widthwise/base/error.h"
#include "widthwise/network/ensemble.h"

namespace widthwise {

enum class Variables { normalised, own };

/// Multiplies W_l by 2^start, or by 2^-start.
template <class T>
void change_variables(Ensemble<T>& ensemble, Index member, Variables to);

/// A first rate that T has no number for, in normalised variables either.
class FirstRateError : public Error {
 public:
  using Error::Error;
};

/// Gives a member the normalised start that makes the largest |h~_l| on `inputs`, samples x features, lie in [1, 2); a
/// layer that is 0 on all of them is left as it is. For networks without biases.
/// @throws ConfigError (architecture.activation) where the activation has no degree, and as the scaling's
/// normalise_start; ShapeError where inputs do not fit; FirstRateError.
template <class T>
void normalise_start(const Architecture& architecture, Member& member, View<const T> inputs);

extern template void change_variables(Ensemble<float>&, Index, Variables);
extern template void change_variables(Ensemble<double>&, Index, Variables);
extern template void normalise_start(const Architecture&, Member&, View<const float>);
extern template void normalise_start(const Architecture&, Member&, View<const double>);

}  // namespace widthwise
