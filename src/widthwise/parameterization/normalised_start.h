// The first update of a homogeneous network in normalised variables: where sizes at initialization fall like n^-g with
// a g that no floating-point format has room for, W_l is multiplied by a power of two s_l = 2^k_l that makes
// preactivations of order one (training/normalised_start.h finds them). With phi(s z) = s^p phi(z), no biases and
//
//   S_l = s_l S_{l-1}^p,  S_0 = 1:      h_l = h~_l / S_l     f = f~ / S_{L+1}     df/dW_l = (s_l / S_{L+1}) df~/dW~_l
//
// so that one step at rate_l on W_l is one at rate_l s_l^2 / S_{L+1} on W~_l = s_l W_l, with the loss's slope at f.
// Both multiplications are exact, and powers are kept as exponents: nothing vanishes on the way.
#pragma once

#include <vector>

#include "widthwise/parameterization/scaling.h"

namespace widthwise {

/// Gives the scaling a normalised start: `start` of every weight, start_output, and the first rates of W~_l. `powers`:
/// k_1..k_{L+1}; `degree` p >= 1; biases are left as they are, and must be none.
/// @throws ConfigError (architecture.hidden_layers) where log2 S_{L+1} is beyond a million.
void normalise_start(Scaling& scaling, const std::vector<int>& powers, int degree);

}  // namespace widthwise
