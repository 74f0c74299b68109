// From the factors of one layer to its part of a tangent kernel. A weight matrix W (fan_out x fan_in) that is used at
// `positions` places of every sample (1 in a dense layer, the pixels of the output in a convolution) has, of output o
// and sample n,
//
//   df_no/dW = G_no = delta_no^T x_n        delta_no (positions x fan_out), x_n (positions x fan_in)
//   <G_no, G_mp> = sum_st (x_ns . x_mt)(delta_nos . delta_mpt)          weights
//                  (sum_s delta_nos) . (sum_t delta_mpt)                bias
//
// At one position that is the product, entry by entry, of two small Gram matrices. At several there are two ways: the
// sum over pairs of positions, or G itself, some rows of W at a time; the one with fewer multiplications is taken.
#pragma once

#include <span>

#include "widthwise/linalg/view.h"
#include "widthwise/network/aligned_array.h"

namespace widthwise {

/// Factors of one layer, for some samples and all outputs asked for.
template <class T>
struct LayerFactors {
  View<const T> input;  // row n positions + s is x_ns; fan_in columns
  View<const T> delta;  // row (n outputs + o) positions + s is delta_nos; fan_out columns
  Index positions = 1, outputs = 1;

  Index samples() const { return input.rows / positions; }
};

template <class T>
class FactorGram {
 public:
  enum class Way { fewest, pairs_of_positions, gradients };

  /// Of which outputs: `all` pairs, entry (n outputs + o, m outputs + p), or the `mean` over o of pairs (o, o), entry
  /// (n, m).
  enum class Outputs { all, mean };

  /// Where a part is added, times `share`.
  struct Target {
    double share = 1;
    std::span<const View<T>> outs;  // none: it is not computed
  };

  /// Working memory for layers of several positions, in bytes.
  explicit FactorGram(double work_bytes = 64e6) : work_bytes_(work_bytes) {}

  /// Adds the parts of weights and bias of `a` against `b`. With `b` null, of `a` against itself, in the entries on and
  /// above the diagonal alone. Throws ShapeError where two shapes do not fit.
  void add(const LayerFactors<T>& a, const LayerFactors<T>* b, Outputs outputs, Target weights, Target bias,
           Way way = Way::fewest);

  /// Multiplications of each way.
  static double multiplications(const LayerFactors<T>& a, const LayerFactors<T>* b, Outputs outputs, Way way);

 private:
  View<T> buffer(AlignedArray<T>& memory, Index rows, Index cols) const;
  /// out = a b' + beta out; with `itself` (then b is a) on and above the diagonal alone.
  void gram(View<const T> a, View<const T> b, bool itself, T beta, View<T> out) const;
  View<const T> delta_gram(const LayerFactors<T>& a, const LayerFactors<T>& b, bool itself, Outputs outputs);
  void by_pairs(const LayerFactors<T>& a, const LayerFactors<T>& b, bool itself, Outputs outputs, View<T> out);
  void by_gradients(const LayerFactors<T>& a, const LayerFactors<T>& b, bool itself, Outputs outputs, View<T> out);
  static View<const T> gathered(const LayerFactors<T>& factors, Index first, Index count, Index output, View<T> into);

  double work_bytes_;
  AlignedArray<T> inputs_, deltas_, a_, b_;
};

extern template class FactorGram<float>;
extern template class FactorGram<double>;

}  // namespace widthwise
