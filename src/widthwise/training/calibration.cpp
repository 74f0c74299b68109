#include "widthwise/training/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "widthwise/network/propagation.h"

namespace widthwise {

namespace {

template <class T>
void check(const Ensemble<T>& ensemble, const CalibrationBatches<T>& batches) {
  const Architecture& network = ensemble.architecture();
  const auto require = [](const char* what, View<const T> part, Index cols) {
    if (part.rows < 1 || part.cols != cols)
      throw ShapeError("calibrated_rates", fmt::format("{}: at least one sample x {}", what, cols),
                       fmt::format("{} x {}", part.rows, part.cols));
  };
  require("inputs of batch 0", batches.inputs, network.input_dimension);
  require("targets of batch 0", batches.targets, network.outputs);
  require("inputs of batch 1", batches.next_inputs, network.input_dimension);
  if (batches.targets.rows != batches.inputs.rows)
    throw ShapeError("calibrated_rates", fmt::format("{} targets of batch 0", batches.inputs.rows),
                     fmt::format("{}", batches.targets.rows));
}

/// to += factor * from.
template <class T>
void add(View<T> to, double factor, View<const T> from) {
  for (Index i = 0; i < to.rows; ++i)
    for (Index j = 0; j < to.cols; ++j) to(i, j) += static_cast<T>(factor) * from(i, j);
}

template <class T>
double mean_magnitude(const Matrix<T>& x) {
  return x.template cast<double>().cwiseAbs().mean();
}

/// The first update of every tensor at base rate 1, in place of its gradient.
template <class T>
void make_updates(const Scaling& scaling, double rate, Parameters<T>& gradient) {
  const auto times = [](View<T> tensor, double factor) {
    for (Index i = 0; i < tensor.rows; ++i)
      for (Index j = 0; j < tensor.cols; ++j) tensor(i, j) *= static_cast<T>(factor);
  };
  for (Index layer = 1; layer <= gradient.layers(); ++layer) {
    const auto l = static_cast<std::size_t>(layer - 1);
    times(gradient.weight(0, layer), -scaling.weights[l].effective_first_rate / rate);
    if (const View<T> bias = gradient.bias(0, layer); bias.data)
      times(bias, -scaling.biases[l].effective_first_rate / rate);
  }
}

}  // namespace

template <class T>
std::vector<double> calibrated_rates(const Ensemble<T>& ensemble, Index member, const CalibrationBatches<T>& batches,
                                     const Loss& loss, const OutputScale& scale, const CalibrationOptions& options) {
  check(ensemble, batches);
  const std::vector<Member> one{{ensemble.key(member), ensemble.scaling(member)}};
  Ensemble<T> network(ensemble.architecture(), one, InitialWeights::forgotten);  // the updates are added to this copy
  for (Index layer = 1; layer <= network.layers(); ++layer) {
    const auto copy = [](View<const T> from, View<T> to) {
      for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
    };
    copy(ensemble.weight(member, layer), network.weight(0, layer));
    if (const View<const T> bias = ensemble.bias(member, layer); bias.data) copy(bias, network.bias(0, layer));
  }

  Propagation<T> passes(network, std::max(batches.inputs.rows, batches.next_inputs.rows), 1);
  passes.forward(network, batches.inputs, 0);
  const View<const T> output = passes.output(0);
  Matrix<T> slope(output.rows, output.cols);
  const T trained = static_cast<T>(scale.alpha + scale.kappa);  // at initialization f is f_0
  for (Index i = 0; i < output.rows; ++i)
    for (Index j = 0; j < output.cols; ++j) slope(i, j) = trained * output(i, j);
  loss.gradient(view(std::as_const(slope)), batches.targets, view(slope));
  slope *= static_cast<T>(objective_factor(options.alpha_convention, scale.alpha));
  Parameters<T> update(network.architecture(), 1);
  passes.gradient(network, 0, view(std::as_const(slope)), update);
  make_updates(network.scaling(0), options.rate, update);

  std::vector<double> rates;
  const Index last = network.layers();
  for (Index layer = 1; layer <= last; ++layer) {
    const View<const T> moved = std::as_const(update).weight(0, layer);
    double factor = options.rate;
    if (layer == 1) {
      rates.push_back(factor);
    } else {
      passes.forward(network, batches.next_inputs, 0);
      Matrix<T> product(batches.next_inputs.rows, moved.rows);
      passes.multiply(0, layer, moved, view(product));
      const double size = mean_magnitude(product);
      if (!(size > 0) || !std::isfinite(size))
        throw CalibrationError(fmt::format(
            "Calibration: the first update of W_{} adds {} to its layer on the second batch, so that no base rate "
            "makes it {}. Units of the layer before may all be 0, or the loss has no slope in the output.",
            layer, size, layer == last ? options.output_target : options.target));
      factor = (layer == last ? options.output_target : options.target) / size;
      rates.push_back(std::min(factor, options.cap));
      if (options.propagates_capped) factor = rates.back();
    }
    add(network.weight(0, layer), factor, moved);
    if (const View<T> bias = network.bias(0, layer); bias.data)
      add(bias, options.rate, std::as_const(update).bias(0, layer));
  }
  return rates;
}

template std::vector<double> calibrated_rates(const Ensemble<float>&, Index, const CalibrationBatches<float>&,
                                              const Loss&, const OutputScale&, const CalibrationOptions&);
template std::vector<double> calibrated_rates(const Ensemble<double>&, Index, const CalibrationBatches<double>&,
                                              const Loss&, const OutputScale&, const CalibrationOptions&);

}  // namespace widthwise
