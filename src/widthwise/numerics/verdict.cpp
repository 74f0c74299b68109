#include "widthwise/numerics/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "widthwise/numerics/finite_width.h"

namespace widthwise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

Interval interval_over_seeds(const std::vector<double>& values, const VerdictRule& rule) {
  return values.size() >= rule.bootstrap_from ? bootstrap_interval(values, rule.key, rule.confidence)
                                              : student_interval(values, rule.confidence);
}

std::string band_text(const Claim& claim, int digits = 3) {
  switch (claim.kind) {
    case Claim::Kind::below:
      return fmt::format("the values up to {:.{}g}", claim.band().high, digits);
    case Claim::Kind::above:
      return fmt::format("the values from {:.{}g} on", claim.band().low, digits);
    case Claim::Kind::near:
      break;
  }
  return fmt::format("[{:.{}g}, {:.{}g}]", claim.band().low, digits, claim.band().high, digits);
}

/// The fewest seeds with which Student's interval is at most -+ half wide, 0 if more than 1000.
std::size_t seeds_for(double deviation, double half, std::size_t have, double confidence) {
  for (std::size_t k = have + 1; k <= 1000; ++k) {
    const auto count = static_cast<double>(k);
    if (student_quantile(count - 1, confidence) * deviation / std::sqrt(count) <= half) return k;
  }
  return 0;
}

/// What would decide an undecided claim, if the measured value stayed.
std::string advice(const Decision& decision, const VerdictRule& rule) {
  const Interval band = decision.claim.band();
  const bool inside = band.contains(decision.measured);
  const double room = inside ? std::min(decision.measured - band.low, band.high - decision.measured)
                             : std::max(band.low - decision.measured, decision.measured - band.high);
  const std::string outcome = inside ? "agree" : "disagree";
  if (decision.systematic < room) {
    std::vector<double> values;
    for (const auto& seed : decision.seeds) values.push_back(seed.slope);
    const std::size_t seeds =
        seeds_for(standard_deviation(values), room - decision.systematic, values.size(), rule.confidence);
    if (seeds > 0) return fmt::format("About {} seeds would make it {}, if the measured value stays.", seeds, outcome);
  } else if (room > 0) {
    // The widening falls like x^(-1/2); half of the room is left to the seeds.
    const double factor = std::pow(2 * decision.systematic / room, 2);
    if (factor <= 100)
      return fmt::format(
          "What finite widths may hide (-+{:.2g}) is too much: a range {} about {:.0f} times {} would make it {}, if "
          "the "
          "measured value stays; more widths and seeds help if they show the slope not to change.",
          decision.systematic, rule.toward_zero ? "ending" : "starting", std::ceil(factor),
          rule.toward_zero ? "lower" : "higher", outcome);
  }
  return fmt::format(
      "The measured value lies too near the edge of {} for more data to decide; widen the tolerance or "
      "the range of widths.",
      band_text(decision.claim));
}

/// The verdict from measured value and interval: point 3 of the rule. The advice is the caller's.
void decide(Decision& decision, int digits = 3) {
  const Interval band = decision.claim.band(), found = decision.interval;
  const std::string measured = fmt::format("measured {:.{}g} in [{:.{}g}, {:.{}g}]", decision.measured, digits,
                                           found.low, digits, found.high, digits);
  if (band.low <= found.low && found.high <= band.high) {
    decision.verdict = Verdict::agrees;
    decision.explanation = fmt::format("{}, inside {}.", measured, band_text(decision.claim, digits));
  } else if (found.high < band.low || band.high < found.low) {
    decision.verdict = Verdict::disagrees;
    decision.explanation = fmt::format("{}, outside {}.", measured, band_text(decision.claim, digits));
  } else {
    decision.verdict = Verdict::undecided;
    decision.explanation = fmt::format("{}, partly outside {}.", measured, band_text(decision.claim, digits));
  }
  decision.explanation[0] = 'M';
}

void decide(Decision& decision, const VerdictRule& rule) {
  decide(decision);
  if (decision.verdict == Verdict::undecided) decision.advice = advice(decision, rule);
}

/// What would decide an undecided claim on a limit, if the measured value stayed.
std::string limit_advice(const Decision& decision) {
  if (decision.systematic > decision.statistical)
    return "Most of the interval is what the fit may leave out: larger widths, or more of them, would narrow it.";
  return "Most of the interval is the spread over seeds: more seeds, or larger widths, would narrow it.";
}

void cannot_measure(Decision& decision, const std::string& reason, const std::string& remedy) {
  decision.verdict = Verdict::undecided;
  decision.interval = {nan, nan};
  decision.statistical = decision.systematic = nan;
  decision.explanation = reason;
  decision.advice = remedy;
}

