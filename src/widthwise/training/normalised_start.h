// Weights of a member in the normalised variables of its first update (parameterization/normalised_start.h) and back:
// exact, by powers of two.
#pragma once

#include "widthwise/network/ensemble.h"

namespace widthwise {

enum class Variables { normalised, own };

/// Multiplies W_l by 2^start, or by 2^-start.
template <class T>
void change_variables(Ensemble<T>& ensemble, Index member, Variables to);

extern template void change_variables(Ensemble<float>&, Index, Variables);
extern template void change_variables(Ensemble<double>&, Index, Variables);

}  // namespace widthwise
