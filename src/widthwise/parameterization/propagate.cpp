#include "widthwise/parameterization/propagate.h"

#include <fmt/format.h>

#include "widthwise/parameterization/gauge.h"

namespace widthwise {

namespace {

using std::size_t;

const Size one = Size::power(0);
const Size n = Size::power(1);
const Size root_n = Size::power(Rational(1, 2));
const Size inverse_root_n = Size::power(Rational(-1, 2));

Size bounded_by_one(const Size& size, bool bounded) {
  return bounded ? std::min(size, one) : size;
}

// phi(h) - phi(0) is of degree p beside 0 and, without a degree of its own, as large as h beyond.
Size feature_of(const ActivationFacts& phi, const Size& h) {
  if (phi.homogeneity) return h.to_the(*phi.homogeneity);
  const Size from_zero = phi.flat_at_zero && h.vanishes() ? h.to_the(2) : h;
  return bounded_by_one(phi.centred ? from_zero : from_zero + one, phi.bounded);
}

Size slope_of(const ActivationFacts& phi, const Size& h) {
  if (phi.homogeneity) return *phi.homogeneity > 1 ? h.to_the(*phi.homogeneity - 1) : one;
  return phi.flat_at_zero ? std::min(h, one) : one;
}

// What the steps before left in the weights: the first step's factors apart, for they alone may be uncorrelated with
// what comes later; of the others the largest.
struct Memory {
  bool updated = false;
  Sizes first;
  std::vector<Size> first_kept;                  // rate times D_l x_{l-1}; of Adam's kin, what of 1 follows that
  std::vector<Size> later_outer, later_feature;  // the same, and x_{l-1}, of steps s >= 1; zero before
  std::vector<Size> decayed;                     // share of W_0 that decay took in all steps
  std::vector<Size> bias;                        // what updates made of the biases
  int updates = 0;
};

class Walk {
 public:
  explicit Walk(const EffectiveNetwork& network) : net_(network), depth_(static_cast<size_t>(network.hidden_layers())) {
    for (auto* list :
         {&memory_.first_kept, &memory_.later_outer, &memory_.later_feature, &memory_.decayed, &memory_.bias})
      list->resize(depth_ + 2);
  }

  /// Forward and backward with the weights as they are. `feedback` false: changes are not fed back into sizes.
  Sizes look(bool feedback = true) const {
    Sizes now = empty();
    forward(now, feedback);
    backward(now, feedback);
    compare_with_gradients(now);
    if (memory_.updated) contribute(now);
    return now;
  }

  /// One update of all weights from what `look` saw.
  void step(const Sizes& seen) {
    for (size_t l = 1; l <= depth_ + 1; ++l) {
      memory_.decayed[l] += seen.decay_share[l];
      const Size kept = rate_now(l) * (net_.adam ? kept_of_step(l, seen.gradient[l]) : seen.gradient[l]);
      if (layer(l).bias) memory_.bias[l] += step_of_bias(*layer(l).bias, seen.backward[l]);
      if (!memory_.updated) {
        memory_.first_kept[l] = kept;
        continue;
      }
      memory_.later_outer[l] += kept;
      memory_.later_feature[l] += seen.feature[l - 1];
    }
    if (!memory_.updated) memory_.first = seen;
    memory_.updated = true;
    ++memory_.updates;
  }

 private:
  Sizes empty() const {
    Sizes sizes;
    for (auto* list :
         {&sizes.preactivation, &sizes.preactivation_change, &sizes.feature, &sizes.feature_change, &sizes.update,
          &sizes.backward, &sizes.driven_update, &sizes.driven, &sizes.driven_feature_change, &sizes.contribution,
          &sizes.gradient, &sizes.epsilon_ratio, &sizes.decay_ratio, &sizes.decay_share})
      list->resize(depth_ + 2);
    return sizes;
  }

