// What the blocks of deep linear theory share: rows of matrices in time, and the products they are made of. Internal to
// this room.
//
// Matrices are indexed by (time, output), C outputs together (GrowingTriangle::block); a step writes the C rows of its
// time. "Strictly lower" and Theta go by time alone.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "widthwise/limit/deep_linear_model.h"
#include "widthwise/linalg/growing_triangle.h"

namespace widthwise::deep_linear_theory {

/// The rows of one time, of several matrices' shape.
class Rows {
 public:
  Rows(std::int64_t time, Index outputs) : outputs_{outputs}, rows_(static_cast<std::size_t>(outputs)) {
    for (PaddedVector& row : rows_) row.reset((static_cast<Index>(time) + 1) * outputs);
  }
  Index outputs() const { return outputs_; }
  PaddedVector& operator[](Index c) { return rows_[static_cast<std::size_t>(c)]; }
  const PaddedVector& operator[](Index c) const { return rows_[static_cast<std::size_t>(c)]; }
  void append_to(GrowingTriangle& matrix) const {
    for (const PaddedVector& row : rows_) matrix.append(row.data());
  }

 private:
  Index outputs_;
  std::vector<PaddedVector> rows_;
};

/// The time a step is at, and how updates before it are felt: entry (t', c) of `felt` is eta(t') kappa(t, t') for
/// t' < t, else 0, with kappa = 1, or (1 - mu^(t - t')) / (1 - mu) with momentum mu.
struct Now {
  std::int64_t time = 0;
  Index outputs = 1;
  PaddedVector felt;

  Now(const DeepLinearModel& model, std::int64_t time_now, Index outputs_of);
  Rows rows() const { return {time, outputs}; }
  Index first() const { return static_cast<Index>(time) * outputs; }  // index of (time, 0)
  Index end() const { return first() + outputs; }
};

/// x A, of rows at `now`.
Rows times(const Now& now, const Rows& x, const GrowingTriangle& a);
/// y += factor (x S) A^T, S symmetric.
void add_congruence(const Now& now, double factor, const Rows& x, const GrowingTriangle& s, const GrowingTriangle& a,
                    Rows& y);
/// y += factor x.
void add(double factor, const Rows& x, const Now& now, Rows& y);
/// y += 1 on the diagonal.
void add_identity(const Now& now, Rows& y);
/// y += factor eta(t') kappa(t, t') C(t, t'), C's rows at `now`.
void add_felt(const Now& now, double factor, const Rows& c, Rows& y);
/// Rows `now` of a matrix.
Rows rows_of(const Now& now, const GrowingTriangle& a);

/// Rows `now` of eta Theta A, of a matrix whose rows before `now` are there: a sum that goes on from the last.
class FeltSum {
 public:
  FeltSum(const DeepLinearModel& model, Index outputs) : model_{model}, outputs_{outputs} {}
  Rows at(const Now& now, const GrowingTriangle& a);

 private:
  DeepLinearModel model_;
  Index outputs_;
  std::vector<std::vector<double>> moving_, sum_;  // an output each
};

/// Runs both, at once where there are two threads and so much to do that it pays.
void both(const Now& now, const std::function<void()>& first, const std::function<void()>& second);

/// What a source that stays the same at all times, K(t, t') = gram, leaves in fields A x of it.
class ConstantSource {
 public:
  explicit ConstantSource(Matrix<double> gram) : gram_{std::move(gram)} {}
  /// Takes the rows of A at `now`.
  void take(const Now& now, const Rows& a);
  /// y += factor times the rows of K A^T, or of A K A^T, at `now`.
  void add_with_source(const Now& now, double factor, Rows& y) const;
  void add(const Now& now, double factor, Rows& y) const;

 private:
  void add_weighted(const Now& now, const Matrix<double>& weights, Rows& y) const;

  Matrix<double> gram_;
  std::vector<double> sums_;  // entry i * outputs + c: the sum over times t of A(i, (t, c))
};

}  // namespace widthwise::deep_linear_theory
