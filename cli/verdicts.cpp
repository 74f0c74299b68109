#include "verdicts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "widthwise/report/text.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/verdict_table.h"

namespace widthwise::cli {

namespace {

nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json as_json(const Judgement& judgement) {
  nlohmann::json points = nlohmann::json::array();
  for (const JudgedPoint& point : judgement.points)
    points.push_back({{"x", number(point.x)}, {"seed", point.seed}, {"y", number(point.y)}, {"flag", point.flag}});
  nlohmann::json dropped = nlohmann::json::array();
  for (const DroppedPoint& run : judgement.dropped) dropped.push_back({{"what", run.what}, {"reason", run.reason}});
  return {{"name", judgement.name},
          {"of", judgement.of},
          {"against", judgement.against},
          {"verdict", verdict_name(judgement.verdict)},
          {"predicted", judgement.predicted ? number(*judgement.predicted) : nlohmann::json(nullptr)},
          {"tolerance", judgement.tolerance},
          {"source", judgement.source},
          {"measured", number(judgement.measured)},
          {"interval", {number(judgement.low), number(judgement.high)}},
          {"explanation", judgement.explanation},
          {"advice", judgement.advice},
          {"note", judgement.note},
          {"reasons", judgement.reasons},
          {"points", points},
          {"dropped", dropped}};
}

}  // namespace

void print_verdicts(const Study& study, const std::vector<Judgement>& judgements, bool json) {
  if (json) {
    nlohmann::json answer = {{"title", study.title}, {"predictions", nlohmann::json::array()}};
    for (const Judgement& judgement : judgements) answer["predictions"].push_back(as_json(judgement));
    fmt::print("{}\n", answer.dump(2));
    return;
  }
  fmt::print("{}\n\n", report::single_line(study.title));
  fmt::print("{}", report::verdict_table(report::verdict_rows(judgements), report::style_for(STDOUT_FILENO)));
}

bool all_agree(const std::vector<Judgement>& judgements) {
  return std::all_of(judgements.begin(), judgements.end(),
                     [](const Judgement& judgement) { return judgement.verdict == Verdict::agrees; });
}

}  // namespace widthwise::cli
