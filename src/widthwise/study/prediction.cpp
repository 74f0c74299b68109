#include "widthwise/study/prediction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "widthwise/base/error.h"
#include "widthwise/numerics/optimum.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/derived.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/table.h"
#include "widthwise/study/theory.h"

namespace widthwise {

namespace {

using Claimed = PredictionSpec::Claim;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// Judges one prediction, step by step.
class Judge {
 public:
  Judge(const Study& study, const PredictionSpec& spec, const StoreReader& reader)
      : study_{study},
        spec_{spec},
        limit_{limit_of(study, spec)},
        best_{best_of(study, spec)},
        table_{select(study, spec.sweep, {measured_value()}, reader, spec.where)} {
    against_ = table_.axis(against());
    optimum_ = table_.axis(spec.of.optimum);
  }

  Judgement run() {
    check_axes();
    describe();
    spec_.of.is_optimum() ? collect_optima() : collect_values();
    note_convergence();
    predict();
    decide();
    return std::move(out_);
  }

 private:
  // A value at infinite width is judged by the points it is made of.
  static const DerivedSpec* limit_of(const Study& study, const PredictionSpec& spec) {
    const DerivedSpec* const derived = find_derived(study, spec.sweep, spec.of.value);
    return derived != nullptr && derived->how == "infinite-width" ? derived : nullptr;
  }

  // The best value that the quantity is, or is made of.
  static const DerivedSpec* best_of(const Study& study, const PredictionSpec& spec) {
    const DerivedSpec* derived = find_derived(study, spec.sweep, spec.of.value);
    while (derived != nullptr && derived->how != "best") derived = find_derived(study, spec.sweep, derived->of);
    return derived;
  }

  std::string measured_value() const {
    return spec_.of.is_optimum() ? spec_.of.minimizes : limit_ != nullptr ? limit_->of : spec_.of.value;
  }

  const std::string& against() const { return limit_ != nullptr ? limit_->over : spec_.against; }

  // Every axis must have a part to play, or one value for each value of `against`.
  void check_axes() const {
    for (std::size_t i = 0; i < table_.axes.size(); ++i) {
      const auto axis = static_cast<std::ptrdiff_t>(i);
      if (axis == against_ || axis == optimum_ || is_seed_axis(table_.axes[i])) continue;
      std::map<std::string, Value> seen;
      for (const Row& row : table_.rows) {
        const auto [first, fresh] = seen.emplace(place(row), row.axes[i]);
        if (!fresh && !same(first->second, row.axes[i]))
          fail("where", fmt::format("one value of {}", table_.axes[i]),
               fmt::format("{} and {}", to_text(first->second), to_text(row.axes[i])),
               fmt::format("write where = {{ \"{}\" = {} }}", table_.axes[i], to_json(first->second)));
      }
    }
    for (const std::ptrdiff_t axis : {against_, optimum_})
      if (axis >= 0)
        for (const Row& row : table_.rows)
          if (!(number(row, axis) > 0))
            fail(axis != against_    ? "of.optimum"
                 : limit_ != nullptr ? "of"
                                     : "against",
                 "an axis of positive numbers", to_text(row.axes[static_cast<std::size_t>(axis)]));
  }

  void describe() {
    out_.name = spec_.name;
    out_.sweep = spec_.sweep;
    out_.of = spec_.of.text();
    out_.against = against();
    out_.claim = spec_.claim;
    out_.side = spec_.side;
    out_.tolerance = spec_.tolerance;
    out_.note = spec_.note;
    out_.expected = table_.expected;
    out_.recorded = table_.recorded;
    out_.source = spec_.theory ? "theory" : spec_.source;
  }

  void collect_values() {
    for (const Row& row : table_.rows) {
      const double y = row.values.front();
      if (row.status == "missing" || !std::isfinite(y) || leave_out(row)) {
        drop(row);
        continue;
      }
      note_members(row);
      out_.points.push_back({x_of(row), table_.seed(row), y, edge_flag(row)});
      if (!row.left_out.empty()) out_.points.back().left_out = row.left_out.front();
      at_edge_.push_back(row.edge != Optimum::Edge::none);
      note_edge(row.edge);
    }
  }

