// Inside the recorder: what it knows of its members and of the moment it measures, which is what formulas
// (formulas.h) speak of.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "widthwise/linalg/matrix.h"
#include "widthwise/network/propagation.h"
#include "widthwise/observable/observable.h"
#include "widthwise/observable/rank_measures.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/observable/sums.h"

namespace widthwise {

/// from * 2^exponent.
template <class T>
Matrix<T> copy_of(View<const T> from, int exponent = 0) {
  Matrix<T> to(from.rows, from.cols);
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.data() + i * from.cols);
  if (exponent != 0) to = to.unaryExpr([exponent](T x) { return std::ldexp(x, exponent); });
  return to;
}

/// What singular values say of matrices of layers, so that the three measures share them.
using KnownRanks = std::map<std::pair<RankedMatrix, Index>, RankMeasures>;

/// One member's initialization, what is known of it between points, and its trace.
template <class T>
struct MemberState {
  Trace trace;
  OutputScale scale;
  std::vector<Matrix<T>> preactivation, activation;  // h^l_0 at l-1, x^l_0 at l-1
  Matrix<T> output;                                  // f_0
  std::vector<Matrix<T>> held_out_output;            // f_0 of each held-out part
  std::vector<double> forward_size, weight_norm;     // rms(W_0 x^{l-1}_0), |W_0|_F, at l-1
  KnownRanks initial_ranks;                          // of W_0
  std::vector<Matrix<T>> previous;                   // W of step `noted`
  std::int64_t noted = -1;
  bool initialized = false;  // the initialization has been seen
  double batch_loss_sum = 0;
  Index batch_losses = 0;  // since the last point
};

/// Points beside the training points, and the trained output on them.
template <class T>
struct HeldOut {
  std::string name;  // its observables are name_loss and name_error
  View<const T> inputs, targets;
  Matrix<T> trained;
};

template <class T>
struct RecorderState {
  RecorderState(const Ensemble<T>& shape, RecorderOptions options_, MeasuredData<T> data_);

  /// Outputs as losses see them: of a normalised start divided by what they were multiplied with.
  View<const T> seen_by_loss(const Matrix<T>& output);
  double loss_on(const HeldOut<T>& part) { return options.loss->value(seen_by_loss(part.trained), part.targets); }
  double error_on(const HeldOut<T>& part) const {
    return of_signs(part.trained, classification_error(view(part.trained), part.targets));
  }
  /// What depends on the signs of outputs: NaN where a normalised start has lost that of a sample, whose outputs are
  /// too small beside the largest.
  double of_signs(const Matrix<T>& output, double value) const {
    const bool lost = normalised && (output.array() == T(0)).rowwise().all().any();
    return lost ? std::numeric_limits<double>::quiet_NaN() : value;
  }
  /// 0 where nothing changed, also of a layer that starts at 0.
  static double relative(double change, double size) { return change == 0 ? 0 : change / size; }
  static View<const T> of(const std::vector<Matrix<T>>& layers, Index layer) {
    return view(layers[static_cast<std::size_t>(layer - 1)]);
  }
  View<const T> initial_weight(Index layer);
  /// Sizes of (V - V_0) x^{l-1} on the measured training points.
  typename UpdateSize<T>::Sizes size_of_difference(Index layer, View<const T> weight, View<const T> from);
  /// Those of what all updates have added to W_l: several observables share the product.
  const typename UpdateSize<T>::Sizes& update_sizes_of(Index layer);
  /// What is in W_t of W_0: of schemes that drop a share of it after the first updates, what they leave.
  View<const T> remaining_initial_weight(Index layer);
  /// What the last update began at: W_{t-1}, less what was dropped of W_0 after it. Of a moment that knows_previous().
  View<const T> previous_weight(Index layer);
  View<const T> outputs_of_kernel_points() const { return view(kernels_on_test ? held_out[0].trained : trained); }
  const TensorScaling& of_weight(Index layer) const {
    return ensemble->scaling(member).weights[static_cast<std::size_t>(layer - 1)];
  }
  bool asked(std::string_view name) const {
    return std::any_of(asked_for.begin(), asked_for.end(), [&](const auto& info) { return info.name == name; });
  }

  bool asks_previous() const {
    return std::any_of(asked_for.begin(), asked_for.end(), [](const auto& info) { return info.needs_previous; });
  }
  bool knows_previous() const { return step > 0 && now->noted == step - 1; }

  /// log2 of what the outputs of the moment were multiplied with, and of what an observable was.
  int start_output() const { return normalised ? normalised->scaling(0).start_output : 0; }
  int excess(const std::string& observable, Index layer) const;

  void look(const Ensemble<T>& ensemble_, Index member_, std::int64_t step_);
  void look_at_normalised();
  void run_train_points();
  void run_held_out(std::size_t part);
  void keep_initialization();
  void note_weights(const Ensemble<T>& of, Index member_);
  void add_point(double time);
  static void write_trained(View<const T> output, View<const T> initial, OutputScale scale, View<T> trained);

  RecorderOptions options;
  MeasuredData<T> data;
  std::vector<ObservableInfo> asked_for;
  std::vector<std::int64_t> probe_steps;
  Propagation<T> passes;
  UpdateSize<T> update_size;
  std::vector<MemberState<T>> members;
  std::vector<HeldOut<T>> held_out;  // test, validation
  std::optional<KernelObservables<T>> kernels;
  bool kernels_on_test = false;
  Matrix<T> trained, drawn, remaining, divided;
  std::vector<double> sample_margins;

  // Of the moment being measured.
  const Ensemble<T>* ensemble = nullptr;
  MemberState<T>* now = nullptr;
  Index member = 0;
  std::int64_t step = 0;
  const FlowProgress<T>* flow = nullptr;  // of gradient-flow
  // Step 0 of a normalised start (training/normalised_start.h) is measured on this copy: member 0.
  std::optional<Ensemble<T>> normalised;
  std::vector<std::optional<typename UpdateSize<T>::Sizes>> update_sizes;  // at l-1, once asked for
  KnownRanks ranks;                                                        // of what changes
  bool gradient_known = false;                                             // `gradient` is of this moment

  std::optional<Parameters<T>> direction,
      gradient;  // of one member, made at their first use; the former 0 between uses
};

}  // namespace widthwise
