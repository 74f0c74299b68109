#include "widthwise/parameterization/outcome.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/base/error.h"
#include "widthwise/parameterization/best_rate.h"
#include "widthwise/parameterization/inequalities.h"
#include "widthwise/parameterization/propagate.h"

namespace widthwise {

namespace {

using std::size_t;

// Some layer's features change by as much as they are large, and not by decay alone.
bool moves_features(const Sizes& sizes) {
  for (size_t l = 1; l + 1 < sizes.feature.size(); ++l)
    if (!sizes.driven_feature_change[l].zero() && !(sizes.driven_feature_change[l] < sizes.feature[l])) return true;
  return false;
}

bool moves_output(const Sizes& sizes) {
  return !sizes.preactivation_change.back().vanishes();
}

bool preactivations_vanish(const Sizes& initial) {
  for (size_t l = 1; l + 1 < initial.preactivation.size(); ++l)
    if (initial.preactivation[l].vanishes()) return true;
  return false;
}

EffectiveNetwork started_of_order_one(EffectiveNetwork network) {
  for (size_t l = 0; l + 1 < network.layers.size(); ++l) network.layers[l].init = l == 0 ? Rational(0) : Rational(1, 2);
  return network;
}

bool would_move_if_started_of_order_one(const EffectiveNetwork& network) {
  const Propagation restored = propagate(started_of_order_one(network));
  return !restored.stable || moves_output(restored.last);
}

std::string word(const EffectiveNetwork& network, const Propagation& sizes) {
  if (!sizes.stable) return "unstable";
  if (moves_output(sizes.last)) return moves_features(sizes.last) ? "feature" : "kernel";
  return preactivations_vanish(sizes.initial) && would_move_if_started_of_order_one(network) ? "stuck" : "trivial";
}

std::string decisive_reason(const std::string& outcome, const Propagation& sizes) {
  const Size moved = sizes.last.preactivation_change.back();
  if (outcome == "unstable")
    return sizes.unstable_what.empty()
               ? std::string("Unstable: exponents rise with every step, so something grows with width in the end.")
               : fmt::format(
                     "Unstable: {} is of size {} {}.", sizes.unstable_what, power(Size::power(sizes.unstable_exponent)),
                     sizes.unstable_step == 0
                         ? std::string("at initialization")
                         : fmt::format("after {} step{}", sizes.unstable_step, sizes.unstable_step == 1 ? "" : "s"));
  if (outcome == "stuck")
    return fmt::format(
        "Stuck at initialization: preactivations vanish with width (the last hidden layer starts at {}), and with them "
        "the gradients, so that |f_t - f_0| ~ {} at every fixed step although the same rates would move a network "
        "whose preactivations start of order one.",
        power(sizes.initial.preactivation[sizes.initial.preactivation.size() - 2]), power(moved));
  if (outcome == "trivial")
    return fmt::format("Trivial: the rates are too small, |f_t - f_0| ~ {} at every fixed step.", power(moved));
  if (outcome == "kernel")
    return "Kernel regime: the output moves by order one while the features of no layer move by as much as they are "
           "large, so the tangent kernel stays what it was.";
  return "Feature learning: the output moves by order one and so do the features.";
}

std::string effective_rates(const EffectiveNetwork& network, bool first) {
  std::string list;
  for (const EffectiveLayer& layer : network.layers)
    list +=
        (list.empty() ? "" : ", ") + power(Size::power(-(first ? layer.first_rate.value_or(layer.rate) : layer.rate)));
  return list;
}

std::string updates(int count) {
  return count == 1 ? "the first update" : fmt::format("the first {} updates", count);
}

// Initially W_0 x falls from layer to layer, or would without a bias, a mean or phi(0).
bool initial_products_vanish(const EffectiveNetwork& network) {
  for (size_t l = 1; l + 1 < network.layers.size(); ++l)
    if (network.layers[l].init > Rational(1, 2)) return true;
  return false;
}

// What changes after the first updates, and what a start that is not centred does.
void explain_start(const EffectiveNetwork& network, const Propagation& sizes, Outcome& outcome) {
  const bool first_rates =
      std::ranges::any_of(network.layers, [](const EffectiveLayer& layer) { return layer.first_rate.has_value(); });
  const ActivationFacts& phi = network.activation;
  const Size after = sizes.first.preactivation.back();
  const auto say = [&](std::string sentence) { outcome.start.push_back(std::move(sentence)); };
  if (network.first_steps > 0 && first_rates) {
    say(fmt::format("Rates of W_1, W_2, ... are {} in {}, {} afterwards: after one the output is of size {}.",
                    effective_rates(network, true), updates(network.first_steps), effective_rates(network, false),
                    power(after)));
    if (preactivations_vanish(sizes.initial) && after == Size::power(0))
      say("This one step leads out of a start at which preactivations vanish with the width.");
    if (phi.centred && !phi.homogeneity && after.vanishes())
      say("phi has no degree: beside 0 its features are of random signs and independent of what comes back, so that "
          "one large step moves the output by less than under a homogeneous phi.");
  }
  if (network.hidden_start != InitialPart::kept)
    say(fmt::format("After {} hidden matrices keep {} of their initial weights.", updates(network.first_steps),
                    network.hidden_start == InitialPart::dropped ? "nothing" : "n^(-1/2)"));
  if (network.layers.back().mean)
    say("Initial weights have a mean, and the units of a layer, from the second on, become alike: they differ by "
        "n^(-1/2) of what they share, and the layer acts as a single unit.");
  else if (network.layers.back().bias)
    say(fmt::format(
        "Initial biases of order one hide the input: the output starts of order one and, as the width grows, "
        "independent of the input; over inputs the preactivation of the last hidden layer varies by n^({}).",
        to_string(Rational(1 - network.hidden_layers(), 2))));
  else if (!phi.centred && initial_products_vanish(network))
    say(first_rates ? "phi(0) != 0 keeps features of order one, for which first rates made for vanishing ones are too "
                      "large."
                    : "phi(0) != 0 keeps features of order one although W_0 x vanishes: with phi(0) = 0 they would "
                      "vanish from layer to layer.");
}

class Predictions {
 public:
  explicit Predictions(std::map<std::string, Rational>& into) : into_(into) {}

