#include "widthwise/parameterization/best_rate.h"

#include <numeric>

namespace widthwise {

namespace {

constexpr std::int64_t kLargestExponent = 64;  // beyond this no rate is looked for

std::int64_t common_denominator(const EffectiveNetwork& network) {
  std::int64_t common = 2;  // root n
  for (const EffectiveLayer& layer : network.layers)
    for (const Rational& exponent : {layer.init, layer.rate})
      if (common < 1000) common = std::lcm(common, exponent.denominator());
  return common;
}

}  // namespace

EffectiveNetwork with_rates_times(const EffectiveNetwork& network, const Rational& x) {
  EffectiveNetwork shifted = network;
  for (EffectiveLayer& layer : shifted.layers) layer.rate -= x;
  return shifted;
}

std::optional<Rational> largest_stable_rate(const EffectiveNetwork& network) {
  const std::int64_t unit = 60 * common_denominator(network);
  const auto stable = [&](std::int64_t k) { return propagate(with_rates_times(network, Rational(k, unit))).stable; };
  std::int64_t low = -kLargestExponent * unit, high = kLargestExponent * unit;  // sizes rise with rates: bisect
  if (!stable(low) || stable(high)) return std::nullopt;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (stable(middle) ? low : high) = middle;
  }
  return Rational(low, unit);
}

}  // namespace widthwise
