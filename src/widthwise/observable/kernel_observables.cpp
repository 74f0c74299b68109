#include "widthwise/observable/kernel_observables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/kernel/similarity.h"
#include "widthwise/kernel/spectrum.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool has(const std::vector<ObservableInfo>& asked, std::string_view name) {
  return std::ranges::any_of(asked, [name](const ObservableInfo& info) { return info.name == name; });
}

TangentOptions mean_over_outputs(TangentShare share) {
  TangentOptions options;
  options.share = share;
  options.mean_over_outputs = true;
  return options;
}

}  // namespace

template <class T>
KernelObservables<T>::KernelObservables(const std::vector<ObservableInfo>& asked, const KernelMeasure& measure,
                                        Index members, View<const T> inputs, View<const T> targets)
    : options_(measure), tangent_(mean_over_outputs(measure.share)), members_(static_cast<std::size_t>(members)) {
  std::ranges::copy_if(asked, std::back_inserter(asked_), &ObservableInfo::of_kernel);
  if (asked_.empty()) return;
  if (measure.points < 1)
    throw ConfigError({"", "measure.kernel_points"}, "at least 1 point", fmt::format("{}", measure.points));
  by_layer_ = has(asked_, "layer_kernel_change");
  keeps_start_ = has(asked_, "kernel_change") || has(asked_, "kernel_cka") || has(asked_, "kernel_ratio");
  const Index points = std::min(measure.points, inputs.rows);
  points_ = inputs.block(0, 0, points, inputs.cols);
  kernel_.resize(points, points);
  if (!has(asked_, "kernel_alignment") && !has(asked_, "kernel_centred_alignment")) return;
  labels_.resize(points, points);
  write_target_kernel(targets.block(0, 0, points, targets.cols), view(labels_));
}

template <class T>
void KernelObservables<T>::add(const Ensemble<T>& ensemble, Index member, std::int64_t step, bool last,
                               View<const T> outputs, Trace& trace) {
  if (asked_.empty()) return;
  if (step == 0 || last || options_.at_all_points) return measure(ensemble, member, step, outputs, trace);
  for (const ObservableInfo& info : asked_) {
    if (!info.per_layer()) trace.set(info.name, nan);
    for (Index layer = 1; layer <= ensemble.layers() && info.per_layer(); ++layer)
      trace.set(fmt::format("{}.{}", info.name, layer), nan);
  }
}

template <class T>
void KernelObservables<T>::end(const Ensemble<T>& ensemble, Index member, View<const T> outputs, Trace& trace) {
  if (asked_.empty() || trace.empty()) return;
  const std::int64_t step = trace.step.back();
  if (members_[static_cast<std::size_t>(member)].measured_at != step) measure(ensemble, member, step, outputs, trace);
}

template <class T>
void KernelObservables<T>::measure(const Ensemble<T>& ensemble, Index member, std::int64_t step, View<const T> outputs,
                                   Trace& trace) {
  Start& start = members_[static_cast<std::size_t>(member)];
  TangentParts<T> parts{view(kernel_)};
  if (by_layer_) {
    layers_.resize(static_cast<std::size_t>(ensemble.layers()));
    for (Matrix<T>& layer : layers_) {
      layer.resize(kernel_.rows(), kernel_.cols());
      parts.weights.push_back(view(layer));
    }
    parts.biases = parts.weights;
  }
  tangent_(ensemble, member, points_, parts);
  if (step == 0) {
    if (keeps_start_) start.kernel = kernel_;
    start.layers = layers_;
  }
  start.measured_at = step;
  for (const ObservableInfo& info : asked_) {
    if (!info.per_layer()) trace.set(info.name, value(info.name, start, outputs));
    for (Index layer = 1; layer <= ensemble.layers() && info.per_layer(); ++layer) {
      const auto l = static_cast<std::size_t>(layer - 1);
      trace.set(fmt::format("{}.{}", info.name, layer),
                relative_change(view(std::as_const(layers_[l])), view(std::as_const(start.layers[l]))));
    }
  }
}

template <class T>
double KernelObservables<T>::mean_over_points(const std::function<double(Index)>& value) const {
  double sum = 0;
  for (Index i = 0; i < kernel_.rows(); ++i) sum += value(i);
  return sum / static_cast<double>(kernel_.rows());
}

template <class T>
double KernelObservables<T>::value(const std::string& name, const Start& start, View<const T> outputs) const {
  const View<const T> now = view(kernel_), labels = view(labels_);
  if (name == "kernel_change") return relative_change(now, view(start.kernel));
  if (name == "kernel_norm") return frobenius_norm(now);
  if (name == "kernel_trace") return kernel_.template cast<double>().diagonal().mean();
  const auto diagonal = [](const Matrix<T>& kernel, Index i) { return static_cast<double>(kernel(i, i)); };
  if (name == "kernel_ratio")
    return mean_over_points([&](Index i) { return diagonal(kernel_, i) / diagonal(start.kernel, i); });
  if (name == "output_over_kernel")
    return mean_over_points([&](Index i) {
      double size = 0;
      for (Index o = 0; o < outputs.cols; ++o) size += std::abs(static_cast<double>(outputs(i, o)));
      return size / static_cast<double>(outputs.cols) / diagonal(kernel_, i);
    });
  if (name == "kernel_alignment") return alignment(now, labels);
  if (name == "kernel_centred_alignment") return centred_alignment(now, labels);
  if (name == "kernel_cka") return centred_alignment(now, view(start.kernel));
  if (name == "kernel_top_eigenvalue") return top_eigenvalue(now);
  if (name == "kernel_participation") return participation(now);
  throw Error("no formula for the observable " + name);
}

template class KernelObservables<float>;
template class KernelObservables<double>;

}  // namespace widthwise
