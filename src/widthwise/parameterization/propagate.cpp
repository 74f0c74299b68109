#include "widthwise/parameterization/propagate.h"

#include <fmt/format.h>

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
  std::vector<Size> later_outer, later_feature;  // D_l x_{l-1} and x_{l-1} of steps s >= 1; zero before
};

class Walk {
 public:
  explicit Walk(const EffectiveNetwork& network) : net_(network), depth_(static_cast<size_t>(network.hidden_layers())) {
    memory_.later_outer.resize(depth_ + 2);
    memory_.later_feature.resize(depth_ + 2);
  }

  /// Forward and backward with the weights as they are. `feedback` false: changes are not fed back into sizes.
  Sizes look(bool feedback = true) const {
    Sizes now = empty();
    forward(now, feedback);
    backward(now, feedback);
    return now;
  }

  /// One update of all weights from what `look` saw.
  void step(const Sizes& seen) {
    if (!memory_.updated) {
      memory_.updated = true;
      memory_.first = seen;
      return;
    }
    for (size_t l = 1; l <= depth_ + 1; ++l) {
      memory_.later_outer[l] += net_.adam ? one : seen.backward[l] * seen.feature[l - 1];
      memory_.later_feature[l] += seen.feature[l - 1];
    }
  }

 private:
  Sizes empty() const {
    Sizes sizes;
    for (auto* list : {&sizes.preactivation, &sizes.preactivation_change, &sizes.feature, &sizes.feature_change,
                       &sizes.update, &sizes.backward})
      list->resize(depth_ + 2);
    return sizes;
  }

  Size init(size_t l) const { return Size::power(-net_.layers[l - 1].init); }
  Size rate(size_t l) const { return Size::power(-net_.layers[l - 1].rate); }
  Size fan_in(size_t l) const { return l == 1 ? one : n; }
  Size root_fan_in(size_t l) const { return l == 1 ? one : root_n; }

  void forward(Sizes& now, bool feedback) const {
    now.feature[0] = one;
    for (size_t l = 1; l <= depth_ + 1; ++l) {
      // W_0 x_0: of x_t the unchanged part; its change is aligned with W_0 at the output only.
      const Size initial_feature = memory_.updated ? memory_.first.feature[l - 1] : now.feature[l - 1];
      const Size initial = init(l) * root_fan_in(l) * initial_feature;
      if (memory_.updated) {
        now.update[l] = update(l, now, feedback);
        now.preactivation_change[l] = initial_weight_on_change(l, now, feedback) + now.update[l];
      }
      now.preactivation[l] = feedback ? initial + now.preactivation_change[l] : initial;
      if (l == depth_ + 1) break;
      now.feature[l] = feature_of(net_.activation, now.preactivation[l]);
      now.feature_change[l] = bounded_by_one(
          slope_of(net_.activation, now.preactivation[l]) * now.preactivation_change[l], net_.activation.bounded);
    }
  }

  Size initial_weight_on_change(size_t l, const Sizes& now, bool feedback) const {
    const Size& change = now.feature_change[l - 1];
    const Size spread = init(l) * root_fan_in(l) * change;
    if (l <= depth_) return spread;
    return spread + init(l) * Size::power(net_.output_alignment) * aligned_change(now, feedback) *
                        share_through_initial_output();
  }

  // The part of dx_L that is odd in the output weights dh_L came back through: all of it, but for phi(h + dh) of an
  // even phi where dh has outgrown h, (phi(h + dh) - phi(h - dh))/2 ~ phi'(dh) h. The second update sees other slopes
  // than the first, and the sum of the two is no longer odd.
  Size aligned_change(const Sizes& now, bool feedback) const {
    const bool first_update = memory_.later_feature[depth_ + 1].zero();
    if (!net_.activation.even || !feedback || !first_update) return now.feature_change[depth_];
    return slope_of(net_.activation, now.preactivation[depth_]) *
           std::min(now.preactivation_change[depth_], memory_.first.preactivation[depth_]);
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
    if (net_.adam) return rate(l);
    return rate(l) * (memory_.first.feature[depth_] + memory_.later_outer[l]);
  }

