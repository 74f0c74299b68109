// The passes of an ensemble, with the buffers they need. With x^0 the inputs, one sample a row,
//
//   forward    h^l = x^{l-1} W_l^T + b_l,   x^l = phi(h^l),   l = 1..L;   output f = h^{L+1}
//   backward   delta^l = dLoss/dh^l:        delta^{l-1} = (delta^l W_l) * phi'(h^{l-1})
//              dLoss/dW_l = (delta^l)^T x^{l-1},   dLoss/db_l = column sums of delta^l
//   jvp        dh^l = dx^{l-1} W_l^T + x^{l-1} V_l^T + v_l,   dx^l = phi'(h^l) * dh^l     for a direction (V, v)
//
// The pairs (x^{l-1}, delta^l) are the per-sample factors: gradients, updates fused into their product and tangent
// kernels are all made of them, so backward hands them to a consumer, layer by layer, from the last to the first.
//
// A Propagation belongs to one thread at a time and holds buffers for `max_members` members: a caller with many
// members, or many samples, works through them in blocks. Its products use the calling thread's number of threads
// (linalg).
#pragma once

#include <memory>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/network/parameters.h"

namespace widthwise {

/// Consecutive members first .. first+count-1 of an ensemble.
struct MemberRange {
  Index first = 0, count = 1;
};

/// Per-sample factors of one layer: input x^{l-1} (samples x fan_in) and delta^l (samples x [member * fan_out], members
/// side by side; more than one only in layer 1, where they share the input).
template <class T>
struct Factors {
  Index layer;
  MemberRange members;
  View<const T> input;
  View<T> delta;
};

template <class T>
class Propagation {
 public:
  /// Buffers for up to `max_samples` samples and `max_members` members at once (0: all members of the ensemble). Throws
  /// ShapeError where max_samples < 1, ConfigError where the architecture has layers this cannot run.
  Propagation(const Ensemble<T>& ensemble, Index max_samples, Index max_members = 0);

  /// Runs `members` on inputs (samples x input_dimension) that all of them share. The results below are those of the
  /// last call; `inputs` must stay in place until then. Throws ShapeError where more samples or members come than were
  /// allocated for, or the features do not fit.
  void forward(const Ensemble<T>& ensemble, View<const T> inputs, MemberRange members);
  /// The same for one member, or for all.
  void forward(const Ensemble<T>& ensemble, View<const T> inputs, Index member) {
    forward(ensemble, inputs, MemberRange{member, 1});
  }
  void forward(const Ensemble<T>& ensemble, View<const T> inputs) {
    forward(ensemble, inputs, MemberRange{0, ensemble.size()});
  }

  /// h^l with its bias, samples x fan_out, l = 1..L+1; `member` as numbered in the ensemble, within the last range.
  View<const T> preactivation(Index member, Index layer) const;
  /// x^l, l = 0..L: x^0 are the inputs.
  View<const T> activation(Index member, Index layer) const;
  /// f = h^{L+1}, samples x outputs.
  View<const T> output(Index member) const { return preactivation(member, layers()); }

  /// delta^l of the last backward pass, samples x fan_out. delta(member, L+1) is where the caller writes dLoss/df.
  View<T> delta(Index member, Index layer);
  View<T> output_gradient(Index member) { return delta(member, layers()); }

  /// Backward pass of `members` (within the last forward's range) from their output_gradient. Calls
  /// consume(const Factors<T>&) for layers L+1 .. 2, each member by itself, and then once for layer 1 of all members;
  /// when it is called W_l is no longer needed, so that `consume` may overwrite it, and delta^l too.
  template <class Consume>
  void backward(const Ensemble<T>& ensemble, MemberRange members, Consume&& consume) {
    for (Index layer = layers(); layer >= 2; --layer) {
      pull_back(ensemble, members, layer);
      for (Index member = members.first; member < members.first + members.count; ++member)
        consume(Factors<T>{layer, {member, 1}, activation(member, layer - 1), delta(member, layer)});
    }
    consume(Factors<T>{1, members, inputs_, side_by_side(gradients_, members, 1)});
  }
  /// Backward pass that writes the gradient of `member` (must be in the last range): `output_gradient` is dLoss/df,
  /// samples x outputs; gradient entries of member `slot` are overwritten.
  void gradient(const Ensemble<T>& ensemble, Index member, View<const T> output_gradient, Parameters<T>& gradient,
                Index slot = 0);

  /// Derivative of the outputs of `member` (must be in the last range) along member `slot` of `direction` and, unless
  /// its data is null, along `input_direction` (samples x input_dimension): samples x outputs, valid until the next
  /// jvp.
  View<const T> jvp(const Ensemble<T>& ensemble, Index member, const Parameters<T>& direction, Index slot = 0,
                    View<const T> input_direction = {});
  /// Along inputs alone.
  View<const T> jvp(const Ensemble<T>& ensemble, Index member, View<const T> input_direction);
  /// dh^l of the last jvp, samples x fan_out.
  View<const T> tangent(Index layer) const;

  Index layers() const { return static_cast<Index>(dense_.size()); }
  Index samples() const { return samples_; }
  Index max_samples() const { return max_samples_; }
  Index max_members() const { return max_members_; }
  MemberRange members() const { return range_; }

 private:
  // A matrix a layer, samples x [slot * fan_out]: members side by side, so that one pointwise pass serves them all.
  struct Buffer {
    Index stride = 0;
    AlignedArray<T> numbers;
  };
  using Buffers = std::vector<Buffer>;  // entry l-1 is layer l
  Buffers make_buffers(Index members) const;
  View<T> side_by_side(const Buffers& buffers, MemberRange members, Index layer) const;
  View<T> of_member(const Buffers& buffers, Index member, Index layer) const {
    return side_by_side(buffers, {member, 1}, layer);
  }
  View<T> first_slot(const Buffers& buffers, Index layer) const { return of_member(buffers, range_.first, layer); }
  const Activation* nonlinear(Index layer) const { return nonlinear_[static_cast<std::size_t>(layer - 1)].get(); }
  const Dense& dense(Index layer) const { return dense_[static_cast<std::size_t>(layer - 1)]; }
  void pull_back(const Ensemble<T>& ensemble, MemberRange members, Index layer);
  View<const T> jvp(const Ensemble<T>& ensemble, Index member, const Parameters<T>* direction, Index slot,
                    View<const T> input_direction);

  std::vector<Dense> dense_;
  std::vector<std::shared_ptr<const Activation>> nonlinear_;  // phi behind layer l; null for none
  Index max_samples_, max_members_, samples_ = 0;
  MemberRange range_{0, 0};
  View<const T> inputs_;
  Buffers preactivations_, activations_, gradients_;
  Buffers tangents_, activation_tangents_;  // of one member, made at the first jvp
};

extern template class Propagation<float>;
extern template class Propagation<double>;

}  // namespace widthwise
