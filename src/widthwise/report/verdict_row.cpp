#include "widthwise/report/verdict_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "widthwise/numerics/slope.h"
#include "widthwise/report/text.h"

namespace widthwise::report {
namespace {

using Claim = PredictionSpec::Claim;
using Side = PredictionSpec::Side;

bool is_exponent(const Judgement& j) {
  return j.claim != Claim::value;
}

bool is_limit(const Judgement& j) {
  return j.limit.has_value();
}

// Points lie over an axis: that of the power law, or of the widths a limit is taken of.
bool is_over_axis(const Judgement& j) {
  return is_exponent(j) || is_limit(j);
}

Mark mark_of(const Judgement& j) {
  if (!std::isfinite(j.measured) && j.recorded < j.expected) return Mark::waiting;
  switch (j.verdict) {
    case Verdict::agrees:
      return Mark::agrees;
    case Verdict::disagrees:
      return Mark::disagrees;
    case Verdict::undecided:
      break;
  }
  return Mark::undecided;
}

// Digits of a value that show its interval, three at least.
int digits_of(const Judgement& j) {
  const double half = (j.high - j.low) / 2;
  if (!(half > 0) || !std::isfinite(half)) return 3;
  return std::clamp(static_cast<int>(std::ceil(std::log10(std::abs(j.measured) / half))) + 2, 3, 8);
}

// Exponents to two decimals, as many as their intervals deserve; values to three digits, or as many as show theirs.
std::string number(const Judgement& j, double value) {
  if (std::isinf(value)) return fmt::format("{}", value);
  if (!is_exponent(j)) return short_number(value, digits_of(j));
  const std::string text = fmt::format("{:.2f}", value);
  return text == "-0.00" ? "0.00" : text;
}

std::string predicted_text(const Judgement& j) {
  if (!j.predicted) return "nothing";
  const std::string value = short_number(*j.predicted);
  if (j.side == Side::below) return "at most " + value;
  if (j.side == Side::above) return "at least " + value;
  return value;
}

std::string interval_text(const Judgement& j) {
  return fmt::format("[{}, {}]", number(j, j.low), number(j, j.high));
}

std::string band_text(const Judgement& j) {
  const std::string low = short_number(*j.predicted - j.tolerance), high = short_number(*j.predicted + j.tolerance);
  if (j.side == Side::below) return "at most " + high;
  if (j.side == Side::above) return "at least " + low;
  return fmt::format("[{}, {}]", low, high);
}

IntervalPicture picture_of(const Judgement& j) {
  if (!is_exponent(j) || !j.predicted || !std::isfinite(j.measured)) return {};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {j.side == Side::below ? -infinity : *j.predicted - j.tolerance,
          j.side == Side::above ? infinity : *j.predicted + j.tolerance, j.measured, j.low, j.high};
}

std::string claim_text(const Judgement& j) {
  std::string text;
  if (!j.predicted) {
    text = fmt::format("Theory says nothing about {} here.", j.of);
  } else if (is_exponent(j)) {
    text = fmt::format("{} grows like {} to the power {}.", j.of, j.against, predicted_text(j));
  } else if (is_limit(j)) {
    text = fmt::format("{}, at infinite {}, is {}.", j.of, j.against, short_number(*j.predicted, 6));
  } else {
    text = fmt::format("{} is {}.", j.of, predicted_text(j));
  }
  if (!j.source.empty() && j.predicted) text += fmt::format(" Source: {}.", j.source);
  return text;
}

std::string signed_number(double value) {
  return std::isfinite(value) ? fmt::format("{:+.3g}", value + 0.0) : "-";
}

// "0.998 + 3.02/n", with the coefficients of the mean fit.
std::string fit_text(const Extrapolation& fit) {
  std::string text = short_number(fit.limit, 5);
  for (std::size_t k = 0; k < fit.powers.size(); ++k) {
    text += fmt::format(" {} {}", fit.coefficients[k] < 0 ? '-' : '+', short_number(std::abs(fit.coefficients[k]), 4));
    text += fit.powers[k] == 1 ? "/n" : fmt::format(" n^-{:g}", fit.powers[k]);
  }
  return text;
}

using Facts = std::vector<std::pair<std::string, std::string>>;

void add_limit_facts(const Extrapolation& fit, Facts& facts) {
  if (!std::isfinite(fit.limit)) return;
  if (fit.reason.empty())
    facts.emplace_back("of its half-width", fmt::format("{:.3g} from seeds, {:.3g} from what the fit leaves out",
                                                        fit.statistical, fit.systematic));
  facts.emplace_back("fit", fit_text(fit));
  if (std::isfinite(fit.change)) {
    facts.emplace_back("without the smallest width", signed_number(fit.change));
    facts.emplace_back(fmt::format("with n^-{:g} besides", fit.powers.back() + 0.5), signed_number(fit.next_order));
  }
  if (fit.weight > 0) facts.emplace_back("points count as", fmt::format("n^{:g}", fit.weight));
}

std::vector<std::pair<std::string, std::string>> facts_of(const Judgement& j) {
  std::vector<std::pair<std::string, std::string>> facts;
  if (std::isfinite(j.measured)) {
    facts.emplace_back(is_exponent(j) ? "measured exponent" : "measured value", number(j, j.measured));
    facts.emplace_back("95% interval", interval_text(j));
    if (is_exponent(j)) {
      facts.emplace_back("of its half-width",
                         fmt::format("{:.3f} from seeds, {:.3f} from finite widths", j.statistical, j.systematic));
    }
  }
  if (is_limit(j)) add_limit_facts(*j.limit, facts);
  if (j.predicted) facts.emplace_back("agrees within", band_text(j));
  if (is_exponent(j) && std::isfinite(j.intercept)) {
    facts.emplace_back("fit", fmt::format("{:.4g} * x^{:.3f}", std::exp(j.intercept), j.measured));
  }
  facts.emplace_back("sweep", j.sweep);
  facts.emplace_back("runs", fmt::format("{} of {}", j.recorded, j.expected));
  return facts;
}

std::vector<std::string> seeds_of(const Judgement& j) {
  std::vector<std::string> seeds;
  for (const JudgedPoint& p : j.points) {
    if (std::find(seeds.begin(), seeds.end(), p.seed) == seeds.end()) seeds.push_back(p.seed);
  }
  return seeds;
}

// "seed.init = 3" is "3" under a heading that says seed; replicates over several seeds keep their names.
std::string seed_label(const std::string& seed) {
  constexpr std::string_view usual = "seed.init = ";
  return seed.starts_with(usual) && seed.find(',') == std::string::npos ? seed.substr(usual.size()) : seed;
}

// The limit of each seed, in the order of the columns, and of their mean.
std::vector<std::string> limit_row(const Extrapolation& fit, const std::vector<std::string>& seeds) {
  std::vector<std::string> row = {"infinity"};
  for (const std::string& seed : seeds) {
    const auto found = std::find_if(fit.seeds.begin(), fit.seeds.end(), [&](const auto& s) { return s.seed == seed; });
    row.push_back(found == fit.seeds.end() ? "" : short_number(found->limit, 5));
  }
  row.push_back(short_number(fit.limit, 5));
  row.emplace_back("");
  return row;
}

// The mean of what the seeds have at x, less the fit there.
double residual(const std::map<std::string, double>& values, double fit) {
  double sum = 0;
  for (const auto& [seed, y] : values) sum += y - fit;
  return sum / static_cast<double>(values.size());
}

// A row a value of x, a column a seed; for exponents the fitted line in the last column; for limits the fit, what the
// mean differs from it, and the limits themselves in the last row.
TextTable points_of(const Judgement& j) {
  if (j.points.empty()) return {};
  const std::vector<std::string> seeds = seeds_of(j);
  std::map<double, std::map<std::string, double>> by_x;
  std::map<double, double> errors;
  for (const JudgedPoint& p : j.points) {
    by_x[p.x][p.seed] = p.y;
    if (j.jackknifed) errors[p.x] = jackknife_error(p.left_out);
  }
  const bool fitted = is_exponent(j) && std::isfinite(j.intercept) && std::isfinite(j.measured);
  TextTable table;
  if (is_over_axis(j)) table.header.push_back(j.against);
  for (const std::string& seed : seeds)
    table.header.push_back(seed.empty() || j.jackknifed ? "value" : "seed " + seed_label(seed));
  if (j.jackknifed) table.header.emplace_back("error");
  if (fitted || is_limit(j)) table.header.emplace_back("fit");
  if (is_limit(j)) table.header.emplace_back("residual");
  for (const auto& [x, values] : by_x) {
    std::vector<std::string> row;
    if (is_over_axis(j)) row.push_back(short_number(x, 4));
    for (const std::string& seed : seeds) {
      const auto found = values.find(seed);
      row.push_back(found == values.end() ? "" : short_number(found->second, 4));
    }
    if (j.jackknifed) row.push_back(short_number(errors.at(x), 2));
    if (fitted) row.push_back(short_number(std::exp(j.intercept + j.measured * std::log(x)), 4));
    if (is_limit(j)) row.push_back(short_number(j.limit->at(x), 5));
    if (is_limit(j)) row.push_back(signed_number(residual(values, j.limit->at(x))));
    table.rows.push_back(std::move(row));
  }
  if (is_limit(j)) table.rows.push_back(limit_row(*j.limit, seeds));
  return table;
}

TextTable limits_of(const Extrapolation& fit) {
  TextTable table{{"seed", "limit", "without the smallest width", fmt::format("with n^-{:g}", fit.powers.back() + 0.5)},
                  {}};
  for (const SeedLimit& s : fit.seeds)
    table.rows.push_back(
        {seed_label(s.seed), short_number(s.limit, 5), signed_number(s.change), signed_number(s.next_order)});
  return table;
}

// One number a seed, whose mean is the slope and whose spread its error.
TextTable jackknifed_of(const Judgement& j) {
  TextTable table{{"seed", is_exponent(j) ? "slope" : "value"}, {}};
  for (const SeedSlope& s : j.seeds) table.rows.push_back({seed_label(s.seed), fmt::format("{:.4g}", s.slope)});
  return table;
}

TextTable slopes_of(const Judgement& j) {
  if (is_limit(j)) return limits_of(*j.limit);
  if (j.jackknifed) return jackknifed_of(j);
  if (!is_exponent(j) || !std::isfinite(j.measured)) return {};
  std::vector<widthwise::Point> points;
  for (const JudgedPoint& p : j.points) points.push_back({p.x, p.seed, p.y});
  TextTable table{{"seed", "slope", "change without the smallest x"}, {}};
  for (const SeedSlope& s : log_log_slopes(points).seeds) {
    table.rows.push_back(
        {seed_label(s.seed), fmt::format("{:.3f}", s.slope),
         std::isfinite(s.change) ? fmt::format("{:+.3f}", std::round(1e3 * s.change) / 1e3 + 0.0) : "-"});
  }
  return table;
}

std::string rule_of(const Judgement& j) {
  if (is_limit(j)) {
    return fmt::format(
        "The fit {} a seed, then a 95% interval of y_inf over seeds (Student's t, from ten seeds the bootstrap; of a "
        "single seed from the residuals), widened by the larger of two changes: that when the smallest width is "
        "dropped, and that when n^-{:g} is fitted besides (the far end of its interval, at most twice its mean); with "
        "no width to spare for these, by the distance from the largest width. Agrees: the interval lies inside the "
        "band. Disagrees: the two are disjoint. Otherwise undecided.",
        fit_formula(j.limit->powers), j.limit->powers.back() + 0.5);
  }
  if (j.jackknifed) {
    return fmt::format(
        "The quantity has all seeds in it: its {} is found again without each of them, and a 95% interval follows by "
        "the jack-knife (Student's t){}. Agrees: the interval lies inside the band. Disagrees: the two are disjoint. "
        "Otherwise undecided.",
        is_exponent(j) ? "slope of the logarithms" : "value",
        is_exponent(j) ? ", widened for what finite widths do to a slope" : "");
  }
  if (!is_exponent(j)) {
    return "One mean a seed, then a 95% interval over seeds. Agrees: the interval lies inside the band. Disagrees: the "
           "two "
           "are disjoint. Otherwise undecided.";
  }
  return "One slope of the logarithms a seed, then a 95% interval over seeds (Student's t, from ten seeds the "
         "bootstrap), "
         "widened for what finite widths do to a slope, as seen when the smallest width is dropped. Agrees: the "
         "interval "
         "lies inside the band. Disagrees: the two are disjoint. Otherwise undecided.";
}

// Flags with the number of points that carry them; a point for each is in the list.
std::vector<std::string> doubts_of(const Judgement& j) {
  std::vector<std::string> doubts;
  for (const JudgedPoint& p : j.points) {
    if (p.flag.empty()) continue;
    const std::string where = is_over_axis(j) ? fmt::format("{} = {}, ", j.against, short_number(p.x, 4)) : "";
    doubts.push_back(fmt::format("{}seed {}: {}", where, seed_label(p.seed), p.flag));
  }
  return doubts;
}

std::string remark_of(const Judgement& j, Mark mark) {
  std::map<std::string, int> flags;
  for (const JudgedPoint& p : j.points) {
    if (!p.flag.empty()) ++flags[p.flag];
  }
  std::string remark = mark == Mark::agrees || mark == Mark::disagrees ? "" : j.explanation;
  for (const auto& [flag, count] : flags) {
    remark += fmt::format("{}{} of {} points: {}.", remark.empty() ? "" : " ", count, j.points.size(), flag);
  }
  for (const std::string& note : j.notes) remark += (remark.empty() ? "" : " ") + note;
  if (!j.note.empty()) remark += (remark.empty() ? "" : " ") + j.note;
  return remark;
}

}  // namespace

VerdictRow verdict_row(const Judgement& judgement) {
  VerdictRow row;
  row.name = judgement.name;
  row.mark = mark_of(judgement);
  row.predicted = predicted_text(judgement);
  if (std::isfinite(judgement.measured))
    row.measured = number(judgement, judgement.measured) + " " + interval_text(judgement);
  row.remark = remark_of(judgement, row.mark);
  row.picture = picture_of(judgement);
  Explanation& e = row.explanation;
  e.claim = claim_text(judgement);
  e.reasons = judgement.reasons;
  e.facts = facts_of(judgement);
  e.points = points_of(judgement);
  e.slopes = slopes_of(judgement);
  if (is_limit(judgement)) e.slopes_title = "Limit of each seed";
  if (judgement.jackknifed) e.slopes_title = "What stands for each seed in the jack-knife";
  e.doubtful = doubts_of(judgement);
  for (const DroppedPoint& d : judgement.dropped) e.dropped.push_back(d.what + ": " + d.reason);
  e.rule = rule_of(judgement) + (judgement.explanation.empty() ? "" : " Here: " + judgement.explanation);
  e.advice = judgement.advice;
  return row;
}

std::vector<VerdictRow> verdict_rows(const std::vector<Judgement>& judgements) {
  std::vector<VerdictRow> rows;
  for (const Judgement& judgement : judgements) rows.push_back(verdict_row(judgement));
  return rows;
}

}  // namespace widthwise::report
