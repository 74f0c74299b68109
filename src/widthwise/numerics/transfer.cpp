#include "widthwise/numerics/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/numerics/bootstrap.h"
#include "widthwise/numerics/jackknife.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

void check_curves(const std::vector<LossCurve>& curves) {
  for (const LossCurve& curve : curves) {
    if (!(curve.scale > 0)) throw Error(fmt::format("judge_transfer: expected scales above 0, got {}", curve.scale));
    if (curve.places != curves.front().places || curve.losses.size() != curves.front().losses.size())
      throw Error("judge_transfer: expected the same places and seeds at all scales, got others");
    if (std::ranges::adjacent_find(curve.places, std::greater_equal<>()) != curve.places.end())
      throw Error("judge_transfer: expected places that ascend");
    for (const auto& losses : curve.losses)
      if (losses.size() != curve.places.size()) throw Error("judge_transfer: expected a loss a place, got others");
  }
}

/// The mean curve of seeds, each taken as often as `counts` says.
std::vector<PlacedLoss> mean_curve(const LossCurve& curve, std::span<const int> counts) {
  std::vector<PlacedLoss> out;
  for (std::size_t i = 0; i < curve.places.size(); ++i) {
    double sum = 0, all = 0;
    for (std::size_t s = 0; s < counts.size(); ++s) {
      if (counts[s] == 0) continue;  // 0 * infinity
      sum += counts[s] * curve.losses[s][i];
      all += counts[s];
    }
    out.push_back({curve.places[i], std::isfinite(sum) ? sum / all : nan});
  }
  return out;
}

/// The parabola about the minimum, elsewhere a parabola through the two neighbours and the nearer of the next points;
/// infinite beside a place that diverged.
double loss_at(double place, const Minimum& minimum, const std::vector<PlacedLoss>& curve) {
  if (std::isnan(place) || std::isnan(minimum.place)) return nan;
  if (minimum.refined() && minimum.below <= place && place <= minimum.above)
    return minimum.loss + minimum.curvature / 2 * (place - minimum.place) * (place - minimum.place);
  std::size_t right = 0;
  while (right + 1 < curve.size() && curve[right].place < place) ++right;
  if (right == 0 || curve[right].place == place) return std::isnan(curve[right].loss) ? infinity : curve[right].loss;
  const std::size_t left = right - 1;
  const PlacedLoss &a = curve[left], &b = curve[right];
  if (std::isnan(a.loss) || std::isnan(b.loss)) return infinity;
  const bool down = left > 0 && !std::isnan(curve[left - 1].loss);
  const bool up = right + 1 < curve.size() && !std::isnan(curve[right + 1].loss);
  const double share = (place - a.place) / (b.place - a.place);
  const double linear = a.loss + share * (b.loss - a.loss);
  if (!down && !up) return linear;
  const PlacedLoss& c = down && (!up || place - curve[left - 1].place <= curve[right + 1].place - place)
                            ? curve[left - 1]
                            : curve[right + 1];
  const double slope = (b.loss - a.loss) / (b.place - a.place);
  const double bend = ((c.loss - a.loss) / (c.place - a.place) - slope) / (c.place - b.place);
  return linear + bend * (place - a.place) * (place - b.place);
}

/// What is told of one scale, for one choice of seeds.
enum Told : std::size_t { at, grid_difference, least, difference, quotient, told };

std::vector<double> tell(const LossCurve& curve, const LossCurve& smallest, std::span<const int> counts) {
  const std::vector<PlacedLoss> mean = mean_curve(curve, counts);
  const Minimum found = find_minimum(mean), sharp = find_minimum(mean, 3);
  std::vector<double> out(told, nan);
  out[at] = found.place;
  out[grid_difference] = found.refined() ? sharp.place - found.place : 0;
  out[least] = sharp.loss;  // a parabola through more points passes below those it is steep at
  if (&curve == &smallest) return out;
  const double carried = loss_at(find_minimum(mean_curve(smallest, counts)).place, sharp, mean);
  out[difference] = std::max(0.0, carried - sharp.loss);
  if (std::isnan(carried)) out[difference] = nan;  // max(0, NaN) is 0
  if (sharp.loss > 0) out[quotient] = 1 + out[difference] / sharp.loss;
  return out;
}

