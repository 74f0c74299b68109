#include "widthwise/kernel/spectrum.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/base/key.h"
#include "widthwise/linalg/eigen.h"
#include "widthwise/linalg/in_double.h"
#include "widthwise/linalg/pointwise.h"

namespace widthwise {

namespace {

template <class T>
void check_square(View<const T> k) {
  if (k.rows != k.cols) throw ShapeError("kernel spectrum", "a square matrix", fmt::format("{} x {}", k.rows, k.cols));
}

}  // namespace

template <class T>
Vector<double> kernel_spectrum(View<const T> k) {
  check_square(k);
  const Matrix<double> matrix = in_double(k);
  return largest_eigenpairs(view(matrix), k.rows).values;
}

template <class T>
double top_eigenvalue(View<const T> k) {
  check_square(k);
  if (!std::isfinite(pointwise::sum_squares<T>(k))) return std::numeric_limits<double>::quiet_NaN();
  const Index n = k.rows;
  if (n == 0) return 0;
  const Matrix<double> matrix = in_double(k);
  const Index most = std::min<Index>(n, 200);
  Matrix<double> basis(most, n);  // orthogonalised again at every step: few enough to afford it
  Vector<double> v(n), diagonal(most), beside(most);
  fill_normal(Key(1), 1, static_cast<std::size_t>(n), 1.0, v.data(), static_cast<std::size_t>(n));
  v.normalize();
  double top = 0;
  for (Index step = 0; step < most; ++step) {
    basis.row(step) = v.transpose();
    Vector<double> w = matrix * v;
    diagonal[step] = v.dot(w);
    for (int twice = 0; twice < 2; ++twice) w -= basis.topRows(step + 1).transpose() * (basis.topRows(step + 1) * w);
    const double rest = beside[step] = w.norm();
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> small;
    small.computeFromTridiagonal(diagonal.head(step + 1), beside.head(step));
    top = small.eigenvalues()[step];
    // |K u - top u| of the best vector u so far; the value's error is of its square.
    const double residual = rest * std::abs(small.eigenvectors()(step, step));
    if (!(residual > 1e-10 * std::abs(top))) break;
    v = w / rest;
  }
  return top;
}

template <class T>
double participation(View<const T> k) {
  check_square(k);
  double trace = 0;
  for (Index i = 0; i < k.rows; ++i) trace += static_cast<double>(k(i, i));
  return trace * trace / pointwise::sum_squares<T>(k);
}

template Vector<double> kernel_spectrum(View<const float>);
template Vector<double> kernel_spectrum(View<const double>);
template double top_eigenvalue(View<const float>);
template double top_eigenvalue(View<const double>);
template double participation(View<const float>);
template double participation(View<const double>);

}  // namespace widthwise
