// Sizes of a fresh network against the range of its numbers: what a parameterization predicts to be so small or large
// at this width that a floating-point format has no number for it. Forward x_l and h_l, backward df/dh_l, gradients,
// the rates and the first rates, each n^x by its exponent, constants apart; sums are of that size or smaller, so that a
// factor 2^10 is left towards the smallest normal number and the largest.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "widthwise/parameterization/outcome.h"

namespace widthwise {

struct FloatRange {
  double smallest, largest;  // positive normal numbers
};
template <class T>
constexpr FloatRange range_of() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

struct OutsideRange {
  std::string what;  // "the output at initialization"
  Rational exponent;
  double log10 = 0;  // of the size
};

/// The first quantity that leaves the range at `ratio` = n / n_ref, if any.
std::optional<OutsideRange> outside_range(const Parameterization& parameterization, const ClassifyRequest& request,
                                          double ratio, double learning_rate, const FloatRange& range);

/// The same of what a first update in normalised variables (normalised_start.h) leaves: sizes after it, in `range` as
/// the later rates, and first rates, which are doubles before the powers of two of a start are taken out of them.
std::optional<OutsideRange> outside_range_after_start(const Parameterization& parameterization,
                                                      const ClassifyRequest& request, double ratio,
                                                      double learning_rate, const FloatRange& range);

}  // namespace widthwise
