#include "widthwise/parameterization/crossover.h"

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/best_rate.h"

namespace widthwise {

namespace {

constexpr int most_attempts = 64;

// F = n^x f as a network of its own: the readout is n^x as large, and its step in W' = n^x W gains n^x, the gradient in
// W' being n^-x times that in W. Steps that forget the gradient's size gain n^x only.
EffectiveNetwork with_output_times(const EffectiveNetwork& network, const Rational& x) {
  EffectiveNetwork scaled = network;
  EffectiveLayer& readout = scaled.layers.back();
  readout.init -= x;
  readout.rate -= network.adam ? x : x + x;
  return scaled;
}

// At the largest stable rates: the exponent of the output's change less that of the features', relative to their size;
// below 0 where features move first, above 0 where the output does.
std::optional<Rational> lead_of_output(const EffectiveNetwork& network) {
  const std::optional<Rational> rate = largest_stable_rate(network);
  if (!rate) return std::nullopt;
  const Sizes sizes = propagate(with_rates_times(network, *rate)).last;
  const std::size_t output = sizes.preactivation.size() - 1;
  Size features;
  for (std::size_t l = 1; l < output; ++l) features += sizes.feature_change[l];
  if (features.zero() || sizes.preactivation_change[output].zero()) return std::nullopt;
  return sizes.preactivation_change[output].exponent() - features.exponent();
}

}  // namespace

std::optional<Rational> crossover_exponent(const Parameterization& parameterization, const ClassifyRequest& request) {
  classify(parameterization, request);  // checks both
  const EffectiveNetwork network =
      effective_network(parameterization, request.optimizer, request.hidden_layers, request.activation);
  const Sizes initial = propagate(network).initial;
  for (std::size_t l = 1; l <= static_cast<std::size_t>(request.hidden_layers); ++l)
    if (initial.feature[l].vanishes()) return std::nullopt;
  try {
    // From far on the side of features, where the output is small; there its lead grows like x, mostly exactly.
    Rational x = -8;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      const std::optional<Rational> lead = lead_of_output(with_output_times(network, x));
      if (!lead) return std::nullopt;
      if (*lead == 0) return x;
      x -= *lead;
    }
  } catch (const ConfigError&) {
    throw;
  } catch (const Error&) {  // exponents that do not fit
  }
  return std::nullopt;
}

}  // namespace widthwise
