// Judgements for people: a word, a line, everything.
#include <fmt/format.h>

#include <cmath>

#include "widthwise/study/prediction.h"

namespace widthwise {

namespace {

std::string claim_text(const Judgement& judgement) {
  using Claim = PredictionSpec::Claim;
  if (!judgement.predicted) return "no prediction";
  switch (judgement.claim) {
    case Claim::below:
      return fmt::format("predicted at most {:.3g} (+ {:g})", *judgement.predicted, judgement.tolerance);
    case Claim::above:
      return fmt::format("predicted at least {:.3g} (- {:g})", *judgement.predicted, judgement.tolerance);
    case Claim::exponent:
    case Claim::value:
      break;
  }
  return fmt::format("predicted {:.3g} +- {:g}", *judgement.predicted, judgement.tolerance);
}

}  // namespace

std::string verdict_text(const Judgement& judgement) {
  return std::string(verdict_name(judgement.verdict));
}

std::string brief(const Judgement& judgement) {
  const std::string measured =
      std::isfinite(judgement.measured)
          ? fmt::format("{:.3f} in [{:.3f}, {:.3f}]", judgement.measured, judgement.low, judgement.high)
          : "not measured";
  return fmt::format("{}, {} ({})", measured, claim_text(judgement), judgement.source);
}

std::string full_report(const Judgement& judgement) {
  std::string out = fmt::format("{}: {}\n  {}\n", judgement.name, verdict_text(judgement), brief(judgement));
  out += fmt::format("  {}{}{}, sweep '{}', {} of {} runs recorded\n", judgement.of,
                     judgement.against.empty() ? "" : " against ", judgement.against, judgement.sweep,
                     judgement.recorded, judgement.expected);
  if (!judgement.explanation.empty()) out += "  " + judgement.explanation + "\n";
  if (!judgement.advice.empty()) out += "  to decide it: " + judgement.advice + "\n";
  if (!judgement.note.empty()) out += "  note: " + judgement.note + "\n";
  if (!judgement.reasons.empty()) out += "theory:\n";
  for (const std::string& reason : judgement.reasons) out += "  " + reason + "\n";
  out += "rule: one slope of log(quantity) over log(x) a seed, interval over seeds, widened by what finite widths do\n";
  out += fmt::format("  half-width {:.3f} over seeds, {:.3f} from finite widths\n", judgement.statistical,
                     judgement.systematic);
  if (std::isfinite(judgement.intercept))
    out += fmt::format("  fit: quantity = {:.4g} x^{:.3f}\n", std::exp(judgement.intercept), judgement.measured);
  out += fmt::format("points: {}\n", judgement.points.size());
  for (const JudgedPoint& point : judgement.points)
    out += fmt::format("  {:>10.6g}  {:>14.6g}  {}{}{}\n", point.x, point.y, point.seed,
                       point.flag.empty() ? "" : "  ! ", point.flag);
  if (!judgement.dropped.empty()) out += fmt::format("left out: {}\n", judgement.dropped.size());
  for (const DroppedPoint& dropped : judgement.dropped) out += fmt::format("  {}: {}\n", dropped.what, dropped.reason);
  return out;
}

}  // namespace widthwise
