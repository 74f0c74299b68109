#include "widthwise/kernel/empirical.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "widthwise/base/error.h"
#include "widthwise/network/program.h"

namespace widthwise {

namespace {

double share_of(TangentShare share, const TensorScaling& tensor) {
  if (share == TangentShare::multiplier) return tensor.multiplier * tensor.multiplier;
  return share == TangentShare::rate ? tensor.effective_rate : 1;
}

template <class T>
void for_each_part(const TangentParts<T>& out, const auto& use) {
  if (out.sum.data) use(out.sum);
  for (const auto* parts : {&out.weights, &out.biases})
    for (const View<T>& part : *parts)
      if (part.data) use(part);
}

// The other triangle, by tiles, so that both sides stay in cache.
template <class T>
void mirror(View<T> c) {
  constexpr Index tile = 32;
  for (Index i0 = 0; i0 < c.rows; i0 += tile)
    for (Index j0 = 0; j0 <= i0; j0 += tile)
      for (Index i = i0; i < std::min(i0 + tile, c.rows); ++i)
        for (Index j = j0; j < std::min(j0 + tile, i); ++j) c(i, j) = c(j, i);
}

/// Bytes that so many samples take at once: those of the passes, two tiles of factors, two Gram matrices.
template <class T>
class Room {
 public:
  Room(const Architecture& architecture, bool mean) : outputs_(mean ? 1 : static_cast<double>(architecture.outputs)) {
    const auto passes = Propagation<T>::room(architecture);
    numbers_ = static_cast<double>(passes.numbers + 2 * passes.patches);
    const Program program = compile(architecture);
    const std::vector<Dense> matrices = architecture.weight_matrices();
    for (std::size_t l = 0; l < matrices.size(); ++l) {
      const auto positions =
          static_cast<double>(program.nodes[static_cast<std::size_t>(program.matrices[l])].shape.positions());
      numbers_ += 2 * positions *
                  (static_cast<double>(matrices[l].fan_in) +
                   static_cast<double>(architecture.outputs) * static_cast<double>(matrices[l].fan_out));
    }
  }
  double bytes(Index samples) const {
    const auto n = static_cast<double>(samples), side = n * outputs_;
    return sizeof(T) * (n * numbers_ + n * n + side * side);
  }

