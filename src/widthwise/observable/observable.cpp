#include "widthwise/observable/observable.h"

#include <map>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/observable/rank_measures.h"

namespace widthwise {

namespace {

ObservableInfo of_last_update(std::string name, std::string sentence) {
  ObservableInfo info{std::move(name), std::move(sentence), ObservableInfo::Layers::all};
  info.needs_previous = true;
  return info;
}

// The three measures of the rank of six matrices.
void add_ranks(std::vector<ObservableInfo>& known) {
  using enum ObservableInfo::Layers;
  for (const RankedName& matrix : ranked_matrices())
    for (const RankMeasureName& measure : rank_measure_names()) {
      known.push_back({matrix.stem + "_" + measure.ending,
                       measure.sentence + " of " + matrix.sentence + "; slow at large widths.",
                       matrix.of_weights ? all : hidden});
      known.back().needs_previous = matrix.matrix == RankedMatrix::last_update;
    }
}

ObservableInfo of_kernel(std::string name, std::string sentence,
                         ObservableInfo::Layers layers = ObservableInfo::Layers::none) {
  ObservableInfo info{std::move(name), std::move(sentence), layers};
  info.of_kernel = true;
  return info;
}

}  // namespace

const std::vector<ObservableInfo>& known_observables() {
  using enum ObservableInfo::Layers;
  static const std::vector<ObservableInfo> known = [] {
    std::vector<ObservableInfo> rows = {
        {"train_loss", "Loss on the measured training points."},
        {"train_error", "Share of the measured training points classified wrongly."},
        {"smallest_margin", "Smallest margin of the measured training points: y f, or the lead of the right class."},
        {"margins_held",
         "Share of the measured training points whose margin is at least the loss's (0 where it has none)."},
        {"test_loss", "Loss on the test set.", none, true},
        {"test_error", "Share of the test set classified wrongly.", none, true},
        {"validation_loss", "Loss on the validation set: by it choose, on the test set report.", none, false, true},
        {"validation_error", "Share of the validation set classified wrongly.", none, false, true},
        {"batch_loss", "Mean of the mini-batch losses since the previous point; NaN at initialization."},
        {"output_size", "Root mean square of the output."},
        {"output_magnitude", "Mean of |output|."},
        {"output_change", "Root mean square of the output's change since initialization."},
        {"preactivation_size", "Root mean square of each hidden layer's preactivations.", hidden},
        {"preactivation_change", "Root mean square of their change since initialization.", hidden},
        {"feature_change", "Root mean square of the change of each hidden layer's activations since initialization.",
         hidden},
        {"update", "Root mean square of (W_t - W_0) x, what each layer's own update adds to its preactivations.", all},
        {"own_update", "The same relative to its size at initialization: |(W_t - W_0) x| / |W_0 x_0|.", all},
        {"weight_norm", "Frobenius norm of each effective weight matrix.", all},
        {"weight_change", "Frobenius norm of its change since initialization, relative to its initial norm.", all},
        of_last_update("last_update_norm",
                       "Frobenius norm of the last update of each effective weight matrix; NaN at initialization."),
        {"contribution",
         "Root mean square of what each layer's own update W_t - W_0 moves the output by, to first order.", all},
        {"gradient_size", "Root mean square of the entries of each weight matrix's gradient.", all},
        {"epsilon_ratio", "The rule's epsilon over that; 0 where it has none.", all},
        {"decay_ratio",
         "What weight decay adds to the gradient over that (adam, rmsprop), or the share of the weights a step takes.",
         all},
        {"preactivation_magnitude", "Mean of |h|, preactivations of each layer and the output.", all},
        {"initial_part", "Mean of |W_0 x|, what initial weights add to it now.", all},
        {"update_part", "Mean of |(W_t - W_0) x|, what all updates add to it.", all},
        of_last_update("last_update_part",
                       "Mean of |(W_t - W_{t-1}) x|, what the last update adds to it; NaN at initialization."),
        {"chi", "Mean over samples and outputs of the loss's slope in the output, |dloss/df| of a single sample."},
        {"unit_spread",
         "How far the units of a hidden layer are apart: deviation of h over units relative to its mean.", hidden},
        {"input_spread", "How much a layer sees of the input: deviation of h over samples.", all},
        {"distinct_maxima", "How many units of a hidden layer are the most active one of some sample.", hidden},
        {"silent_units", "Share of each hidden layer's units that are 0 on all measured training points.", hidden},
        {"displacement",
         "Length of the way all weights have gone from initialization, relative to their initial norm."},
        {"step_size", "Of gradient-flow: the last accepted step.", none, false, false, true},
        {"gradient_step", "Of gradient-flow: |g - g'|^2 / (|g| |g'|) of the last step.", none, false, false, true},
        {"output_step", "Of gradient-flow: the farthest a trained output went in the last step.", none, false, false,
         true},
        {"accepted_steps", "Of gradient-flow: steps taken so far.", none, false, false, true},
        {"refused_steps", "Of gradient-flow: trials refused so far.", none, false, false, true},
        {"forced_steps", "Of gradient-flow: steps taken because no smaller one was allowed.", none, false, false, true},
        {"half_time", "Of gradient-flow: time at which the loss was half of the initial one; NaN before.", none, false,
         false, true},
        {"linear_time",
         "Of gradient-flow: time at which the outputs had left the line they started along by half of the way; NaN "
         "before.",
         none, false, false, true},
        {"preactivation_speed", "Of gradient-flow: root mean square of dh/dt of each hidden layer.", hidden, false,
         false, true},
        of_kernel("kernel_change",
                  "Frobenius norm of the tangent kernel's change since initialization, relative to its initial norm."),
        of_kernel("layer_kernel_change", "The same of each layer's part of the tangent kernel.", all),
        of_kernel("kernel_norm", "Frobenius norm of the tangent kernel."),
        of_kernel("kernel_trace", "Mean of the tangent kernel's diagonal."),
        of_kernel("kernel_ratio", "Mean over points of K_t(x, x) / K_0(x, x)."),
        of_kernel("output_over_kernel", "Mean over the kernel's points of |output| / K_t(x, x)."),
        of_kernel("kernel_alignment", "Alignment of the tangent kernel with the targets: y' K y / (|K| |y|^2)."),
        of_kernel("kernel_centred_alignment", "The same of centred kernels, by the unbiased estimator."),
        of_kernel("kernel_cka", "Centred alignment of the tangent kernel with the initial one."),
        of_kernel("kernel_top_eigenvalue", "Largest eigenvalue of the tangent kernel."),
        of_kernel(
            "kernel_participation",
            "Participation of the tangent kernel's directions: (tr K)^2 / tr K^2, from 1 to the number of points."),
    };
    add_ranks(rows);
    return rows;
  }();
  return known;
}

const ObservableInfo& find_observable(std::string_view name) {
  std::vector<std::string> names;
  for (const ObservableInfo& info : known_observables()) {
    if (info.name == name) return info;
    names.push_back(info.name);
  }
  throw ConfigError({"", "measure.observables"}, "the name of an observable", "'" + std::string(name) + "'",
                    unknown_name_hint(name, names));
}

ProportionalTo proportional_to(std::string_view observable) {
  static const std::map<std::string_view, ProportionalTo> known = {
      {"output_size", ProportionalTo::output},
      {"output_magnitude", ProportionalTo::output},
      {"smallest_margin", ProportionalTo::output},
      {"preactivation_size", ProportionalTo::preactivation},
      {"preactivation_magnitude", ProportionalTo::preactivation},
      {"initial_part", ProportionalTo::preactivation},
      {"input_spread", ProportionalTo::preactivation},
      {"gradient_size", ProportionalTo::gradient},
      {"weight_norm", ProportionalTo::weight},
  };
  const auto found = known.find(observable);
  return found == known.end() ? ProportionalTo::nothing : found->second;
}

std::vector<std::string> observable_series(std::string_view name, Index hidden_layers) {
  const ObservableInfo& info = find_observable(name);
  if (!info.per_layer()) return {info.name};
  const Index last = info.layers == ObservableInfo::Layers::all ? hidden_layers + 1 : hidden_layers;
  std::vector<std::string> series;
  for (Index layer = 1; layer <= last; ++layer) series.push_back(info.name + "." + std::to_string(layer));
  return series;
}

}  // namespace widthwise
