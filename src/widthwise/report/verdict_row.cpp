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

bool is_exponent(const Judgement& j) {
  return j.claim != Claim::value;
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

// Exponents to two decimals, as many as their intervals deserve; values to three digits.
std::string number(const Judgement& j, double value) {
  if (!is_exponent(j) || std::isinf(value)) return std::isinf(value) ? fmt::format("{}", value) : short_number(value);
  const std::string text = fmt::format("{:.2f}", value);
  return text == "-0.00" ? "0.00" : text;
}

std::string predicted_text(const Judgement& j) {
  if (!j.predicted) return "nothing";
  const std::string value = short_number(*j.predicted);
  if (j.claim == Claim::below) return "at most " + value;
  if (j.claim == Claim::above) return "at least " + value;
  return value;
}

std::string interval_text(const Judgement& j) {
  return fmt::format("[{}, {}]", number(j, j.low), number(j, j.high));
}

std::string band_text(const Judgement& j) {
  const std::string low = short_number(*j.predicted - j.tolerance), high = short_number(*j.predicted + j.tolerance);
  if (j.claim == Claim::below) return "at most " + high;
  if (j.claim == Claim::above) return "at least " + low;
  return fmt::format("[{}, {}]", low, high);
}

IntervalPicture picture_of(const Judgement& j) {
  if (!is_exponent(j) || !j.predicted || !std::isfinite(j.measured)) return {};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {j.claim == Claim::below ? -infinity : *j.predicted - j.tolerance,
          j.claim == Claim::above ? infinity : *j.predicted + j.tolerance, j.measured, j.low, j.high};
}

std::string claim_text(const Judgement& j) {
  std::string text;
  if (!j.predicted) {
    text = fmt::format("Theory says nothing about {} here.", j.of);
  } else if (is_exponent(j)) {
    const char* how = j.claim == Claim::below ? "at most " : j.claim == Claim::above ? "at least " : "";
    text = fmt::format("{} grows like {} to the power {}{}.", j.of, j.against, how, short_number(*j.predicted));
  } else {
    text = fmt::format("{} is {}.", j.of, short_number(*j.predicted));
  }
  if (!j.source.empty() && j.predicted) text += fmt::format(" Source: {}.", j.source);
  return text;
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

// A row a value of x, a column a seed; for exponents the fitted line in the last column.
TextTable points_of(const Judgement& j) {
  if (j.points.empty()) return {};
  const std::vector<std::string> seeds = seeds_of(j);
  std::map<double, std::map<std::string, double>> by_x;
  for (const JudgedPoint& p : j.points) by_x[p.x][p.seed] = p.y;
  const bool fitted = is_exponent(j) && std::isfinite(j.intercept) && std::isfinite(j.measured);
  TextTable table;
  if (is_exponent(j)) table.header.push_back(j.against);
  for (const std::string& seed : seeds) table.header.push_back(seed.empty() ? "value" : "seed " + seed_label(seed));
  if (fitted) table.header.emplace_back("fit");
  for (const auto& [x, values] : by_x) {
    std::vector<std::string> row;
    if (is_exponent(j)) row.push_back(short_number(x, 4));
    for (const std::string& seed : seeds) {
      const auto found = values.find(seed);
      row.push_back(found == values.end() ? "" : short_number(found->second, 4));
    }
    if (fitted) row.push_back(short_number(std::exp(j.intercept + j.measured * std::log(x)), 4));
    table.rows.push_back(std::move(row));
  }
  return table;
}

TextTable slopes_of(const Judgement& j) {
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
    const std::string where = is_exponent(j) ? fmt::format("{} = {}, ", j.against, short_number(p.x, 4)) : "";
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
