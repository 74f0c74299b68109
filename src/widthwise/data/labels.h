// From classes to targets: the matrix a loss compares outputs with.
//
//   classes  one output a class, one-hot: t_ic = 1 if sample i is of class c, else 0
//   parity   one output, +1 for even classes, -1 for odd: ten classes give two of five
//   pair     one output, +1 for the first of two classes, -1 for the second
#pragma once

#include <string_view>
#include <vector>

#include "widthwise/data/dataset.h"

namespace widthwise {

/// (samples x class_count), a single 1 in every row.
Matrix<double> one_hot(const std::vector<int>& classes, int class_count);
/// (samples x 1) of +1 (even) and -1 (odd).
Matrix<double> parity(const std::vector<int>& classes);
/// By name; ConfigError (data.labels) where `labels` is none of them, (data.classes) where a pair is asked of other
/// than two classes.
Matrix<double> class_targets(std::string_view labels, const std::vector<int>& classes, int class_count);

}  // namespace widthwise
