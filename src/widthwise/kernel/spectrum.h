// Eigenvalues of a Gram matrix K and what is made of them.
#pragma once

#include "widthwise/linalg/matrix.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

/// All eigenvalues of a symmetric matrix (both triangles filled), descending. @throws ShapeError where it is not
/// square, has no rows or more than 2^15; Error where it holds NaN or infinity.
template <class T>
Vector<double> kernel_spectrum(View<const T> k);

/// The largest of them, to about 1e-12 of it, by Lanczos' iteration from a fixed start: some dozens of products K v.
/// NaN where K holds NaN or infinity, 0 without rows. For positive semidefinite K. @throws ShapeError where it is not
/// square.
template <class T>
double top_eigenvalue(View<const T> k);

/// (tr K)^2 / tr(K^2): how many directions share the kernel, from 1 to n. NaN where K is 0. @throws as above.
template <class T>
double participation(View<const T> k);

}  // namespace widthwise
