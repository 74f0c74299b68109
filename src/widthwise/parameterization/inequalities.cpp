#include "widthwise/parameterization/inequalities.h"

#include <fmt/format.h>

#include <algorithm>

namespace widthwise {

namespace {

Rational needed_init(std::size_t layer) {
  return layer == 1 ? Rational(0) : Rational(1, 2);
}

std::string text(const Rational& value) {
  return to_string(value);
}

std::string explain_initial(const EffectiveNetwork& network, bool of_order_one) {
  if (of_order_one)
    return fmt::format("Preactivations start of order one: a_1+b_1 = 0{}.",
                       network.layers.size() > 2 ? " and a_l+b_l = 1/2 in the hidden blocks" : "");
  for (std::size_t l = 1; l < network.layers.size(); ++l) {
    const Rational& init = network.layers[l - 1].init;
    const Rational needed = needed_init(l);
    const bool biased = network.layers[l - 1].bias.has_value();
    if (init > needed && (biased || network.layers[l - 1].mean))
      return fmt::format(
          "a_{0}+b_{0} = {1} > {2}, but {3} keeps preactivations from vanishing; the inequalities for r below do not "
          "know of it and do not decide; sizes were carried on.",
          l, text(init), text(needed), biased ? "an initial bias" : "the mean of the weights");
    if (init != needed)
      return fmt::format(
          "a_{0}+b_{0} = {1} {2} {3}: layer {0} multiplies the size of its input by n^({4}) at initialization, so "
          "preactivations {5} with width and the inequalities for r below do not decide; sizes were carried on.",
          l, text(init), init > needed ? ">" : "<", text(needed), text(needed - init),
          init > needed ? "vanish" : "grow");
  }
  return {};
}

std::string explain_output_at_start(const Rational& init) {
  const Rational half(1, 2);
  if (init == half) return "a_{L+1}+b_{L+1} = 1/2: given features of order one the output starts as a random function.";
  return fmt::format("a_{{L+1}}+b_{{L+1}} = {} {} 1/2: given features of order one the output starts {}.", text(init),
                     init > half ? ">" : "<", init > half ? "near zero" : "growing with width");
}

std::string explain_r(const EffectiveNetwork& network, const Inequalities& values) {
  std::string list;
  for (std::size_t l = 0; l + 1 < values.r_per_layer.size(); ++l)
    list += fmt::format("{}r_{} = {}", l == 0 ? "" : ", ", l + 1, text(values.r_per_layer[l]));
  const std::string rule =
      network.muon ? "r_l = a_l+c_l"
      : network.adam
          ? "r_l = a_l+c_l-1+[l=1]"
          : fmt::format("r_l = G+2a_l+c_l-1+[l=1] with G = min(a_{{L+1}}+b_{{L+1}}, 2a_{{L+1}}+c_{{L+1}}) = {}",
                        text(values.G));
  const char* meaning = values.r < 0    ? "r < 0: hidden updates grow with width"
                        : values.r == 0 ? "r = 0: some hidden layer moves by order one"
                                        : "r > 0: hidden layers move less and less as width grows";
  return fmt::format("{}: {}; r = {}; {}.", rule, list, text(values.r), meaning);
}

}  // namespace

Inequalities inequalities(const EffectiveNetwork& network) {
  Inequalities values;
  const EffectiveLayer& output = network.layers.back();
  if (!network.adam) values.G = std::min(output.init, output.rate);
  for (std::size_t l = 1; l < network.layers.size(); ++l) {
    const EffectiveLayer& layer = network.layers[l - 1];
    values.r_per_layer.push_back(values.G + layer.rate - (l == 1 ? 0 : 1));
    if (layer.init != needed_init(l)) values.initially_of_order_one = false;
  }
  values.r = *std::min_element(values.r_per_layer.begin(), values.r_per_layer.end());
  values.r_per_layer.push_back(output.rate - 1);
  return values;
}

std::vector<std::string> explain(const EffectiveNetwork& network, const Inequalities& values) {
  const EffectiveLayer& output = network.layers.back();
  const auto against_one = [](const Rational& value, const char* below, const char* equal, const char* above) {
    return fmt::format("{}: {}", value == 1 ? "1" : text(value) + (value < 1 ? " < 1" : " > 1"),
                       value < 1    ? below
                       : value == 1 ? equal
                                    : above);
  };
  std::vector<std::string> reasons = {
      explain_initial(network, values.initially_of_order_one), explain_output_at_start(output.init),
      explain_r(network, values),
      fmt::format("{} = {}.", network.adam ? "a_{L+1}+c_{L+1}" : "2a_{L+1}+c_{L+1}",
                  against_one(output.rate, "the output weights' own update makes the output grow",
                              "the output weights' own update moves the output by order one",
                              "the output weights' own update moves the output less and less")),
      fmt::format("a_{{L+1}}+b_{{L+1}}+r = {}.",
                  against_one(output.init + values.r, "moving features make the output grow",
                              "moving features move the output by order one",
                              "moving features move the output less and less"))};
  if (!values.initially_of_order_one)
    for (std::size_t i = 2; i < reasons.size(); ++i) reasons[i] = "Were features of order one: " + reasons[i];
  return reasons;
}

}  // namespace widthwise
