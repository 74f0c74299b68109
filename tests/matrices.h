// Matrices for tests of any room above linalg: random ones by key, and copies of views.
#pragma once

#include <type_traits>

#include "widthwise/base/key.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise::testing {

template <class T>
Matrix<T> random_matrix(Index rows, Index cols, std::uint64_t seed) {
  Matrix<T> matrix(rows, cols);
  fill_normal<T>(Key(seed), static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), 1.0, matrix.data(),
                 static_cast<std::size_t>(cols));
  return matrix;
}

template <class T>
Matrix<std::remove_const_t<T>> matrix_of(View<T> view) {
  Matrix<std::remove_const_t<T>> matrix(view.rows, view.cols);
  for (Index i = 0; i < view.rows; ++i)
    for (Index j = 0; j < view.cols; ++j) matrix(i, j) = view(i, j);
  return matrix;
}

}  // namespace widthwise::testing