 private:
  double outputs_, numbers_ = 0;
};

template <class T>
View<T> part_of(View<T> whole, Index row, Index col, Index rows, Index cols) {
  return whole.data ? whole.block(row, col, rows, cols) : whole;
}

}  // namespace

template <class T>
Index TangentKernel<T>::tile(const Ensemble<T>& ensemble, Index points) const {
  const Room<T> room(ensemble.architecture(), options_.mean_over_outputs);
  const auto fits = [&](Index samples) { return room.bytes(samples) <= options_.memory; };
  if (!fits(1))
    throw ConfigError({"", "memory"},
                      fmt::format("at least {:.3g} bytes, for the tangent kernel of one sample", room.bytes(1)),
                      fmt::format("{:.3g} bytes", options_.memory));
  Index low = 1, high = std::max<Index>(points, 1);  // low fits
  while (low < high) {
    const Index middle = (low + high + 1) / 2;
    if (fits(middle))
      low = middle;
    else
      high = middle - 1;
  }
  const Index tiles = (points + low - 1) / low;
  return tiles > 1 ? (points + tiles - 1) / tiles : low;
}

// Calls consume(output, factors) for every output and layer.
template <class T>
template <class Consume>
void TangentKernel<T>::passes(const Ensemble<T>& ensemble, Index member, View<const T> points, const Consume& consume) {
  Propagation<T>& passes = propagation_.front();
  passes.forward(ensemble, points, member);
  const View<T> seed = passes.output_gradient(member);
  for (Index o = 0; o < seed.cols; ++o) {
    for (Index i = 0; i < seed.rows; ++i)
      for (Index j = 0; j < seed.cols; ++j) seed(i, j) = j == o ? T(1) : T(0);
    passes.backward(ensemble, MemberRange{member, 1}, [&](const Factors<T>& factors) { consume(o, factors); });
  }
}

template <class T>
void TangentKernel<T>::fill(const Ensemble<T>& ensemble, Index member, View<const T> points, Tile& tile) {
  tile.samples = points.rows;
  tile.layers.resize(static_cast<std::size_t>(ensemble.layers()));
  const Index outputs = ensemble.architecture().outputs;
  passes(ensemble, member, points, [&](Index output, const Factors<T>& found) {
    Stored& stored = tile.layers[static_cast<std::size_t>(found.layer - 1)];
    stored.positions = found.positions;
    stored.fan_in = found.input.cols;
    stored.fan_out = found.delta.cols;
    const auto reserve = [](AlignedArray<T>& memory, Index size) {
      if (memory.size() < size) memory = AlignedArray<T>(size);
    };
    reserve(stored.input, found.input.size());
    reserve(stored.delta, outputs * found.delta.size());
    if (output == 0)
      for (Index i = 0; i < found.input.rows; ++i)
        std::copy_n(found.input.row(i), stored.fan_in, stored.input.data() + i * stored.fan_in);
    for (Index n = 0; n < points.rows; ++n)
      for (Index s = 0; s < stored.positions; ++s)
        std::copy_n(found.delta.row(n * stored.positions + s), stored.fan_out,
                    stored.delta.data() + ((n * outputs + output) * stored.positions + s) * stored.fan_out);
  });
}

template <class T>
LayerFactors<T> TangentKernel<T>::factors(const Tile& tile, Index layer, Index outputs) const {
  const Stored& stored = tile.layers[static_cast<std::size_t>(layer - 1)];
  const Index rows = tile.samples * stored.positions;
  return {{stored.input.data(), rows, stored.fan_in},
          {stored.delta.data(), rows * outputs, stored.fan_out},
          stored.positions,
          outputs};
}

template <class T>
void TangentKernel<T>::add_layer(const Ensemble<T>& ensemble, Index member, Index layer, const LayerFactors<T>& a,
                                 const LayerFactors<T>* b, const TangentParts<T>& out, Index first_row,
                                 Index first_col) {
  const auto l = static_cast<std::size_t>(layer - 1);
  const Index k = options_.mean_over_outputs ? 1 : a.outputs;
  const Index rows = a.samples() * k, cols = (b ? *b : a).samples() * k;
  const auto here = [&](View<T> whole) { return part_of(whole, first_row * k, first_col * k, rows, cols); };
  const Scaling& scaling = ensemble.scaling(member);
  const auto target = [&](const std::vector<View<T>>& parts, const TensorScaling& tensor, bool there,
                          std::array<View<T>, 2>& views) {
    std::size_t count = 0;
    for (const View<T>& whole : {out.sum, parts.empty() ? View<T>{} : parts[l]})
      if (whole.data && there) views[count++] = here(whole);
    return typename Gram::Target{share_of(options_.share, tensor), std::span(views.data(), count)};
  };
  std::array<View<T>, 2> of_weights, of_bias;
  const bool bias = ensemble.bias(member, layer).data != nullptr;
  gram_.add(a, b, options_.mean_over_outputs ? Gram::Outputs::mean : Gram::Outputs::all,
            target(out.weights, scaling.weights[l], true, of_weights),
            target(out.biases, scaling.biases[l], bias, of_bias));
}

template <class T>
void TangentKernel<T>::compute(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns,
                               bool itself, const TangentParts<T>& out) {
  const Index outputs = ensemble.architecture().outputs, k = options_.mean_over_outputs ? 1 : outputs;
  const auto layers = static_cast<std::size_t>(ensemble.layers());
  if (member < 0 || member >= ensemble.size())
    throw ShapeError("tangent kernel", fmt::format("a member below {}", ensemble.size()), fmt::format("{}", member));
  for (const auto* parts : {&out.weights, &out.biases})
    if (!parts->empty() && parts->size() != layers)
      throw ShapeError("tangent kernel", fmt::format("parts of {} layers", layers), fmt::format("{}", parts->size()));
  for_each_part(out, [&](View<T> part) {
    if (part.rows != rows.rows * k || part.cols != columns.rows * k)
      throw ShapeError("tangent kernel", fmt::format("{} x {}", rows.rows * k, columns.rows * k),
                       fmt::format("{} x {}", part.rows, part.cols));
    for (Index i = 0; i < part.rows; ++i) std::fill_n(part.row(i), part.cols, T(0));
  });
  if (rows.rows == 0 || columns.rows == 0) return;
  const Index size = tile(ensemble, std::max(rows.rows, columns.rows));
  if (propagation_.empty() || propagation_samples_ < size) {
    propagation_.clear();
    propagation_.emplace_back(ensemble, size, 1);
    propagation_samples_ = size;
  }
  const auto block = [size](View<const T> points, Index first) {
    return points.block(first, 0, std::min(size, points.rows - first), points.cols);
  };

  if (itself && rows.rows <= size && outputs == 1) {  // the factors are used where they are
    passes(ensemble, member, rows, [&](Index, const Factors<T>& found) {
      const LayerFactors<T> one{found.input, found.delta, found.positions, 1};
      add_layer(ensemble, member, found.layer, one, nullptr, out, 0, 0);
    });
  } else {
    for (Index i = 0; i < rows.rows; i += size) {
      fill(ensemble, member, block(rows, i), a_);
      for (Index j = itself ? i : 0; j < columns.rows; j += size) {
        const bool diagonal = itself && i == j;
        if (!diagonal) fill(ensemble, member, block(columns, j), b_);
        for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
          const LayerFactors<T> a = factors(a_, layer, outputs);
          if (diagonal) {
            add_layer(ensemble, member, layer, a, nullptr, out, i, j);
            continue;
          }
          const LayerFactors<T> b = factors(b_, layer, outputs);
          add_layer(ensemble, member, layer, a, &b, out, i, j);
        }
      }
    }
  }
  if (itself) for_each_part(out, [](View<T> part) { mirror(part); });
}

