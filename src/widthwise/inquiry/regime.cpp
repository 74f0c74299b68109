#include "widthwise/inquiry/regime.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "widthwise/inquiry/regime_words.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double lazy_share = 0.1;

using Place = std::pair<double, double>;  // width, alpha

// Of one value of the runs at a place.
struct Values {
  std::vector<double> converged, all;
};

SeedMean mean_over_seeds(const Values& of, bool in_logarithm) {
  const auto finite = [](std::vector<double> values) {
    std::erase_if(values, [](double x) { return !std::isfinite(x); });
    return values;
  };
  std::vector<double> values = finite(of.converged);
  if (values.empty()) values = finite(of.all);
  if (values.empty()) return {};
  in_logarithm = in_logarithm && std::ranges::all_of(values, [](double x) { return x > 0; });
  if (in_logarithm)
    for (double& x : values) x = std::log(x);
  SeedMean out{mean(values), student_interval(values)};
  if (in_logarithm) out = {std::exp(out.value), {std::exp(out.interval.low), std::exp(out.interval.high)}};
  return out;
}

// Values of a sweep's runs by place.
std::map<Place, Values> by_place(const Table& table, std::size_t value) {
  const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
  const auto alpha = static_cast<std::size_t>(table.axis("training.alpha"));
  std::map<Place, Values> out;
  for (const Row& row : table.rows) {
    Values& values = out[{row.axes[width].number(), row.axes[alpha].number()}];
    values.all.push_back(row.values[value]);
    const bool of_unconverged = !row.members.empty() && row.members[value].unconverged > 0;
    if (!row.unconverged && !of_unconverged) values.converged.push_back(row.values[value]);
  }
  return out;
}

void judge_point(RegimePoint& point, double threshold) {
  const SeedMean& change = point.kernel_change;
  if (!(change.value > 0) || point.unconverged == point.used) return;
  const double lazy = lazy_share * threshold;
  const auto regime = [&](double x) {
    return x <= lazy ? Regime::lazy : x >= threshold ? Regime::features : Regime::crossover;
  };
  point.regime = regime(change.value);
  point.sure = regime(change.interval.low) == point.regime && regime(change.interval.high) == point.regime;
}

class Reading {
 public:
  Reading(const RegimeQuestion& question, const Study& study, const StoreReader& reader)
      : question_{question}, study_{study}, reader_{reader}, own_{study.base} {}

  RegimeAnswer answer() {
    RegimeAnswer out;
    out.kernel_change = question_.kernel_change;
    out.points = points();
    for (const RegimePoint& point : out.points)
      if (point.width == own_.number("architecture.width") && point.alpha == own_.number("training.alpha"))
        out.here = point;
    out.crossovers = crossovers();
    if (!study_.predictions.empty()) out.exponent = judge(study_, study_.predictions.front(), reader_);
    out.sentences = regime_in_words(out, tested() ? "test" : "training", question_.seeds);
    out.notes = regime_notes(question_);
    return out;
  }

 private:
  bool tested() const { return own_.whole("data.test") > 0; }
  bool has(const char* derived) const {
    return std::ranges::find(study_.derived, derived, &DerivedSpec::name) != study_.derived.end();
  }

  std::vector<RegimePoint> points() const {
    const bool classes = own_.text("data.labels") != "values";
    std::vector<std::string> names{"final.kernel_change", fmt::format("final.feature_change.{}", hidden_layers(own_))};
    names.emplace_back(tested() ? "final.test_loss" : "final.train_loss");
    if (classes) names.emplace_back(tested() ? "final.test_error" : "final.train_error");
    const Table table = select(study_, "networks", names, reader_);
    std::map<Place, RegimePoint> found;
    const auto fill = [&](const std::map<Place, Values>& values, SeedMean RegimePoint::*member, bool in_logarithm) {
      for (const auto& [place, of] : values) {
        RegimePoint& point = found[place];
        point.width = place.first;
        point.alpha = place.second;
        point.*member = mean_over_seeds(of, in_logarithm);
      }
    };
    fill(by_place(table, 0), &RegimePoint::kernel_change, true);
    fill(by_place(table, 1), &RegimePoint::feature_change, true);
    fill(by_place(table, 2), &RegimePoint::loss, false);
    if (classes) fill(by_place(table, 3), &RegimePoint::error, false);
    if (has(from_linearised))
      fill(by_place(select(study_, "networks", {from_linearised}, reader_), 0), &RegimePoint::from_linearised, true);
    if (has(from_end_kernel))
      fill(by_place(select(study_, "networks", {from_end_kernel}, reader_), 0), &RegimePoint::from_end_kernel, true);
    count_runs(table, found);
    std::vector<RegimePoint> out;
    for (auto& [place, point] : found) {
      judge_point(point, question_.kernel_change);
      out.push_back(point);
    }
    return out;
  }

  static void count_runs(const Table& table, std::map<Place, RegimePoint>& found) {
    const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
    const auto alpha = static_cast<std::size_t>(table.axis("training.alpha"));
    for (const Row& row : table.rows) {
      RegimePoint& point = found[{row.axes[width].number(), row.axes[alpha].number()}];
      ++point.runs;
      if (std::isfinite(row.values[0]))
        ++point.used;
      else
        point.absent.push_back(
            fmt::format("{}: {}{}", table.seed(row), row.status, row.reason.empty() ? "" : ": " + row.reason));
      if (!row.unconverged) continue;
      ++point.unconverged;
      point.ends.push_back(fmt::format("{}: {}", table.seed(row), row.reason.empty() ? "its last step" : row.reason));
    }
  }

  std::vector<RegimeCrossover> crossovers() const {
    const Table table = select(study_, "alpha*", {"search.training.alpha"}, reader_);
    const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
    std::vector<RegimeCrossover> out;
    for (const Row& row : table.rows) {
      RegimeCrossover one;
      one.width = row.axes[width].number();
      one.alpha = row.values[0];
      one.interval = {nan, nan};
      if (!row.members.empty()) {
        one.runs = row.members[0].used;
        one.unconverged = row.members[0].unconverged;
      }
      if (one.runs > 0 && one.unconverged == one.runs) {
        one.alpha = nan;
        one.reason = "no run has reached the margin or loss it was to reach";
        out.push_back(one);
        continue;
      }
      if (!row.left_out.empty() && row.left_out[0].size() > 1) {
        std::vector<LeftOut> logs = row.left_out[0];
        for (LeftOut& left : logs) left.value = std::log(left.value);
        const Interval interval = jackknife_interval(std::log(one.alpha), logs);
        one.interval = {std::exp(interval.low), std::exp(interval.high)};
      }
      if (!std::isfinite(one.alpha)) one.reason = row.reason.empty() ? row.status : row.reason;
      out.push_back(one);
    }
    return out;
  }

  const RegimeQuestion& question_;
  const Study& study_;
  const StoreReader& reader_;
  Configuration own_;
};

}  // namespace

const char* regime_name(Regime regime) {
  switch (regime) {
    case Regime::lazy:
      return "lazy";
    case Regime::crossover:
      return "crossover";
    case Regime::features:
      return "features";
    case Regime::unknown:
      break;
  }
  return "unknown";
}

RegimeAnswer answer_regime(const RegimeQuestion& question, const Study& study, const StoreReader& reader) {
  return Reading(question, study, reader).answer();
}

}  // namespace widthwise
