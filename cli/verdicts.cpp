#include "verdicts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "widthwise/report/text.h"
#include "widthwise/report/verdict_row.h"
#include "widthwise/report/verdict_table.h"
#include "widthwise/study/conventions.h"
#include "widthwise/study/table.h"

namespace widthwise::cli {

namespace {

nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json as_json(const Extrapolation& fit) {
  nlohmann::json seeds = nlohmann::json::array();
  for (const SeedLimit& seed : fit.seeds)
    seeds.push_back({{"seed", seed.seed},
                     {"limit", number(seed.limit)},
                     {"without_smallest", number(seed.change)},
                     {"next_order", number(seed.next_order)}});
  nlohmann::json coefficients = nlohmann::json::array();
  for (const double coefficient : fit.coefficients) coefficients.push_back(number(coefficient));
  return {{"value", number(fit.limit)},
          {"interval", {number(fit.interval.low), number(fit.interval.high)}},
          {"statistical", number(fit.statistical)},
          {"systematic", number(fit.systematic)},
          {"powers", fit.powers},
          {"coefficients", coefficients},
          {"widths", fit.x},
          {"without_smallest", number(fit.change)},
          {"next_order", number(fit.next_order)},
          {"seeds", seeds},
          {"reason", fit.reason}};
}

void add_jackknife(const Row& row, nlohmann::json& to) {
  const std::vector<LeftOut>& left_out = row.left_out.front();
  const Interval interval = jackknife_interval(row.values.front(), left_out);
  nlohmann::json without = nlohmann::json::array();
  for (const LeftOut& one : left_out) without.push_back({{"seed", one.seed}, {"value", number(one.value)}});
  to["error"] = number(row.error(0));
  to["interval"] = {number(interval.low), number(interval.high)};
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
    nlohmann::json one = {{"axes", axes}, {"value", number(row.values.front())}, {"status", row.status}};
    if (!row.limits.empty()) one["limit"] = as_json(*row.limits.front());
    if (!row.left_out.empty() && !row.left_out.front().empty()) add_jackknife(row, one);
    if (!row.members.empty() && row.members.front().all > 0) one["runs"] = as_json(row.members.front());
    if (row.edge != Optimum::Edge::none) one["edge"] = row.edge == Optimum::Edge::lower ? "lowest" : "highest";
    rows.push_back(one);
  }
  return {{"name", derived.name}, {"sweep", derived.sweep}, {"of", derived.of}, {"how", derived.how}, {"rows", rows}};
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
          {"notes", judgement.notes},
          {"jackknife", judgement.jackknifed},
          {"reasons", judgement.reasons},
          {"points", points},
          {"dropped", dropped},
          {"limit", judgement.limit ? as_json(*judgement.limit) : nlohmann::json(nullptr)}};
}

}  // namespace

void print_verdicts(const Study& study, const std::vector<Judgement>& judgements, const StoreReader& reader,
                    bool json) {
  if (json) {
    nlohmann::json answer = {{"title", study.title},
                             {"conventions", conventions(study)},
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
