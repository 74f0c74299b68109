// The empirical tangent kernel of a network at its weights (Jacot, Gabriel and Hongler 2018),
//
//   Theta(x, x')_op = sum over tensors t of share_t <df_o(x)/dt, df_p(x')/dt>
//   <df_o/dW_l, df_p/dW_l> = (x^{l-1} . x'^{l-1}) (delta^l_o . delta'^l_p),     <df_o/db_l, df_p/db_l> = delta . delta'
//
// with delta^l_o = df_o/dh^l: Gram matrices of the per-sample factors of a backward pass, never a gradient of a sample
// (factor_gram.h, where convolutions are too). For N points that is about 2 N^2 (fan_in + fan_out) operations a layer,
// half of it for one set of points, where a Jacobian takes 2 N^2 fan_in fan_out.
//
// Derivatives are in the effective W; share_t says which parameters count:
//
//   multiplier   m_t^2     of the trained w, W = m w: the Theta of the literature, for the schemes ntk and mean-field
//   rate         effective rate of t: gradient flow of this run moves outputs by df/dt = -Theta dObjective/df
//   one          1         of the effective weights
//
// There is no alpha in it. Row n k + o is output o of sample n, for k outputs; or only the mean over o of Theta_oo is
// computed, N x N.
#pragma once

#include <cstddef>
#include <vector>

#include "widthwise/kernel/factor_gram.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/network/propagation.h"

namespace widthwise {

enum class TangentShare { multiplier, rate, one };

struct TangentOptions {
  TangentShare share = TangentShare::multiplier;
  bool mean_over_outputs = false;
  /// Bytes that passes, factors and Gram matrices may take, beside the kernel itself: the points are worked through in
  /// tiles, the passes repeated for each pair of them.
  double memory = 512e6;
};

/// Where to write a kernel: its sum over all tensors, and the parts (index l-1). What has null data is left out; a
/// weight's and its bias's part may be the same memory, which then holds their sum.
template <class T>
struct TangentParts {
  View<T> sum;
  std::vector<View<T>> weights{}, biases{};
};

/// Kernels of networks of one shape; keeps its buffers from call to call. Belongs to one thread at a time; its products
/// use the calling thread's number of threads.
template <class T>
class TangentKernel {
 public:
  explicit TangentKernel(TangentOptions options = {}) : options_(options) {}

  /// Of `points` (N x input_dimension) with themselves. One triangle is computed, then mirrored. Throws ShapeError
  /// where shapes do not fit, ConfigError (memory) where not even a tile of one sample fits.
  void operator()(const Ensemble<T>& ensemble, Index member, View<const T> points, const TangentParts<T>& out);
  /// Of `rows` with `columns`: rows x columns, or (rows k) x (columns k).
  void operator()(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns,
                  const TangentParts<T>& out);

  /// Samples a tile, for so many points.
  Index tile(const Ensemble<T>& ensemble, Index points) const;

 private:
  struct Stored {
    Index positions = 1, fan_in = 0, fan_out = 0;
    AlignedArray<T> input, delta;
  };
  struct Tile {
    Index samples = 0;
    std::vector<Stored> layers;
  };
  using Gram = FactorGram<T>;

  void compute(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns, bool itself,
               const TangentParts<T>& out);
  template <class Consume>
  void passes(const Ensemble<T>& ensemble, Index member, View<const T> points, const Consume& consume);
  void fill(const Ensemble<T>& ensemble, Index member, View<const T> points, Tile& tile);
  LayerFactors<T> factors(const Tile& tile, Index layer, Index outputs) const;
  void add_layer(const Ensemble<T>& ensemble, Index member, Index layer, const LayerFactors<T>& a,
                 const LayerFactors<T>* b, const TangentParts<T>& out, Index first_row, Index first_col);

  TangentOptions options_;
  std::vector<Propagation<T>> propagation_;  // none or one
  Index propagation_samples_ = 0;
  Tile a_, b_;
  Gram gram_;
};

/// The kernel as a matrix. @throws ConfigError (memory) where it would take more than `options.memory` itself.
template <class T>
Matrix<T> tangent_kernel(const Ensemble<T>& ensemble, Index member, View<const T> points, TangentOptions options = {});
template <class T>
Matrix<T> tangent_kernel(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns,
                         TangentOptions options = {});

extern template class TangentKernel<float>;
extern template class TangentKernel<double>;
extern template Matrix<float> tangent_kernel(const Ensemble<float>&, Index, View<const float>, TangentOptions);
extern template Matrix<double> tangent_kernel(const Ensemble<double>&, Index, View<const double>, TangentOptions);
extern template Matrix<float> tangent_kernel(const Ensemble<float>&, Index, View<const float>, View<const float>,
                                             TangentOptions);
extern template Matrix<double> tangent_kernel(const Ensemble<double>&, Index, View<const double>, View<const double>,
                                              TangentOptions);

}  // namespace widthwise
