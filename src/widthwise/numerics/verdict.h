// Verdicts: does a measured exponent agree with a predicted one? The rule:
//
//   1. One slope of log y over log x a seed (slope.h), then an interval over seeds: Student's t, from 10 seeds the
//      bootstrap-t.
//   2. The interval is widened on both sides by the shift of slope that a finite-width correction 1 + e (x_min/x)^(1/2)
//      would cause, for the largest |e| <= min(1/5, x_min^(-1/2)) that the change of slope when the smallest x is
//      dropped does not rule out; if that change shows a larger correction the widening follows it, and it is never
//      less than the change itself (finite_width.h). The interval then holds the exponent at the nominal rate for
//      corrections up to 1 + x^(-1/2); for larger ones it can fall short by less than the shift, which a tolerance of
//      0.1 covers up to twice that size.
//   3. Agrees: the interval lies inside the band the claim allows, [predicted - tolerance, predicted + tolerance] or a
//      half-line. Disagrees: interval and band are disjoint. Otherwise undecided, with what would decide it.
//
// A value at infinite width is judged by the interval of extrapolation.h in place of 1 and 2. A quantity that is made
// of all seeds together, such as the variance of an ensemble, has no slope a seed: its interval is that of the
// jack-knife (jackknife.h, Student's t whatever the number of seeds), the rest is the same.
//
// Whatever the data, the answer is a Decision, never an exception: fewer than 2 seeds or 2 widths are "undecided".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/numerics/extrapolation.h"
#include "widthwise/numerics/jackknife.h"
#include "widthwise/numerics/slope.h"
#include "widthwise/numerics/statistics.h"

namespace widthwise {

enum class Verdict { agrees, disagrees, undecided };
/// "agrees", "disagrees", "undecided".
std::string_view verdict_name(Verdict verdict);

/// What theory says of a number: near `predicted`, or on one side of it.
struct Claim {
  enum class Kind { near, below, above };
  double predicted = 0;
  double tolerance = 0;  // of a side: how far beyond `predicted` still counts
  Kind kind = Kind::near;

  /// The values the claim allows; a half-line for a side.
  Interval band() const;
};

struct VerdictRule {
  double confidence = 0.95;
  std::size_t bootstrap_from = 10;  // seeds
  double largest_correction = 0.2;  // e_0 is this or x_min^(-1/2), the smaller; 0: widen by what the data show alone
  Key key = Key(0);                 // of the bootstrap
  // Where the power law is to hold: for large x, or as x -> 0. Then all of this is said of 1/x: corrections fall, and
  // the point dropped is the largest.
  bool toward_zero = false;
};

struct Decision {
  Verdict verdict = Verdict::undecided;
  Claim claim;
  double measured = 0, intercept = 0;  // mean line over seeds: log y = intercept + measured log x; NaN if not measured
  Interval interval;                   // of `measured`, widened; NaN if not measured
  double statistical = 0;              // half the interval over seeds
  double systematic = 0;               // what it was widened by, each side
  double change = 0;                   // mean change of slope when the smallest x is dropped; NaN below three x
  std::vector<SeedSlope> seeds;        // a slope a seed (for a value or a limit: that, in `slope`)
  std::vector<Dropped> dropped;
  std::string explanation;  // a sentence: why this verdict
  std::string advice;       // a sentence: what would decide it; "" unless undecided
};

/// Judges a claim on the exponent of y in x.
Decision judge_exponent(const std::vector<Point>& points, const Claim& claim, const VerdictRule& rule = {});
/// Judges a claim on y itself: one mean over its points a seed, then the interval over seeds (nothing to widen).
Decision judge_value(const std::vector<Point>& points, const Claim& claim, const VerdictRule& rule = {});
/// The same of estimates that have the seeds in them (in `seeds` the numbers of the jack-knife).
Decision judge_exponent(const std::vector<Estimate>& estimates, const Claim& claim, const VerdictRule& rule = {});
Decision judge_value(const Estimate& estimate, const Claim& claim, const VerdictRule& rule = {});
/// The same of one curve without seeds, such as a theory's: the interval over seeds is that of the jack-knife over x,
/// which takes three x.
Decision judge_exponent_of_curve(const std::vector<Point>& curve, const Claim& claim, const VerdictRule& rule = {});
/// The decision with its interval wider by `by` on each side: errors that seeds do not show, such as a grid's.
Decision widened(Decision decision, double by, const VerdictRule& rule = {});
/// Judges a claim on the value at infinite width, from its extrapolation (a limit a seed, in `slope`).
Decision judge_limit(const Extrapolation& limit, const Claim& claim);

}  // namespace widthwise