  bool leave_out(const Row& row) const { return spec_.converged_only && row.unconverged; }

  // What a group lacks; groups that lack too much for a value are dropped and tell it there.
  void note_members(const Row& row) {
    unconverged_ += row.unconverged;
    ++converging_;
    if (row.members.empty()) return;
    const Members& members = row.members.front();
    converging_ += members.used > 0 ? members.used - 1 : 0;
    unconverged_ += members.unconverged;
    if (members.used < members.all) out_.notes.push_back(fmt::format("At {}: {}.", at(row), members.text()));
  }

  void note_convergence() {
    if (unconverged_ > 0)
      out_.notes.push_back(
          fmt::format("{} of {} runs ended before the margin or loss they were to reach and are kept "
                      "(converged_only leaves them out).",
                      unconverged_, converging_));
  }

  std::string edge_flag(const Row& row) const {
    if (row.edge == Optimum::Edge::none || best_ == nullptr) return {};
    return fmt::format("best at the {} {} tried", row.edge == Optimum::Edge::lower ? "lowest" : "highest", best_->over);
  }

  void note_edge(Optimum::Edge edge) {
    if (edge == Optimum::Edge::lower) extend_.insert("below");
    if (edge == Optimum::Edge::upper) extend_.insert("above");
  }

  // The rows of one (against, seed) are a curve over the optimum's axis.
  void collect_optima() {
    std::map<std::pair<double, std::string>, std::vector<const Row*>> curves;
    for (const Row& row : table_.rows) curves[{x_of(row), table_.seed(row)}].push_back(&row);
    for (const auto& [key, rows] : curves) {
      const auto& [x, seed] = key;
      std::vector<RatePoint> curve;
      std::size_t missing = 0;
      for (const Row* const row : rows) {
        missing += row->status == "missing";
        if (row->status == "diverged" || leave_out(*row)) drop(*row);
        if (leave_out(*row)) continue;
        if (row->status != "missing") note_members(*row);
        const double loss = row->values.front();
        if (row->status != "missing")
          curve.push_back(
              {number(*row, optimum_), std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity()});
      }
      const std::string what = fmt::format("{}, {} = {:g}", seed, spec_.against, x);
      if (missing > 0) {
        out_.dropped.push_back({what, fmt::format("{} of {} runs are missing", missing, rows.size())});
        continue;
      }
      const Optimum best = find_optimum(curve);
      if (!best.found()) {
        out_.dropped.push_back({what, "every run diverged"});
        continue;
      }
      out_.points.push_back({x, seed, best.rate, best.flag});
      at_edge_.push_back(best.edge != Optimum::Edge::none);
      note_edge(best.edge);
    }
  }

  void predict() {
    out_.predicted = spec_.number;
    if (!spec_.theory) return;
    if (spec_.against != "architecture.width")
      fail("against", "architecture.width, since theory speaks of exponents of the width",
           fmt::format("'{}'", spec_.against));
    const Sweep& sweep = study_.sweep(spec_.sweep);
    std::vector<std::string> keys;
    for (const Axis& axis : sweep.axes) keys.push_back(axis.key);
    std::map<std::string, TheoryAnswer> answers;  // by what may change the answer
    std::optional<TheoryAnswer> first;
    for (const GridPoint& point : expand(study_, sweep)) {
      if (!admits(spec_.where, keys, point.axes)) continue;
      const auto [answer, fresh] = answers.try_emplace(theory_inputs(point.configuration));
      if (!fresh) continue;
      answer->second = ask(point.configuration);
      if (first && first->exponent != answer->second.exponent)
        fail("where", "runs for which theory predicts one exponent",
             fmt::format("{} and {}", text_of(first->exponent), text_of(answer->second.exponent)),
             fmt::format("these differ: {} against {}", answers.begin()->first, answer->first));
      if (!first) first = answer->second;
    }
    if (first) {
      out_.predicted = first->exponent;
      out_.reasons = first->reasons;
    }
  }

