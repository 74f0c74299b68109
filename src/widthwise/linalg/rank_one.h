// Products of matrices with vectors and updates of rank one, of networks through which one vector passes a step. They
// are bound by memory: an update is made on the way through a product that follows it, so that a step reads a matrix
// twice and writes it once.
#pragma once

#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// A matrix whose rows are padded with zeros to whole cache lines, as vectors that go with its columns must be.
template <class T>
class PaddedMatrix {
 public:
  PaddedMatrix() = default;
  /// All zeros.
  PaddedMatrix(Index rows, Index cols) : cols_{cols}, entries_{Matrix<T>::Zero(rows, padded(cols))} {}

  static Index padded(Index size) { return (size + lane - 1) / lane * lane; }
  Index rows() const { return entries_.rows(); }
  Index cols() const { return cols_; }
  Index stride() const { return entries_.cols(); }
  T* data() { return entries_.data(); }
  const T* data() const { return entries_.data(); }
  T& operator()(Index i, Index j) { return entries_(i, j); }
  T operator()(Index i, Index j) const { return entries_(i, j); }

 private:
  static constexpr Index lane = 16;
  Index cols_ = 0;
  Matrix<T> entries_;
};

// Below, vectors that go with columns have stride() entries, zeros behind cols(); those that go with rows have rows().
// T is float or double.

/// y = W x.
template <class T>
void times_vector(const PaddedMatrix<T>& w, const T* x, T* y);
/// W += a b^T, then y = W^T x. Without a (null): y = W^T x.
template <class T>
void update_and_transposed_times(PaddedMatrix<T>& w, const T* a, const T* b, const T* x, T* y);
/// residuals[i] = targets[i] - scale row_i(X) . b, y = X^T residuals.
template <class T>
void residuals_and_transposed_times(const PaddedMatrix<T>& x, T scale, const T* targets, const T* b, T* residuals,
                                    T* y);

}  // namespace widthwise