  Size init(size_t l) const { return Size::power(-net_.layers[l - 1].init); }
  bool in_first_updates() const { return memory_.updates < net_.first_steps; }
  Size rate_now(size_t l) const {
    return in_first_updates() ? Size::power(-layer(l).first_rate.value_or(layer(l).rate)) : rate(l);
  }
  Size step_of_bias(const EffectiveBias& bias, const Size& backward) const {
    const Size rate = Size::power(-(in_first_updates() ? bias.first_rate : bias.rate));
    return net_.adam ? rate : rate * backward;
  }
  // Of the initial entries, what is there now. Unless changes are fed back it is all.
  Size init_now(size_t l, bool feedback) const {
    const bool hidden = l > 1 && l <= depth_;
    if (!feedback || !hidden || in_first_updates() || net_.hidden_start == InitialPart::kept) return init(l);
    return net_.hidden_start == InitialPart::dropped ? Size() : init(l) * inverse_root_n;
  }
  // Whether W_l has lost initial entries.
  bool replaced(size_t l, bool feedback) const { return l >= 1 && !(init_now(l, feedback) == init(l)); }
  Size mean(size_t l) const { return layer(l).mean ? Size::power(-*layer(l).mean) : Size(); }
  // What the mean of W_0 makes of x_0 of size one. An odd phi of random preactivations has features of random signs;
  // units behind a mean are alike.
  Size mean_of_initial(size_t l) const {
    const bool random_signs = net_.activation.odd && l == 2;
    return mean(l) * (random_signs ? root_n : n);
  }
  Size rate(size_t l) const { return Size::power(-net_.layers[l - 1].rate); }
  Size fan_in(size_t l) const { return l == 1 ? one : n; }
  Size root_fan_in(size_t l) const { return l == 1 ? one : root_n; }

  static Size power_of(const std::optional<Rational>& exponent) { return exponent ? Size::power(-*exponent) : Size(); }
  const EffectiveLayer& layer(size_t l) const { return net_.layers[l - 1]; }
  Size decay_of_weight(size_t l) const { return power_of(layer(l).decay) * init(l); }
  Size beside_gradient(size_t l) const { return power_of(layer(l).epsilon) + decay_of_weight(l); }

  // Of a step that forgets the gradient's size, what follows the gradient: g / (g + decay W + epsilon).
  Size kept_of_step(size_t l, const Size& gradient) const {
    const Size beside = beside_gradient(l);
    return beside.zero() ? one : gradient.share_beside(beside);
  }

  // What a step takes of W_l.
  Size decay_share(size_t l, const Size& gradient) const {
    if (!layer(l).decay) return power_of(layer(l).decay_share);
    return rate(l) * decay_of_weight(l).share_beside(gradient + beside_gradient(l)) * Size::power(layer(l).init);
  }

  void compare_with_gradients(Sizes& now) const {
    for (size_t l = 1; l <= depth_ + 1; ++l) {
      const Size gradient = now.gradient[l] = now.backward[l] * now.feature[l - 1];
      now.decay_share[l] = now.decay_ratio[l] = decay_share(l, gradient);
      if (gradient.zero()) continue;
      const Size over_gradient = Size::power(-gradient.exponent());
      now.epsilon_ratio[l] = power_of(layer(l).epsilon) * over_gradient;
      if (layer(l).decay) now.decay_ratio[l] = decay_of_weight(l) * over_gradient;
    }
  }

  // D_l is aligned with what gradients did to W_l: a sum of n terms of one sign. (Of a network that starts vanishing
  // this need not be so: there D_t may have come through weights that D_0 did not know.) Along W_0, where decay went,
  // it is D_l h_l: a sum of random terms, and what all the layers up to l have added.
  void contribute(Sizes& now) const {
    Size below;
    for (size_t l = 1; l <= depth_ + 1; ++l) {
      const bool output = l == depth_ + 1;
      const Size units = output ? one : n * now.backward[l], random = output ? one : root_n * now.backward[l];
      const Size driven = units * now.driven_update[l];
      below += driven;
      now.contribution[l] = driven + memory_.decayed[l] * random * memory_.first.preactivation[l] +
                            std::min(memory_.decayed[l], one) * below;
    }
  }

  void forward(Sizes& now, bool feedback) const {
    now.feature[0] = one;
    for (size_t l = 1; l <= depth_ + 1; ++l) {
      // W_0 x_0: of x_t the unchanged part; its change is aligned with W_0 at the output only.
      const Size initial_feature = memory_.updated ? memory_.first.feature[l - 1] : now.feature[l - 1];
      const Size entry = init_now(l, feedback), bias = initial_bias(l);
      const Size initial = (entry * root_fan_in(l) + mean_of_initial(l)) * initial_feature + bias;
      if (memory_.updated) {
        const Size spread = entry * root_fan_in(l) + mean(l) * n, aligned = initial_weight_on_change(l, now, feedback);
        now.driven_update[l] = update(l, now, feedback);
        now.driven[l] = spread * now.driven_feature_change[l - 1] + aligned + now.driven_update[l] + memory_.bias[l];
        const Size dropped = !replaced(l, feedback) ? Size() : init(l) * root_fan_in(l) * initial_feature;
        const Size decayed = memory_.decayed[l] * (initial + aligned);
        now.update[l] = now.driven_update[l] + decayed;  // what was dropped is no update
        const Size by_updates = now.driven[l] + decayed;
        now.preactivation_change[l] = spread * now.feature_change[l - 1] + by_updates + dropped;
        // Behind a matrix that lost W_0, x_t is not x_0 and a change: the two cancel.
        now.preactivation[l] = replaced(l - 1, feedback) ? spread * now.feature[l - 1] + bias + by_updates
                                                         : initial + spread * now.feature_change[l - 1] + by_updates;
      }
      if (!memory_.updated || !feedback) now.preactivation[l] = initial;
      if (l == depth_ + 1) break;
      now.feature[l] = feature_of(net_.activation, now.preactivation[l]);
      now.feature_change[l] = change_of_feature(l, now.preactivation_change[l], now);
      now.driven_feature_change[l] = change_of_feature(l, now.driven[l], now);
    }
  }