  void add(const std::string& name, const Size& size) {
    if (!size.zero()) into_[name] = size.exponent();
  }

  void add_all(const std::string& prefix, const Sizes& sizes, const Sizes& initial) {
    const size_t last = sizes.preactivation.size() - 1;
    for (size_t l = 1; l <= last; ++l) {
      add(fmt::format("{}update.{}", prefix, l), sizes.update[l]);
      if (!preactivations_vanish(initial)) add(fmt::format("{}contribution.{}", prefix, l), sizes.contribution[l]);
      if (!sizes.update[l].zero() && !initial.preactivation[l].zero())
        into_[fmt::format("{}own_update.{}", prefix, l)] =
            sizes.update[l].exponent() - initial.preactivation[l].exponent();
      if (l == last) break;
      add(fmt::format("{}preactivation_change.{}", prefix, l), sizes.preactivation_change[l]);
      add(fmt::format("{}preactivation_size.{}", prefix, l), sizes.preactivation[l]);
      add(fmt::format("{}feature_change.{}", prefix, l), sizes.feature_change[l]);
    }
    add(prefix + "output_change", sizes.preactivation_change[last]);
    add(prefix + "output_size", sizes.preactivation[last]);
    add_beside_gradients(prefix, sizes);
  }

  void add_beside_gradients(const std::string& prefix, const Sizes& sizes) {
    for (size_t l = 1; l < sizes.gradient.size(); ++l) {
      add(fmt::format("{}gradient_size.{}", prefix, l), sizes.gradient[l]);
      add(fmt::format("{}epsilon_ratio.{}", prefix, l), sizes.epsilon_ratio[l]);
      add(fmt::format("{}decay_ratio.{}", prefix, l), sizes.decay_ratio[l]);
    }
  }

