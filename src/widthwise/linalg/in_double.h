// A block of numbers in double precision, for what is computed so whatever the network's own.
#pragma once

#include "widthwise/linalg/matrix.h"

namespace widthwise {

template <class T>
Matrix<double> in_double(View<const T> from) {
  Matrix<double> to(from.rows, from.cols);
  for (Index i = 0; i < from.rows; ++i)
    for (Index j = 0; j < from.cols; ++j) to(i, j) = static_cast<double>(from(i, j));
  return to;
}

}  // namespace widthwise
