#include "widthwise/linalg/singular_values.h"

#include <fmt/format.h>

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/linalg/openblas.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {

namespace {

using Int = linalg::OpenBlas::Int;

constexpr Index largest_size = Index{1} << 15;

Matrix<double> checked_copy(View<const double> a) {
  if (a.rows < 1 || a.cols < 1 || a.rows > largest_size || a.cols > largest_size)
    throw ShapeError("singular_values", fmt::format("a matrix with sides of 1 to {}", largest_size),
                     fmt::format("{} x {}", a.rows, a.cols));
  Matrix<double> copy(a.rows, a.cols);
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j) {
      if (!std::isfinite(a(i, j)))
        throw Error(fmt::format("singular_values: entry ({}, {}) of the matrix is {}.", i, j, a(i, j)));
      copy(i, j) = a(i, j);
    }
  return copy;
}

}  // namespace

Vector<double> singular_values_reference(View<const double> a) {
  return Eigen::BDCSVD<Eigen::MatrixXd>(checked_copy(a)).singularValues();
}

Vector<double> singular_values(View<const double> a) {
  const auto dgesdd = linalg::openblas().dgesdd;
  if (dgesdd == nullptr) return singular_values_reference(a);
  Matrix<double> work_matrix = checked_copy(a);
  // LAPACK's columns are our rows: it sees the transpose, which has the same values.
  const auto rows = static_cast<Int>(a.cols), cols = static_cast<Int>(a.rows), one = Int{1};
  Vector<double> values(std::min(a.rows, a.cols));
  std::vector<Int> whole_work(8 * static_cast<std::size_t>(values.size()));
  double query = 0, no_vectors = 0;
  Int size = -1, info = 0;
  const ThreadScope one_thread(1);
  const auto call = [&](double* work) {
    dgesdd("N", &rows, &cols, work_matrix.data(), &rows, values.data(), &no_vectors, &one, &no_vectors, &one, work,
           &size, whole_work.data(), &info, 1);
  };
  call(&query);
  size = static_cast<Int>(query);
  std::vector<double> work(static_cast<std::size_t>(size));
  call(work.data());
  if (info != 0) throw Error(fmt::format("singular_values: LAPACK's dgesdd ended with {}.", info));
  return values;
}

}  // namespace widthwise
