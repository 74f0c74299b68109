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

}  // namespace

std::optional<OutsideRange> outside_range(const Parameterization& parameterization, const ClassifyRequest& request,
                                          double ratio, double learning_rate, const FloatRange& range) {
  const EffectiveNetwork network =
      effective_network(parameterization, request.optimizer, request.hidden_layers, request.activation);
  const Sizes sizes = initial_sizes(network);
  Search search(ratio, range);
  const std::size_t last = network.layers.size();
  for (std::size_t l = 1; l <= last; ++l) {
    const EffectiveLayer& layer = network.layers[l - 1];
    search.look(l == last ? "the output at initialization" : fmt::format("the preactivation of layer {}", l),
                sizes.preactivation[l]);
    if (l < last) search.look(fmt::format("the features of layer {}", l), sizes.feature[l]);
    search.look(fmt::format("the derivative of the output in the preactivation of layer {}", l), sizes.backward[l]);
    search.look(fmt::format("the gradient in W_{}", l), sizes.gradient[l]);
    search.look(fmt::format("the rate of W_{}", l), Size::power(-layer.rate), learning_rate);
    if (layer.first_rate)
      search.look(fmt::format("the first rate of W_{}", l), Size::power(-*layer.first_rate), learning_rate);
  }
  return search.found;
}

}  // namespace widthwise