using Statistics = std::vector<std::vector<double>>;  // [told][seed left out]

Statistics without_each(const LossCurve& curve, const LossCurve& smallest) {
  const std::size_t seeds = curve.losses.size();
  Statistics out(told);
  for (std::size_t s = 0; s < seeds && seeds > 1; ++s) {
    std::vector<int> counts(seeds, 1);
    counts[s] = 0;
    const std::vector<double> rest = tell(curve, smallest, counts);
    for (std::size_t k = 0; k < told; ++k) out[k].push_back(rest[k]);
  }
  return out;
}

std::vector<LeftOut> left_out(const std::vector<double>& values) {
  std::vector<LeftOut> out;
  for (std::size_t s = 0; s < values.size(); ++s) out.push_back({std::to_string(s), values[s]});
  return out;
}

std::vector<Interval> intervals_of(const LossCurve& curve, const LossCurve& smallest, const std::vector<double>& values,
                                   const Statistics& without, const TransferRule& rule) {
  if (curve.losses.size() >= rule.bootstrap_from)
    return resampled_intervals(curve.losses.size(),
                               [&](std::span<const int> counts) { return tell(curve, smallest, counts); },
                               rule.verdict.key, {rule.verdict.confidence, rule.resamples});
  std::vector<Interval> out;
  for (std::size_t k = 0; k < told; ++k)
    out.push_back(jackknife_interval(values[k], left_out(without[k]), rule.verdict.confidence));
  return out;
}

/// What of the shift to a narrower parabola the seeds do not explain.
double unexplained(double shift, const Interval& seen) {
  const double by_seeds = std::isfinite(seen.low) ? (seen.high - seen.low) / 2 : 0;
  return std::copysign(std::max(0.0, std::abs(shift) - by_seeds), shift);
}

void find_stable(const LossCurve& curve, ScaleOptimum& out) {
  out.largest_stable = nan;
  for (std::size_t i = 0; i < curve.places.size(); ++i) {
    const bool stable = std::ranges::all_of(curve.losses, [&](const std::vector<double>& losses) {
      return std::isfinite(losses[i]) && losses[i] <= curve.cap;
    });
    if (stable) out.largest_stable = curve.places[i];
    out.stable_to_end = stable;
  }
}

ScaleOptimum measure(const LossCurve& curve, const LossCurve& smallest, const TransferRule& rule) {
  const std::vector<int> all(curve.losses.size(), 1);
  ScaleOptimum out;
  out.scale = curve.scale;
  const std::vector<PlacedLoss> mean = mean_curve(curve, all);
  for (const PlacedLoss& point : mean) out.mean_loss.push_back(point.loss);
  for (std::size_t i = 0; i < curve.places.size(); ++i) {
    std::vector<double> losses;
    for (const auto& seed : curve.losses) losses.push_back(seed[i]);
    out.loss_error.push_back(standard_error(losses));
  }
  out.cap = curve.cap;
  out.minimum = find_minimum(mean);
  find_stable(curve, out);
  const std::vector<double> values = tell(curve, smallest, all);
  const Statistics without = without_each(curve, smallest);
  const std::vector<Interval> intervals = intervals_of(curve, smallest, values, without, rule);
  out.place = {values[at], intervals[at]};
  out.loss = {values[least], intervals[least]};
  out.given_away = {values[difference], intervals[difference]};
  out.ratio = {values[quotient], intervals[quotient]};
  if (&curve == &smallest) {  // nothing is carried
    out.given_away = {0, {0, 0}};
    out.ratio = {1, {1, 1}};
  }
  out.given_away.interval.low =
      std::max(out.given_away.interval.low, std::isnan(out.given_away.interval.low) ? nan : 0);
  if (!std::isnan(out.ratio.interval.low)) out.ratio.interval.low = std::max(out.ratio.interval.low, 1.0);
  if (out.minimum.refined()) {
    out.grid_shift = unexplained(values[grid_difference], intervals[grid_difference]);
    out.grid_error = std::abs(out.grid_shift);
  } else {
    out.grid_error = std::max(out.minimum.above - out.minimum.place, out.minimum.place - out.minimum.below);
  }
  if (curve.losses.size() == 1) out.place.interval = {values[at], values[at]};  // the grid's is all there is
  out.place.interval = {out.place.interval.low - out.grid_error, out.place.interval.high + out.grid_error};
  const bool known = std::ranges::all_of(without[at], [](double place) { return std::isfinite(place); });
  if (known && !without[at].empty() && std::isfinite(values[at]))
    out.seeds = jackknife_values(values[at], left_out(without[at]));
  return out;
}

