#include "verdicts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "json.h"
#include "terminal.h"
#include "widthwise/base/progress.h"
#include "widthwise/report/text.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/verdict_table.h"
#include "widthwise/study/conventions.h"
#include "widthwise/study/table.h"
#include "widthwise/study/warnings.h"

namespace widthwise::cli {

namespace {

nlohmann::json as_json(const Extrapolation& fit) {
  nlohmann::json seeds = nlohmann::json::array();
  for (const SeedLimit& seed : fit.seeds)
    seeds.push_back({{"seed", seed.seed},
                     {"limit", json_number(seed.limit)},
                     {"without_smallest", json_number(seed.change)},
                     {"next_order", json_number(seed.next_order)}});
  nlohmann::json coefficients = nlohmann::json::array();
  for (const double coefficient : fit.coefficients) coefficients.push_back(json_number(coefficient));
  return {{"value", json_number(fit.limit)},
          {"interval", json_interval(fit.interval.low, fit.interval.high)},
          {"statistical", json_number(fit.statistical)},
          {"systematic", json_number(fit.systematic)},
          {"powers", fit.powers},
          {"coefficients", coefficients},
          {"widths", fit.x},
          {"without_smallest", json_number(fit.change)},
          {"next_order", json_number(fit.next_order)},
          {"seeds", seeds},
          {"reason", fit.reason}};
}

void add_jackknife(const Row& row, nlohmann::json& to) {
  const std::vector<LeftOut>& left_out = row.left_out.front();
  const Interval interval = jackknife_interval(row.values.front(), left_out);
  nlohmann::json without = nlohmann::json::array();
  for (const LeftOut& one : left_out) without.push_back({{"seed", one.seed}, {"value", json_number(one.value)}});
  to["error"] = json_number(row.error(0));
  to["interval"] = json_interval(interval.low, interval.high);
  to["without"] = without;
}

nlohmann::json as_json(const Members& members) {
  nlohmann::json absent = nlohmann::json::array();
  for (const Members::Absent& one : members.absent) absent.push_back({{"what", one.what}, {"reason", one.why}});
  return {{"used", members.used}, {"all", members.all}, {"unconverged", members.unconverged}, {"absent", absent}};
}

// A derived quantity: a row a group of runs, with the axes it has left.
nlohmann::json as_json(const Study& study, const DerivedSpec& derived, const StoreReader& reader) {
  const Table table = select(study, derived.sweep, {derived.name}, reader);
  nlohmann::json rows = nlohmann::json::array();
  for (const Row& row : table.rows) {
    nlohmann::json axes = nlohmann::json::object();
    for (std::size_t i = 0; i < table.axes.size(); ++i)
      axes[table.axes[i]] = nlohmann::json::parse(to_json(row.axes[i]));
    nlohmann::json one = {{"axes", axes}, {"value", json_number(row.values.front())}, {"status", row.status}};
    if (!row.limits.empty()) one["limit"] = as_json(*row.limits.front());
    if (!row.left_out.empty() && !row.left_out.front().empty()) add_jackknife(row, one);
    if (!row.members.empty() && row.members.front().all > 0) one["runs"] = as_json(row.members.front());
    if (row.edge != Optimum::Edge::none) one["edge"] = row.edge == Optimum::Edge::lower ? "lowest" : "highest";
    rows.push_back(one);
  }
  return {{"name", derived.name}, {"sweep", derived.sweep}, {"of", derived.of}, {"how", derived.how}, {"rows", rows}};
}

}  // namespace

nlohmann::json json_number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json json_interval(double low, double high) {
  return {json_number(low), json_number(high)};
}

nlohmann::json as_json(const Judgement& judgement) {
  nlohmann::json points = nlohmann::json::array();
  for (const JudgedPoint& point : judgement.points)
    points.push_back(
        {{"x", json_number(point.x)}, {"seed", point.seed}, {"y", json_number(point.y)}, {"flag", point.flag}});
  nlohmann::json dropped = nlohmann::json::array();
  for (const DroppedPoint& run : judgement.dropped) dropped.push_back({{"what", run.what}, {"reason", run.reason}});
  return {{"name", judgement.name},
          {"of", judgement.of},
          {"against", judgement.against},
          {"verdict", verdict_name(judgement.verdict)},
          {"predicted", judgement.predicted ? json_number(*judgement.predicted) : nlohmann::json(nullptr)},
          {"tolerance", judgement.tolerance},
          {"source", judgement.source},
          {"measured", json_number(judgement.measured)},
          {"interval", json_interval(judgement.low, judgement.high)},
          {"explanation", judgement.explanation},
          {"advice", judgement.advice},
          {"note", judgement.note},
          {"notes", judgement.notes},
          {"jackknife", judgement.jackknifed},
          {"reasons", judgement.reasons},
          {"points", points},
          {"dropped", dropped},
          {"limit", judgement.limit ? as_json(*judgement.limit) : nlohmann::json(nullptr)}};
}

void print_summary(const Summary& summary) {
  notice("{} runs: {} found, {} done now in {}", summary.runs, summary.found, summary.done,
         human_time(summary.seconds));
  if (summary.elsewhere > 0) notice(", {} by other processes", summary.elsewhere);
  if (summary.diverged > 0) notice("; {} diverged (a result, not an error)", summary.diverged);
  notice("\n");
}

void print_verdicts(const Study& study, const std::vector<Judgement>& judgements, const StoreReader& reader,
                    bool json) {
  if (json) {
    nlohmann::json answer = {{"title", study.title},
                             {"conventions", conventions(study)},
                             {"warnings", warnings(study)},
                             {"predictions", nlohmann::json::array()},
                             {"derived", nlohmann::json::array()}};
    for (const Judgement& judgement : judgements) answer["predictions"].push_back(as_json(judgement));
    for (const DerivedSpec& derived : study.derived) answer["derived"].push_back(as_json(study, derived, reader));
    fmt::print("{}\n", answer.dump(2));
    return;
  }
  fmt::print("{}\n", report::single_line(study.title));
  for (const std::string& sentence : conventions(study)) fmt::print("{}\n", sentence);
  fmt::print("\n");
  fmt::print("{}", report::verdict_table(report::verdict_rows(judgements), report::style_for(STDOUT_FILENO)));
}

bool all_agree(const std::vector<Judgement>& judgements) {
  return std::all_of(judgements.begin(), judgements.end(),
                     [](const Judgement& judgement) { return judgement.verdict == Verdict::agrees; });
}

}  // namespace widthwise::cli
