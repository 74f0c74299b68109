// Does the best value of a setting transfer from small models to large ones? Judged of losses over the setting, a curve
// a scale (a width, a depth), with the seeds of each:
//
//   optimum    the place where the mean loss over seeds is least (optimum.h), places being log2 of a positive setting,
//              or the setting itself
//   loss       there: of the parabola through the lowest point and its neighbours
//   drift      d place / d log2 scale: for log2 places the exponent of the optimum in the scale. One jack-knife over
//              the seeds of all scales, widened for finite widths (verdict.h)
//   limit      the place at infinite scale (extrapolation.h, 1/scale)
//   given away the loss where the smallest scale has its optimum, less the least loss; and their ratio
//   stable     the largest place at which every seed ends with a finite loss below the cap
//
// Intervals are of the bootstrap over seeds (bootstrap.h), the same resamples at all scales, for seeds share draws;
// below TransferRule::bootstrap_from seeds of the jack-knife. Those of places and of the drift are widened by what the
// grid hides: the difference of parabolas through 3 and 5 points as far as seeds do not explain it, and where there is
// no parabola (beside divergence, at an end) the distance to the neighbours. The drift is widened by what
// narrower parabolas make of it, and by such distances at their worst.
//
// It transfers where the drift agrees with 0 and the interval of the ratio reaches below what may be given away (or
// what is given away is a hundredth of the initial loss at most: of losses near 0 ratios say little); it
// drifts where the drift disagrees with 0 or that interval lies above. An optimum at an end of its grid is a bound: a
// drift that is another one without such scales is undecided.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "widthwise/numerics/extrapolation.h"
#include "widthwise/numerics/optimum.h"
#include "widthwise/numerics/verdict.h"

namespace widthwise {

/// The losses of one scale.
struct LossCurve {
  double scale = 0;                         // above 0
  std::vector<double> places;               // ascending, the same at all scales
  std::vector<std::vector<double>> losses;  // [seed][place], the same seeds at all scales; not finite: diverged
  double cap = std::numeric_limits<double>::infinity();  // stable runs end below
  double initial = 0;                                    // loss at initialization; 0: not known
};

/// Where the mean loss over the seeds is least.
Minimum find_minimum(const LossCurve& curve);

struct TransferRule {
  double tolerance = 0.1;       // of the drift
  double loss_tolerance = 0.1;  // of the ratio at the largest scale, above 1
  double least_loss = 0.01;     // a share of the initial loss: less than that given away is nothing
  std::size_t bootstrap_from = 4;
  int resamples = 1000;
  bool deterministic =
      false;  // a theory: one curve is all there is, and the drift's interval is that of dropping scales
  VerdictRule verdict = {};
};

/// NaN: unknown. The interval is NaN where only that is.
struct Measurement {
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval{value, value};
};

struct ScaleOptimum {
  double scale = 0;
  std::vector<double> mean_loss;   // by place; NaN where a seed diverged
  std::vector<double> loss_error;  // of it, over seeds; NaN of a single one
  double cap = 0;                  // the curve's
  Minimum minimum;
  Measurement place;
  double grid_error = 0;       // what the grid adds to that interval, each side
  double grid_shift = 0;       // that with its sign, where parabolas tell it
  Measurement loss;            // at the optimum
  Measurement given_away;      // difference; infinite where the carried optimum diverges
  Measurement ratio;           // NaN of losses that are not positive
  double largest_stable = 0;   // place; NaN: none
  bool stable_to_end = false;  // the largest tried is stable
  std::vector<double> seeds;   // places, one number a seed (jackknife.h); empty of a single seed, or where unknown
};

struct Transfer {
  enum class Word { transfers, drifts, undecided };
  Word word = Word::undecided;
  std::vector<ScaleOptimum> scales;  // ascending
  Decision drift;
  Extrapolation limit;
  std::size_t at_end = 0;      // scales whose optimum lies at an end of the grid
  std::string reason, advice;  // a sentence each; advice is "" unless undecided
};
/// "transfers", "drifts", "undecided".
const char* word_name(Transfer::Word word);

/// @throws Error for curves of different seeds or places, and for places that do not ascend; Interrupted.
Transfer judge_transfer(const std::vector<LossCurve>& curves, const TransferRule& rule = {});

/// Over width and depth together: do the two limits commute? Least squares over a full grid do so by themselves, so the
/// orders are told with what each leaves out, and what would part them is measured: a correction L/n, seen as a
/// coefficient of 1/n that grows with the depth L.
struct GridOptimum {
  double width = 0, depth = 0;
  std::vector<double> places;  // one number a seed, or one
  double grid_error = 0;
};
struct LimitOrders {
  Extrapolation width_first, depth_first;               // of the outer limit: of the places left by the inner one
  Interval width_first_interval, depth_first_interval;  // with what the inner fits leave out
  Measurement mixed;                                    // c of c L/n, in places
  Measurement effect;  // of that between the smallest and largest depth, at the largest width
  enum class Commute { yes, no, unknown } commute = Commute::unknown;
  std::string reason;  // a sentence
};
/// @param grid every width with every depth, two or more of each. @param tolerance of the effect, in places: `no` where
/// its interval lies outside, or those of the orders are disjoint; `yes` where it lies inside and they overlap.
LimitOrders judge_orders(const std::vector<GridOptimum>& grid, double tolerance = 0.1, double confidence = 0.95);

}  // namespace widthwise