/// |a_i| e_i summed, of an estimate that is linear in its points, y_i with errors e_i.
template <class Estimator>
double at_worst(const std::vector<double>& errors, const Estimator& estimator) {
  double sum = 0;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    std::vector<double> y(errors.size(), 0);
    y[i] = errors[i];
    sum += std::abs(estimator(y));
  }
  return sum;
}

/// What grids may do to an estimate that is linear in the places: narrower parabolas move all places at once, for
/// curves of neighbouring scales are alike; optima without a parabola lie anywhere between their neighbours.
template <class Estimator>
double by_grids(const std::vector<double>& shifts, const std::vector<double>& errors, const Estimator& estimator) {
  std::vector<double> rest = errors;
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= std::abs(shifts[i]);
  return std::abs(estimator(shifts)) + at_worst(rest, estimator);
}

/// Numbers that a seed each contributes become points; one without seeds is a single curve.
std::vector<Point> seed_points(double scale, double value, const std::vector<double>& seeds) {
  if (seeds.empty()) return {{scale, "", value}};
  std::vector<Point> out;
  for (std::size_t s = 0; s < seeds.size(); ++s) out.push_back({scale, std::to_string(s), seeds[s]});
  return out;
}

double limit_of(const std::vector<double>& scales, const std::vector<double>& y) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < scales.size(); ++i) points.push_back({scales[i], "", y[i]});
  return extrapolate(points).limit;
}

class Judge {
 public:
  Judge(const std::vector<LossCurve>& curves, const TransferRule& rule) : rule_{rule}, curves_{curves} {
    check_curves(curves);
    std::ranges::stable_sort(curves_, {}, &LossCurve::scale);
  }

  Transfer judged() {
    Transfer out;
    for (const LossCurve& curve : curves_) out.scales.push_back(measure(curve, curves_.front(), rule_));
    out.at_end = static_cast<std::size_t>(std::ranges::count_if(out.scales, at_end));
    out.drift = drift(out.scales, false);
    out.limit = limit(out.scales);
    decide(out);
    return out;
  }

 private:
  static bool at_end(const ScaleOptimum& one) { return one.minimum.edge != Optimum::Edge::none; }