 private:
  std::map<std::string, Rational>& into_;
};

void add_predictions(const Propagation& sizes, Outcome& outcome) {
  Predictions predictions(outcome.predictions);
  const size_t last = sizes.initial.preactivation.size() - 1;
  predictions.add("initial.output_size", sizes.initial.preactivation[last]);
  for (size_t l = 1; l < last; ++l)
    predictions.add(fmt::format("initial.preactivation_size.{}", l), sizes.initial.preactivation[l]);
  predictions.add_beside_gradients("initial.", sizes.initial);
  predictions.add_all("first.", sizes.first, sizes.initial);
  predictions.add_all("", sizes.stable ? sizes.last : sizes.small_rate, sizes.initial);
}

// Whether the largest stable rate makes the network learn; without that it is no optimum.
void add_best_rate(const EffectiveNetwork& network, Outcome& outcome) {
  const std::optional<Rational> best = largest_stable_rate(network);
  if (!best || !moves_output(propagate(with_rates_times(network, *best)).last)) return;
  outcome.predictions["optimal_learning_rate"] = *best;
  EffectiveNetwork unaligned = network;
  unaligned.output_alignment = Rational(1, 2);
  const std::optional<Rational> other = largest_stable_rate(unaligned);
  std::string sentence =
      *best == 0 ? std::string("No power of n on all rates can be gained: the rates are the largest stable ones.")
                 : fmt::format("The largest stable rates are these times n^({}).", to_string(*best));
  if (other && *other != *best)
    sentence += fmt::format(
        " That assumes that moved features align with the initial output weights (tensor programs); networks in which "
        "they have not done so allow n^({}) (Everett et al. 2024, output alignment 1/2).",
        to_string(*other));
  outcome.reasons.push_back(sentence);
}

// A step forgets the gradient's size only while epsilon stays below it.
void warn_of_epsilon(const Exponents& exponents, const EffectiveNetwork& network, const Propagation& sizes,
                     Outcome& outcome) {
  if (!network.adam) return;
  const int hidden_layers = network.hidden_layers();
  for (int l = 1; l <= hidden_layers + 1; ++l) {
    if (network.muon && l > 1 && l <= hidden_layers) continue;  // an orthogonal factor has none
    const BlockExponents& block = exponents.weight(l, hidden_layers);
    const Size gradient = weight_gradient(sizes.initial, l);
    const Size epsilon = Size::power(block.a - block.e);
    if (!(gradient < epsilon)) continue;
    const bool counted = network.layers[static_cast<size_t>(l - 1)].epsilon.has_value();
    outcome.reasons.push_back(
        fmt::format("{}In layer {} gradients are of size {} and epsilon is {} (exponent e = {}): however small it "
                    "starts, it takes over at very large widths.",
                    counted ? "" : "Epsilon is taken to stay below the gradients. ", l, power(gradient), power(epsilon),
                    to_string(block.e)));
    return;
  }
}

// Decay that takes over, or that shrinks what is said to stand still.
void warn_of_decay(const EffectiveNetwork& network, const Propagation& sizes, Outcome& outcome) {
  for (size_t l = 1; l < sizes.initial.decay_ratio.size(); ++l) {
    const Size& ratio = sizes.initial.decay_ratio[l];
    if (!network.layers[l - 1].decay || !ratio.grows()) continue;
    outcome.reasons.push_back(
        fmt::format("In layer {} what weight decay adds to the gradient is {} times the gradient: however small it "
                    "starts, it takes over at very large widths.",
                    l, power(ratio)));
    return;
  }
  if (outcome.outcome != "kernel") return;
  for (size_t l = 1; l + 1 < sizes.last.decay_share.size(); ++l)
    if (!sizes.last.decay_share[l].vanishes()) {
      outcome.reasons.push_back(fmt::format(
          "Weight decay takes a share of W_{} in every step that does not fall with width: features and tangent kernel "
          "shrink by it, whatever the gradients do.",
          l));
      return;
    }
}

void add_r(const Inequalities& values, Outcome& outcome) {
  outcome.r = values.r;
  outcome.r_per_layer = values.r_per_layer;
  const auto& r = values.r_per_layer;
  outcome.r_per_block["input"] = r.front();
  outcome.r_per_block["output"] = r.back();
  if (r.size() > 2) outcome.r_per_block["hidden"] = *std::min_element(r.begin() + 1, r.end() - 1);
}

}  // namespace

void check(const ClassifyRequest& request) {
  if (request.hidden_layers < 1 || request.hidden_layers > 1000)
    throw ConfigError({"", "architecture.hidden_layers"}, "1 to 1000 hidden layers",
                      std::to_string(request.hidden_layers));
  if (request.activation.homogeneity && *request.activation.homogeneity < 1)
    throw ConfigError({"", "architecture.activation"}, "a degree of homogeneity of at least 1",
                      std::to_string(*request.activation.homogeneity));
}

Outcome classify(const Parameterization& parameterization, const ClassifyRequest& request) {
  check(request);
  const EffectiveNetwork network = effective_network(parameterization, request.optimizer, request.hidden_layers,
                                                     request.activation, {request.epsilon, request.weight_decay});
  const Propagation sizes = propagate(network);
  const Inequalities values = inequalities(network);

  Outcome outcome;
  outcome.outcome = word(network, sizes);
  outcome.stable = sizes.stable;
  outcome.trivial = outcome.outcome == "stuck" || outcome.outcome == "trivial";
  if (outcome.outcome == "kernel" || outcome.outcome == "feature") outcome.regime = outcome.outcome;
  add_r(values, outcome);
  outcome.reasons.push_back(decisive_reason(outcome.outcome, sizes));
  explain_start(network, sizes, outcome);
  outcome.reasons.insert(outcome.reasons.end(), outcome.start.begin(), outcome.start.end());
  for (std::string& reason : explain(network, values)) outcome.reasons.push_back(std::move(reason));
  add_predictions(sizes, outcome);
  add_best_rate(network, outcome);
  warn_of_epsilon(parameterization.width, network, sizes, outcome);
  warn_of_decay(network, sizes, outcome);
  return outcome;
}

}  // namespace widthwise
