// Modes of a linear target under structured data: x has independent components of variance lambda_k, the target is
// sum_k w_k x_k. Power laws (Bordelon and Pehlevan 2025, arXiv 2502.02531; a source and capacity condition)
//
//   lambda_k = k^-a,   lambda_k w_k^2 = k^(-a beta - 1),   k = 1..modes
//
// and the merging of nearly degenerate modes: a network of infinite width sees of modes of one variance only the
// direction of their joint target, so a bin of modes acts as one with
//
//   target^2 = sum w_k^2,   variance = sum lambda_k w_k^2 / sum w_k^2,
//
// which keeps the loss at the start and |w|^2. What is lost is of second order in the bins' width.
#pragma once

#include <cstdint>
#include <vector>

namespace widthwise {

/// Modes in any order; both of one length.
struct FlowSpectrum {
  std::vector<double> variance;        // lambda_k > 0
  std::vector<double> target_squared;  // w_k^2 >= 0
};

/// @throws ConfigError (limit.spectrum.variance, .target_squared) where a number is out of range, lengths differ or
/// there is no mode.
void check_spectrum(const FlowSpectrum& spectrum);

/// sum_k lambda_k w_k^2: the loss of f = 0.
double initial_loss(const FlowSpectrum& spectrum);

struct PowerLaw {
  double capacity = 1.5;          // a > 0
  double source = 0.5;            // beta > 0
  std::uint64_t modes = 1 << 20;  // 1..2^53
};

/// How fine bins are: the first `exact` modes are kept, the others merged by k, `per_octave` bins a doubling.
struct Merging {
  std::uint64_t exact = 16;
  int per_octave = 8;
};

/// Every mode. @throws ConfigError (limit.spectrum.exponent, .target_exponent, .modes), also for more than 2^24 modes.
FlowSpectrum power_law_modes(const PowerLaw& law);
/// Merged, of any number of modes: sums over bins far out are integrals, whose relative error is below 1e-7. @throws
/// ConfigError as above and for data.exact_modes, data.bins_per_octave.
FlowSpectrum power_law_spectrum(const PowerLaw& law, const Merging& merging = {});

}  // namespace widthwise
