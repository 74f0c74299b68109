#include "widthwise/training/normalised_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/network/propagation.h"
#include "widthwise/parameterization/normalised_start.h"

namespace widthwise {

namespace {

template <class T>
void multiply_by_power(View<T> weight, int exponent) {
  for (Index i = 0; i < weight.rows; ++i)
    for (Index j = 0; j < weight.cols; ++j) weight(i, j) = std::ldexp(weight(i, j), exponent);
}

/// Largest |h_l|, by blocks of samples.
template <class T>
double largest_preactivation(Propagation<T>& passes, const Ensemble<T>& network, View<const T> inputs, Index layer) {
  double most = 0;
  for (Index first = 0; first < inputs.rows; first += passes.max_samples()) {
    const Index rows = std::min(passes.max_samples(), inputs.rows - first);
    passes.forward(network, inputs.block(first, 0, rows, inputs.cols), 0);
    const View<const T> h = passes.preactivation(0, layer);
    for (Index i = 0; i < h.rows; ++i)
      for (Index j = 0; j < h.cols; ++j) most = std::max(most, std::abs(static_cast<double>(h(i, j))));
  }
  return most;
}

template <class T>
void check_first_rates(const Scaling& scaling) {
  for (std::size_t l = 0; l < scaling.weights.size(); ++l) {
    const double rate = scaling.weights[l].effective_first_rate;
    if (rate < std::numeric_limits<T>::min() || rate > std::numeric_limits<T>::max())
      throw FirstRateError(
          fmt::format("The first rate of W_{} is {:.3g} where its layer has preactivations of order one: {} has no "
                      "such number.",
                      l + 1, rate, sizeof(T) == 4 ? "float32" : "float64"));
  }
}

}  // namespace

template <class T>
void change_variables(Ensemble<T>& ensemble, Index member, Variables to) {
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const int start = ensemble.scaling(member).weights[static_cast<std::size_t>(layer - 1)].start;
    multiply_by_power(ensemble.weight(member, layer), to == Variables::normalised ? start : -start);
  }
}

template <class T>
void normalise_start(const Architecture& architecture, Member& member, View<const T> inputs) {
  const std::optional<int> degree =
      make_activation(architecture.activation, architecture.activation_parameter)->homogeneity_degree();
  if (!degree)
    throw ConfigError({"", "architecture.activation"}, "a homogeneous one, for a start in normalised variables",
                      architecture.activation);
  Ensemble<T> network(architecture, std::vector<Member>{member}, InitialWeights::forgotten);
  Propagation<T> passes(network, std::min<Index>(inputs.rows, 256), 1);
  std::vector<int> powers;
  for (Index layer = 1; layer <= network.layers(); ++layer) {  // those below are normalised by then
    const double size = largest_preactivation<T>(passes, network, inputs, layer);
    powers.push_back(size > 0 && std::isfinite(size) ? -std::ilogb(size) : 0);
    multiply_by_power(network.weight(0, layer), powers.back());
  }
  normalise_start(member.scaling, powers, *degree);
  check_first_rates<T>(member.scaling);
}

template void change_variables(Ensemble<float>&, Index, Variables);
template void change_variables(Ensemble<double>&, Index, Variables);
template void normalise_start(const Architecture&, Member&, View<const float>);
template void normalise_start(const Architecture&, Member&, View<const double>);

}  // namespace widthwise
