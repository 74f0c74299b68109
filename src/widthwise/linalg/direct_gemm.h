// Our own matrix product, for sizes where a library's fixed cost (choosing, packing, checking) outweighs its
// arithmetic. Register-blocked outer products on the widest vectors of the CPU; one thread. Internal to linalg: others
// call products.h, which checks sizes.
#pragma once

#include "widthwise/linalg/view.h"

namespace widthwise::linalg {

/// C = alpha A B + beta C with A m x k and B k x n given by strides: entry (i, l) of A lies at a[i a_row + l a_col],
/// one of the two being 1, and likewise for B. With beta = 0, C is not read. k >= 1.
template <class T>
struct DirectProduct {
  Index m, n, k;
  T alpha, beta;
  const T* a;
  Index a_row, a_col;
  const T* b;
  Index b_row, b_col;
  T* c;
  Index c_row;
};

template <class T>
void direct_gemm(const DirectProduct<T>& product);

}  // namespace widthwise::linalg