  /// Of places as powers of 2, whose log-log slope is the drift.
  Decision drift(const std::vector<ScaleOptimum>& scales, bool without_ends) const {
    std::vector<const ScaleOptimum*> used;
    for (const ScaleOptimum& one : scales)
      if (std::isfinite(one.place.value) && !(without_ends && at_end(one))) used.push_back(&one);
    const double origin = used.empty() ? 0 : used.front()->place.value;  // far places have no power of 2
    std::vector<Estimate> estimates;
    std::vector<double> log2_scales, errors, shifts;
    for (const ScaleOptimum* const one : used) {
      Estimate estimate{one->scale, std::exp2(one->place.value - origin), {}};
      const std::size_t index = static_cast<std::size_t>(one - scales.data());
      for (LeftOut& left : left_out(without_each(curves_[index], curves_.front())[at]))
        estimate.left_out.push_back({left.seed, std::exp2(left.value - origin)});
      estimates.push_back(std::move(estimate));
      log2_scales.push_back(std::log2(one->scale));
      errors.push_back(one->grid_error);
      shifts.push_back(one->grid_shift);
    }
    const Claim claim{0, rule_.tolerance};
    if (used.size() < 2) return judge_exponent(estimates, claim, rule_.verdict);
    const double by_grid =
        by_grids(shifts, errors, [&](const std::vector<double>& y) { return fit_line(log2_scales, y).slope; });
    if (!rule_.deterministic) return widened(judge_exponent(estimates, claim, rule_.verdict), by_grid, rule_.verdict);
    std::vector<Point> curve;
    for (const Estimate& one : estimates) curve.push_back({one.x, "", one.y});
    return widened(judge_exponent_of_curve(curve, claim, rule_.verdict), by_grid, rule_.verdict);
  }

  Extrapolation limit(const std::vector<ScaleOptimum>& scales) const {
    std::vector<Point> points;
    std::vector<double> x, errors, shifts;
    for (const ScaleOptimum& one : scales) {
      if (!std::isfinite(one.place.value)) continue;
      for (Point& point : seed_points(one.scale, one.place.value, one.seeds)) points.push_back(std::move(point));
      x.push_back(one.scale);
      errors.push_back(one.grid_error);
      shifts.push_back(one.grid_shift);
    }
    Extrapolation out =
        extrapolate(points, {{1}, rule_.verdict.confidence, rule_.verdict.bootstrap_from, rule_.verdict.key});
    if (!std::isfinite(out.interval.low)) return out;
    const double by_grid = by_grids(shifts, errors, [&](const std::vector<double>& y) { return limit_of(x, y); });
    out.systematic += by_grid;
    out.interval = {out.interval.low - by_grid, out.interval.high + by_grid};
    return out;
  }

  void decide(Transfer& out) const {
    const Measurement& ratio = out.scales.empty() ? Measurement{} : out.scales.back().ratio;
    const double most = 1 + rule_.loss_tolerance;
    const bool little =
        !out.scales.empty() && out.scales.back().given_away.value <= rule_.least_loss * curves_.back().initial;
    const bool too_much = !little && (ratio.value == infinity || ratio.interval.low > most ||
                                      (rule_.deterministic && ratio.value > most));
    const bool stands = out.at_end == 0 || drift(out.scales, true).verdict == out.drift.verdict;
    using Word = Transfer::Word;
    if (too_much && out.at_end == 0) {
      out.word = Word::drifts;
      out.reason =
          fmt::format("The smallest model's optimum gives away more than {:g} of the loss at the largest scale.",
                      rule_.loss_tolerance);
      if (out.drift.verdict == Verdict::disagrees) out.reason += " The optimum drifts: " + lower(out.drift.explanation);
    } else if (!stands) {
      out.reason =
          fmt::format("{} of {} optima lie at an end of the grid and are bounds.", out.at_end, out.scales.size());
      out.advice = "A wider grid would decide it.";
    } else if (out.drift.verdict == Verdict::disagrees) {
      out.word = Word::drifts;
      out.reason = fmt::format("The optimum drifts: {}", lower(out.drift.explanation));
    } else if (out.drift.verdict == Verdict::agrees && !too_much) {
      out.word = Word::transfers;
      out.reason = fmt::format("The optimum stays: {}", lower(out.drift.explanation));
    } else {
      out.reason = out.drift.explanation;
      out.advice = advice(out);
    }
  }

  std::string advice(const Transfer& out) const {
    double grid = 0;
    for (const ScaleOptimum& one : out.scales) grid = std::max(grid, one.grid_error);
    if (out.at_end > 0) return "A wider grid would decide it.";
    const bool without_parabola =
        std::ranges::any_of(out.scales, [](const ScaleOptimum& one) { return one.minimum.beside_divergence; });
    if (without_parabola && out.drift.systematic > out.drift.statistical)
      return fmt::format(
          "Optima beside values that diverge are known to {:.2g} of the grid: finer steps would decide it.", grid);
    return out.drift.advice;
  }

