#include "widthwise/limit/particles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/base/error.h"
#include "widthwise/data/span.h"
#include "widthwise/limit/far_activation.h"
#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {

Particles::Particles(const Matrix<double>& points, Index training, std::shared_ptr<const Activation> activation,
                     const ParticleRule& rule, Key key)
    : points_{points}, training_{training}, activation_{std::move(activation)}, rule_{rule} {
  if (rule.law == InitLaw::normal) write_in_span({&points_});
  if (rule.particles < 2 || (rule.antithetic && rule.particles % 2 != 0))
    throw ConfigError({{}, "limit.particles"}, rule.antithetic ? "an even number of particles" : "at least 2 particles",
                      fmt::format("{}", rule.particles));
  draw(key);
  const double bytes = sizeof(double) * static_cast<double>(rule_.particles) * static_cast<double>(training_);
  if (bytes <= rule_.kept_bytes) kept_.resize(rule_.particles, training_);
}

void Particles::draw(Key key) {
  const Index drawn = rule_.antithetic ? rule_.particles / 2 : rule_.particles;
  w_.resize(rule_.particles, points_.cols());
  a_.resize(rule_.particles);
  const auto fill = rule_.law == InitLaw::uniform ? fill_uniform<double> : fill_normal<double>;
  const auto cols = static_cast<std::size_t>(w_.cols());
  fill(key.split("w"), static_cast<std::size_t>(drawn), cols, rule_.input_std, w_.data(), cols);
  fill(key.split("a"), static_cast<std::size_t>(drawn), 1, 1, a_.data(), 1);
  if (rule_.antithetic) {
    w_.bottomRows(drawn) = w_.topRows(drawn);
    a_.tail(drawn) = -a_.head(drawn);
  }
  if (rule_.a_starts_at_zero) a_.setZero();
}

template <class Work>
void Particles::each_chunk(const Work& work) {
  const Index chunks = (rule_.particles + chunk - 1) / chunk;
  const int workers = static_cast<int>(std::min<Index>(threads(), chunks));
  parallel(workers, [&](int worker) {
    Matrix<double> room;
    for (Index c = worker; c < chunks; c += workers)
      work(c, c * chunk, std::min(chunk, rule_.particles - c * chunk), room);
  });
}

void Particles::preactivations(Index first, Index count, View<const double> points, Matrix<double>& out) const {
  out.resize(count, points.rows);
  gemm<double>(Op::none, Op::transpose, 1, view(w_).block(first, 0, count, w_.cols()), points, 0, view(out));
}

Vector<double> Particles::output(View<const double> points, bool keep) {
  // Before the first step a w that is to start at 0 holds w_0.
  if (first_ && rule_.w_starts_at_zero) return Vector<double>::Zero(points.rows);
  std::vector<Vector<double>> parts(static_cast<std::size_t>((rule_.particles + chunk - 1) / chunk));
  each_chunk([&](Index c, Index first, Index count, Matrix<double>& room) {
    preactivations(first, count, points, room);
    if (keep) kept_.middleRows(first, count) = room;
    activation_->forward(view(room), nullptr, view(room));
    parts[static_cast<std::size_t>(c)] = room.transpose() * a_.segment(first, count);
  });
  Vector<double> sum = Vector<double>::Zero(points.rows);
  for (const Vector<double>& part : parts) sum += part;  // in one order, whoever made them
  return rule_.scale / static_cast<double>(rule_.particles) * sum;
}

Vector<double> Particles::training_output() {
  Vector<double> out = output(training(), kept_.size() > 0);
  kept_now_ = kept_.size() > 0 && !(first_ && rule_.w_starts_at_zero);
  return out;
}

Vector<double> Particles::training_output(std::span<const std::uint32_t> rows) {
  if (static_cast<Index>(rows.size()) == training_) {  // a permutation of all
    const Vector<double> all = training_output();
    Vector<double> out(training_);
    for (std::size_t k = 0; k < rows.size(); ++k) out[static_cast<Index>(k)] = all[rows[k]];
    return out;
  }
  const Matrix<double> points = chosen(rows);
  return output(view(points), false);
}

Matrix<double> Particles::chosen(std::span<const std::uint32_t> rows) const {
  Matrix<double> out(static_cast<Index>(rows.size()), points_.cols());
  for (std::size_t k = 0; k < rows.size(); ++k) out.row(static_cast<Index>(k)) = points_.row(rows[k]);
  return out;
}

Vector<double> Particles::other_output() {
  return output(view(std::as_const(points_)).block(training_, 0, points_.rows() - training_, points_.cols()), false);
}

void Particles::step(std::span<const std::uint32_t> rows, std::span<const double> gradient) {
  const auto count_rows = static_cast<Index>(rows.size());
  const bool all = count_rows == training_;
  const Matrix<double> batch = all ? Matrix<double>() : chosen(rows);
  const View<const double> points = all ? training() : view(batch);
  Vector<double> down(count_rows);
  for (Index k = 0; k < count_rows; ++k)
    down[all ? static_cast<Index>(rows[static_cast<std::size_t>(k)]) : k] = -gradient[static_cast<std::size_t>(k)];
  const bool gated = first_ && rule_.w_starts_at_zero;
  const Activation& phi = *activation_;
  each_chunk([&](Index, Index first, Index count, Matrix<double>& room) {
    const bool use_kept = kept_now_ && all;
    if (use_kept)
      room = kept_.middleRows(first, count);
    else
      preactivations(first, count, points, room);
    const auto a = a_.segment(first, count);
    Matrix<double> delta(count, count_rows);
    if (rule_.step_w != 0) {
      delta.noalias() = a * down.transpose();
      phi.multiply_slope(view(std::as_const(room)), view(delta));
    }
    if (rule_.step_a != 0 && !gated) {
      phi.forward(view(room), nullptr, view(room));
      a_.segment(first, count) += rule_.step_a * (room * down);
    }
    if (rule_.step_w == 0) return;
    gemm<double>(Op::none, Op::none, rule_.step_w, view(std::as_const(delta)), points, gated ? 0.0 : 1.0,
                 view(w_).block(first, 0, count, w_.cols()));
  });
  if (gated) activation_ = far_activation(*activation_);
  first_ = false;
  kept_now_ = false;
}

}  // namespace widthwise
