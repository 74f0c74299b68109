// The passes of an ensemble, with the buffers they need. With x^{l-1} what weight matrix l reads, one row a sample (a
// convolution: one patch a row, patches of a sample one after the other; linalg/patches.h),
//
//   forward    h^l = x^{l-1} W_l^T + b_l;   phi(h^l), pools and sums make of it what the next ones read; f = h^{L+1}
//   backward   delta^l = dLoss/dh^l:        of an mlp, delta^{l-1} = (delta^l W_l) * phi'(h^{l-1})
//              dLoss/dW_l = (delta^l)^T x^{l-1},   dLoss/db_l = column sums of delta^l
//   jvp        dh^l = dx^{l-1} W_l^T + x^{l-1} V_l^T + v_l   for a direction (V, v), and so on through the rest
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
#include "widthwise/linalg/patches.h"
#include "widthwise/network/ensemble.h"
#include "widthwise/network/parameters.h"
#include "widthwise/network/program.h"

namespace widthwise {

/// Consecutive members first .. first+count-1 of an ensemble.
struct MemberRange {
  Index first = 0, count = 1;
};

/// Per-sample factors of one layer: input x^{l-1} (rows x fan_in) and delta^l (rows x [member * fan_out], members side
/// by side; more than one only in layer 1, where they share the input). Rows are samples, or `positions` for each of
/// them, one after the other. Both may be overwritten by the next pass.
///
/// With Reads::images, the input of a convolution is not gathered: `input` has no data, and `images` (samples
/// in_positions x channels) is what `convolution` goes over; weight_gradient.h makes the gradient of either.
template <class T>
struct Factors {
  Index layer;
  MemberRange members;
  View<const T> input;
  View<T> delta;
  Index positions = 1;
  const ConvolutionSizes* convolution = nullptr;
  View<const T> images{};
};

/// How a backward pass hands over what a convolution reads: as patches, which are many times larger, or as it is.
enum class Reads { patches, images };

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

  /// h^l with its bias, rows x fan_out, l = 1..L+1; `member` as numbered in the ensemble, within the last range.
  View<const T> preactivation(Index member, Index layer) const;
  /// phi(h^l) where an activation is right behind weight matrix l, else h^l; for l = 0 the inputs.
  View<const T> activation(Index member, Index layer) const;
  /// x^{l-1}, rows x fan_in, l = 1..L+1: of a convolution the patches, valid until the next call that needs any.
  View<const T> input(Index member, Index layer) { return rows_read(member, matrix(layer)); }
  /// x^{l-1} V^T, rows x V.rows, for V with the columns of weight matrix l; of a convolution without its patches.
  void multiply(Index member, Index layer, View<const T> v, View<T> out);
  /// f = h^{L+1}, samples x outputs.
  View<const T> output(Index member) const { return preactivation(member, layers()); }

  /// delta^l of the last backward pass, samples x fan_out. delta(member, L+1) is where the caller writes dLoss/df.
  View<T> delta(Index member, Index layer);
  View<T> output_gradient(Index member) { return delta(member, layers()); }

  /// Backward pass of `members` (within the last forward's range) from their output_gradient. Calls
  /// consume(const Factors<T>&) for layers L+1 .. 2, each member by itself, and for layer 1 once of all members (of a
  /// convolution each by itself); when it is called W_l is no longer needed, so that `consume` may overwrite it, and
  /// delta^l too.
  template <class Consume>
  void backward(const Ensemble<T>& ensemble, MemberRange members, Consume&& consume, Reads reads = Reads::patches) {
    for (int at = static_cast<int>(program_.nodes.size()) - 1; at >= 1; --at) {
      pull_back(ensemble, members, at);
      const Node& node = program_.nodes[static_cast<std::size_t>(at)];
      if (node.kind != Node::Kind::matrix) continue;
      if (node.layer == 1)
        in_groups(members, at, [&](MemberRange group) { consume(factors(group, at, reads)); });
      else
        for (Index member = members.first; member < members.first + members.count; ++member)
          consume(factors({member, 1}, at, reads));
    }
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
  /// dh^l of the last jvp, rows x fan_out.
  View<const T> tangent(Index layer) const;

  /// Numbers a propagation holds for each sample of each member, and of patches for each sample, whatever the members
  /// (0: no convolution reads the inputs).
  struct Room {
    Index numbers = 0, patches = 0;
  };
  static Room room(const Architecture& architecture);

  Index layers() const { return static_cast<Index>(program_.matrices.size()); }
  Index samples() const { return samples_; }
  Index max_samples() const { return max_samples_; }
  Index max_members() const { return max_members_; }
  MemberRange members() const { return range_; }

 private:
  // A matrix a node, rows x [slot * features]: members side by side, so that one pointwise pass serves them all. Where
  // a sample has several positions, [slot * rows] x features: members one after the other, as convolutions read them,
  // and a pass of one of them is long enough.
  struct Buffer {
    Index stride = 0;
    AlignedArray<T> numbers;
  };
  using Buffers = std::vector<Buffer>;  // entry i is node i's; without numbers where it needs none
  enum class Of { values, gradients };
  Buffers make_buffers(Index members, Of what) const;
  View<T> side_by_side(const Buffers& buffers, MemberRange members, int node) const;
  View<T> of_member(const Buffers& buffers, Index member, int node) const {
    return side_by_side(buffers, {member, 1}, node);
  }
  /// Calls use(members) with as many at once as lie side by side in the buffers of a node.
  template <class Use>
  void in_groups(MemberRange members, int at, const Use& use) {
    if (node(at).shape.positions() == 1) return use(members);
    for (Index member = members.first; member < members.first + members.count; ++member) use(MemberRange{member, 1});
  }
  View<T> first_slot(const Buffers& buffers, int node) const { return of_member(buffers, range_.first, node); }
  const Node& node(int at) const { return program_.nodes[static_cast<std::size_t>(at)]; }
  int matrix(Index layer) const { return program_.matrices[static_cast<std::size_t>(layer - 1)]; }
  /// Whose gradient buffer a node's gradient is in: its own, or that of the matrix it is fused with.
  int gradient_of(int at) const { return node(at).fused ? node(at).source : at; }

  View<const T> value(Index member, int at) const;
  Images<const T> images(View<const T> rows, int at) const;
  View<const T> rows_read(Index member, int at);
  View<T> gather(View<const T> rows, int at, AlignedArray<T>& to);
  bool shares_patches() const { return node(matrix(1)).source == 0 && !node(matrix(1)).reads_rows(); }
  Factors<T> factors(MemberRange members, int at, Reads reads);
  void step(const Ensemble<T>& ensemble, MemberRange members, int at);
  void pull_back(const Ensemble<T>& ensemble, MemberRange members, int at);
  void pull_back_matrix(const Ensemble<T>& ensemble, Index member, int at);
  void push(const Ensemble<T>& ensemble, Index member, const Parameters<T>* direction, Index slot,
            View<const T> input_direction, int at);
  View<const T> jvp(const Ensemble<T>& ensemble, Index member, const Parameters<T>* direction, Index slot,
                    View<const T> input_direction);

  Program program_;
  Index max_samples_, max_members_, samples_ = 0;
  MemberRange range_{0, 0};
  View<const T> inputs_;
  Buffers values_, gradients_;
  Buffers tangents_;  // of one member, made at the first jvp
  // Of layer 1, which all members share; of others where they are asked for; of directions. Made at their first use.
  AlignedArray<T> first_patches_, patches_, moved_patches_;
};

extern template class Propagation<float>;
extern template class Propagation<double>;

}  // namespace widthwise
