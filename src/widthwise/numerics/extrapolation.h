// The value at infinite width of a quantity measured at several widths and seeds: the least-squares fit of
//
//   y(n) = y_inf + sum_k c_k n^(-p_k),        p = 1, or 1/2, or both,
//
// one a seed (draws are nested in width, so the widths of a seed are paired), with an error that covers what is left
// out of the fit. The rule:
//
//   1. y_inf is the mean over seeds; interval over seeds: Student's t, from 10 seeds the bootstrap-t. Of a single seed
//      the interval comes from the residuals, which takes two widths more than powers.
//   2. It is widened on both sides by the larger of
//        - the change of y_inf when the smallest width is dropped, and
//        - the difference to the fit of next order, with n^(-p_last - 1/2) besides: the far end of its interval over
//          seeds, but no more than twice the mean difference (a small correction would otherwise cost as much as if it
//          were fitted).
//      Both take two widths more than powers. Where there are not as many, nothing bounds the extrapolation but its own
//      length, |y_inf - y(n_max)|, and that is what the interval is widened by.
//   3. Where the spread over seeds falls with width, points count as n^(2a) with the a of spread ~ n^(-a), rounded to a
//      multiple of 1/2 between 0 and 1 (at least 3 seeds and 3 widths). Rounding keeps noise out of the weights.
//
// Covered: corrections of the powers n^(-p_last - 1/2) to n^(-p_last - 1), of any size: at the nominal rate, at worst
// 92 % of the time where the correction is as large as the noise (tests/numerics/coverage_test.cpp, five widths; with
// three widths 85 % at worst). Not covered: a correction that falls more slowly than the first power of the fit, such
// as n^(-1/2) under a fit of 1/n over few widths (fit both powers where one is in doubt), and widths at which the
// expansion has not begun. A quantity that falls to 0 or diverges like a power has an exponent instead: slope.h.
#pragma once

#include <string>
#include <vector>

#include "widthwise/numerics/slope.h"
#include "widthwise/numerics/statistics.h"

namespace widthwise {

struct ExtrapolationRule {
  std::vector<double> powers = {1};  // p_k > 0, ascending
  double confidence = 0.95;
  std::size_t bootstrap_from = 10;  // seeds
  Key key = Key(0);                 // of the bootstrap
};

/// The fit of one seed.
struct SeedLimit {
  std::string seed;
  double limit = 0;                  // y_inf
  std::vector<double> coefficients;  // c_k
  double change = 0;                 // of the limit without the smallest width; NaN with too few widths
  double next_order = 0;             // limit of the next-order fit minus `limit`; NaN with too few widths
};

struct Extrapolation {
  std::vector<double> powers;
  double limit = 0;                   // mean over seeds; NaN where no seed has enough widths
  std::vector<double> coefficients;   // mean over seeds, parallel to powers
  Interval interval;                  // of `limit`, widened; NaN where it is unknown
  double statistical = 0;             // half of it before widening
  double systematic = 0;              // what it was widened by, each side
  double change = 0, next_order = 0;  // means over seeds; NaN where no seed has enough widths
  double weight = 0;                  // 2a: points count as n^(2a)
  std::vector<double> x;              // the different widths used, ascending
  std::vector<SeedLimit> seeds;       // in the order of their first point
  std::vector<Dropped> dropped;       // points that are not finite, seeds with too few widths
  std::string reason;                 // why there is no limit or no interval; "" if there are both

  /// y(n) of the mean fit; y_inf at infinity.
  double at(double n) const;
};

/// Never throws for data: what cannot be used is listed, and what cannot be known is NaN with a reason.
/// @throws Error for powers that are none, not positive or not ascending.
Extrapolation extrapolate(const std::vector<Point>& points, const ExtrapolationRule& rule = {});

/// "y_inf + c/n", "y_inf + c n^-0.5 + d/n": the fit of these powers as text.
std::string fit_formula(const std::vector<double>& powers);

}  // namespace widthwise
