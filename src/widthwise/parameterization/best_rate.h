// The largest common power of the width on all learning rates that keeps a network stable. Internal to this room.
#pragma once

#include <optional>

#include "widthwise/parameterization/propagate.h"

namespace widthwise {

/// The network with all rates multiplied by n^x.
EffectiveNetwork with_rates_times(const EffectiveNetwork& network, const Rational& x);

/// The largest such x, exact: thresholds solve k x = p/D with k at most 4096 and D the common denominator of the
/// exponents. None where no rate within n^-4096 .. n^4096 is stable or none too large, and where the exponents do not
/// fit in 64 bits or D is above 10^6.
std::optional<Rational> largest_stable_rate(const EffectiveNetwork& network);

}  // namespace widthwise