  static std::string lower(std::string sentence) {
    if (!sentence.empty() && sentence[0] == 'M') sentence[0] = 'm';
    return sentence;
  }

  const TransferRule& rule_;
  std::vector<LossCurve> curves_;
};

// ---- the order of limits

struct Inner {
  double outer = 0;  // the scale that stays
  Extrapolation limit;
  double error = 0;  // what the inner fit leaves out, and the grid
};

Inner inner_limit(double outer, const std::vector<double>& scales, const std::vector<const GridOptimum*>& line,
                  double confidence) {
  std::vector<Point> points;
  std::vector<double> errors;
  for (std::size_t i = 0; i < line.size(); ++i) {
    for (Point& point : seed_points(scales[i], line[i]->places.front(),
                                    line[i]->places.size() > 1 ? line[i]->places : std::vector<double>{}))
      points.push_back(std::move(point));
    errors.push_back(line[i]->grid_error);
  }
  Inner out{outer, extrapolate(points, {{1}, confidence, 10, Key(0)}), 0};
  const bool unknown = std::isnan(out.limit.systematic);
  out.error = (unknown ? 0 : out.limit.systematic) +
              at_worst(errors, [&](const std::vector<double>& y) { return limit_of(scales, y); });
  return out;
}

/// Limits along one of the two for each of the other, then along that.
struct Order {
  std::vector<Inner> inner;
  Extrapolation outer;
  Interval interval;
};

Order order_of(const std::vector<GridOptimum>& grid, double GridOptimum::*first, double GridOptimum::*second,
               double confidence) {
  std::set<double> outer_scales;
  for (const GridOptimum& one : grid) outer_scales.insert(one.*second);
  Order out;
  std::vector<Point> points;
  std::vector<double> scales, errors;
  for (const double scale : outer_scales) {
    std::vector<const GridOptimum*> line;
    for (const GridOptimum& one : grid)
      if (one.*second == scale) line.push_back(&one);
    std::ranges::sort(line, {}, [&](const GridOptimum* one) { return one->*first; });
    std::vector<double> inner_scales;
    for (const GridOptimum* const one : line) inner_scales.push_back(one->*first);
    out.inner.push_back(inner_limit(scale, inner_scales, line, confidence));
    for (const SeedLimit& seed : out.inner.back().limit.seeds) points.push_back({scale, seed.seed, seed.limit});
    scales.push_back(scale);
    errors.push_back(out.inner.back().error);
  }
  out.outer = extrapolate(points, {{1}, confidence, 10, Key(0)});
  const double by = at_worst(errors, [&](const std::vector<double>& y) { return limit_of(scales, y); });
  out.interval = {out.outer.interval.low - by, out.outer.interval.high + by};
  return out;
}

double slope_over_depth(const std::vector<Inner>& inner, std::size_t seed, std::size_t without) {
  std::vector<double> depth, coefficient;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (i == without || inner[i].limit.seeds.size() <= seed) continue;
    depth.push_back(inner[i].outer);
    coefficient.push_back(inner[i].limit.seeds[seed].coefficients.front());
  }
  return fit_line(depth, coefficient).slope;
}

/// The coefficient of 1/n over the depth, a slope a seed; of a single curve with the jack-knife over depths.
Measurement mixed_term(const std::vector<Inner>& inner, double confidence) {
  const std::size_t seeds = inner.front().limit.seeds.size(), none = inner.size();
  std::vector<double> slopes;
  for (std::size_t s = 0; s < seeds; ++s) slopes.push_back(slope_over_depth(inner, s, none));
  if (seeds > 1) return {mean(slopes), student_interval(slopes, confidence)};
  if (seeds == 0) return {};
  std::vector<double> without;
  for (std::size_t i = 0; inner.size() > 2 && i < inner.size(); ++i) without.push_back(slope_over_depth(inner, 0, i));
  return {slopes.front(), jackknife_interval(slopes.front(), left_out(without), confidence)};
}

