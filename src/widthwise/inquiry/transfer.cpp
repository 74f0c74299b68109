#include "widthwise/inquiry/transfer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "widthwise/study/table.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int log2_steps_wider = 4, linear_steps_wider = 2;
constexpr double alone = 1;  // the scale of an axis that is not asked over

using Place = std::pair<double, double>;  // width, depth

struct Curves {
  TransferGrid grid;
  std::map<Place, LossCurve> at;  // scales are left to who picks a line
  std::size_t runs = 0, diverged = 0, missing = 0;
};

Curves read(const TransferQuestion& question, const Study& study, const StoreReader& reader) {
  Curves out;
  out.grid = transfer_grid(question);
  const TransferGrid& grid = out.grid;
  const Table table = select(study, "curves", {grid.value, grid.initial}, reader);
  const std::ptrdiff_t width = table.axis(grid.width_key), depth = table.axis(grid.depth_key),
                       key = table.axis(grid.key), seed = table.axis("seed.init");
  const auto number = [](const Row& row, std::ptrdiff_t axis, double otherwise) {
    return axis < 0 ? otherwise : row.axes[static_cast<std::size_t>(axis)].number();
  };
  const std::size_t seeds = grid.seeded ? static_cast<std::size_t>(question.seeds) : 1;
  std::map<Place, double> initial;
  for (const Row& row : table.rows) {
    const Place place{number(row, width, alone), number(row, depth, alone)};
    LossCurve& curve = out.at[place];
    if (curve.places.empty()) {
      curve.places = grid.places;
      curve.losses.assign(seeds, std::vector<double>(grid.places.size(), nan));
    }
    const auto value = std::ranges::find(grid.values, number(row, key, nan));
    curve
        .losses[static_cast<std::size_t>(number(row, seed, 0))][static_cast<std::size_t>(value - grid.values.begin())] =
        row.values[0];
    if (std::isfinite(row.values[1])) {
      const auto [largest, fresh] = initial.emplace(place, row.values[1]);
      largest->second = std::max(largest->second, row.values[1]);
    }
    ++out.runs;
    out.diverged += row.status == "diverged";
    out.missing += row.status == "missing";
  }
  for (auto& [place, curve] : out.at) {
    if (!std::isnan(question.cap))
      curve.cap = question.cap;
    else if (initial.contains(place))
      curve.cap = initial[place];
    if (initial.contains(place)) curve.initial = initial[place];
  }
  return out;
}

TransferRule rule_of(const TransferQuestion& question, const TransferGrid& grid) {
  TransferRule rule;
  rule.tolerance = question.tolerance;
  rule.loss_tolerance = question.loss_tolerance;
  rule.deterministic = !grid.seeded;
  return rule;
}

// The lines along one axis, one a value of the other.
void add_lines(const Curves& curves, double Place::*along, double Place::*other, const std::string& key,
               const std::string& other_key, const TransferRule& rule, bool both, std::vector<TransferLine>& out) {
  std::map<double, std::vector<LossCurve>> lines;
  for (const auto& [place, curve] : curves.at) {
    lines[place.*other].push_back(curve);
    lines[place.*other].back().scale = place.*along;
  }
  for (const auto& [at, line] : lines)
    out.push_back({key, other_key, both ? std::optional<double>(at) : std::nullopt, judge_transfer(line, rule)});
}

// The optima of lines along the width, as a grid over both.
LimitOrders orders_of(const std::vector<TransferLine>& lines, const std::string& width_key, const TransferRule& rule) {
  std::vector<GridOptimum> grid;
  for (const TransferLine& line : lines) {
    if (line.along != width_key) continue;
    for (const ScaleOptimum& scale : line.transfer.scales)
      grid.push_back({scale.scale, line.at.value_or(alone),
                      scale.seeds.empty() ? std::vector<double>{scale.place.value} : scale.seeds, scale.grid_error});
  }
  // As many places as the tolerance of the drift allows over the widths.
  double least = grid.front().width, most = least;
  for (const GridOptimum& one : grid) {
    least = std::min(least, one.width);
    most = std::max(most, one.width);
  }
  return judge_orders(grid, rule.tolerance * std::log2(most / least), rule.verdict.confidence);
}

std::string number(double value) {
  return fmt::format("{:.3g}", value);
}

std::string between(const Interval& interval) {
  return std::isnan(interval.low) ? "no interval" : fmt::format("[{:.3g}, {:.3g}]", interval.low, interval.high);
}

std::string range(const TransferAnswer& answer, const Interval& places) {
  return std::isnan(places.low)
             ? "no interval"
             : fmt::format("[{:.3g}, {:.3g}]", answer.value_at(places.low), answer.value_at(places.high));
}

std::string where(const TransferLine& line) {
  return fmt::format("over {}{}", line.along, line.at ? fmt::format(" at {} = {:g}", line.other, *line.at) : "");
}

// What carrying costs at the largest scale.
std::string cost_sentence(const TransferLine& line) {
  const ScaleOptimum& last = line.transfer.scales.back();
  if (std::isinf(last.given_away.value))
    return fmt::format("At {} = {:g} the smallest model's optimum diverges.", line.along, last.scale);
  if (std::isnan(last.given_away.value)) return fmt::format("At {} = {:g} no loss is known.", line.along, last.scale);
  const std::string share =
      std::isnan(last.ratio.value)
          ? fmt::format("{} {}", number(last.given_away.value), between(last.given_away.interval))
          : fmt::format("{:.2g} % of the loss{}", 100 * (last.ratio.value - 1),
                        std::isnan(last.ratio.interval.low)
                            ? ""
                            : fmt::format(" [{:.2g}, {:.2g}]", 100 * (last.ratio.interval.low - 1),
                                          100 * (last.ratio.interval.high - 1)));
  return fmt::format("At {} = {:g} the smallest model's optimum gives away {}.", line.along, last.scale, share);
}