  // (W_t - W_0) x_t.
  Size update(size_t l, const Sizes& now, bool feedback) const {
    const Size gradient = net_.adam ? one : memory_.first.backward[l];
    if (l == 1) return rate(l) * (net_.adam ? one : gradient + memory_.later_outer[l]);
    const Size first = net_.adam
                           ? gradient * n * overlap_with_first(l - 1, now, feedback)
                           : gradient * n * memory_.first.feature[l - 1] * overlap_with_first(l - 1, now, feedback);
    return rate(l) * (first + memory_.later_outer[l] * n * now.feature[l - 1]);
  }

  // <x_0, x_t> / (n |x_0|). Vanishing features of a centred activation that is linear beside 0 have mean 0 and are
  // independent of what comes back from above, hence of their own change: only a sum of random signs is left. relu's
  // kink correlates the two.
  Size overlap_with_first(size_t l, const Sizes& now, bool feedback) const {
    const Size& before = memory_.first.feature[l];
    if (!feedback) return before;
    const ActivationFacts& phi = net_.activation;
    const bool like_linear = phi.linear || (!phi.homogeneity && !phi.kink_at_zero && !phi.flat_at_zero);
    const bool independent = like_linear && phi.centred && before.vanishes();
    return before + now.feature_change[l] * (independent ? inverse_root_n : one);
  }

  void backward(Sizes& now, bool feedback) const {
    now.backward[depth_ + 1] = one;
    for (size_t l = depth_; l >= 1; --l) {
      const Size slope = slope_of(net_.activation, now.preactivation[l]);
      Size sum;
      if (l == depth_) {
        sum = init(l + 1);
        if (feedback) sum += output_weight_change();
      } else {
        sum = init(l + 1) * root_n * now.backward[l + 1];
        if (feedback && memory_.updated) sum += update_transposed(l + 1, now);
      }
      now.backward[l] = slope * sum;
    }
  }

  // (W_t - W_0)^T D_t of a hidden layer.
  Size update_transposed(size_t l, const Sizes& now) const {
    const Size back = n * now.backward[l];
    if (net_.adam) return rate(l) * back;
    return rate(l) * (memory_.first.backward[l] * memory_.first.feature[l - 1] + memory_.later_outer[l]) * back;
  }

  const EffectiveNetwork& net_;
  size_t depth_;
  Memory memory_;
};

// Sets stable = false where something at this step grows with width.
void find_growth(const Sizes& sizes, int step, Propagation& result) {
  const size_t last = sizes.preactivation.size() - 1;
  for (size_t l = 1; l <= last && result.stable; ++l) {
    const Size largest = sizes.preactivation[l] + sizes.update[l];
    if (!largest.grows()) continue;
    result.stable = false;
    result.unstable_step = step;
    result.unstable_what = l == last ? "the output" : fmt::format("the preactivation of layer {}", l);
    result.unstable_exponent = largest.exponent();
  }
}

}  // namespace

EffectiveNetwork effective_network(const Exponents& exponents, OptimizerKind optimizer, int hidden_layers,
                                   const ActivationFacts& activation) {
  EffectiveNetwork network;
  network.adam = optimizer == OptimizerKind::adam;
  network.activation = activation;
  for (int l = 1; l <= hidden_layers + 1; ++l) {
    const BlockExponents& block = exponents.weight(l, hidden_layers);
    network.layers.push_back({block.a + block.b, block.c + block.a + (network.adam ? Rational(0) : block.a)});
  }
  return network;
}

Propagation propagate(const EffectiveNetwork& network) {
  Walk walk(network);
  Propagation result;
  result.initial = walk.look();
  find_growth(result.initial, 0, result);
  walk.step(result.initial);
  result.small_rate = walk.look(false);
  result.first = result.last = walk.look();
  find_growth(result.first, 1, result);

  const int most_steps = 4 * network.hidden_layers() + 20;  // exponents settle within about one walk through the layers
  for (int step = 2; result.stable; ++step) {
    walk.step(result.last);
    const Sizes now = walk.look();
    find_growth(now, step, result);
    const bool repeats = now == result.last;
    result.last = now;
    if (repeats && step > 3) break;
    if (step > most_steps) {
      result.stable = false;
      result.unstable_step = step;
    }
  }
  return result;
}

}  // namespace widthwise
