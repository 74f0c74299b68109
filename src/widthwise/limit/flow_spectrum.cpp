#include "widthwise/limit/flow_spectrum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "widthwise/limit/flow_checks.h"

namespace widthwise {

namespace {

constexpr std::uint64_t most_listed = 1 << 24, most_modes = std::uint64_t{1} << 53;
constexpr std::uint64_t summed_to = 1 << 13;  // bins from there on are integrals

void check(const PowerLaw& law) {
  require_number(law.capacity > 0 && std::isfinite(law.capacity), "limit.spectrum.exponent", "an exponent a above 0",
                 law.capacity);
  require_number(law.source > 0 && std::isfinite(law.source), "limit.spectrum.target_exponent",
                 "an exponent beta above 0", law.source);
  require_number(law.modes >= 1 && law.modes <= most_modes, "limit.spectrum.modes", "1 to 2^53 modes",
                 static_cast<double>(law.modes));
}

double variance(const PowerLaw& law, double k) {
  return std::pow(k, -law.capacity);
}
/// w_k^2 = k^-p.
double target_power(const PowerLaw& law) {
  return law.capacity * law.source + 1 - law.capacity;
}

/// sum of k^-p over first <= k < end.
double power_sum(double p, std::uint64_t first, std::uint64_t end) {
  if (first < summed_to) {
    double sum = 0;
    for (std::uint64_t k = first; k < end; ++k) sum += std::pow(static_cast<double>(k), -p);
    return sum;
  }
  // The midpoint rule backwards: its error is p (p + 1) / (24 k^2) of the sum.
  const double low = static_cast<double>(first) - 0.5, ratio = std::log((static_cast<double>(end) - 0.5) / low);
  const double q = 1 - p;
  return std::pow(low, q) * (q == 0 ? ratio : std::expm1(q * ratio) / q);
}

}  // namespace

void check_spectrum(const FlowSpectrum& spectrum) {
  const std::size_t modes = spectrum.variance.size();
  if (modes == 0) throw ConfigError({"", "limit.spectrum.variance"}, "at least one mode", "none");
  if (spectrum.target_squared.size() != modes)
    throw ConfigError({"", "limit.spectrum.target_squared"}, fmt::format("{} numbers, one a mode", modes),
                      fmt::format("{}", spectrum.target_squared.size()));
  for (std::size_t k = 0; k < modes; ++k) {
    const double lambda = spectrum.variance[k], square = spectrum.target_squared[k];
    if (!(lambda > 0) || !std::isfinite(lambda))
      throw ConfigError({"", "limit.spectrum.variance"}, "variances above 0", fmt::format("{}", lambda));
    if (!(square >= 0) || !std::isfinite(square))
      throw ConfigError({"", "limit.spectrum.target_squared"}, "squares of at least 0", fmt::format("{}", square));
  }
}

double initial_loss(const FlowSpectrum& spectrum) {
  double loss = 0;
  for (std::size_t k = 0; k < spectrum.variance.size(); ++k) loss += spectrum.variance[k] * spectrum.target_squared[k];
  return loss;
}

FlowSpectrum power_law_modes(const PowerLaw& law) {
  check(law);
  if (law.modes > most_listed)
    throw ConfigError({"", "limit.spectrum.modes"}, "at most 2^24 modes where each is kept",
                      fmt::format("{}", law.modes), "merge them");
  return power_law_spectrum(law, {law.modes, 1});
}

FlowSpectrum power_law_spectrum(const PowerLaw& law, const Merging& merging) {
  check(law);
  if (merging.exact > most_listed)
    throw ConfigError({"", "limit.spectrum.exact"}, "at most 2^24 modes that are kept",
                      fmt::format("{}", merging.exact));
  if (merging.per_octave < 1)
    throw ConfigError({"", "limit.spectrum.per_octave"}, "at least 1", fmt::format("{}", merging.per_octave));
  FlowSpectrum out;
  const double p = target_power(law);
  std::uint64_t k = 1;
  for (; k <= std::min(law.modes, merging.exact); ++k) {
    out.variance.push_back(variance(law, static_cast<double>(k)));
    out.target_squared.push_back(std::pow(static_cast<double>(k), -p));
  }
  const double ratio = std::exp2(1.0 / merging.per_octave);
  for (double edge = static_cast<double>(k); k <= law.modes;) {
    edge *= ratio;
    const double rounded = std::min(std::round(edge), static_cast<double>(law.modes) + 1);
    const std::uint64_t end = std::max(k + 1, static_cast<std::uint64_t>(rounded));
    const double square = power_sum(p, k, end);
    out.variance.push_back(power_sum(p + law.capacity, k, end) / square);
    out.target_squared.push_back(square);
    k = end;
  }
  return out;
}

}  // namespace widthwise
