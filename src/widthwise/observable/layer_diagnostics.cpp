#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/linalg/in_double.h"
#include "widthwise/linalg/singular_values.h"
#include "widthwise/observable/formulas.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
double preactivation_magnitude(RecorderState<T>& s, Index layer) {
  return mean_magnitude<T>(s.passes.preactivation(s.member, layer));
}

template <class T>
double initial_part(RecorderState<T>& s, Index layer) {
  const View<const T> initial = s.remaining_initial_weight(layer);
  Matrix<T> product(s.passes.preactivation(s.member, layer).rows, initial.rows);
  s.passes.multiply(s.member, layer, initial, view(product));
  return mean_magnitude<T>(view(std::as_const(product)));
}

template <class T>
double update_part(RecorderState<T>& s, Index layer) {
  return s.update_sizes_of(layer).mean_magnitude;
}

template <class T>
double last_update_part(RecorderState<T>& s, Index layer) {
  if (!s.knows_previous()) return nan;
  return s.size_of_difference(layer, s.ensemble->weight(s.member, layer), s.previous_weight(layer)).mean_magnitude;
}

template <class T>
double chi(RecorderState<T>& s, Index) {
  Matrix<T> slope(s.trained.rows(), s.trained.cols());
  s.options.loss->gradient(s.seen_by_loss(s.trained), s.data.train_targets, view(slope));
  return mean_magnitude<T>(view(std::as_const(slope))) * static_cast<double>(slope.rows());  // the loss is a mean
}

template <class T>
double unit_spread(RecorderState<T>& s, Index layer) {
  const View<const T> h = s.passes.preactivation(s.member, layer);
  double means = 0, variances = 0;
  for (Index i = 0; i < h.rows; ++i) {
    double mean = 0, variance = 0;
    for (Index j = 0; j < h.cols; ++j) mean += static_cast<double>(h(i, j));
    mean /= static_cast<double>(h.cols);
    for (Index j = 0; j < h.cols; ++j) variance += std::pow(static_cast<double>(h(i, j)) - mean, 2);
    means += mean * mean;
    variances += variance / static_cast<double>(h.cols);
  }
  return std::sqrt(variances / means);
}

template <class T>
double input_spread(RecorderState<T>& s, Index layer) {
  const View<const T> h = s.passes.preactivation(s.member, layer);
  std::vector<double> mean(static_cast<std::size_t>(h.cols), 0.0);
  for (Index i = 0; i < h.rows; ++i)
    for (Index j = 0; j < h.cols; ++j) mean[static_cast<std::size_t>(j)] += static_cast<double>(h(i, j));
  for (double& one : mean) one /= static_cast<double>(h.rows);
  double squares = 0;
  for (Index i = 0; i < h.rows; ++i)
    for (Index j = 0; j < h.cols; ++j)
      squares += std::pow(static_cast<double>(h(i, j)) - mean[static_cast<std::size_t>(j)], 2);
  return std::sqrt(squares / static_cast<double>(h.size()));
}

template <class T>
double distinct_maxima(RecorderState<T>& s, Index layer) {
  const View<const T> x = s.passes.activation(s.member, layer);
  std::vector<bool> seen(static_cast<std::size_t>(x.cols), false);
  for (Index i = 0; i < x.rows; ++i)
    seen[static_cast<std::size_t>(std::max_element(x.row(i), x.row(i) + x.cols) - x.row(i))] = true;
  return static_cast<double>(std::ranges::count(seen, true));
}

template <class T>
double silent_units(RecorderState<T>& s, Index layer) {
  const View<const T> x = s.passes.activation(s.member, layer);
  std::vector<bool> speaks(static_cast<std::size_t>(x.cols), false);
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j)
      if (x(i, j) != T(0)) speaks[static_cast<std::size_t>(j)] = true;
  return static_cast<double>(std::ranges::count(speaks, false)) / static_cast<double>(x.cols);
}

template <class T>
Matrix<double> difference(View<const T> a, View<const T> b) {
  Matrix<double> out(a.rows, a.cols);
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j) out(i, j) = static_cast<double>(a(i, j)) - static_cast<double>(b(i, j));
  return out;
}

template <class T>
Matrix<double> ranked(RecorderState<T>& s, RankedMatrix which, Index layer) {
  switch (which) {
    case RankedMatrix::initial_weight:
      return in_double<T>(s.initial_weight(layer));
    case RankedMatrix::weight_update:
      return difference<T>(s.ensemble->weight(s.member, layer), s.remaining_initial_weight(layer));
    case RankedMatrix::last_update:
      return difference<T>(s.ensemble->weight(s.member, layer), s.previous_weight(layer));
    case RankedMatrix::preactivation:
      return in_double<T>(s.passes.preactivation(s.member, layer));
    case RankedMatrix::preactivation_change:
      return difference<T>(s.passes.preactivation(s.member, layer), s.of(s.now->preactivation, layer));
    case RankedMatrix::feature:
      break;
  }
  return in_double<T>(s.passes.activation(s.member, layer));
}

template <class T>
const RankMeasures& rank_of(RecorderState<T>& s, RankedMatrix which, Index layer) {
  auto& known = which == RankedMatrix::initial_weight ? s.now->initial_ranks : s.ranks;
  const auto [place, fresh] = known.try_emplace({which, layer}, RankMeasures{nan, nan, nan});
  if (!fresh || (which == RankedMatrix::last_update && !s.knows_previous())) return place->second;
  const Matrix<double> matrix = ranked(s, which, layer);
  if (!matrix.allFinite()) return place->second;  // of a run that diverges
  const double tolerance =
      s.options.rank_tolerance > 0 ? s.options.rank_tolerance : default_rank_tolerance<T>(matrix.rows(), matrix.cols());
  return place->second = rank_measures(singular_values(view(matrix)), tolerance);
}

}  // namespace

template <class T>
void add_layer_diagnostics(Formulas<T>& formulas) {
  formulas.insert({{"preactivation_magnitude", preactivation_magnitude<T>},
                   {"initial_part", initial_part<T>},
                   {"update_part", update_part<T>},
                   {"last_update_part", last_update_part<T>},
                   {"chi", chi<T>},
                   {"unit_spread", unit_spread<T>},
                   {"input_spread", input_spread<T>},
                   {"distinct_maxima", distinct_maxima<T>},
                   {"silent_units", silent_units<T>}});
  for (const RankedName& matrix : ranked_matrices())
    for (const RankMeasureName& measure : rank_measure_names())
      formulas.emplace(matrix.stem + "_" + measure.ending,
                       [which = matrix.matrix, value = measure.value](RecorderState<T>& s, Index layer) {
                         return rank_of(s, which, layer).*value;
                       });
}

template void add_layer_diagnostics(Formulas<float>&);
template void add_layer_diagnostics(Formulas<double>&);

}  // namespace widthwise
