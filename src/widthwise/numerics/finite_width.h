// What finite widths may hide in a measured slope. A correction to a power law,
//
//   y -> y (1 + e s(x)),   s(x) = (x_min/x)^(1/2),
//
// shifts its log-log slope by B(e), and changes it by D(e) when the smallest x is dropped; both are known from the x
// alone. The measured change thus tells e, more or less precisely: Student's interval of the change over seeds is one
// of e. Corrections are natural up to e_0 = min(1/5, x_min^(-1/2)), that is up to y (1 + x^(-1/2)).
//
// The allowance is the largest |B(e)| over those e that are both natural and not excluded by the data; where none is
// both, the data show a larger correction, and the e of theirs nearest to natural counts. It is never less than the
// change itself. (The change alone would not do: for widths 32..512 it is a sixth of the shift.) Exact power laws are
// allowed nothing. Internal to this room; see verdict.h.
#pragma once

#include "widthwise/numerics/slope.h"

namespace widthwise {

/// By how much to widen the interval of the mean slope, on each side. @param slopes of at least one seed.
/// @param largest_correction e_0 is this or x_min^(-1/2), the smaller. @param confidence of the interval of the change.
double finite_width_allowance(const Slopes& slopes, double largest_correction, double confidence);

}  // namespace widthwise
