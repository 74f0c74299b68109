// One cloud of particles of the limit in integrable.h: M neurons a layer, coupled through averages alone. Of layer l
// particle j carries what past (step s, sample i) made of it,
//
//   Hx^l[j, (s, i)] = x^l_s(x_i)        Hd^l[j, (s, i)] = rate_{s,l} delta^l_s(x_i)
//
// of layer 1 also w_j (features), of layer L also v_j (outputs), and then
//
//   h^1 = w . x,   h^l = - Hd^l (Hx^{l-1}^T x^{l-1} / M),   f = mean_j v_j x^L_j,   delta^L = (v . chi) phi'(h^L),
//   delta^{l-1} = - Hx^{l-1} (Hd^l^T delta^l / M) phi'(h^{l-1})
//
// In the revived form a particle of layer L whose history is still 0 has delta^L = (v . chi) phi'(xi), where n^(-1/2)
// xi is the vanishing contribution of its initial weights: xi_t(x) is Gaussian over past and present, h^L of step 0
// among it,
//
//   E xi_s(x) xi_t(x') = hidden_variance x^{L-1}_s(x) . x^{L-1}_t(x') / M
//
// Memory is 2 L M numbers a sample seen; a step costs O(L M B H) for B samples and H seen before. Sums over particles
// are taken in fixed blocks: the same bits on any number of threads. Internal to this room.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "widthwise/activation/activation.h"
#include "widthwise/base/key.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {

struct CloudRule {
  int hidden_layers = 1;
  Index features = 1, outputs = 1;
  double input_variance = 1, hidden_variance = 1, output_variance = 1;
  Index particles = 1 << 14;
  bool antithetic = true, matched = true, revived = false;
};

/// Covariances on the first batch of preactivations, h^l ~ N(0, forward[l - 1]), and of the fields W^T delta that reach
/// them, g^l ~ N(0, backward[l - 1]), where chi (samples x outputs) is dL/df at f = 0.
struct InitialCovariances {
  std::vector<Matrix<double>> forward, backward;
};
InitialCovariances initial_covariances(const Activation& activation, const CloudRule& rule, View<const double> batch,
                                       const Matrix<double>& chi);

class LayeredCloud {
 public:
  LayeredCloud(const CloudRule& rule, std::shared_ptr<const Activation> activation, Key key);

  /// f, points x outputs: 0 before the first step.
  Matrix<double> output(View<const double> points);
  /// dL/df of f on a batch, both samples x outputs.
  using Gradient = std::function<Matrix<double>(const Matrix<double>&)>;
  /// One update on a batch (samples x features); rates of layers 1..L+1.
  void step(View<const double> batch, const Gradient& gradient, std::span<const double> rates);

  /// Share of particles of layer L that were 0 on the whole last batch.
  double dead_share() const { return dead_share_; }

  /// Standard normals through `root` (r x columns), M rows: copies and moments as the rule says. Half the copies have
  /// the other sign, in another order for `backward`, so that all four signs of a pair occur.
  Matrix<double> draw(Key key, const Matrix<double>& root, bool backward) const;

 private:
  // Columns of past (step, sample), a row a particle, and room for those of the step at hand.
  class History {
   public:
    void make_room(Index rows, Index columns);
    View<double> columns(Index first, Index count, Index cols) { return view(data_).block(first, 0, count, cols); }
    View<double> past(Index first, Index count) { return columns(first, count, used_); }
    View<double> fresh(Index first, Index count) { return view(data_).block(first, used_, count, room_); }
    Index used() const { return used_; }
    void keep() { used_ += room_; }

   private:
    Matrix<double> data_;
    Index used_ = 0, room_ = 0;
  };
  struct Layer {
    History x, delta;
  };

  // Of xi at the step at hand, given those of the past: past * mix + standard normals * root.
  struct Revival {
    Matrix<double> mix, root;
  };

  std::size_t top() const { return layers_.size() - 1; }
  /// Draws the first step's h and x; returns the fields of layers below L.
  std::vector<Matrix<double>> begin(View<const double> batch, const Matrix<double>& chi);
  Matrix<double> forward(View<const double> points, bool keep);
  void backward(View<const double> batch, const Matrix<double>& chi, std::span<const double> rates,
                const std::vector<Matrix<double>>& initial_fields);
  Revival revival() const;
  /// Puts xi in place of h^L = 0 where a particle's history is 0.
  void revive(const Revival& law, Index first, Index count);
  void count_dead();

  CloudRule rule_;
  std::shared_ptr<const Activation> activation_;
  Key key_;
  std::vector<Layer> layers_;
  Matrix<double> w_, v_;  // M x features, M x outputs; drawn in the first step
  History xi_;            // h^L of step 0, then xi; of particles that live, anything
  Matrix<double> gram_;   // x^{L-1} . x^{L-1} / M of the columns of xi_ and those at hand
  std::int64_t step_ = 0;
  double dead_share_ = 0;
};

}  // namespace widthwise
