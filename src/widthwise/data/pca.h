// Principal components (see preprocess.h for what they are used for). The covariance is one product (syrk), its largest
// eigenvalues and eigenvectors come from linalg/eigen.h: for n samples of d features n d^2 + O(d^3) multiplications.
// Where there are fewer samples than features the rank is at most samples - 1.
#pragma once

#include <vector>

#include "widthwise/linalg/matrix.h"

namespace widthwise {

class PrincipalComponents {
 public:
  /// The `count` directions of largest variance of the rows of all matrices together. Throws ConfigError (data.pca)
  /// where `count` is not in 1..features, and, for whiten, where fewer directions have any variance: it says how many.
  PrincipalComponents(const std::vector<const Matrix<double>*>& samples, Index count, bool whiten);

  /// (rows x count)
  Matrix<double> apply(const Matrix<double>& samples) const;
  /// Of the covariance, descending.
  const Vector<double>& eigenvalues() const { return eigenvalues_; }

 private:
  Vector<double> mean_, eigenvalues_;
  Matrix<double> directions_;  // count x features, scaled
};

}  // namespace widthwise