  Size change_of_feature(size_t l, const Size& of_preactivation, const Sizes& now) const {
    return bounded_by_one(slope_of(net_.activation, now.preactivation[l]) * of_preactivation, net_.activation.bounded);
  }

  // W_0 dx at the output, the part beyond a sum of random signs.
  Size initial_weight_on_change(size_t l, const Sizes& now, bool feedback) const {
    if (l <= depth_) return {};
    return init(l) * Size::power(net_.output_alignment) * aligned_change(now, feedback) *
           share_through_initial_output();
  }

  // The part of dx_L that is odd in the output weights dh_L came back through: all of it, but for phi(h + dh) of an
  // even phi where dh has outgrown h, (phi(h + dh) - phi(h - dh))/2 ~ phi'(dh) h. The second update sees other slopes
  // than the first, and the sum of the two is no longer odd.
  Size aligned_change(const Sizes& now, bool feedback) const {
    const bool first_update = memory_.later_feature[depth_ + 1].zero();
    if (!net_.activation.even || !feedback || !first_update) return now.driven_feature_change[depth_];
    return slope_of(net_.activation, now.preactivation[depth_]) *
           std::min(now.driven[depth_], memory_.first.preactivation[depth_]);
  }

  // dx_L came back through W_0 of the output (aligned with it) and, later, through its change: the share of the first
  // is D_0 / D_t. Adam's first update has the signs of D_0 and is as large as any later one, so there it is all.
  Size share_through_initial_output() const {
    if (net_.adam) return one;
    const Size& initial = memory_.first.backward[depth_];
    if (initial.zero()) return {};
    return Size::power(initial.exponent() - (initial + later_backward()).exponent());
  }

  // dW_{L+1}, the entries of D_L that were not there initially, as the updates after the first saw them.
  Size later_backward() const {
    if (memory_.later_feature[depth_ + 1].zero()) return {};
    return slope_of(net_.activation, memory_.first.preactivation[depth_]) * output_weight_change();
  }

  Size output_weight_change() const {
    const size_t l = depth_ + 1;
    if (!memory_.updated) return {};
    return memory_.first_kept[l] + memory_.later_outer[l];
  }

  Size initial_bias(size_t l) const { return layer(l).bias ? Size::power(-layer(l).bias->init) : Size(); }

  // (W_t - W_0) x_t, decay apart.
  Size update(size_t l, const Sizes& now, bool feedback) const {
    const Size overlap = l == 1 ? one : overlap_with_first(l - 1, now, feedback);
    return fan_in(l) * (memory_.first_kept[l] * overlap + memory_.later_outer[l] * now.feature[l - 1]);
  }

  // <x_0, x_t> / (n |x_0|). Vanishing features of a centred activation that is linear beside 0 have mean 0 and are
  // independent of what comes back from above, hence of their own change: only a sum of random signs is left. relu's
  // kink correlates the two. Units behind a mean are alike: theirs are no random signs. Where W_0 was dropped x_t is
  // what updates made it, odd in the weights above that came back with D_0 if phi is.
  Size overlap_with_first(size_t l, const Sizes& now, bool feedback) const {
    const Size& before = memory_.first.feature[l];
    if (!feedback) return before;
    const ActivationFacts& phi = net_.activation;
    if (replaced(l, feedback)) return now.feature[l] * (phi.odd ? inverse_root_n : one);
    const bool like_linear = phi.linear || (!phi.homogeneity && !phi.kink_at_zero && !phi.flat_at_zero);
    const bool independent = like_linear && phi.centred && before.vanishes() && !layer(l).mean;
    return before + now.feature_change[l] * (independent ? inverse_root_n : one);
  }