  TheoryAnswer ask(const Configuration& configuration) const {
    try {
      const std::optional<SearchSpec>& search = study_.sweep(spec_.sweep).search;
      if (search && spec_.of.value == search->name()) return ask_theory(configuration, *search);
      return ask_theory(configuration, spec_.of);
    } catch (const ConfigError& error) {
      throw error.in_file(file_and_line(study_.file.string(), spec_.line));
    }
  }

  static std::string theory_inputs(const Configuration& configuration) {
    std::string out;
    for (const auto& [key, value] : configuration.values())
      if (key.starts_with("parameterization.") || key == "architecture.hidden_layers" ||
          key == "architecture.activation" || key == "architecture.family" || key.starts_with("architecture.bias") ||
          key == "training.optimizer" || key == "training.steps")
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", key, to_text(value));
    return out;
  }

  void decide() {
    if (!out_.predicted) {
      out_.verdict = Verdict::undecided;
      out_.explanation = "theory predicts no exponent for this quantity here";
      take_measurement(judged(out_.points, {0, spec_.tolerance, Claim::Kind::near}));
      out_.verdict = Verdict::undecided;
      return;
    }
    using Side = PredictionSpec::Side;
    const Claim::Kind kind = spec_.side == Side::below   ? Claim::Kind::below
                             : spec_.side == Side::above ? Claim::Kind::above
                                                         : Claim::Kind::near;
    const Claim claim{*out_.predicted, spec_.tolerance, kind};
    const Decision all = judged(out_.points, claim);
    take_measurement(all);
    out_.verdict = all.verdict;
    out_.explanation = all.explanation;
    if (limit_ != nullptr && out_.limit->reason.empty())
      out_.explanation += fmt::format(" Fit: {} over {} widths.", fit_formula(limit_->powers), out_.limit->x.size());
    out_.advice = all.advice;
    for (const Dropped& one : all.dropped) out_.dropped.push_back({one.what, one.reason});
    if (all.verdict == Verdict::undecided && out_.recorded < out_.expected)
      out_.advice = fmt::format("{} of {} runs are recorded; run the rest", out_.recorded, out_.expected);
    if (!extend_.empty()) doubt_edges(claim, all);
  }

  // An optimum at the edge of the grid is a bound. The verdict stands only if it is the same without such points.
  void doubt_edges(const Claim& claim, const Decision& all) {
    std::vector<JudgedPoint> inner;
    for (std::size_t i = 0; i < out_.points.size(); ++i)
      if (!at_edge_[i]) inner.push_back(out_.points[i]);
    const std::size_t edges = out_.points.size() - inner.size();
    std::string sides;
    for (const std::string& side : extend_) sides.append(sides.empty() ? "" : " and ").append(side);
    const std::string told = fmt::format("{} of {} optima lie at the edge of the grid", edges, out_.points.size());
    const std::string extend =
        fmt::format("extend {} {}", spec_.of.is_optimum() || best_ == nullptr ? spec_.of.optimum : best_->over, sides);
    const bool stands = all.verdict != Verdict::undecided && judged(inner, claim).verdict == all.verdict;
    out_.explanation = fmt::format("{}; {}{}", out_.explanation, told, stands ? ", which does not change it" : "");
    if (stands) return;
    out_.verdict = Verdict::undecided;
    out_.advice = extend;
  }

  // All seeds are in the points: there is no replicate but by leaving one out.
  static bool seeds_consumed(const std::vector<JudgedPoint>& points) {
    return !points.empty() && std::ranges::all_of(points, [&](const JudgedPoint& point) {
      return !point.left_out.empty() && point.seed == points.front().seed;
    });
  }

  Decision jackknifed(const std::vector<JudgedPoint>& judged_points, const Claim& claim) const {
    std::vector<Estimate> estimates;
    for (const JudgedPoint& point : judged_points) estimates.push_back({point.x, point.y, point.left_out});
    return spec_.claim == Claimed::value ? judge_value(estimates.front(), claim) : judge_exponent(estimates, claim);
  }

