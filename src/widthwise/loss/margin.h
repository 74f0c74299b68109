// Margins: by how much each sample is classified rightly, positive where it is.
//
//   one output or several, each target +-1     u = min_j y_j f_j
//   classes (one-hot targets)                  u = f_c - max_{j != c} f_j
//
// A row of targets with a zero in it is one-hot. All margins above 0 is classification error 0 (loss.h).
#pragma once

#include <span>

#include "widthwise/linalg/view.h"

namespace widthwise {

/// Writes the margin of each sample, outputs and targets samples x outputs, out of length samples; NaN where an output
/// is NaN. @throws ShapeError where the shapes differ or `out` has another length.
void margins(View<const float> outputs, View<const float> targets, std::span<double> out);
void margins(View<const double> outputs, View<const double> targets, std::span<double> out);

/// The smallest of them; NaN where any is. @throws ShapeError where the shapes differ or there is no sample.
double smallest_margin(View<const float> outputs, View<const float> targets);
double smallest_margin(View<const double> outputs, View<const double> targets);

}  // namespace widthwise