  void backward(Sizes& now, bool feedback) const {
    now.backward[depth_ + 1] = one;
    for (size_t l = depth_; l >= 1; --l) {
      const Size slope = slope_of(net_.activation, now.preactivation[l]);
      Size sum;
      if (l == depth_) {
        sum = init(l + 1) + mean(l + 1);
        if (feedback) sum += output_weight_change();
      } else {
        sum = (init_now(l + 1, feedback) * root_n + mean(l + 1) * n) * now.backward[l + 1];
        if (feedback && memory_.updated) sum += update_transposed(l + 1, now);
      }
      now.backward[l] = slope * sum;
    }
  }

  // (W_t - W_0)^T D_t of a hidden layer.
  Size update_transposed(size_t l, const Sizes& now) const {
    return (memory_.first_kept[l] + memory_.later_outer[l]) * n * now.backward[l];
  }

  const EffectiveNetwork& net_;
  size_t depth_;
  Memory memory_;
};

// Sets stable = false where something at this step grows with width.
void find_growth(const EffectiveNetwork& network, const Sizes& sizes, int step, Propagation& result) {
  const size_t last = sizes.preactivation.size() - 1;
  for (size_t l = 1; l <= last && result.stable; ++l) {
    const Size largest = sizes.preactivation[l] + sizes.update[l];
    if (!largest.grows()) continue;
    result.stable = false;
    result.unstable_step = step;
    result.unstable_what = l == last ? "the output" : fmt::format("the preactivation of layer {}", l);
    result.unstable_exponent = largest.exponent();
  }
  for (size_t l = 1; l <= last && result.stable; ++l) {
    if (!network.layers[l - 1].decay_share || !sizes.decay_share[l].grows()) continue;
    result.stable = false;
    result.unstable_step = step;
    result.unstable_what = fmt::format("the share of W_{} that weight decay takes in a step", l);
    result.unstable_exponent = sizes.decay_share[l].exponent();
  }
}

// Exponents settle within about one walk through the layers.
int most_steps(int hidden_layers) {
  return 4 * hidden_layers + 20;
}

}  // namespace

EffectiveNetwork effective_network(const Parameterization& parameterization, OptimizerKind optimizer, int hidden_layers,
                                   const ActivationFacts& activation, Counted counted) {
  EffectiveNetwork network;
  const Exponents& exponents = parameterization.width;
  network.first_steps =
      static_cast<int>(std::min<std::int64_t>(parameterization.first_steps, most_steps(hidden_layers)));
  network.hidden_start = parameterization.hidden_start;
  network.adam = forgets_size(optimizer);
  network.muon = optimizer == OptimizerKind::muon;
  network.activation = activation;
  for (int l = 1; l <= hidden_layers + 1; ++l) {
    const BlockExponents block = effective_form(exponents.weight(l, hidden_layers), optimizer);
    const bool orthogonal = network.muon && l > 1 && l <= hidden_layers;
    EffectiveLayer layer{block.b, block.c + (orthogonal ? 1 : 0)};
    if (counted.epsilon && network.adam && !orthogonal) layer.epsilon = block.e;
    if (counted.decay && network.adam && decay_of(optimizer) == Decay::in_gradient)
      layer.decay = block.d;
    else if (counted.decay)
      layer.decay_share = block.c + block.d;
    if (block.c_first) layer.first_rate = *block.c_first + (orthogonal ? 1 : 0);
    if (parameterization.init_mean != 0 && l > 1) layer.mean = block.b;
    if (parameterization.bias_std != 0) {
      const BlockExponents bias = effective_form(exponents.bias(l, hidden_layers), optimizer);
      layer.bias = EffectiveBias{bias.b, bias.c, bias.c_first.value_or(bias.c)};
    }
    network.layers.push_back(layer);
  }
  return network;
}

Sizes initial_sizes(const EffectiveNetwork& network) {
  return Walk(network).look();
}

Propagation propagate(const EffectiveNetwork& network) {
  Walk walk(network);
  Propagation result;
  result.initial = walk.look();
  find_growth(network, result.initial, 0, result);
  walk.step(result.initial);
  result.small_rate = walk.look(false);
  result.first = result.last = walk.look();
  find_growth(network, result.first, 1, result);

  const int most = most_steps(network.hidden_layers()) + network.first_steps;
  for (int step = 2; result.stable; ++step) {
    walk.step(result.last);
    const Sizes now = walk.look();
    find_growth(network, now, step, result);
    const bool repeats = now == result.last;
    result.last = now;
    if (repeats && step > 3 && step > network.first_steps + 1) break;
    if (step > most) {
      result.stable = false;
      result.unstable_step = step;
    }
  }
  return result;
}

}  // namespace widthwise
