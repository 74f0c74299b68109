// Calibration of the rates of a large first step: base rates B_l, l = 1..L+1, that make what it adds to each layer of
// the size wanted, from two batches that training need not see:
//
//   DW_l   the first update at base rate 1, gradient of batch 0           (rates n^-c_first alone)
//   B_1    = rate; x^1 = phi(W_0 x + rate DW_1 x) on batch 1
//   B_l    = min(s, cap) with s = target / mean |DW_l x^{l-1}| over batch 1 and units; x^l = phi(W_0 x + s DW_l x)
//   B_L+1  the same with output_target in place of target
//
// The next layers see s, not what the cap leaves of it, unless propagates_capped. Biases move at the rate as it stands.
// Nothing is trained: the network stays as it is.
//
// Source: the code of Hajjar, Chizat and Giraud 2021 (arXiv 2110.15596): output_target 0.1 and cap 500; in its later
// branch 1 and 1000.
#pragma once

#include <limits>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/training/training.h"

namespace widthwise {

/// No base rate makes a layer's first update as large as wanted.
class CalibrationError : public Error {
 public:
  using Error::Error;
};

struct CalibrationOptions {
  double rate = 1;  // the learning rate that the first rates of the scaling are made with
  double target = 1, output_target = 0.1;
  double cap = std::numeric_limits<double>::infinity();
  bool propagates_capped = false;
  AlphaConvention alpha_convention = AlphaConvention::none;
};

/// Two batches, samples x features, and the targets of the first.
template <class T>
struct CalibrationBatches {
  View<const T> inputs, targets;  // batch 0, of the gradient
  View<const T> next_inputs;      // batch 1, of the sizes
};

/// B_l at l - 1. Throws ShapeError where a batch is empty or does not fit the network, CalibrationError where the
/// update of a layer moves nothing on batch 1 (no unit awake, or a loss without slope) or by what is not finite: no
/// base rate does then.
template <class T>
std::vector<double> calibrated_rates(const Ensemble<T>& ensemble, Index member, const CalibrationBatches<T>& batches,
                                     const Loss& loss, const OutputScale& scale, const CalibrationOptions& options);

extern template std::vector<double> calibrated_rates(const Ensemble<float>&, Index, const CalibrationBatches<float>&,
                                                     const Loss&, const OutputScale&, const CalibrationOptions&);
extern template std::vector<double> calibrated_rates(const Ensemble<double>&, Index, const CalibrationBatches<double>&,
                                                     const Loss&, const OutputScale&, const CalibrationOptions&);

}  // namespace widthwise