void explain_line(const TransferAnswer& answer, const TransferLine& line, std::vector<std::string>& out) {
  const Transfer& found = line.transfer;
  out.push_back(fmt::format("{} {} {}. {}", answer.grid.key, word_name(found.word), where(line), found.reason));
  out.push_back(cost_sentence(line));
  if (std::isfinite(found.limit.limit))
    out.push_back(fmt::format("At infinite {}, by a fit in 1/{}: {} {}{}.", line.along, line.along,
                              number(answer.value_at(found.limit.limit)), range(answer, found.limit.interval),
                              found.drift.verdict == Verdict::disagrees ? ", if it converges at all" : ""));
  if (!found.advice.empty()) out.push_back(found.advice);
}

void explain_orders(const TransferAnswer& answer, std::vector<std::string>& out) {
  const LimitOrders& orders = *answer.orders;
  static constexpr const char* words[] = {"commute", "do not commute", "may commute or not"};
  out.push_back(
      fmt::format("The limits of width and depth {}: width first {} {}, depth first {} {}. {}",
                  words[static_cast<std::size_t>(orders.commute)], number(answer.value_at(orders.width_first.limit)),
                  range(answer, orders.width_first_interval), number(answer.value_at(orders.depth_first.limit)),
                  range(answer, orders.depth_first_interval), orders.reason));
}

Transfer::Word word_of(const TransferAnswer& answer) {
  using Word = Transfer::Word;
  const auto is = [&](Word word) { return [word](const TransferLine& line) { return line.transfer.word == word; }; };
  if (answer.missing > 0) return Word::undecided;
  if (std::ranges::any_of(answer.lines, is(Word::drifts))) return Word::drifts;
  return std::ranges::all_of(answer.lines, is(Word::transfers)) ? Word::transfers : Word::undecided;
}

std::string headline(const TransferQuestion& question, const TransferAnswer& answer) {
  const TransferGrid& grid = answer.grid;
  const char* const words[] = {"Transfers", "Drifts", "Undecided"};
  std::string scales;
  if (!grid.widths.empty()) scales += fmt::format("{} = {}", grid.width_key, fmt::join(grid.widths, ", "));
  if (!grid.depths.empty())
    scales += fmt::format("{}{} = {}", scales.empty() ? "" : " and ", grid.depth_key, fmt::join(grid.depths, ", "));
  return fmt::format(
      "{}: the {} that minimises {}, over {}, {} values from {} to {}{}, to {:g} in the drift and {:g} of the loss (95 "
      "% "
      "intervals).",
      words[static_cast<std::size_t>(answer.word)], grid.key, grid.value, scales, grid.values.size(),
      number(grid.values.front()), number(grid.values.back()),
      grid.seeded ? fmt::format(", {} seed{}", question.seeds, question.seeds == 1 ? "" : "s") : "", question.tolerance,
      question.loss_tolerance);
}

void explain(const TransferQuestion& question, TransferAnswer& answer) {
  std::vector<std::string>& out = answer.sentences;
  out.push_back(headline(question, answer));
  if (answer.missing > 0)
    out.push_back(fmt::format("{} of {} runs are not recorded; run the rest.", answer.missing, answer.runs));
  for (const TransferLine& line : answer.lines) explain_line(answer, line, out);
  if (answer.orders) explain_orders(answer, out);
  if (answer.diverged > 0) out.push_back(fmt::format("{} of {} runs diverged.", answer.diverged, answer.runs));
}

}  // namespace

double TransferAnswer::value_at(double place) const {
  return grid.log2 ? std::exp2(place) : place;
}

TransferAnswer answer_transfer(const TransferQuestion& question, const Study& study, const StoreReader& reader) {
  const Curves curves = read(question, study, reader);
  TransferAnswer out;
  out.grid = curves.grid;
  out.runs = curves.runs;
  out.diverged = curves.diverged;
  out.missing = curves.missing;
  const TransferRule rule = rule_of(question, curves.grid);
  const bool both = question.over == TransferQuestion::Over::both;
  if (question.over != TransferQuestion::Over::depth)
    add_lines(curves, &Place::first, &Place::second, out.grid.width_key, out.grid.depth_key, rule, both, out.lines);
  if (question.over != TransferQuestion::Over::width)
    add_lines(curves, &Place::second, &Place::first, out.grid.depth_key, out.grid.width_key, rule, both, out.lines);
  if (both) out.orders = orders_of(out.lines, out.grid.width_key, rule);
  out.word = word_of(out);
  explain(question, out);
  out.notes = transfer_notes(question);
  return out;
}

std::optional<TransferQuestion> widened_question(const TransferQuestion& question, const Study& study,
                                                 const StoreReader& reader) {
  const Curves curves = read(question, study, reader);
  bool below = false, above = false;
  for (const auto& [place, curve] : curves.at) {
    const Minimum minimum = find_minimum(curve);
    below |= std::isnan(minimum.place) || minimum.edge == Optimum::Edge::lower;
    above |= minimum.edge == Optimum::Edge::upper;
  }
  if (!below && !above) return std::nullopt;
  TransferQuestion wider = question;
  const int steps = curves.grid.log2 ? log2_steps_wider : linear_steps_wider;
  if (below) wider.below += steps;
  if (above) wider.above += steps;
  if (transfer_grid(wider).values.size() == curves.grid.values.size()) return std::nullopt;
  return wider;
}

}  // namespace widthwise