  Decision judged(const std::vector<JudgedPoint>& judged_points, const Claim& claim) const {
    if (limit_ == nullptr && seeds_consumed(judged_points) &&
        (spec_.claim != Claimed::value || judged_points.size() == 1))
      return jackknifed(judged_points, claim);
    std::vector<Point> points;
    for (const JudgedPoint& point : judged_points) points.push_back({point.x, point.seed, point.y});
    if (limit_ != nullptr) return judge_limit(extrapolated(points), claim);
    VerdictRule rule;
    rule.toward_zero = spec_.toward_zero;
    return spec_.claim == Claimed::value ? judge_value(points, claim, rule) : judge_exponent(points, claim, rule);
  }

  Extrapolation extrapolated(const std::vector<Point>& points) const {
    ExtrapolationRule rule;
    rule.powers = limit_->powers;
    return extrapolate(points, rule);
  }

  void take_measurement(const Decision& decision) {
    if (limit_ != nullptr) {
      std::vector<Point> points;
      for (const JudgedPoint& point : out_.points) points.push_back({point.x, point.seed, point.y});
      out_.limit = extrapolated(points);
    }
    out_.jackknifed = limit_ == nullptr && !decision.seeds.empty() && seeds_consumed(out_.points);
    if (out_.jackknifed) out_.seeds = decision.seeds;
    out_.measured = decision.measured;
    out_.intercept = spec_.claim == Claimed::value ? none : decision.intercept;
    out_.low = decision.interval.low;
    out_.high = decision.interval.high;
    out_.statistical = decision.statistical;
    out_.systematic = decision.systematic;
  }

  std::string at(const Row& row) const {
    std::string out;
    for (std::size_t i = 0; i < row.axes.size(); ++i)
      out += fmt::format("{}{} = {}", i == 0 ? "" : ", ", table_.axes[i], to_text(row.axes[i]));
    return out;
  }

  void drop(const Row& row) {
    const std::string what = at(row);
    const std::string told = row.members.empty() ? std::string() : row.members.front().text();
    const std::string why = !told.empty()              ? told
                            : leave_out(row)           ? "has not converged"
                            : row.status == "missing"  ? "not run yet"
                            : row.status == "diverged" ? row.reason
                                                       : fmt::format("{} has no value there", row.status);
    out_.dropped.push_back({what, why.empty() ? row.status : why});
  }

  double number(const Row& row, std::ptrdiff_t axis) const { return row.axes[static_cast<std::size_t>(axis)].number(); }
  double x_of(const Row& row) const { return against_ < 0 ? 1.0 : number(row, against_); }

  // Where on the axes that have a part to play, seeds apart, a row lies.
  std::string place(const Row& row) const {
    std::string out;
    for (const std::ptrdiff_t axis : {against_, optimum_})
      if (axis >= 0) out += to_json(row.axes[static_cast<std::size_t>(axis)]) + " ";
    return out;
  }

  static std::string text_of(const std::optional<double>& x) { return x ? to_text({*x, 0}) : "none"; }

  [[noreturn]] void fail(const std::string& member, const std::string& expected, const std::string& got,
                         const std::string& hint = {}) const {
    throw ConfigError(
        {file_and_line(study_.file.string(), spec_.line), fmt::format("prediction '{}': {}", spec_.name, member)},
        expected, got, hint);
  }

  const Study& study_;
  const PredictionSpec& spec_;
  const DerivedSpec *limit_, *best_;  // or null
  Table table_;
  std::ptrdiff_t against_ = -1, optimum_ = -1;
  std::vector<bool> at_edge_;
  std::size_t unconverged_ = 0, converging_ = 0;  // of the runs that are in the points, how many had not converged
  std::set<std::string> extend_;                  // "below", "above"
  Judgement out_;
};

}  // namespace

Judgement judge(const Study& study, const PredictionSpec& prediction, const StoreReader& reader) {
  return Judge(study, prediction, reader).run();
}

std::vector<Judgement> judge(const Study& study, const StoreReader& reader) {
  std::vector<Judgement> out;
  for (const PredictionSpec& prediction : study.predictions) out.push_back(judge(study, prediction, reader));
  return out;
}

}  // namespace widthwise
