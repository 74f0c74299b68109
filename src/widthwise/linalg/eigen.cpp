#include "widthwise/linalg/eigen.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/linalg/openblas.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {

namespace {

using Int = linalg::OpenBlas::Int;

constexpr Index largest_size = Index{1} << 15;

void check(View<const double> a, Index count) {
  if (a.rows != a.cols || a.rows < 1 || a.rows > largest_size || count < 1 || count > a.rows)
    throw ShapeError("largest_eigenpairs",
                     fmt::format("a square matrix of at most {} rows and 1..rows pairs", largest_size),
                     fmt::format("{} x {}, {} pairs", a.rows, a.cols, count));
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j)
      if (!std::isfinite(a(i, j)))
        throw Error(fmt::format("largest_eigenpairs: entry ({}, {}) of the matrix is {}.", i, j, a(i, j)));
}

// An eigenvector's sign is nobody's choice, so it is made one.
void fix_signs(Matrix<double>& vectors) {
  for (Index i = 0; i < vectors.rows(); ++i) {
    Index largest = 0;
    vectors.row(i).cwiseAbs().maxCoeff(&largest);
    if (vectors(i, largest) < 0) vectors.row(i) *= -1;
  }
}

Matrix<double> copy_of(View<const double> a) {
  Matrix<double> copy(a.rows, a.cols);
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j) copy(i, j) = a(i, j);
  return copy;
}

}  // namespace

SymmetricEigen largest_eigenpairs_reference(View<const double> a, Index count) {
  check(a, count);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(copy_of(a));
  if (solver.info() != Eigen::Success) throw Error("largest_eigenpairs: the iteration did not converge.");
  SymmetricEigen pairs;
  pairs.values = solver.eigenvalues().tail(count).reverse();
  pairs.vectors = solver.eigenvectors().rightCols(count).rowwise().reverse().transpose();
  fix_signs(pairs.vectors);
  return pairs;
}

SymmetricEigen largest_eigenpairs(View<const double> a, Index count) {
  const auto dsyevr = linalg::openblas().dsyevr;
  if (dsyevr == nullptr) return largest_eigenpairs_reference(a, count);
  check(a, count);
  const auto n = static_cast<Int>(a.rows), first = static_cast<Int>(a.rows - count + 1), last = n;
  Matrix<double> work_matrix = copy_of(a), columns(count, a.rows);  // LAPACK's columns are our rows
  Vector<double> values(a.rows);
  std::vector<Int> support(2 * static_cast<std::size_t>(count));
  const double unused = 0, tolerance = 0;
  Int found = 0, info = 0, size = -1, whole_size = -1, whole_query = 0;
  double query = 0;
  const ThreadScope one(1);  // threads wait for each other at every reflection: see the header
  const auto call = [&](double* work, Int* whole_work) {
    dsyevr("V", "I", "U", &n, work_matrix.data(), &n, &unused, &unused, &first, &last, &tolerance, &found,
           values.data(), columns.data(), &n, support.data(), work, &size, whole_work, &whole_size, &info, 1, 1, 1);
  };
  call(&query, &whole_query);
  size = static_cast<Int>(query);
  whole_size = whole_query;
  std::vector<double> work(static_cast<std::size_t>(size));
  std::vector<Int> whole_work(static_cast<std::size_t>(whole_size));
  call(work.data(), whole_work.data());
  if (info != 0 || found != count)
    throw Error(
        fmt::format("largest_eigenpairs: LAPACK's dsyevr ended with {} and {} of {} pairs.", info, found, count));
  SymmetricEigen pairs;
  pairs.values = values.head(count).reverse();
  pairs.vectors = columns.colwise().reverse();
  fix_signs(pairs.vectors);
  return pairs;
}

}  // namespace widthwise
