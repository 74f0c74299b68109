// Eigenvalues and eigenvectors of symmetric matrices, by LAPACK's relatively robust representations (OpenBLAS, dsyevr);
// where the OpenBLAS found was built without LAPACK, by Eigen, several times slower.
//
// On one thread: two were seen to take 0.9 s instead of 1.4 s for 3072 rows on an idle machine, and 22 s beside one
// other busy program, waiting for each other.
//
// Cost: 4/3 n^3 operations for the reduction to tridiagonal form, half of them bound by memory, and 2 n^2 for each
// vector. For a few thousand rows; for the largest pairs of larger matrices use an iteration.
#pragma once

#include "widthwise/linalg/matrix.h"

namespace widthwise {

struct SymmetricEigen {
  Vector<double> values;   // descending
  Matrix<double> vectors;  // one a row, of length 1; its entry of largest size is positive (the first of equals)
};

/// The `count` largest eigenvalues of the symmetric matrix `a` (n x n, both triangles filled) with their vectors, by
/// value, not by size. Throws ShapeError where `a` is not square, larger than 2^15, or `count` not in 1..n; Error where
/// it holds NaN or infinity or LAPACK fails.
SymmetricEigen largest_eigenpairs(View<const double> a, Index count);

/// The same, always by Eigen: what tests compare with.
SymmetricEigen largest_eigenpairs_reference(View<const double> a, Index count);

}  // namespace widthwise