double mean_slope(const std::vector<SeedSlope>& seeds, double SeedSlope::*member) {
  double sum = 0;
  for (const auto& seed : seeds) sum += seed.*member;
  return sum / static_cast<double>(seeds.size());
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::agrees:
      return "agrees";
    case Verdict::disagrees:
      return "disagrees";
    case Verdict::undecided:
      break;
  }
  return "undecided";
}

Interval Claim::band() const {
  switch (kind) {
    case Kind::below:
      return {-infinity, predicted + tolerance};
    case Kind::above:
      return {predicted - tolerance, infinity};
    case Kind::near:
      break;
  }
  return {predicted - tolerance, predicted + tolerance};
}

namespace {

Interval negated(const Interval& interval) {
  return {-interval.high, -interval.low};
}

/// Of the law y ~ x^p as x -> 0, that is (1/x)^-p for large 1/x.
Decision judge_toward_zero(std::vector<Point> points, const Claim& claim, const VerdictRule& rule) {
  VerdictRule toward_infinity = rule;
  toward_infinity.toward_zero = false;
  for (Point& point : points) point.x = 1 / point.x;
  Claim mirrored = claim;
  mirrored.predicted = -claim.predicted;
  if (claim.kind != Claim::Kind::near)
    mirrored.kind = claim.kind == Claim::Kind::below ? Claim::Kind::above : Claim::Kind::below;
  Decision decision = judge_exponent(points, mirrored, toward_infinity);
  decision.claim = claim;
  decision.measured = -decision.measured;
  decision.change = -decision.change;
  decision.interval = negated(decision.interval);
  for (SeedSlope& seed : decision.seeds) {
    seed.slope = -seed.slope;
    seed.change = -seed.change;
  }
  if (std::isfinite(decision.interval.low)) decide(decision, rule);
  return decision;
}

}  // namespace

Decision judge_exponent(const std::vector<Point>& points, const Claim& claim, const VerdictRule& rule) {
  if (rule.toward_zero) return judge_toward_zero(points, claim, rule);
  const Slopes slopes = log_log_slopes(points);
  Decision decision;
  decision.claim = claim;
  decision.seeds = slopes.seeds;
  decision.dropped = slopes.dropped;
  decision.measured = mean_slope(slopes.seeds, &SeedSlope::slope);  // NaN of none
  decision.intercept = mean_slope(slopes.seeds, &SeedSlope::intercept);
  decision.change = mean(slopes.changes());
  if (slopes.seeds.empty()) {
    cannot_measure(decision, "No seed has usable values at two different widths.",
                   "Measure at least 2 widths (better 4 or more) with 2 seeds (better 3 or more) each.");
  } else if (slopes.seeds.size() < 2) {
    cannot_measure(decision, "A single seed gives a slope but no interval.",
                   "Measure at least one more seed, better two or more.");
  } else {
    const Interval over_seeds = interval_over_seeds(slopes.slopes(), rule);
    decision.statistical = (over_seeds.high - over_seeds.low) / 2;
    decision.systematic = finite_width_allowance(slopes, rule.largest_correction, rule.confidence);
    decision.interval = {over_seeds.low - decision.systematic, over_seeds.high + decision.systematic};
    decide(decision, rule);
  }
  return decision;
}

Decision judge_value(const std::vector<Point>& points, const Claim& claim, const VerdictRule& rule) {
  Decision decision;
  decision.claim = claim;
  decision.intercept = decision.change = nan;
  std::vector<std::string> order;
  std::map<std::string, std::vector<double>> by_seed;
  for (const Point& point : points) {
    if (!std::isfinite(point.y)) {
      decision.dropped.push_back(
          {fmt::format("x = {}, seed {}", point.x, point.seed), fmt::format("the value is not finite ({})", point.y)});
      continue;
    }
    if (!by_seed.contains(point.seed)) order.push_back(point.seed);
    by_seed[point.seed].push_back(point.y);
  }
  std::vector<double> values;
  for (const std::string& seed : order) {
    values.push_back(mean(by_seed[seed]));
    decision.seeds.push_back({seed, values.back(), nan, nan});
  }
  decision.measured = mean(values);
  if (values.size() < 2) {
    cannot_measure(decision, values.empty() ? "Nothing usable was measured." : "A single seed gives no interval.",
                   "Measure at least 2 seeds, better 3 or more.");
  } else {
    decision.interval = interval_over_seeds(values, rule);
    decision.statistical = (decision.interval.high - decision.interval.low) / 2;
    decide(decision, rule);
  }
  return decision;
}