template <class T>
void TangentKernel<T>::operator()(const Ensemble<T>& ensemble, Index member, View<const T> points,
                                  const TangentParts<T>& out) {
  compute(ensemble, member, points, points, true, out);
}

template <class T>
void TangentKernel<T>::operator()(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns,
                                  const TangentParts<T>& out) {
  compute(ensemble, member, rows, columns, false, out);
}

namespace {

template <class T>
Matrix<T> matrix_for(const Ensemble<T>& ensemble, Index rows, Index cols, const TangentOptions& options) {
  const Index k = options.mean_over_outputs ? 1 : ensemble.architecture().outputs;
  const double bytes = static_cast<double>(rows * k) * static_cast<double>(cols * k) * sizeof(T);
  if (bytes > options.memory)
    throw ConfigError({"", "memory"},
                      fmt::format("at least {:.3g} bytes, for a tangent kernel of {} x {}", bytes, rows * k, cols * k),
                      fmt::format("{:.3g} bytes", options.memory),
                      "fewer points or the mean over outputs take less; TangentKernel writes parts of it, one set of "
                      "rows after another");
  return Matrix<T>(rows * k, cols * k);
}

}  // namespace

template <class T>
Matrix<T> tangent_kernel(const Ensemble<T>& ensemble, Index member, View<const T> points, TangentOptions options) {
  Matrix<T> out = matrix_for(ensemble, points.rows, points.rows, options);
  TangentKernel<T>{options}(ensemble, member, points, {view(out)});
  return out;
}

template <class T>
Matrix<T> tangent_kernel(const Ensemble<T>& ensemble, Index member, View<const T> rows, View<const T> columns,
                         TangentOptions options) {
  Matrix<T> out = matrix_for(ensemble, rows.rows, columns.rows, options);
  TangentKernel<T>{options}(ensemble, member, rows, columns, {view(out)});
  return out;
}

template class TangentKernel<float>;
template class TangentKernel<double>;
template Matrix<float> tangent_kernel(const Ensemble<float>&, Index, View<const float>, TangentOptions);
template Matrix<double> tangent_kernel(const Ensemble<double>&, Index, View<const double>, TangentOptions);
template Matrix<float> tangent_kernel(const Ensemble<float>&, Index, View<const float>, View<const float>,
                                      TangentOptions);
template Matrix<double> tangent_kernel(const Ensemble<double>&, Index, View<const double>, View<const double>,
                                       TangentOptions);

}  // namespace widthwise