bool disjoint(const Interval& a, const Interval& b) {
  return a.high < b.low || b.high < a.low;
}

}  // namespace

Minimum find_minimum(const LossCurve& curve) {
  return find_minimum(mean_curve(curve, std::vector<int>(curve.losses.size(), 1)));
}

const char* word_name(Transfer::Word word) {
  switch (word) {
    case Transfer::Word::transfers:
      return "transfers";
    case Transfer::Word::drifts:
      return "drifts";
    case Transfer::Word::undecided:
      break;
  }
  return "undecided";
}

Transfer judge_transfer(const std::vector<LossCurve>& curves, const TransferRule& rule) {
  return Judge(curves, rule).judged();
}

LimitOrders judge_orders(const std::vector<GridOptimum>& grid, double tolerance, double confidence) {
  LimitOrders out;
  std::set<double> widths, depths;
  bool usable = true;
  for (const GridOptimum& one : grid) {
    widths.insert(one.width);
    depths.insert(one.depth);
    usable =
        usable && !one.places.empty() && std::ranges::all_of(one.places, [](double x) { return std::isfinite(x); });
  }
  if (!usable || widths.size() < 2 || depths.size() < 2 || grid.size() != widths.size() * depths.size()) {
    out.width_first_interval = out.depth_first_interval = {nan, nan};
    out.width_first.limit = out.depth_first.limit = nan;
    out.reason = "An optimum at every width and depth, two or more of each, is needed.";
    return out;
  }
  const Order width_first = order_of(grid, &GridOptimum::width, &GridOptimum::depth, confidence);
  const Order depth_first = order_of(grid, &GridOptimum::depth, &GridOptimum::width, confidence);
  out.width_first = width_first.outer;
  out.depth_first = depth_first.outer;
  out.width_first_interval = width_first.interval;
  out.depth_first_interval = depth_first.interval;
  out.mixed = mixed_term(width_first.inner, confidence);
  const double over = (*depths.rbegin() - *depths.begin()) / *widths.rbegin();
  out.effect = {out.mixed.value * over, {out.mixed.interval.low * over, out.mixed.interval.high * over}};
  const Interval &effect = out.effect.interval, band{-tolerance, tolerance};
  if (!std::isfinite(out.width_first_interval.low) || !std::isfinite(out.depth_first_interval.low) ||
      !std::isfinite(effect.low)) {
    out.reason = "There are too few widths, depths or seeds to tell what the fits leave out.";
  } else if (disjoint(effect, band)) {
    out.commute = LimitOrders::Commute::no;
    out.reason = fmt::format(
        "The correction in 1/width grows with the depth, by {:.3g} [{:.3g}, {:.3g}] between the depths at the largest "
        "width: depth before width does not lead where width before depth does.",
        out.effect.value, effect.low, effect.high);
  } else if (disjoint(out.width_first_interval, out.depth_first_interval)) {
    out.commute = LimitOrders::Commute::no;
    out.reason = "The intervals of the two orders are disjoint.";
  } else if (band.contains(effect.low) && band.contains(effect.high)) {
    out.commute = LimitOrders::Commute::yes;
    out.reason = fmt::format(
        "A correction depth/width moves the optimum by at most {:.2g} between the depths at the largest width.",
        std::max(-effect.low, effect.high));
  } else {
    out.reason = fmt::format(
        "A correction depth/width of {:.3g} [{:.3g}, {:.3g}] between the depths at the largest width is neither within "
        "{:.2g} nor beyond: more seeds or larger widths would decide it.",
        out.effect.value, effect.low, effect.high, tolerance);
  }
  return out;
}

}  // namespace widthwise
