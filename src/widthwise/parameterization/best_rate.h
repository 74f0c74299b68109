// The largest common power of the width on all learning rates that keeps a network stable. Internal to this room.
#pragma once

#include <optional>

#include "widthwise/parameterization/propagate.h"

namespace widthwise {

/// The network with all rates multiplied by n^x.
EffectiveNetwork with_rates_times(const EffectiveNetwork& network, const Rational& x);

/// The largest such x, exact on multiples of 1/60 of the exponents' common denominator: thresholds solve k x = sum of
/// exponents with k small. None where no rate is stable or none too large.
std::optional<Rational> largest_stable_rate(const EffectiveNetwork& network);

}  // namespace widthwise
