// The learning rate (or another positive setting) at which a loss is least, from losses on a grid of rates: a parabola
// in log2 rate through the lowest point and its nearest neighbours, so that the optimum moves continuously where the
// grid does not. Its vertex is trusted only between the neighbours of the lowest point; where it lies outside, or opens
// downward, the lowest grid point is returned.
//
// An optimum at the end of the grid, or beside rates that diverged, is a bound rather than an optimum: it is flagged.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace widthwise {

/// A loss at a rate > 0. A loss that is not finite means that the run diverged.
struct RatePoint {
  double rate = 0, loss = 0;
};

struct Optimum {
  enum class Edge { none, lower, upper };

  double rate = 0, log2_rate = 0;  // NaN where no rate gave a finite loss
  double loss = 0;                 // of the parabola at its vertex, or of the lowest point
  double curvature = 0;            // second derivative of the loss by log2 rate, 0 where no parabola was used
  double grid_rate = 0;            // the rate of the lowest point itself
  Edge edge = Edge::none;          // the lowest point is the first or last rate tried: extend the grid that way
  bool beside_divergence = false;  // the next rate diverged
  std::string flag;                // "" or a phrase on what is doubtful, with the direction in which to extend

  bool found() const { return rate > 0; }
  bool reliable() const { return found() && flag.empty(); }
};

/// A loss at a place on a line: log2 of a positive setting, or a setting itself.
struct PlacedLoss {
  double place = 0, loss = 0;
};

/// Where on the line a loss is least.
struct Minimum {
  double place = 0, loss = 0;   // of the parabola at its vertex, or of the lowest point; NaN where no loss is finite
  double curvature = 0;         // second derivative by the place, 0 where no parabola was used
  double grid_place = 0;        // the lowest point itself
  double below = 0, above = 0;  // its neighbours, between which a loss with one valley is least; at an end: itself
  std::size_t index = 0;        // of the lowest point among the places, ascending
  Optimum::Edge edge = Optimum::Edge::none;
  bool beside_divergence = false;

  bool refined() const { return curvature > 0; }
};

/// find_optimum on a line without logarithms, by the same rule: points in any order, equal places averaged.
Minimum find_minimum(std::span<const PlacedLoss> points, int window = 5);

/// @param points in any order; losses at equal rates are averaged (one that diverged makes the rate a diverged one).
/// @param window how many points, at most, the parabola goes through: 3 (exact: the lowest and its neighbours) to 5 and
///   more (least squares, in which farther points count a quarter, and not at all where they lie 4 times as high as a
///   parabola through the neighbours: losses of rates about to diverge).
Optimum find_optimum(std::span<const RatePoint> points, int window = 5);

}  // namespace widthwise
