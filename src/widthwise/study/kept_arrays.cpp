#include "widthwise/study/kept_arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "widthwise/data/npy.h"
#include "widthwise/network/propagation.h"

namespace widthwise {

namespace {

constexpr Index block = 1024;  // samples at once

bool keeps(const Configuration& run, const std::string& what) {
  const ValueList& kept = run.at("measure.keep").list();
  return std::ranges::any_of(kept, [&](const Value& one) { return one.text() == what; });
}

template <class T>
std::string npy_of(View<const T> from) {
  std::vector<T> values;
  values.reserve(static_cast<std::size_t>(from.size()));
  for (Index i = 0; i < from.rows; ++i) values.insert(values.end(), from.row(i), from.row(i) + from.cols);
  return npy::encode<T>(values, {from.rows, from.cols});
}

template <class T>
std::string labels_of(View<const T> targets) {
  std::vector<std::uint8_t> labels;
  for (Index i = 0; i < targets.rows; ++i) {
    const T* const row = targets.row(i);
    const auto largest = static_cast<std::size_t>(std::max_element(row, row + targets.cols) - row);
    labels.push_back(static_cast<std::uint8_t>(targets.cols == 1 ? (row[0] > 0 ? 1U : 0U) : largest));
  }
  return npy::encode(labels);
}

// As the recorder: exactly 0 where a centred model starts.
template <class T>
Matrix<T> trained(const Matrix<T>& output, const Matrix<T>& initial, OutputScale scale) {
  const T alpha = static_cast<T>(scale.alpha), rest = static_cast<T>(scale.alpha + scale.kappa);
  if (initial.size() == 0) return alpha * output;
  return rest * initial + alpha * (output - initial);
}

}  // namespace

template <class T>
Matrix<T> outputs_of(const Ensemble<T>& ensemble, Index member, View<const T> inputs) {
  Matrix<T> out(inputs.rows, ensemble.architecture().outputs);
  if (inputs.rows == 0) return out;
  Propagation<T> passes(ensemble, std::min(block, inputs.rows), 1);
  for (Index first = 0; first < inputs.rows; first += block) {
    const Index rows = std::min(block, inputs.rows - first);
    passes.forward(ensemble, inputs.block(first, 0, rows, inputs.cols), member);
    const View<const T> output = passes.output(member);
    for (Index i = 0; i < rows; ++i) std::copy_n(output.row(i), output.cols, out.row(first + i).data());
  }
  return out;
}

template <class T>
NamedArrays weight_arrays(const Ensemble<T>& ensemble, Index member, const std::string& prefix) {
  NamedArrays out;
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    out[fmt::format("{}W{}", prefix, layer)] = npy_of(ensemble.weight(member, layer));
    const View<const T> bias = ensemble.bias(member, layer);
    if (bias.data != nullptr) out[fmt::format("{}b{}", prefix, layer)] = npy_of(bias);
  }
  return out;
}

template <class T>
ArrayKeeper<T>::ArrayKeeper(const Configuration& run, const MeasuredData<T>& data)
    : weights_{keeps(run, "weights")}, labels_{run.text("data.labels") != "values" && data.train_targets.cols <= 256} {
  if (keeps(run, "test_outputs")) parts_.push_back({"test", data.test_inputs, data.test_targets, {}});
  if (keeps(run, "train_outputs")) parts_.push_back({"train", data.train_inputs, data.train_targets, {}});
}

template <class T>
ArrayKeeper<T>::ArrayKeeper(const Configuration& run, const Ensemble<T>& at_initialization,
                            std::vector<OutputScale> scales, const MeasuredData<T>& data)
    : ArrayKeeper(run, data) {
  scales_ = std::move(scales);
  for (Part& part : parts_)
    for (std::size_t m = 0; m < scales_.size(); ++m)
      part.initial.push_back(scales_[m].kappa == 0 ? Matrix<T>()
                                                   : outputs_of(at_initialization, static_cast<Index>(m), part.inputs));
}

template <class T>
NamedArrays ArrayKeeper<T>::arrays(const Ensemble<T>& ensemble, Index member) const {
  NamedArrays out;
  if (weights_) out = weight_arrays(ensemble, member);
  const auto m = static_cast<std::size_t>(member);
  for (const Part& part : parts_) {
    const Matrix<T> output = outputs_of(ensemble, member, part.inputs);
    const Matrix<T> all = trained(output, part.initial[m], scales_[m]);
    out[part.name + "_outputs"] = npy_of(view(all));
    if (labels_) out[part.name + "_labels"] = labels_of(part.targets);
  }
  return out;
}

template <class T>
NamedArrays ArrayKeeper<T>::arrays(const Matrix<double>& train_outputs, const Matrix<double>& test_outputs) const {
  NamedArrays out;
  for (const Part& part : parts_) {
    const Matrix<T> all = (part.name == "test" ? test_outputs : train_outputs).template cast<T>();
    out[part.name + "_outputs"] = npy_of(view(all));
    if (labels_) out[part.name + "_labels"] = labels_of(part.targets);
  }
  return out;
}

double kept_bytes(const Configuration& run, const Architecture& architecture) {
  const double scalar = run.text("training.dtype") == "float32" ? 4 : 8;
  const double each = scalar * static_cast<double>(architecture.outputs) + 1;
  double bytes = 0;
  if (keeps(run, "test_outputs")) bytes += each * run.number("data.test");
  if (keeps(run, "train_outputs")) bytes += each * run.number("data.train");
  if (keeps(run, "weights")) bytes += scalar * static_cast<double>(parameter_count(architecture));
  return bytes + scalar * static_cast<double>(parameter_count(architecture)) *
                     static_cast<double>(run.at("training.save").list().size());
}

template class ArrayKeeper<float>;
template class ArrayKeeper<double>;
template Matrix<float> outputs_of(const Ensemble<float>&, Index, View<const float>);
template Matrix<double> outputs_of(const Ensemble<double>&, Index, View<const double>);
template NamedArrays weight_arrays(const Ensemble<float>&, Index, const std::string&);
template NamedArrays weight_arrays(const Ensemble<double>&, Index, const std::string&);

}  // namespace widthwise
