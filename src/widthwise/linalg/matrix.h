// Matrices that own their memory: Eigen's, row-major, one sample a row, so they go to NumPy and back without a copy.
// Products of any size that matters go through products.h, not through Eigen.
#pragma once

#include <Eigen/Core>

#include "widthwise/linalg/view.h"

namespace widthwise {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

template <class T>
View<T> view(Matrix<T>& matrix) {
  return {matrix.data(), matrix.rows(), matrix.cols()};
}
template <class T>
View<const T> view(const Matrix<T>& matrix) {
  return {matrix.data(), matrix.rows(), matrix.cols()};
}

}  // namespace widthwise
