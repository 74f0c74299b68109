#include "widthwise/parameterization/range.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/parameterization/propagate.h"

namespace widthwise {

namespace {

constexpr double room = 1024;

class Search {
 public:
  Search(double ratio, const FloatRange& range)
      : width_{std::log10(ratio)},
        lowest_{std::log10(range.smallest * room)},
        highest_{std::log10(range.largest / room)} {}

  void look(const std::string& what, const Size& size, double factor = 1) {
    if (found || size.zero() || factor == 0) return;
    const double log10 = size.exponent().value() * width_ + std::log10(factor);
    if (log10 < lowest_ || log10 > highest_) found = OutsideRange{what, size.exponent(), log10};
  }

  std::optional<OutsideRange> found;

 private:
  double width_, lowest_, highest_;
};

void look_at_sizes(Search& search, const EffectiveNetwork& network, const Sizes& sizes, double learning_rate,
                   const std::string& when) {
  const std::size_t last = network.layers.size();
  for (std::size_t l = 1; l <= last; ++l) {
    search.look(l == last ? "the output " + when : fmt::format("the preactivation of layer {} {}", l, when),
                sizes.preactivation[l]);
    if (l < last) search.look(fmt::format("the features of layer {} {}", l, when), sizes.feature[l]);
    search.look(fmt::format("the derivative of the output in the preactivation of layer {} {}", l, when),
                sizes.backward[l]);
    search.look(fmt::format("the gradient in W_{} {}", l, when), sizes.gradient[l]);
    search.look(fmt::format("the rate of W_{}", l), Size::power(-network.layers[l - 1].rate), learning_rate);
  }
}

void look_at_first_rates(Search& search, const EffectiveNetwork& network, double learning_rate) {
  for (std::size_t l = 1; l <= network.layers.size(); ++l)
    if (const auto& first = network.layers[l - 1].first_rate)
      search.look(fmt::format("the first rate of W_{}", l), Size::power(-*first), learning_rate);
}

}  // namespace

std::optional<OutsideRange> outside_range(const Parameterization& parameterization, const ClassifyRequest& request,
                                          double ratio, double learning_rate, const FloatRange& range) {
  const EffectiveNetwork network =
      effective_network(parameterization, request.optimizer, request.hidden_layers, request.activation);
  Search search(ratio, range);
  look_at_sizes(search, network, initial_sizes(network), learning_rate, "at initialization");
  look_at_first_rates(search, network, learning_rate);
  return search.found;
}

std::optional<OutsideRange> outside_range_after_start(const Parameterization& parameterization,
                                                      const ClassifyRequest& request, double ratio,
                                                      double learning_rate, const FloatRange& range) {
  const EffectiveNetwork network =
      effective_network(parameterization, request.optimizer, request.hidden_layers, request.activation);
  Search later(ratio, range), first_rates(ratio, range_of<double>());
  look_at_sizes(later, network, propagate(network).first, learning_rate, "after the first update");
  look_at_first_rates(first_rates, network, learning_rate);
  return later.found ? later.found : first_rates.found;
}

}  // namespace widthwise
