#include "widthwise/limit/input_kernels.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "widthwise/kernel/activation_kernel.h"
#include "widthwise/linalg/eigen.h"
#include "widthwise/linalg/products.h"

namespace widthwise {

namespace {

std::vector<double> variances(View<const double> points, double input_std) {
  std::vector<double> out;
  for (Index i = 0; i < points.rows; ++i) {
    double square = 0;
    for (Index j = 0; j < points.cols; ++j) square += points(i, j) * points(i, j);
    out.push_back(input_std * input_std * square);
  }
  return out;
}

// Rounding may leave eigenvalues of a covariance below 0.
SymmetricEigen clipped_eigenpairs(const Matrix<double>& covariance) {
  SymmetricEigen eigen = largest_eigenpairs(view(covariance), covariance.rows());
  eigen.values = eigen.values.cwiseMax(0);
  return eigen;
}

}  // namespace

InputKernels input_kernels(const Activation& activation, double input_std, View<const double> rows,
                           View<const double> columns) {
  Matrix<double> products(rows.rows, columns.rows);
  gemm<double>(Op::none, Op::transpose, 1, rows, columns, 0, view(products));
  const Matrix<double> covariance = input_std * input_std * products;
  ActivationKernel kernel =
      activation_kernel(activation, variances(rows, input_std), variances(columns, input_std), view(covariance));
  return {std::move(kernel.value), kernel.slope.cwiseProduct(products)};
}

Matrix<double> stacked(View<const double> first, View<const double> second) {
  Matrix<double> out(first.rows + second.rows, first.cols);
  for (Index i = 0; i < first.rows; ++i) std::copy_n(first.row(i), first.cols, out.row(i).data());
  for (Index i = 0; i < second.rows; ++i) std::copy_n(second.row(i), second.cols, out.row(first.rows + i).data());
  return out;
}

Matrix<double> covariance_root(const Matrix<double>& covariance) {
  const SymmetricEigen eigen = clipped_eigenpairs(covariance);
  return eigen.values.cwiseSqrt().asDiagonal() * eigen.vectors;
}

Vector<double> gaussian_draw(const Matrix<double>& covariance, Key key) {
  if (covariance.rows() == 0) return {};
  const SymmetricEigen eigen = clipped_eigenpairs(covariance);
  Vector<double> weights(eigen.values.size());
  for (Index k = 0; k < weights.size(); ++k)
    weights[k] = std::sqrt(eigen.values[k]) * normal(key, static_cast<std::uint64_t>(k), 0);
  return eigen.vectors.transpose() * weights;
}

}  // namespace widthwise
