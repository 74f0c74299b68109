#include "widthwise/study/saved_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/data/npy.h"
#include "widthwise/study/kept_arrays.h"

namespace widthwise {

namespace {

constexpr const char* prefix = "state/";

template <class T>
Matrix<T> copy_of(View<const T> from) {
  Matrix<T> to(from.rows, from.cols);
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i).data());
  return to;
}

template <class T>
void copy_into(const Matrix<T>& from, View<T> to, const char* tensor, std::size_t layer) {
  if (from.rows() != to.rows || from.cols() != to.cols)
    throw ShapeError(fmt::format("state to start from, {}{}", tensor, layer), fmt::format("{} x {}", to.rows, to.cols),
                     fmt::format("{} x {}", from.rows(), from.cols()));
  for (Index i = 0; i < to.rows; ++i) std::copy_n(from.row(i).data(), to.cols, to.row(i));
}

template <class S, class T>
Matrix<T> decoded(const std::string& bytes, const std::string& place) {
  const auto array = npy::decode<S>(bytes, place);
  if (array.shape.size() != 2) throw StoreError(place, "a matrix", fmt::format("{} dimensions", array.shape.size()));
  Matrix<T> out(array.shape[0], array.shape[1]);
  std::ranges::transform(array.values, out.data(), [](S x) { return static_cast<T>(x); });
  return out;
}

template <class T>
Matrix<T> matrix_of(const std::string& bytes, const std::string& place) {
  return npy::read_header(bytes, place).type == "<f4" ? decoded<float, T>(bytes, place)
                                                      : decoded<double, T>(bytes, place);
}

}  // namespace

template <class T>
Weights<T> weights_of(const Ensemble<T>& ensemble, Index member) {
  Weights<T> weights;
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    weights.weight.push_back(copy_of(ensemble.weight(member, layer)));
    weights.bias.push_back(copy_of(ensemble.bias(member, layer)));
  }
  return weights;
}

template <class T>
void set_weights(Ensemble<T>& ensemble, Index member, const Weights<T>& weights) {
  const auto layers = static_cast<std::size_t>(ensemble.layers());
  if (weights.weight.size() != layers || weights.bias.size() != layers)
    throw ShapeError("state to start from", fmt::format("{} weight matrices", layers),
                     fmt::format("{}", weights.weight.size()));
  for (std::size_t l = 0; l < layers; ++l) {
    copy_into(weights.weight[l], ensemble.weight(member, static_cast<Index>(l) + 1), "W", l + 1);
    copy_into(weights.bias[l], ensemble.bias(member, static_cast<Index>(l) + 1), "b", l + 1);
  }
}

template <class T>
void save_state(RunRecord& record, const std::string& label, const Ensemble<T>& ensemble, Index member) {
  record.arrays.merge(weight_arrays(ensemble, member, prefix + label + "/"));
}

template <class T>
Weights<T> load_state(const RunRecord& record, const std::string& label) {
  const std::string at = prefix + label + "/";
  Weights<T> out;
  for (std::size_t layer = 1;; ++layer) {
    const auto weight = record.arrays.find(fmt::format("{}W{}", at, layer));
    if (weight == record.arrays.end()) break;
    const auto bias = record.arrays.find(fmt::format("{}b{}", at, layer));
    const auto place = [&](const std::string& name) { return fmt::format("run {}, {}", record.identity, name); };
    out.weight.push_back(matrix_of<T>(weight->second, place(weight->first)));
    out.bias.push_back(bias == record.arrays.end() ? Matrix<T>() : matrix_of<T>(bias->second, place(bias->first)));
  }
  if (out.weight.empty())
    throw StoreError("run " + record.identity, fmt::format("a saved state '{}'", label),
                     fmt::format("states: {}", fmt::join(saved_labels(record), ", ")),
                     "training.save lists the states a run saves");
  return out;
}

std::vector<std::string> saved_labels(const RunRecord& record) {
  std::vector<std::string> out;
  for (const auto& entry : record.arrays) {
    if (!entry.first.starts_with(prefix)) continue;
    const std::size_t begin = std::string_view(prefix).size(), end = entry.first.rfind('/');
    if (end <= begin) continue;
    const std::string label = entry.first.substr(begin, end - begin);
    if (std::ranges::find(out, label) == out.end()) out.push_back(label);
  }
  return out;
}

bool saves(const Configuration& run, const std::string& label) {
  const ValueList& labels = run.at("training.save").list();
  return std::ranges::any_of(labels, [&](const Value& one) { return one.text() == label; });
}

void check_saved_labels(const Configuration& run) {
  const std::vector<std::string> known{"init", "end"};
  const bool flow = run.text("training.optimizer") == "gradient-flow";
  for (const Value& label : run.at("training.save").list()) {
    if (std::ranges::find(known, label.text()) != known.end()) continue;
    if (!flow)
      throw ConfigError({{}, "training.save"}, "states such a run has: init, end", fmt::format("'{}'", label.text()),
                        unknown_name_hint(label.text(), known));
    // Written in one way only: others start from it by its label.
    if (const std::string name = milestone_name(parse_milestone(label.text())); name != label.text())
      throw ConfigError({{}, "training.save"}, "'" + name + "'", "'" + label.text() + "'");
  }
}

std::vector<Milestone> saved_milestones(const Configuration& run) {
  std::vector<Milestone> milestones;
  for (const Value& label : run.at("training.save").list())
    if (label.text() != "init" && label.text() != "end") milestones.push_back(parse_milestone(label.text()));
  return milestones;
}

template Weights<float> weights_of(const Ensemble<float>&, Index);
template Weights<double> weights_of(const Ensemble<double>&, Index);
template void set_weights(Ensemble<float>&, Index, const Weights<float>&);
template void set_weights(Ensemble<double>&, Index, const Weights<double>&);
template void save_state(RunRecord&, const std::string&, const Ensemble<float>&, Index);
template void save_state(RunRecord&, const std::string&, const Ensemble<double>&, Index);
template Weights<float> load_state(const RunRecord&, const std::string&);
template Weights<double> load_state(const RunRecord&, const std::string&);

}  // namespace widthwise