Decision judge_exponent(const std::vector<Estimate>& estimates, const Claim& claim, const VerdictRule& rule) {
  const JackknifeSlopes found = jackknife_slopes(estimates);
  Decision decision;
  decision.claim = claim;
  decision.seeds = found.slopes.seeds;
  decision.dropped = found.slopes.dropped;
  decision.measured = found.line.slope;
  decision.intercept = found.line.intercept;
  decision.change = mean(found.slopes.changes());
  if (decision.seeds.empty()) {
    cannot_measure(decision, found.reason, "Measure at least 2 widths (better 4 or more) with 3 seeds or more.");
    return decision;
  }
  const double half =
      student_quantile(static_cast<double>(found.fewest) - 1, rule.confidence) * standard_error(found.slopes.slopes());
  decision.statistical = half;
  decision.systematic = finite_width_allowance(found.slopes, rule.largest_correction, rule.confidence);
  decision.interval = {decision.measured - half - decision.systematic, decision.measured + half + decision.systematic};
  decide(decision, rule);
  return decision;
}

Decision judge_exponent_of_curve(const std::vector<Point>& curve, const Claim& claim, const VerdictRule& rule) {
  std::vector<Point> points = curve;
  for (Point& point : points) point.seed.clear();
  const Slopes slopes = log_log_slopes(points);
  Decision decision;
  decision.claim = claim;
  decision.seeds = slopes.seeds;
  decision.dropped = slopes.dropped;
  decision.measured = mean_slope(slopes.seeds, &SeedSlope::slope);
  decision.intercept = mean_slope(slopes.seeds, &SeedSlope::intercept);
  decision.change = mean(slopes.changes());
  if (slopes.x.size() < 3) {
    cannot_measure(decision,
                   fmt::format("There are usable values at {} places, which give no interval.", slopes.x.size()),
                   "Measure at 3 places or more, better 4.");
    return decision;
  }
  std::vector<LeftOut> without;
  for (const double x : slopes.x) {
    std::vector<Point> rest = points;
    std::erase_if(rest, [x](const Point& point) { return point.x == x; });
    without.push_back({fmt::format("{:g}", x), log_log_slopes(rest).seeds.front().slope});
  }
  const Interval over_places = jackknife_interval(decision.measured, without, rule.confidence);
  decision.statistical = (over_places.high - over_places.low) / 2;
  decision.systematic = finite_width_allowance(slopes, rule.largest_correction, rule.confidence);
  decision.interval = {over_places.low - decision.systematic, over_places.high + decision.systematic};
  decide(decision, rule);
  return decision;
}

Decision widened(Decision decision, double by, const VerdictRule& rule) {
  if (!(by > 0) || !std::isfinite(decision.interval.low)) return decision;
  decision.systematic += by;
  decision.interval = {decision.interval.low - by, decision.interval.high + by};
  decision.advice.clear();
  decide(decision, rule);
  return decision;
}

Decision judge_value(const Estimate& estimate, const Claim& claim, const VerdictRule& rule) {
  Decision decision;
  decision.claim = claim;
  decision.measured = estimate.y;
  decision.intercept = decision.change = nan;
  decision.interval = jackknife_interval(estimate.y, estimate.left_out, rule.confidence);
  if (!std::isfinite(decision.interval.low)) {
    cannot_measure(decision, "There are too few seeds for an interval.", "Measure at least 3 seeds.");
    return decision;
  }
  const std::vector<double> values = jackknife_values(estimate.y, estimate.left_out);
  for (std::size_t s = 0; s < values.size(); ++s)
    decision.seeds.push_back({estimate.left_out[s].seed, values[s], nan, nan});
  decision.statistical = (decision.interval.high - decision.interval.low) / 2;
  decision.systematic = 0;
  decide(decision, rule);
  return decision;
}

Decision judge_limit(const Extrapolation& limit, const Claim& claim) {
  Decision decision;
  decision.claim = claim;
  decision.measured = limit.limit;
  decision.intercept = nan;
  decision.change = limit.change;
  decision.dropped = limit.dropped;
  for (const SeedLimit& seed : limit.seeds) decision.seeds.push_back({seed.seed, seed.limit, nan, seed.change});
  if (!limit.reason.empty()) {
    cannot_measure(decision, limit.reason,
                   fmt::format("Measure at least {} widths with 2 seeds (better 3 or more) each.",
                               limit.powers.size() + (limit.seeds.empty() ? 1 : 2)));
    return decision;
  }
  decision.interval = limit.interval;
  decision.statistical = limit.statistical;
  decision.systematic = limit.systematic;
  decide(decision, 5);
  if (decision.verdict == Verdict::undecided) decision.advice = limit_advice(decision);
  return decision;
}

}  // namespace widthwise
