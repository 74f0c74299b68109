// Mean-field particles (a_m, w_m), m = 1..M, of a network of one hidden layer,
//
//   F(x) = scale mean_m a_m phi(w_m . x)
//   a_m <- a_m - step_a sum_i dL/df_i phi(w_m . x_i)      w_m <- w_m - step_w sum_i dL/df_i a_m phi'(w_m . x_i) x_i
//
// in chunks shared out to threads: memory is M (features + 1) numbers and, while there is room, M x points of
// preactivations; the same bits on any number of threads. Three products a step, two where preactivations are kept.
// Internal to this room.
#pragma once

#include <functional>

#include "widthwise/limit/two_layer.h"

namespace widthwise {

struct ParticleRule {
  Index particles = 1 << 14;
  bool antithetic = true;
  double scale = 1, step_a = 1, step_w = 1;  // a step of 0 freezes that layer
  double input_std = 1;
  InitLaw law = InitLaw::normal;
  bool a_starts_at_zero = false;
  /// w starts at 0, and the first step is that of w alone, gated by phi'(w_0 . x); phi then is far from 0 for ever.
  bool w_starts_at_zero = false;
  double kept_bytes = 1e9;  // of preactivations
};

class Particles final : public LimitEngine {
 public:
  /// @param points training points, then others, samples x features.
  Particles(const Matrix<double>& points, Index training, std::shared_ptr<const Activation> activation,
            const ParticleRule& rule, Key key);

  Vector<double> training_output() override;
  Vector<double> training_output(std::span<const std::uint32_t> rows) override;
  Vector<double> other_output() override;
  void step(std::span<const std::uint32_t> rows, std::span<const double> gradient) override;

 private:
  static constexpr Index chunk = 1024;

  void draw(Key key);
  template <class Work>
  void each_chunk(const Work& work);
  void preactivations(Index first, Index count, View<const double> points, Matrix<double>& out) const;
  Vector<double> output(View<const double> points, bool keep);
  Matrix<double> chosen(std::span<const std::uint32_t> rows) const;
  View<const double> training() const { return view(points_).block(0, 0, training_, points_.cols()); }

  Matrix<double> points_;
  Index training_;
  std::shared_ptr<const Activation> activation_;
  ParticleRule rule_;
  Matrix<double> w_;  // M x features
  Vector<double> a_;
  Matrix<double> kept_;  // preactivations of the training points, M x training; empty where there is no room
  bool kept_now_ = false;
  bool first_ = true;
};

}  // namespace widthwise
