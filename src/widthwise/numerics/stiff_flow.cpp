#include "widthwise/numerics/stiff_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"

namespace widthwise {

namespace {

constexpr std::size_t stages = 4;
using Row = std::array<double, stages>;
using Square = std::array<Row, stages>;

// The published table: alpha, gamma (its diagonal `diagonal`), weights of order 3 and 2.
constexpr double diagonal = 4.3586652150845900e-01;
constexpr Square alpha{Row{}, Row{8.7173304301691801e-01}, Row{8.4457060015369423e-01, -1.1299064236484185e-01},
                       Row{0, 0, 1}};
constexpr Square gamma_table{Row{diagonal}, Row{-8.7173304301691801e-01, diagonal},
                             Row{-9.0338057013044082e-01, 5.4180672388095326e-02, diagonal},
                             Row{2.4212380706095346e-01, -1.2232505839045147e+00, 5.4526025533510214e-01, diagonal}};
constexpr Row weights{2.4212380706095346e-01, -1.2232505839045147e+00, 1.5452602553351020e+00, 4.3586652150845900e-01};
constexpr Row weights_2{3.7810903145819369e-01, -9.6042292212423178e-02, 5.0000000000000000e-01,
                        2.1793326075422950e-01};

/// row gamma^-1.
constexpr Row over_gamma(const Row& row) {
  Row out{};
  for (std::size_t j = stages; j-- > 0;) {
    double rest = row[j];
    for (std::size_t i = j + 1; i < stages; ++i) rest -= out[i] * gamma_table[i][j];
    out[j] = rest / diagonal;
  }
  return out;
}

// The same in u = gamma k, where no stage multiplies by J.
struct Table {
  Square a{}, c{};
  Row m{}, e{};
};
constexpr Table make_table() {
  Table table;
  for (std::size_t i = 0; i < stages; ++i) {
    table.a[i] = over_gamma(alpha[i]);
    Row unit{};
    unit[i] = 1;
    table.c[i] = over_gamma(unit);
    for (std::size_t j = 0; j < i; ++j) table.c[i][j] = -table.c[i][j];
  }
  table.m = over_gamma(weights);
  const Row second = over_gamma(weights_2);
  for (std::size_t i = 0; i < stages; ++i) table.e[i] = table.m[i] - second[i];
  return table;
}
constexpr Table table = make_table();

constexpr double safety = 0.9, most_growth = 5, most_shrinking = 0.1;

}  // namespace

StiffFlow::StiffFlow(StiffSystem& system, std::vector<double> start, double tolerance, double first_step)
    : system_{system},
      y_(std::move(start)),
      next_(y_.size()),
      error_(y_.size()),
      stage_(y_.size()),
      u_(stages, std::vector<double>(y_.size())),
      tolerance_{tolerance},
      h_{first_step} {
  if (!(tolerance > 0)) throw Error(fmt::format("A tolerance above 0 was expected, got {}.", tolerance));
  if (!(first_step > 0)) throw Error(fmt::format("A first step above 0 was expected, got {}.", first_step));
}

double StiffFlow::attempt(double h) {
  system_.factor(1 / (h * diagonal));
  const std::size_t n = y_.size();
  for (std::size_t i = 0; i < stages; ++i) {
    std::vector<double>& u = u_[i];
    stage_ = y_;
    for (std::size_t j = 0; j < i; ++j)
      if (table.a[i][j] != 0)
        for (std::size_t k = 0; k < n; ++k) stage_[k] += table.a[i][j] * u_[j][k];
    system_.slope(stage_, u);
    for (std::size_t j = 0; j < i; ++j)
      for (std::size_t k = 0; k < n; ++k) u[k] += table.c[i][j] / h * u_[j][k];
    system_.solve(u);
  }
  for (std::size_t k = 0; k < n; ++k) {
    double moved = 0, off = 0;
    for (std::size_t i = 0; i < stages; ++i) {
      moved += table.m[i] * u_[i][k];
      off += table.e[i] * u_[i][k];
    }
    next_[k] = y_[k] + moved;
    error_[k] = off;
  }
  return system_.error_size(next_, error_);
}

double StiffFlow::step(double h) {
  system_.linearise(y_);
  const double error = attempt(h);
  std::swap(y_, next_);
  time_ += h;
  ++accepted_;
  return error;
}

void StiffFlow::advance(double time) {
  while (time_ < time) {
    throw_if_interrupted();
    system_.linearise(y_);
    for (;;) {
      const double left = time - time_;
      // The last two steps are alike: none is a sliver.
      const double h = h_ >= left ? left : std::min(h_, left / 2);
      const double error = attempt(h);
      const bool finite = std::isfinite(error);
      const double factor =
          finite ? std::clamp(safety * std::cbrt(tolerance_ / std::max(error, 1e-300)), most_shrinking, most_growth)
                 : most_shrinking;
      if (finite && error <= tolerance_) {
        std::swap(y_, next_);
        time_ = h == left ? time : time_ + h;
        ++accepted_;
        // A step cut short says little about how long the next may be.
        h_ = h < h_ ? std::max(h_, h * factor) : h * factor;
        break;
      }
      ++refused_;
      h_ = h * factor;
      if (time_ + h_ == time_)
        throw Error(fmt::format("A stiff flow cannot go on at time {}: no step is small enough.", time_));
    }
  }
}

}  // namespace widthwise
