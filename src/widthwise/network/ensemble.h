// An ensemble: E >= 1 networks of one shape, each with its own key and scaling. A network is an ensemble of one.
//
// Weights are kept in **effective form**, W = multiplier * w: what the network computes with. A parameterization that
// moves a factor between multiplier and w (a gauge change) leaves W and its updates as they are, so it costs nothing
// here and cannot be seen here; the rates, deviations and decays used are the `effective_*` ones of the scaling.
//
// Random numbers: weight (i, j) of layer l of a member is effective_mean + effective_std * draw(key, l, i, j), so the
// same key gives the same draws under every parameterization and the leading rows and columns of a wider network are
// those of the narrower. In a convolution j is a channel, and each place of the kernel has a key of its own.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "widthwise/architecture/architecture.h"
#include "widthwise/base/key.h"
#include "widthwise/linalg/view.h"
#include "widthwise/network/parameters.h"
#include "widthwise/parameterization/scaling.h"

namespace widthwise {

/// One network of an ensemble: where its draws come from, their law, and the numbers of its parameterization.
struct Member {
  Key key;
  Scaling scaling;
  InitLaw law = InitLaw::normal;
};

/// Whether an ensemble keeps its initial weights beside the current ones (as much memory again).
enum class InitialWeights { kept, forgotten };

template <class T>
class Ensemble {
 public:
  /// Draws all weights; biases start at 0 unless their effective_std > 0. Throws ShapeError where there is no member,
  /// or a scaling has not one entry a layer.
  Ensemble(const Architecture& architecture, std::span<const Member> members,
           InitialWeights initial = InitialWeights::kept);

  /// Members E, and weight matrices L+1, numbered 1..L+1.
  Index size() const { return current_.members(); }
  Index layers() const { return current_.layers(); }
  const Architecture& architecture() const { return architecture_; }
  const Scaling& scaling(Index member) const { return members_[static_cast<std::size_t>(member)].scaling; }
  Key key(Index member) const { return members_[static_cast<std::size_t>(member)].key; }

  /// Effective weights of a layer, fan_out x fan_in.
  View<T> weight(Index member, Index layer) { return current_.weight(member, layer); }
  View<const T> weight(Index member, Index layer) const { return current_.weight(member, layer); }
  /// Effective bias, 1 x fan_out; data is null where the layer has none.
  View<T> bias(Index member, Index layer) { return current_.bias(member, layer); }
  View<const T> bias(Index member, Index layer) const { return current_.bias(member, layer); }
  /// All of it: for update rules and products over several members.
  Parameters<T>& parameters() { return current_; }
  const Parameters<T>& parameters() const { return current_; }

  /// The values drawn at construction. Throws Error where they were not kept: then draw_initial_weight gives them.
  View<const T> initial_weight(Index member, Index layer) const { return initial().weight(member, layer); }
  View<const T> initial_bias(Index member, Index layer) const { return initial().bias(member, layer); }
  bool keeps_initial() const { return initial_.has_value(); }
  /// Takes the weights at hand for the initial ones: of a network that does not begin where it was drawn.
  void make_initial() { initial_ = current_; }
  /// Writes W_0 of a layer to `out` (fan_out x fan_in) again from its key: bitwise what construction drew.
  void draw_initial_weight(Index member, Index layer, View<T> out) const;

 private:
  void draw(Index member);
  const Parameters<T>& initial() const;

  Architecture architecture_;
  std::vector<Member> members_;
  Parameters<T> current_;
  std::optional<Parameters<T>> initial_;
};

extern template class Ensemble<float>;
extern template class Ensemble<double>;

}  // namespace widthwise
