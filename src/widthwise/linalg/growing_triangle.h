// Lower triangular matrices that grow by rows, for equations in time that are causal: row i is written once rows before
// it are known, and read ever after. With `block` b > 1 they are triangular in blocks of b x b, whole ones on the
// diagonal (b series that move together).
//
// Eight rows lie together as one zero-padded rectangle, in tiles of 8 x 8 from left to right, so that the products
// below read memory in one stream and without remainders, half of it where a square would be. They are the whole cost
// of such equations: each reads the matrix once.
#pragma once

#include <memory>
#include <vector>

#include "widthwise/linalg/view.h"

namespace widthwise {

/// A vector as long as rows are padded to, zero beyond what was written.
class PaddedVector {
 public:
  /// All entries 0, room for `size` of them.
  void reset(Index size);
  double* data() { return entries_.data(); }
  const double* data() const { return entries_.data(); }
  double& operator[](Index i) { return entries_[static_cast<std::size_t>(i)]; }
  double operator[](Index i) const { return entries_[static_cast<std::size_t>(i)]; }
  Index size() const { return static_cast<Index>(entries_.size()); }

 private:
  std::vector<double> entries_;
};

class GrowingTriangle {
 public:
  static constexpr Index group = 8;  // rows that lie together

  explicit GrowingTriangle(Index block = 1) : block_{block} {}

  Index rows() const { return rows_; }
  Index block() const { return block_; }
  /// Entries of row i that may differ from 0: the columns up to the end of its block.
  Index length(Index i) const { return (i / block_ + 1) * block_; }
  double operator()(Index i, Index j) const {
    return groups_[static_cast<std::size_t>(i / group)][j / group * group * group + i % group * group + j % group];
  }
  /// Writes the length(i) entries of row i.
  void copy_row(Index i, double* to) const;
  /// Appends a row, the first length(rows()) entries of x.
  void append(const double* x);
  /// Bytes of one that has so many rows.
  static double bytes(double rows) { return 8 * (rows * rows / 2 + group * rows); }

 private:
  friend void add_times(const PaddedVector& x, const GrowingTriangle& a, PaddedVector& y);
  friend void add_times_transposed(const PaddedVector& x, const GrowingTriangle& a, double factor, PaddedVector& y);
  friend void add_symmetric_times(const PaddedVector& x, const GrowingTriangle& a, PaddedVector& y);

  Index columns_of_group(Index g) const;
  /// Tiles of a group that its rows reach so far: vectors have no more room.
  Index tiles_in_use(Index g) const;

  Index block_, rows_ = 0;
  std::vector<std::unique_ptr<double[]>> groups_;
};

// Vectors must have room for a.rows() rounded up to whole blocks and then to a multiple of 8; x is read as far, and has
// zeros where nothing is meant.

/// y += x A.
void add_times(const PaddedVector& x, const GrowingTriangle& a, PaddedVector& y);
/// y += factor x A^T.
void add_times_transposed(const PaddedVector& x, const GrowingTriangle& a, double factor, PaddedVector& y);
/// y += x S, S the symmetric matrix whose lower half is A.
void add_symmetric_times(const PaddedVector& x, const GrowingTriangle& a, PaddedVector& y);

}  // namespace widthwise
