// The kernels of the first layer, for w of independent entries of mean 0 and deviation `input_std`, from inputs.
// Internal to this room.
#pragma once

#include "widthwise/activation/activation.h"
#include "widthwise/base/key.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// E phi(w . x) phi(w . x') (`features`) and (x . x') E phi'(w . x) phi'(w . x') (`slopes`), rows x columns.
struct InputKernels {
  Matrix<double> features, slopes;
};
InputKernels input_kernels(const Activation& activation, double input_std, View<const double> rows,
                           View<const double> columns);

/// `first` above `second`.
Matrix<double> stacked(View<const double> first, View<const double> second);

/// R (n x n) with R^T R = covariance, which may be singular: standard normals z give z R ~ N(0, covariance).
Matrix<double> covariance_root(const Matrix<double>& covariance);

/// A draw of N(0, covariance), from `key`.
Vector<double> gaussian_draw(const Matrix<double>& covariance, Key key);

}  // namespace widthwise
