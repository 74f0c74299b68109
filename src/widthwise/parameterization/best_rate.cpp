#include "widthwise/parameterization/best_rate.h"

#include <numeric>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

constexpr std::int64_t kLargestDenominator = 1'000'000;
constexpr std::int64_t kLargestPower = 4096;
constexpr std::int64_t kParts = std::int64_t{1} << 25;  // fractions p/k, k <= 4096, lie farther apart than 1/kParts

// 0 where it is larger than allowed.
std::int64_t common_denominator(const EffectiveNetwork& network) {
  std::int64_t common = 2;  // root n
  for (const EffectiveLayer& layer : network.layers)
    for (const Rational& exponent : {layer.init, layer.rate, layer.first_rate.value_or(layer.rate)}) {
      if (exponent.denominator() > kLargestDenominator) return 0;
      common = std::lcm(common, exponent.denominator());
      if (common > kLargestDenominator) return 0;
    }
  return common;
}

std::int64_t floor_of(const Rational& x) {
  return x.numerator() / x.denominator() - (x < 0 && x.denominator() != 1 ? 1 : 0);
}

// The fraction with the smallest denominator in [low, high], by continued fractions.
Rational simplest_within(const Rational& low, const Rational& high) {
  const Rational whole = floor_of(low);
  if (whole == low) return whole;
  if (whole + 1 <= high) return whole + 1;
  return whole + Rational(1) / simplest_within(Rational(1) / (high - whole), Rational(1) / (low - whole));
}

// Sizes rise with rates: bisect, down to an interval in which there is one candidate.
std::optional<Rational> search(const EffectiveNetwork& network, std::int64_t unit) {
  const auto stable = [&](const Rational& x) { return propagate(with_rates_times(network, x)).stable; };
  std::int64_t low = -1, high = 1;
  while (!stable(low))
    if ((low *= 2) < -kLargestPower) return std::nullopt;
  while (stable(high))
    if ((high *= 2) > kLargestPower) return std::nullopt;

  const std::int64_t parts = unit * kParts;
  low *= parts;
  high *= parts;
  for (const std::int64_t resolution : {parts / 64, std::int64_t{1}}) {  // most thresholds are simple: guess them early
    while (high - low > resolution) {
      const std::int64_t middle = low + (high - low) / 2;
      (stable(Rational(middle, parts)) ? low : high) = middle;
    }
    // unit * x = p/k.
    const Rational x = simplest_within(Rational(low, kParts), Rational(high, kParts)) / unit;
    if (stable(x) && !stable(x + Rational(1, parts))) return x;
  }
  return std::nullopt;
}

}  // namespace

EffectiveNetwork with_rates_times(const EffectiveNetwork& network, const Rational& x) {
  EffectiveNetwork shifted = network;
  for (EffectiveLayer& layer : shifted.layers) {
    layer.rate -= x;
    if (layer.first_rate) *layer.first_rate -= x;
    if (layer.bias) layer.bias->rate -= x, layer.bias->first_rate -= x;
    if (layer.decay_share) *layer.decay_share -= x;
  }
  return shifted;
}

std::optional<Rational> largest_stable_rate(const EffectiveNetwork& network) {
  const std::int64_t unit = common_denominator(network);
  if (unit == 0) return std::nullopt;
  try {
    return search(network, unit);
  } catch (const Error&) {  // exponents that do not fit
    return std::nullopt;
  }
}

}  // namespace widthwise
