// Singular values, by LAPACK's divide and conquer (OpenBLAS, dgesdd, values alone); where the OpenBLAS found was built
// without LAPACK, by Eigen, several times slower. On one thread, as in eigen.h.
//
// Not by way of A^T A, whose eigenvalues lose every singular value below 1e-8 of the largest.
//
// Cost: about 8/3 n^3 operations for n x n, half of them bound by memory: some tenths of a second for 1024.
#pragma once

#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// All min(rows, cols) of them, descending. Throws ShapeError where `a` has no entry or a side above 2^15; Error where
/// it holds NaN or infinity or LAPACK fails.
Vector<double> singular_values(View<const double> a);

/// The same, always by Eigen: what tests compare with.
Vector<double> singular_values_reference(View<const double> a);

}  // namespace widthwise
