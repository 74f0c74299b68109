#include "widthwise/kernel/factor_gram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/linalg/products.h"
#include "widthwise/network/pointwise_layer.h"

namespace widthwise {

namespace {

template <class T>
void check(const LayerFactors<T>& factors) {
  const Index p = factors.positions, k = factors.outputs;
  if (p < 1 || k < 1 || factors.input.rows % p != 0 || factors.delta.rows != factors.input.rows * k)
    throw ShapeError(
        "FactorGram", "samples x positions rows of inputs, samples x outputs x positions of deltas",
        fmt::format("{} and {} rows, {} positions, {} outputs", factors.input.rows, factors.delta.rows, p, k));
}

/// out += share (inputs of the samples, where given) * deltas, entry by entry; a sample has `outputs` rows and columns
/// of `deltas`.
template <class T>
void accumulate(View<const T> inputs, View<const T> deltas, Index outputs, bool upper, double share,
                std::span<const View<T>> outs) {
  const T s = static_cast<T>(share);
  for (const View<T>& out : outs)
    pointwise_layer::over_rows(out.rows, out.size(), [&](Index first, Index rows) {
      for (Index i = first; i < first + rows; ++i) {
        const T* const d = deltas.row(i);
        T* const to = out.row(i);
        const Index from = upper ? i : 0;
        if (!inputs.data) {
          for (Index j = from; j < out.cols; ++j) to[j] += s * d[j];
        } else if (outputs == 1) {
          const T* const x = inputs.row(i);
          for (Index j = from; j < out.cols; ++j) to[j] += s * x[j] * d[j];
        } else {
          const T* const x = inputs.row(i / outputs);
          for (Index j = from; j < out.cols; ++j) to[j] += s * x[j / outputs] * d[j];
        }
      }
    });
}

double pairs(double a, double b, bool itself) {
  return itself ? a * (a + 1) / 2 : a * b;
}

}  // namespace

template <class T>
double FactorGram<T>::multiplications(const LayerFactors<T>& a, const LayerFactors<T>* b, Outputs outputs, Way way) {
  const LayerFactors<T>& other = b ? *b : a;
  const auto samples = static_cast<double>(a.samples()), others = static_cast<double>(other.samples());
  const auto p = static_cast<double>(a.positions), k = static_cast<double>(a.outputs);
  const auto fan_in = static_cast<double>(a.input.cols), fan_out = static_cast<double>(a.delta.cols);
  const double output_pairs = outputs == Outputs::mean ? k : k * k, sample_pairs = pairs(samples, others, b == nullptr);
  const double in_pairs = sample_pairs * p * p * (fan_in + output_pairs * (fan_out + 1));
  const double in_gradients =
      (samples + (b ? others : 0)) * k * p * fan_in * fan_out + sample_pairs * output_pairs * fan_in * fan_out;
  if (way == Way::pairs_of_positions) return in_pairs;
  if (way == Way::gradients) return in_gradients;
  return std::min(in_pairs, in_gradients);
}

template <class T>
View<T> FactorGram<T>::buffer(AlignedArray<T>& memory, Index rows, Index cols) const {
  if (memory.size() < rows * cols) memory = AlignedArray<T>(rows * cols);
  return {memory.data(), rows, cols};
}

// Of a matrix with itself only what is on and above the diagonal is of use: by blocks of rows, on our own products,
// somewhat faster than BLAS's syrk on one thread, and threaded like all else.
template <class T>
void FactorGram<T>::gram(View<const T> a, View<const T> b, bool itself, T beta, View<T> out) const {
  const Index block = itself ? std::max<Index>(64, a.rows / 8) : a.rows;
  for (Index first = 0; first < a.rows; first += block) {
    const Index rows = std::min(block, a.rows - first), from = itself ? first : 0;
    gemm<T>(Op::none, Op::transpose, T(1), a.block(first, 0, rows, a.cols), b.block(from, 0, b.rows - from, b.cols),
            beta, out.block(first, from, rows, out.cols - from));
  }
}

// The mean's factor 1 / outputs is left to the share.
template <class T>
View<const T> FactorGram<T>::delta_gram(const LayerFactors<T>& a, const LayerFactors<T>& b, bool itself,
                                        Outputs outputs) {
  const Index k = a.outputs;
  if (outputs == Outputs::all || k == 1) {
    const View<T> out = buffer(deltas_, a.delta.rows, b.delta.rows);
    gram(a.delta, b.delta, itself, T(0), out);
    return out;
  }
  const View<T> out = buffer(deltas_, a.samples(), b.samples());
  const auto of_output = [k](View<const T> delta, Index o) {
    return View<const T>(delta.row(o), delta.rows / k, delta.cols, k * delta.stride);
  };
  if (a.delta.stride == a.delta.cols && b.delta.stride == b.delta.cols) {
    // The rows of a sample follow one another: one product sums over its outputs.
    gram({a.delta.data, a.samples(), k * a.delta.cols}, {b.delta.data, b.samples(), k * b.delta.cols}, itself, T(0),
         out);
    return out;
  }
  for (Index o = 0; o < k; ++o) gram(of_output(a.delta, o), of_output(b.delta, o), itself, o == 0 ? T(0) : T(1), out);
  return out;
}

// Deltas of one output of `count` samples from `first` on: count positions x fan_out.
template <class T>
View<const T> FactorGram<T>::gathered(const LayerFactors<T>& factors, Index first, Index count, Index output,
                                      View<T> into) {
  const Index p = factors.positions, k = factors.outputs;
  for (Index n = 0; n < count; ++n)
    for (Index s = 0; s < p; ++s)
      std::copy_n(factors.delta.row(((first + n) * k + output) * p + s), into.cols, into.row(n * p + s));
  return into.block(0, 0, count * p, into.cols);
}

template <class T>
void FactorGram<T>::by_pairs(const LayerFactors<T>& a, const LayerFactors<T>& b, bool itself, Outputs outputs,
                             View<T> out) {
  const Index p = a.positions, k = a.outputs, fan_in = a.input.cols, fan_out = a.delta.cols;
  const auto fitting = static_cast<Index>(std::sqrt(work_bytes_ / (2.0 * sizeof(T)))) / p;
  const Index block = std::clamp<Index>(fitting, 1, std::max(a.samples(), b.samples()));
  const View<T> a_block = buffer(a_, block * p, fan_out), b_block = buffer(b_, block * p, fan_out);
  const bool mean = outputs == Outputs::mean;
  for (Index n0 = 0; n0 < a.samples(); n0 += block) {
    const Index rows = std::min(block, a.samples() - n0);
    for (Index m0 = itself ? n0 : 0; m0 < b.samples(); m0 += block) {
      const Index cols = std::min(block, b.samples() - m0);
      const View<T> x = buffer(inputs_, rows * p, cols * p), d = buffer(deltas_, rows * p, cols * p);
      gemm<T>(Op::none, Op::transpose, T(1), a.input.block(n0 * p, 0, rows * p, fan_in),
              b.input.block(m0 * p, 0, cols * p, fan_in), T(0), x);
      for (Index o = 0; o < k; ++o) {
        const View<const T> left = gathered(a, n0, rows, o, a_block);
        for (Index q = mean ? o : 0; q < (mean ? o + 1 : k); ++q) {
          gemm<T>(Op::none, Op::transpose, T(1), left, gathered(b, m0, cols, q, b_block), T(0), d);
          for (Index n = 0; n < rows; ++n)
            for (Index m = 0; m < cols; ++m) {
              T sum = 0;
              for (Index s = 0; s < p; ++s) {
                const T* const of_x = x.row(n * p + s) + m * p;
                const T* const of_d = d.row(n * p + s) + m * p;
                for (Index t = 0; t < p; ++t) sum += of_x[t] * of_d[t];
              }
              if (mean)
                out(n0 + n, m0 + m) += sum;
              else
                out((n0 + n) * k + o, (m0 + m) * k + q) = sum;
            }
        }
      }
    }
  }
}

template <class T>
void FactorGram<T>::by_gradients(const LayerFactors<T>& a, const LayerFactors<T>& b, bool itself, Outputs outputs,
                                 View<T> out) {
  const Index p = a.positions, k = a.outputs, fan_in = a.input.cols, fan_out = a.delta.cols;
  const double row_bytes = static_cast<double>((a.samples() + (itself ? 0 : b.samples())) * k * fan_in) * sizeof(T);
  const Index block = std::clamp<Index>(static_cast<Index>(work_bytes_ / row_bytes), 1, fan_out);
  const auto gradients = [&](const LayerFactors<T>& factors, Index first, Index rows, View<T> into) {
    for (Index n = 0; n < factors.samples(); ++n)
      for (Index o = 0; o < k; ++o)
        gemm<T>(Op::transpose, Op::none, T(1), factors.delta.block((n * k + o) * p, first, p, rows),
                factors.input.block(n * p, 0, p, fan_in), T(0), View<T>(into.row(n * k + o), rows, fan_in));
    return outputs == Outputs::mean ? View<const T>(into.data, factors.samples(), k * rows * fan_in)
                                    : View<const T>(into);
  };
  for (Index first = 0; first < fan_out; first += block) {
    const Index rows = std::min(block, fan_out - first);
    const View<const T> left = gradients(a, first, rows, buffer(a_, a.samples() * k, rows * fan_in));
    const View<const T> right = itself ? left : gradients(b, first, rows, buffer(b_, b.samples() * k, rows * fan_in));
    gram(left, right, itself, first == 0 ? T(0) : T(1), out);
  }
}

template <class T>
void FactorGram<T>::add(const LayerFactors<T>& a, const LayerFactors<T>* b, Outputs outputs, Target weights,
                        Target bias, Way way) {
  const bool itself = b == nullptr;
  const LayerFactors<T>& other = itself ? a : *b;
  check(a);
  check(other);
  const Index rows_a = outputs == Outputs::mean ? 1 : a.outputs;
  for (const auto& outs : {weights.outs, bias.outs})
    for (const View<T>& out : outs)
      if (out.rows != a.samples() * rows_a || out.cols != other.samples() * rows_a)
        throw ShapeError("FactorGram", fmt::format("{} x {}", a.samples() * rows_a, other.samples() * rows_a),
                         fmt::format("{} x {}", out.rows, out.cols));
  if (a.positions != other.positions || a.outputs != other.outputs || a.input.cols != other.input.cols ||
      a.delta.cols != other.delta.cols)
    throw ShapeError("FactorGram", "factors of one layer", "others");
  if (outputs == Outputs::mean) {
    weights.share /= static_cast<double>(a.outputs);
    bias.share /= static_cast<double>(a.outputs);
  }

  if (a.positions == 1) {
    const View<const T> deltas = delta_gram(a, other, itself, outputs);
    if (!bias.outs.empty()) accumulate<T>({}, deltas, 1, itself, bias.share, bias.outs);
    if (weights.outs.empty()) return;
    const View<T> inputs = buffer(inputs_, a.samples(), other.samples());
    gram(a.input, other.input, itself, T(0), inputs);
    return accumulate<T>(inputs, deltas, rows_a, itself, weights.share, weights.outs);
  }

  if (!bias.outs.empty()) {
    const auto summed = [](const LayerFactors<T>& factors, View<T> into) {
      for (Index i = 0; i < into.rows; ++i) {
        std::fill_n(into.row(i), into.cols, T(0));
        for (Index s = 0; s < factors.positions; ++s) {
          const T* const from = factors.delta.row(i * factors.positions + s);
          for (Index j = 0; j < into.cols; ++j) into(i, j) += from[j];
        }
      }
      return LayerFactors<T>{{into.data, factors.samples(), 0}, into, 1, factors.outputs};
    };
    const LayerFactors<T> left = summed(a, buffer(a_, a.samples() * a.outputs, a.delta.cols));
    const LayerFactors<T> right =
        itself ? left : summed(other, buffer(b_, other.samples() * a.outputs, other.delta.cols));
    accumulate<T>({}, delta_gram(left, right, itself, outputs), 1, itself, bias.share, bias.outs);
  }
  if (weights.outs.empty()) return;
  if (way == Way::fewest)
    way = multiplications(a, b, outputs, Way::gradients) < multiplications(a, b, outputs, Way::pairs_of_positions)
              ? Way::gradients
              : Way::pairs_of_positions;
  AlignedArray<T> sum(a.samples() * rows_a * other.samples() * rows_a);
  const View<T> whole(sum.data(), a.samples() * rows_a, other.samples() * rows_a);
  if (way == Way::gradients)
    by_gradients(a, other, itself, outputs, whole);
  else
    by_pairs(a, other, itself, outputs, whole);
  accumulate<T>({}, whole, 1, itself, weights.share, weights.outs);
}

template class FactorGram<float>;
template class FactorGram<double>;

}  // namespace widthwise
